/// What a protobuf message looks like: what JSON needs of protobuf-c's descriptor, in Swift types.
///
/// Built once for each message, never changed afterwards and never freed.
final class MessageSchema: Sendable {
    let name: String
    /// In order of number.
    let fields: [FieldSchema]

    init(name: String, fields: [FieldSchema]) {
        self.name = name
        self.fields = fields
    }

    /// Few enough for a linear search.
    func index(of name: String) -> Int? {
        fields.firstIndex { $0.name == name }
    }

    func index(ofNumber number: UInt32) -> Int? {
        fields.firstIndex { $0.number == number }
    }
}

struct FieldSchema: Sendable {
    let name: String
    let number: UInt32
    let kind: FieldKind
    let isRepeated: Bool
    /// A map: entries, each of a `key` that is text and a `value`; in JSON an object.
    let isMap: Bool
    let isPacked: Bool
    /// Equal among the members of one oneof. A proto3 `optional` field is a oneof of its own.
    let oneof: UInt32?
    /// Absent and default are two things.
    let hasPresence: Bool
}

enum FieldKind: Sendable {
    case integer(IntegerKind)
    case float
    case double
    case bool
    case string
    case enumeration(EnumSchema)
    case message(MessageSchema)
    /// google.protobuf.Timestamp, which is text in JSON.
    case timestamp

    var wireType: WireType {
        switch self {
        case .integer(let kind): kind.wireType
        case .bool, .enumeration: .varint
        case .float: .fixed32
        case .double: .fixed64
        case .string, .message, .timestamp: .delimited
        }
    }
}

/// protobuf's integer types: how wide, and how they are written.
enum IntegerKind: Sendable {
    case int32, sint32, sfixed32, uint32, fixed32
    case int64, sint64, sfixed64, uint64, fixed64

    var wireType: WireType {
        switch self {
        case .int32, .sint32, .uint32, .int64, .sint64, .uint64: .varint
        case .sfixed32, .fixed32: .fixed32
        case .sfixed64, .fixed64: .fixed64
        }
    }

    var range: ClosedRange<Int128> {
        switch self {
        case .int32, .sint32, .sfixed32: Int128(Int32.min)...Int128(Int32.max)
        case .uint32, .fixed32: 0...Int128(UInt32.max)
        case .int64, .sint64, .sfixed64: Int128(Int64.min)...Int128(Int64.max)
        case .uint64, .fixed64: 0...Int128(UInt64.max)
        }
    }

    /// The bits that stand for a value in range.
    func bits(_ value: Int128) -> UInt64 {
        switch self {
        case .sint32, .sint64:
            UInt64(truncatingIfNeeded: (value << 1) ^ (value >> 127))
        case .sfixed32, .fixed32: UInt64(UInt32(truncatingIfNeeded: value))
        case .int32, .uint32, .int64, .uint64, .sfixed64, .fixed64:
            UInt64(truncatingIfNeeded: value)
        }
    }

    /// The value of bits read; those too many for the width are dropped, as protobuf has it.
    func value(_ bits: UInt64) -> Int128 {
        switch self {
        case .int32, .sfixed32: Int128(Int32(truncatingIfNeeded: bits))
        case .uint32, .fixed32: Int128(UInt32(truncatingIfNeeded: bits))
        case .int64, .sfixed64: Int128(Int64(truncatingIfNeeded: bits))
        case .uint64, .fixed64: Int128(bits)
        case .sint32:
            Int128(Int32(truncatingIfNeeded: IntegerKind.unfold(bits & 0xFFFF_FFFF)))
        case .sint64: Int128(IntegerKind.unfold(bits))
        }
    }

    /// Zigzag: 0, 1, 2, 3 stand for 0, -1, 1, -2.
    private static func unfold(_ bits: UInt64) -> Int64 {
        Int64(bitPattern: (bits >> 1) ^ (0 &- (bits & 1)))
    }
}

/// An enum's values, by the proto's name and by the short one: FEATURE_TYPE_METERED is "metered".
final class EnumSchema: Sendable {
    struct Value: Sendable {
        let name: String
        let short: String
        let number: Int32
    }

    /// In order of number.
    let values: [Value]

    /// - Parameter names: number and proto name of each value, in order of number.
    init(names: [(Int32, String)]) {
        let zero = names.first(where: { $0.0 == 0 }).map(\.1) ?? ""
        let suffix = "UNSPECIFIED"
        let prefix = zero.hasSuffix(suffix) ? String(zero.dropLast(suffix.count)) : ""
        values = names.map { number, name in
            let bare = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
            return Value(name: name, short: bare.lowercased(), number: number)
        }
    }

    func number(of name: String) -> Int32? {
        values.first { $0.short == name || $0.name == name }?.number
    }

    func short(of number: Int32) -> String? {
        values.first { $0.number == number }?.short
    }

    /// What may be offered: all but the zero value, which says nothing.
    var offered: [String] {
        values.lazy.filter { $0.number != 0 }.map(\.short)
    }
}
