internal import Billing
internal import CTallyProto

/// Reads single fields of a request and collects what is wrong with them.
struct FieldReader {
    private(set) var violations: [Violation] = []

    /// What was noted lies in this part of the request.
    mutating func move(to part: String) {
        violations = violations.map {
            Violation(path: "\(part).\($0.path)", message: $0.message)
        }
    }

    /// What another reader noted.
    mutating func add(_ part: FieldReader) { violations += part.violations }

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

    /// Empty: UTC, as with a fault, which is noted.
    mutating func zone(_ text: UnsafePointer<CChar>?) -> Zone {
        let name = String(decoding: bytes(of: text), as: UTF8.self)
        guard !name.isEmpty else { return .utc }
        if let zone = Zone(name: name) { return zone }
        fault("time_zone", "must be a name of the time zone database, such as \"Europe/Berlin\"")
        return .utc
    }

    /// nil: a fault was noted.
    mutating func entityID(_ text: UnsafePointer<CChar>?) -> InlineText? {
        let id = bytes(of: text)
        guard !id.isEmpty, id.allSatisfy({ isIdentifier($0) || $0 == UInt8(ascii: ":") }),
            let entity = InlineText(id)
        else {
            fault("entity_id", "must be 1 to 63 letters, digits, \"_\", \":\" or \"-\"")
            return nil
        }
        return entity
    }

    /// nil: a fault was noted.
    mutating func hold(_ message: Tally__V1__HoldRequest) -> HoldRequest? {
        let id = text(message.hold_id, at: "hold.hold_id", limit: Hold.idLimit)
        if id.isEmpty { fault("hold.hold_id", "is required") }
        let expires = message.expire_time.flatMap {
            instant($0.pointee, at: "hold.expire_time")
        }
        return HoldRequest(id: id, expires: expires)
    }

    mutating func properties(
        _ entries: [(
            key: UnsafeMutablePointer<CChar>?,
            value: UnsafeMutablePointer<Tally__V1__PropertyValue>?
        )],
        at list: String = "properties"
    ) -> [EventProperty] {
        if entries.count > EventProperty.countLimit {
            fault(list, "must be at most \(EventProperty.countLimit)")
            return []
        }
        let found = entries.compactMap { property($0.0, $0.1, at: list) }
        return EventLabel(time: nil, properties: found)?.properties ?? []
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
        case TALLY__V1__OVERAGE_BEHAVIOR__OVERAGE_BEHAVIOR_OVERFLOW: return .overflow
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
