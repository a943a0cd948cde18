/// Writes JSON as a protobuf message, and goes on after a fault to find them all.
///
/// Each field becomes its own bytes first, and they are joined in order of number, so that the same
/// message gives the same bytes whatever the order of its keys.
struct MessageEncoder {
    private(set) var faults = FaultList()

    /// The message's fields, without tag and length; worthless once there are faults.
    mutating func object(_ value: JSONValue, as schema: MessageSchema) -> [UInt8] {
        guard case .object(let object) = value else {
            faults.add("must be an object, not \(value.kindName)")
            return []
        }
        var parts = [[UInt8]](repeating: [], count: schema.fields.count)
        var chosen: [UInt32: String] = [:]
        for member in object.members {
            faults.enter(member.key)
            if let index = schema.index(of: member.key) {
                let field = schema.fields[index]
                parts[index] = self.member(member.value, field, &chosen)
            } else {
                addUnknown(member.key, schema)
            }
            faults.leave()
        }
        return Array(parts.joined())
    }

    private mutating func member(
        _ value: JSONValue, _ field: FieldSchema, _ chosen: inout [UInt32: String]
    ) -> [UInt8] {
        if case .null = value { return [] }
        if let oneof = field.oneof {
            if let other = chosen[oneof] {
                faults.add("must not be set together with \"\(other)\"")
            } else {
                chosen[oneof] = field.name
            }
        }
        if field.isMap { return map(value, field) }
        return field.isRepeated ? elements(value, field) : single(value, field)
    }

    private mutating func map(_ value: JSONValue, _ field: FieldSchema) -> [UInt8] {
        guard case .object(let object) = value, case .message(let schema) = field.kind else {
            faults.add("must be an object, not \(value.kindName)")
            return []
        }
        var output = FieldOutput()
        for member in object.members.sorted(by: { $0.key < $1.key }) {
            faults.enter(member.key)
            let entry: JSONValue = .object(["key": .string(member.key), "value": member.value])
            output.delimited(field.number, self.object(entry, as: schema))
            faults.leave()
        }
        return output.bytes
    }

    private mutating func addUnknown(_ key: String, _ schema: MessageSchema) {
        let near = NearName.find(key, among: schema.fields.map(\.name))
        faults.add("is not a known field" + MessageEncoder.hint(near))
    }

    private static func hint(_ near: String?) -> String {
        near.map { "; did you mean \"\($0)\"?" } ?? ""
    }

    private mutating func single(_ value: JSONValue, _ field: FieldSchema) -> [UInt8] {
        guard let content = content(value, field.kind) else { return [] }
        if content.isDefault, !field.hasPresence { return [] }
        var output = FieldOutput()
        write(content, field, to: &output)
        return output.bytes
    }

    private mutating func elements(_ value: JSONValue, _ field: FieldSchema) -> [UInt8] {
        guard case .array(let elements) = value else {
            faults.add("must be an array, not \(value.kindName)")
            return []
        }
        var (output, packed) = (FieldOutput(), FieldOutput())
        for (index, element) in elements.enumerated() {
            faults.enter(index)
            if let content = content(element, field.kind) {
                if case .bits(let bits) = content, field.isPacked {
                    packed.number(bits, field.kind.wireType)
                } else {
                    write(content, field, to: &output)
                }
            }
            faults.leave()
        }
        if !packed.bytes.isEmpty { output.delimited(field.number, packed.bytes) }
        return output.bytes
    }

    private func write(_ content: Content, _ field: FieldSchema, to output: inout FieldOutput) {
        switch content {
        case .payload(let payload): output.delimited(field.number, payload)
        case .bits(let bits):
            output.tag(field.number, field.kind.wireType)
            output.number(bits, field.kind.wireType)
        }
    }
}

/// One value as protobuf has it, without its tag.
private enum Content {
    case bits(UInt64)
    case payload([UInt8])

    var isDefault: Bool {
        switch self {
        case .bits(let bits): bits == 0
        case .payload(let payload): payload.isEmpty
        }
    }
}

extension MessageEncoder {
    /// nil: a fault, which is noted.
    private mutating func content(_ value: JSONValue, _ kind: FieldKind) -> Content? {
        switch kind {
        case .integer(let integer): self.integer(value, integer)
        case .float: number(value).map { .bits(UInt64(Float($0).bitPattern)) }
        case .double: number(value).map { .bits($0.bitPattern) }
        case .bool: bool(value)
        case .string: string(value)
        case .enumeration(let schema): enumeration(value, schema)
        case .message(let schema): .payload(object(value, as: schema))
        case .timestamp: timestamp(value)
        }
    }

    private mutating func integer(_ value: JSONValue, _ kind: IntegerKind) -> Content? {
        let range = kind.range
        let wanted = "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard case .number(let literal) = value else { return refuse(value, wanted) }
        guard let number = WholeNumber.parse(literal), range.contains(number) else {
            faults.add(wanted)
            return nil
        }
        return .bits(kind.bits(number))
    }

    private mutating func number(_ value: JSONValue) -> Double? {
        guard case .number(let literal) = value else {
            faults.add("must be a number, not \(value.kindName)")
            return nil
        }
        guard let number = Double(literal), number.isFinite else {
            faults.add("must be a number of at most about 1.8e308")
            return nil
        }
        // No "-0": it is written "0", and equal messages have equal bytes.
        return number == 0 ? 0 : number
    }

    private mutating func bool(_ value: JSONValue) -> Content? {
        guard case .bool(let flag) = value else { return refuse(value, "must be true or false") }
        return .bits(flag ? 1 : 0)
    }

    private mutating func string(_ value: JSONValue) -> Content? {
        switch value {
        case .number(let literal): return .payload(Array(literal.utf8))
        case .string(let text):
            let bytes = Array(text.utf8)
            // protobuf-c would silently cut the text there.
            if bytes.contains(0) {
                faults.add("must not contain U+0000")
                return nil
            }
            return .payload(bytes)
        case .null, .bool, .array, .object: return refuse(value, "must be a string")
        }
    }

    private mutating func enumeration(_ value: JSONValue, _ schema: EnumSchema) -> Content? {
        let wanted = "must be one of \(schema.offered.joined(separator: ", "))"
        switch value {
        case .number(let literal):
            guard let whole = WholeNumber.parse(literal), let number = Int32(exactly: whole),
                schema.short(of: number) != nil
            else {
                faults.add(wanted)
                return nil
            }
            return .bits(IntegerKind.int32.bits(Int128(number)))
        case .string(let name):
            if let number = schema.number(of: name) {
                return .bits(IntegerKind.int32.bits(Int128(number)))
            }
            faults.add(wanted + MessageEncoder.hint(NearName.find(name, among: schema.offered)))
            return nil
        case .null, .bool, .array, .object: return refuse(value, wanted)
        }
    }

    private mutating func timestamp(_ value: JSONValue) -> Content? {
        let wanted = "must be an RFC 3339 time such as \"2026-01-31T09:30:00Z\""
        guard case .string(let text) = value else { return refuse(value, wanted) }
        guard let time = TimestampText(text) else {
            faults.add(wanted)
            return nil
        }
        return .payload(time.fields)
    }

    private mutating func refuse(_ value: JSONValue, _ wanted: String) -> Content? {
        faults.add("\(wanted), not \(value.kindName)")
        return nil
    }
}
