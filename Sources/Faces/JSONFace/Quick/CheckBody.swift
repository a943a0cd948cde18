internal import Billing

/// A body such as `{"customer_id": "acme", "feature_id": "messages", "required_balance": 2}`, with
/// these keys alone, each once, and texts without escapes. A machine over its bytes.
struct CheckBody {
    private(set) var customer = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var feature = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var required = Quantity(units: 1)
    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    /// nil: it is anything else, right or wrong. The bytes must outlive it.
    init?(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        var hasRequired = false
        guard take("{") else { return nil }
        repeat {
            guard let key = text(), take(":") else { return nil }
            if key.isEqual(to: "customer_id"), customer.isEmpty {
                guard let value = text(), !value.isEmpty else { return nil }
                customer = value
            } else if key.isEqual(to: "feature_id"), feature.isEmpty {
                guard let value = text(), !value.isEmpty else { return nil }
                feature = value
            } else if key.isEqual(to: "required_balance"), !hasRequired {
                guard let value = number() else { return nil }
                required = value
                hasRequired = true
            } else {
                return nil
            }
        } while take(",")
        guard take("}") else { return nil }
        skipBlanks()
        guard at == bytes.count, !customer.isEmpty, !feature.isEmpty else { return nil }
    }

    private mutating func skipBlanks() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x09, 0x0A, 0x0D: at += 1
            default: return
            }
        }
    }

    private mutating func take(_ mark: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard at < bytes.count, bytes[at] == UInt8(ascii: mark) else { return false }
        at += 1
        return true
    }

    /// Of what ids are made of, so that nothing needs to be escaped in the answer either.
    private mutating func text() -> UnsafeRawBufferPointer? {
        guard take("\"") else { return nil }
        let start = at
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                at += 1
                return UnsafeRawBufferPointer(rebasing: bytes[start..<at - 1])
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: ":"):
                at += 1
            default: return nil
            }
        }
        return nil
    }

    /// A whole number of at most 15 digits, also written as `2.0`.
    private mutating func number() -> Quantity? {
        skipBlanks()
        let start = at
        var value = 0
        while at < bytes.count, case let digit = bytes[at], (0x30...0x39).contains(digit) {
            value = value * 10 + Int(digit & 0x0F)
            at += 1
            guard at - start <= 15 else { return nil }
        }
        guard at > start, at - start == 1 || bytes[start] != 0x30 else { return nil }
        if at + 1 < bytes.count, bytes[at] == UInt8(ascii: "."), bytes[at + 1] == 0x30 { at += 2 }
        guard at < bytes.count, bytes[at] != UInt8(ascii: "."), bytes[at] | 0x20 != 0x65,
            !(0x30...0x39).contains(bytes[at])
        else { return nil }
        return Quantity(units: value)
    }
}
