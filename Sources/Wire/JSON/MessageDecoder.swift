/// Writes a protobuf message as JSON.
///
/// No depth to bound: schemas aren't recursive, and unknown fields are skipped unread.
enum MessageDecoder {
    static func object(
        _ bytes: UnsafeRawBufferPointer, as schema: MessageSchema
    ) throws(MalformedMessage) -> JSONValue {
        var slots = [Slot](repeating: Slot(), count: schema.fields.count)
        var input = FieldInput(bytes)
        while !input.isAtEnd {
            let (number, type) = try input.tag()
            let value = try input.value(type)
            guard let index = schema.index(ofNumber: number) else { continue }
            let field = schema.fields[index]
            if let oneof = field.oneof { clear(oneof, but: index, schema, &slots) }
            try slots[index].take(value, type, field)
        }
        var object = JSONObject()
        for (field, slot) in zip(schema.fields, slots) {
            if let value = try slot.json(field) { object.append(field.name, value) }
        }
        return .object(object)
    }

    /// Of a oneof the last member counts.
    private static func clear(
        _ oneof: UInt32, but kept: Int, _ schema: MessageSchema, _ slots: inout [Slot]
    ) {
        for (index, field) in schema.fields.enumerated() where index != kept {
            if field.oneof == oneof { slots[index] = Slot() }
        }
    }
}

/// What was found of one field.
private struct Slot {
    /// All elements of a repeated field, the last value of any other.
    private var values: [JSONValue] = []
    /// Of a single message all occurrences: protobuf merges them, which is the same as reading
    /// their bytes one after another.
    private var payloads: [UnsafeRawBufferPointer] = []

    mutating func take(
        _ value: FieldInput.Value, _ type: WireType, _ field: FieldSchema
    ) throws(MalformedMessage) {
        let expected = field.kind.wireType
        switch value {
        case .bits(let bits):
            guard type == expected else { throw Slot.mismatch(field) }
            put(Slot.json(bits, field.kind), field)
        case .payload(let payload):
            if expected != .delimited {
                guard field.isRepeated else { throw Slot.mismatch(field) }
                try unpack(payload, field)
            } else if field.isRepeated {
                values.append(try Slot.json(payload, field))
            } else if case .string = field.kind {
                put(try Slot.json(payload, field), field)
            } else {
                payloads.append(payload)
            }
        }
    }

    /// nil: to be left out.
    func json(_ field: FieldSchema) throws(MalformedMessage) -> JSONValue? {
        if field.isMap { return .object(Slot.map(values)) }
        if field.isRepeated { return .array(values) }
        if let value = values.last { return value }
        if payloads.count == 1 { return try Slot.json(payloads[0], field) }
        if payloads.count > 1 {
            let merged = Array(payloads.joined())
            return try merged.withUnsafeBufferPointer { (buffer) throws(MalformedMessage) in
                try Slot.json(UnsafeRawBufferPointer(buffer), field)
            }
        }
        return field.hasPresence ? nil : Slot.json(0, field.kind)
    }

    private mutating func put(_ value: JSONValue, _ field: FieldSchema) {
        if !field.isRepeated { values.removeAll(keepingCapacity: true) }
        values.append(value)
    }

    /// Readers must take repeated numbers both packed and one by one.
    private mutating func unpack(
        _ payload: UnsafeRawBufferPointer, _ field: FieldSchema
    ) throws(MalformedMessage) {
        var input = FieldInput(payload)
        while !input.isAtEnd {
            guard case .bits(let bits) = try input.value(field.kind.wireType) else { return }
            values.append(Slot.json(bits, field.kind))
        }
    }

    private static func mismatch(_ field: FieldSchema) -> MalformedMessage {
        MalformedMessage(message: "\(field.name) has the wrong wire type")
    }
}

extension Slot {
    /// Of entries; the last one of a key counts.
    private static func map(_ entries: [JSONValue]) -> JSONObject {
        var values: [String: JSONValue] = [:]
        for case .object(let entry) in entries {
            if case .string(let key)? = entry["key"] { values[key] = entry["value"] ?? .null }
        }
        return JSONObject(values.keys.sorted().map { JSONObject.Member($0, values[$0] ?? .null) })
    }

    /// A number's value; for 0 bits the default of any field without presence.
    private static func json(_ bits: UInt64, _ kind: FieldKind) -> JSONValue {
        switch kind {
        case .integer(let integer): return .number(integer.value(bits))
        case .float: return .number(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        case .double: return .number(Double(bitPattern: bits))
        case .bool: return .bool(bits != 0)
        case .enumeration(let schema):
            // A number from a newer schema stays a number.
            let number = Int32(truncatingIfNeeded: bits)
            return schema.short(of: number).map { .string($0) } ?? .number(number)
        case .string: return .string("")
        case .message, .timestamp: return .null
        }
    }

    private static func json(
        _ payload: UnsafeRawBufferPointer, _ field: FieldSchema
    ) throws(MalformedMessage) -> JSONValue {
        switch field.kind {
        case .message(let schema): return try MessageDecoder.object(payload, as: schema)
        case .timestamp:
            guard let text = try TimestampText(fields: payload).text else {
                throw MalformedMessage(message: "\(field.name) is out of range")
            }
            return .string(text)
        case .string:
            guard let text = String(validating: payload, as: UTF8.self) else {
                throw MalformedMessage(message: "\(field.name) is not valid UTF-8")
            }
            return .string(text)
        case .integer, .float, .double, .bool, .enumeration: throw mismatch(field)
        }
    }
}
