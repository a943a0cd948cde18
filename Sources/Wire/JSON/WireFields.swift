/// How a protobuf value's length is known.
enum WireType: UInt64, Sendable {
    case varint = 0
    case fixed64 = 1
    case delimited = 2
    case fixed32 = 5
}

/// Writes protobuf fields one after another.
struct FieldOutput {
    private(set) var bytes: [UInt8] = []

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func tag(_ number: UInt32, _ type: WireType) {
        varint(UInt64(number) << 3 | type.rawValue)
    }

    /// The bits of a number, as its wire type has them.
    mutating func number(_ bits: UInt64, _ type: WireType) {
        switch type {
        case .varint: varint(bits)
        case .fixed32: littleEndian(bits, count: 4)
        case .fixed64: littleEndian(bits, count: 8)
        case .delimited: preconditionFailure("a number has no length")
        }
    }

    mutating func delimited(_ number: UInt32, _ payload: some Collection<UInt8>) {
        tag(number, .delimited)
        varint(UInt64(payload.count))
        bytes.append(contentsOf: payload)
    }

    mutating func append(_ fields: [UInt8]) {
        bytes.append(contentsOf: fields)
    }

    private mutating func littleEndian(_ bits: UInt64, count: UInt64) {
        for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * index))) }
    }
}

/// Bytes that are no message of the kind they were taken for.
package struct MalformedMessage: Error, Sendable, Equatable {
    package var message: String
}

/// Reads protobuf fields one after another.
struct FieldInput {
    enum Value {
        /// A number's bits.
        case bits(UInt64)
        case payload(UnsafeRawBufferPointer)
    }

    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { offset == bytes.count }

    mutating func tag() throws(MalformedMessage) -> (number: UInt32, type: WireType) {
        let tag = try varint()
        guard tag >> 3 > 0, tag >> 3 <= 0x1FFF_FFFF else {
            throw MalformedMessage(message: "an impossible field number")
        }
        guard let type = WireType(rawValue: tag & 7) else {
            throw MalformedMessage(message: "an unsupported wire type")
        }
        return (UInt32(tag >> 3), type)
    }

    mutating func value(_ type: WireType) throws(MalformedMessage) -> Value {
        switch type {
        case .varint: return .bits(try varint())
        case .fixed32: return .bits(try littleEndian(4))
        case .fixed64: return .bits(try littleEndian(8))
        case .delimited:
            let length = try varint()
            guard length <= UInt64(bytes.count) else { throw FieldInput.truncated }
            return .payload(try take(Int(length)))
        }
    }

    private static let truncated = MalformedMessage(message: "the message is cut off")

    private mutating func varint() throws(MalformedMessage) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard offset < bytes.count else { throw FieldInput.truncated }
            let byte = bytes[offset]
            offset += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw MalformedMessage(message: "a number of more than ten bytes")
    }

    private mutating func littleEndian(_ count: Int) throws(MalformedMessage) -> UInt64 {
        try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func take(_ count: Int) throws(MalformedMessage) -> UnsafeRawBufferPointer {
        guard count <= bytes.count - offset else { throw FieldInput.truncated }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }
}
