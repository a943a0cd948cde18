internal import Billing
internal import CProtobufC
internal import CTallyProto

/// What protobuf-c doesn't check: it accepts invalid UTF-8 in strings, and cuts a string at an
/// embedded NUL. Walks the bytes of a message along its descriptor, before they are unpacked.
struct TextGuard {
    private static let depthLimit = 16
    private(set) var violations: [Violation] = []
    /// The bytes are no protobuf message.
    private(set) var malformed = false

    init(_ bytes: UnsafeRawBufferPointer, _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>) {
        walk(bytes, descriptor, path: "", depth: 0)
    }

    private mutating func walk(
        _ bytes: UnsafeRawBufferPointer, _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>,
        path: @autoclosure () -> String, depth: Int
    ) {
        guard depth < TextGuard.depthLimit else { return malformed = true }
        var scan = FieldScan(bytes)
        while let field = scan.next() {
            guard case .bytes(let payload) = field.value,
                let known = protobuf_c_message_descriptor_get_field(descriptor, field.number)
            else { continue }
            if known.pointee.type == PROTOBUF_C_TYPE_STRING {
                guard !TextGuard.isPlainText(payload) else { continue }
                violations.append(
                    Violation(
                        path: path() + String(cString: known.pointee.name),
                        message: "must be valid UTF-8 without NUL"))
            } else if known.pointee.type == PROTOBUF_C_TYPE_MESSAGE,
                let inner = known.pointee.descriptor
            {
                walk(
                    payload,
                    inner.assumingMemoryBound(to: ProtobufCMessageDescriptor.self),
                    path: path() + String(cString: known.pointee.name) + ".", depth: depth + 1)
            }
            if malformed { return }
        }
        if scan.failed { malformed = true }
    }

    /// Valid UTF-8 and no NUL; ASCII is settled byte by byte, which ids are.
    private static func isPlainText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        for byte in bytes where byte == 0 || byte >= 0x80 {
            if byte == 0 { return false }
            return !bytes.contains(0) && String(validating: bytes, as: UTF8.self) != nil
        }
        return true
    }
}
