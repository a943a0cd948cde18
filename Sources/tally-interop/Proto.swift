/// As much of protobuf's wire format as the test service's messages need.
enum Proto {
    enum Value {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)

        var int: Int {
            if case .number(let value) = self { Int(truncatingIfNeeded: value) } else { 0 }
        }

        var slice: ArraySlice<UInt8> { if case .bytes(let value) = self { value } else { [] } }
    }

    /// Nil when malformed.
    static func fields(_ bytes: ArraySlice<UInt8>) -> [(number: Int, value: Value)]? {
        var rest = bytes
        var all: [(Int, Value)] = []
        while !rest.isEmpty {
            guard let key = varint(&rest) else { return nil }
            switch key & 7 {
            case 0:
                guard let value = varint(&rest) else { return nil }
                all.append((Int(key >> 3), .number(value)))
            case 2:
                guard let length = varint(&rest), length <= UInt64(rest.count) else { return nil }
                all.append((Int(key >> 3), .bytes(rest.prefix(Int(length)))))
                rest = rest.dropFirst(Int(length))
            default: return nil
            }
        }
        return all
    }

    static func number(_ field: Int, _ value: Int) -> [UInt8] {
        varint(UInt64(field << 3)) + varint(UInt64(value))
    }

    static func bytes(_ field: Int, _ value: [UInt8]) -> [UInt8] {
        varint(UInt64(field << 3 | 2)) + varint(UInt64(value.count)) + value
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 127) << shift
            if byte < 128 { return value }
        }
        return nil
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var out: [UInt8] = []
        var left = value
        while left >= 128 {
            out.append(UInt8(truncatingIfNeeded: left) | 128)
            left >>= 7
        }
        return out + [UInt8(left)]
    }
}
