internal import CProtobufC
internal import CTallyProto

/// Reads protobuf-c's descriptors, which live as long as the process.
///
/// Requests must not be recursive (protobuf-c's unpacking has no depth limit), so neither are
/// schemas; a recursive message stops the process at its first use, which is the first test's.
final class SchemaBuilder {
    private var messages: [UnsafePointer<ProtobufCMessageDescriptor>: MessageSchema] = [:]
    private var open: Set<UnsafePointer<ProtobufCMessageDescriptor>> = []

    func schema(_ descriptor: UnsafePointer<ProtobufCMessageDescriptor>) -> MessageSchema {
        if let known = messages[descriptor] { return known }
        let name = String(cString: descriptor.pointee.name)
        precondition(open.insert(descriptor).inserted, "\(name) contains itself")
        let fields = UnsafeBufferPointer(
            start: descriptor.pointee.fields, count: Int(descriptor.pointee.n_fields))
        let schema = MessageSchema(name: name, fields: fields.map(field))
        messages[descriptor] = schema
        return schema
    }

    private func field(_ field: ProtobufCFieldDescriptor) -> FieldSchema {
        let inOneof = field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue != 0
        let kind = kind(field)
        return FieldSchema(
            name: String(cString: field.name), number: field.id, kind: kind,
            isRepeated: field.label == PROTOBUF_C_LABEL_REPEATED,
            isMap: field.label == PROTOBUF_C_LABEL_REPEATED && SchemaBuilder.isEntry(kind),
            isPacked: field.flags & PROTOBUF_C_FIELD_FLAG_PACKED.rawValue != 0,
            oneof: inOneof ? field.quantifier_offset : nil,
            hasPresence: inOneof || field.label == PROTOBUF_C_LABEL_OPTIONAL
                || field.label == PROTOBUF_C_LABEL_REQUIRED
                || field.type == PROTOBUF_C_TYPE_MESSAGE)
    }

    /// protobuf-c keeps no mark of it, but the name is reserved for maps.
    private static func isEntry(_ kind: FieldKind) -> Bool {
        guard case .message(let schema) = kind else { return false }
        return schema.name.hasSuffix("Entry") && schema.fields.map(\.name) == ["key", "value"]
    }

    private func kind(_ field: ProtobufCFieldDescriptor) -> FieldKind {
        switch field.type {
        case PROTOBUF_C_TYPE_INT32: return .integer(.int32)
        case PROTOBUF_C_TYPE_SINT32: return .integer(.sint32)
        case PROTOBUF_C_TYPE_SFIXED32: return .integer(.sfixed32)
        case PROTOBUF_C_TYPE_UINT32: return .integer(.uint32)
        case PROTOBUF_C_TYPE_FIXED32: return .integer(.fixed32)
        case PROTOBUF_C_TYPE_INT64: return .integer(.int64)
        case PROTOBUF_C_TYPE_SINT64: return .integer(.sint64)
        case PROTOBUF_C_TYPE_SFIXED64: return .integer(.sfixed64)
        case PROTOBUF_C_TYPE_UINT64: return .integer(.uint64)
        case PROTOBUF_C_TYPE_FIXED64: return .integer(.fixed64)
        case PROTOBUF_C_TYPE_FLOAT: return .float
        case PROTOBUF_C_TYPE_DOUBLE: return .double
        case PROTOBUF_C_TYPE_BOOL: return .bool
        case PROTOBUF_C_TYPE_STRING: return .string
        case PROTOBUF_C_TYPE_ENUM: return .enumeration(enumeration(field))
        case PROTOBUF_C_TYPE_MESSAGE: return message(field)
        case _: preconditionFailure("JSON for bytes fields is not built, as the API has none")
        }
    }

    private func message(_ field: ProtobufCFieldDescriptor) -> FieldKind {
        guard let target = field.descriptor else { preconditionFailure("a message without type") }
        let schema = schema(target.assumingMemoryBound(to: ProtobufCMessageDescriptor.self))
        return schema.name == "google.protobuf.Timestamp" ? .timestamp : .message(schema)
    }

    private func enumeration(_ field: ProtobufCFieldDescriptor) -> EnumSchema {
        guard let target = field.descriptor else { preconditionFailure("an enum without type") }
        let descriptor = target.assumingMemoryBound(to: ProtobufCEnumDescriptor.self).pointee
        let values = UnsafeBufferPointer(
            start: descriptor.values, count: Int(descriptor.n_values))
        return EnumSchema(names: values.map { (Int32($0.value), String(cString: $0.name)) })
    }
}
