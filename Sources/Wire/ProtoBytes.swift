/// Protobuf bytes, field by field: for the few messages of others that we only write.
struct ProtoBytes {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ field: UInt64, number: UInt64) {
        guard number != 0 else { return }
        varint(field << 3)
        varint(number)
    }

    mutating func add(_ field: UInt64, text: String) {
        guard !text.isEmpty else { return }
        add(field, payload: Array(text.utf8))
    }

    /// Bytes as they are: a message that was encoded before, or a `bytes` field.
    mutating func add(_ field: UInt64, raw: UnsafeRawBufferPointer) {
        add(field, payload: Array(raw))
    }

    mutating func add(_ field: UInt64, message: ProtoBytes) {
        add(field, payload: message.bytes)
    }

    /// A `google.protobuf.Any`.
    mutating func add(_ field: UInt64, any type: String, _ message: ProtoBytes) {
        var any = ProtoBytes()
        any.add(1, text: "type.googleapis.com/" + type)
        any.add(2, payload: message.bytes)
        add(field, message: any)
    }

    private mutating func add(_ field: UInt64, payload: [UInt8]) {
        varint(field << 3 | 2)
        varint(UInt64(payload.count))
        bytes += payload
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
