/// The fields of a protobuf message, one by one, without knowing its type.
struct FieldScan {
    enum Value {
        case number(UInt64)
        case bytes(UnsafeRawBufferPointer)
    }

    struct Field {
        var number: UInt32
        var value: Value
    }

    private let bytes: UnsafeRawBufferPointer
    private var offset = 0
    private(set) var failed = false

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// nil: the end, or `failed`.
    mutating func next() -> Field? {
        guard offset < bytes.count, !failed else { return nil }
        guard let tag = varint(), tag >> 3 > 0, tag >> 3 <= 0x1FFF_FFFF else { return fail() }
        let number = UInt32(tag >> 3)
        switch tag & 7 {
        case 0: return varint().map { Field(number: number, value: .number($0)) } ?? fail()
        case 1: return fixed(8).map { Field(number: number, value: .number($0)) } ?? fail()
        case 5: return fixed(4).map { Field(number: number, value: .number($0)) } ?? fail()
        case 2:
            guard let length = varint(), length <= UInt64(bytes.count - offset) else {
                return fail()
            }
            let payload = UnsafeRawBufferPointer(
                rebasing: bytes[offset..<offset + Int(length)])
            offset += Int(length)
            return Field(number: number, value: .bytes(payload))
        default: return fail()
        }
    }

    private mutating func fail() -> Field? {
        failed = true
        return nil
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count, shift < 64 {
            let byte = bytes[offset]
            offset += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    private mutating func fixed(_ count: Int) -> UInt64? {
        guard offset + count <= bytes.count else { return nil }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        offset += count
        return value
    }
}

/// The text fields of a message that is known by nothing but its field numbers, the last of each;
/// nil: malformed.
package func textFields(of bytes: UnsafeRawBufferPointer) -> [UInt32: String]? {
    var scan = FieldScan(bytes)
    var found: [UInt32: String] = [:]
    while let field = scan.next() {
        if case .bytes(let payload) = field.value {
            found[field.number] = String(decoding: payload, as: UTF8.self)
        }
    }
    return scan.failed ? nil : found
}
