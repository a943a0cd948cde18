internal import Billing

/// Values and sets of properties as the texts of a day file's tables.
enum PropertyCoding {
    private static let text = UInt8(ascii: "s")
    private static let number = UInt8(ascii: "n")
    private static let boolean = UInt8(ascii: "b")

    static func encode(_ value: PropertyValue, to bytes: inout [UInt8]) {
        switch value {
        case .text(let content):
            bytes.append(text)
            bytes.append(contentsOf: content.utf8)
        case .number(let bits):
            bytes.append(number)
            withUnsafeBytes(of: bits.littleEndian) { bytes.append(contentsOf: $0) }
        case .boolean(let flag):
            bytes.append(boolean)
            bytes.append(flag ? 1 : 0)
        }
    }

    static func bytes(_ value: PropertyValue) -> [UInt8] {
        var bytes: [UInt8] = []
        encode(value, to: &bytes)
        return bytes
    }

    static func value(_ bytes: UnsafeRawBufferPointer) throws(EventFault) -> PropertyValue {
        var reader = ByteReader(bytes)
        switch reader.next(UInt8.self) {
        case text: return .text(String(decoding: bytes.dropFirst(), as: UTF8.self))
        case number where bytes.count == 9: return .number(bits: reader.next())
        case boolean where bytes.count == 2: return .boolean(reader.next(UInt8.self) == 1)
        case _: throw .damaged("a property has no known type")
        }
    }

    /// Adds one property to a set.
    static func encode(_ property: EventProperty, toSet bytes: inout [UInt8]) {
        let value = self.bytes(property.value)
        bytes.append(UInt8(property.key.utf8.count))
        bytes.append(contentsOf: property.key.utf8)
        withUnsafeBytes(of: UInt16(value.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: value)
    }

    /// Each property of a set, its value still encoded.
    static func forEach(
        inSet bytes: UnsafeRawBufferPointer,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var reader = ByteReader(bytes)
        while reader.rest > 0 {
            let key = reader.next(bytes: Int(reader.next(UInt8.self)))
            let value = reader.next(bytes: Int(reader.next(UInt16.self)))
            guard !reader.isPastEnd else {
                throw EventFault.damaged("a set of properties is cut short")
            }
            try body(key, value)
        }
    }
}
