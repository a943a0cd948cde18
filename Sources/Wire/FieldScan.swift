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

    private var place: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    private(set) var failed = false

    /// The bytes must outlive it.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer) {
        // Of no bytes at all there is no address; any will do for none.
        let start = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!
        place = start.assumingMemoryBound(to: UInt8.self)
        end = place + bytes.count
    }

    /// nil: the end, or `failed`.
    @inline(__always)
    mutating func next() -> Field? {
        guard place < end, !failed else { return nil }
        guard let tag = varint(), tag >> 3 > 0, tag >> 3 <= 0x1FFF_FFFF else { return fail() }
        let number = UInt32(truncatingIfNeeded: tag >> 3)
        switch tag & 7 {
        case 0:
            guard let value = varint() else { return fail() }
            return Field(number: number, value: .number(value))
        case 2:
            guard let length = varint(), length <= UInt64(end - place) else { return fail() }
            let count = Int(truncatingIfNeeded: length)
            let payload = UnsafeRawBufferPointer(start: place, count: count)
            place += count
            return Field(number: number, value: .bytes(payload))
        case 1:
            guard let value = fixed(8) else { return fail() }
            return Field(number: number, value: .number(value))
        case 5:
            guard let value = fixed(4) else { return fail() }
            return Field(number: number, value: .number(value))
        default: return fail()
        }
    }

    private mutating func fail() -> Field? {
        failed = true
        return nil
    }

    @inline(__always)
    private mutating func varint() -> UInt64? {
        // Most are of one byte.
        guard place < end else { return nil }
        let first = place.pointee
        guard first >= 0x80 else {
            place += 1
            return UInt64(first)
        }
        return longVarint()
    }

    private mutating func longVarint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while place < end, shift < 64 {
            let byte = place.pointee
            place += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    private mutating func fixed(_ count: Int) -> UInt64? {
        guard end - place >= count else { return nil }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(place[index]) << UInt64(8 * index) }
        place += count
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
