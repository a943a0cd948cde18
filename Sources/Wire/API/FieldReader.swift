internal import Billing
internal import CTallyProto

/// Reads single fields of a request and collects what is wrong with them.
struct FieldReader {
    private(set) var violations: [Violation] = []

    mutating func fault(_ path: String, _ message: String) {
        violations.append(Violation(path: path, message: message))
    }

    /// Letters, digits, "_", ":" and "-" (entitlements §8.2).
    mutating func customerID(_ text: UnsafePointer<CChar>?) -> CustomerID? {
        let id = bytes(of: text)
        guard !id.isEmpty, id.allSatisfy({ isIdentifier($0) || $0 == UInt8(ascii: ":") }),
            let customer = CustomerID(id)
        else {
            fault("customer_id", "must be 1 to 63 letters, digits, \"_\", \":\" or \"-\"")
            return nil
        }
        return customer
    }

    /// nil: none given, or a fault was noted.
    mutating func requestID(_ text: UnsafePointer<CChar>?) -> RequestID? {
        let id = bytes(of: text)
        guard !id.isEmpty else { return nil }
        guard let request = RequestID(id) else {
            fault("request_id", "must be at most 63 bytes")
            return nil
        }
        return request
    }

    mutating func quantity(_ value: Double, at path: String) -> Quantity? {
        if let quantity = Quantity(value) { return quantity }
        fault(path, "must be a finite number of at most 10^15 either way")
        return nil
    }

    mutating func overage(_ value: Tally__V1__OverageBehavior) -> OverageBehavior? {
        switch value {
        case TALLY__V1__OVERAGE_BEHAVIOR__OVERAGE_BEHAVIOR_UNSPECIFIED,
            TALLY__V1__OVERAGE_BEHAVIOR__OVERAGE_BEHAVIOR_CAP:
            return .cap
        case TALLY__V1__OVERAGE_BEHAVIOR__OVERAGE_BEHAVIOR_REJECT: return .reject
        default:
            fault("overage_behavior", "is not a known value")
            return nil
        }
    }

    mutating func text(_ text: UnsafePointer<CChar>?, at path: String, limit: Int) -> String {
        let content = bytes(of: text)
        if content.count > limit { fault(path, "must be at most \(limit) bytes") }
        return String(decoding: content, as: UTF8.self)
    }

    mutating func webAddress(_ text: UnsafePointer<CChar>?, at path: String) -> String? {
        let address = self.text(text, at: path, limit: 2048)
        guard !address.isEmpty else { return address }
        let isWeb = address.hasPrefix("https://") || address.hasPrefix("http://")
        guard isWeb, !address.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            fault(path, "must be an https or http URL")
            return nil
        }
        return address
    }

    /// Whether the bytes could be the id of a feature or plan.
    mutating func identifier(_ id: UnsafeRawBufferPointer, at path: String) -> Bool {
        guard !id.isEmpty, id.count <= InlineText.capacity, id.allSatisfy(isIdentifier) else {
            fault(path, "must be 1 to 63 letters, digits, \"_\" or \"-\"")
            return false
        }
        return true
    }
}

private func isIdentifier(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
    default: false
    }
}
