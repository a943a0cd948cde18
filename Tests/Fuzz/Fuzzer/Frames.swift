/// HTTP/2 frames by hand, for seeds.
enum Frames {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    static let settings = frame(4, 0, 0)

    static func frame(
        _ kind: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8] = []
    ) -> [UInt8] {
        let length = [UInt8(payload.count >> 16 & 255), UInt8(payload.count >> 8 & 255)]
        return length + [UInt8(payload.count & 255), kind, flags, 0, 0, 0, stream] + payload
    }

    /// Literal fields without indexing; lengths below 127.
    static func block(_ fields: [(String, String)]) -> [UInt8] {
        var block: [UInt8] = []
        for (name, value) in fields { block += [0] + short(name) + short(value) }
        return block
    }

    /// Behind a byte that says how long it is.
    static func short(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }

    static func call(_ stream: UInt8, _ path: String, _ more: [(String, String)] = []) -> [UInt8] {
        let fields = [
            (":method", "POST"), (":scheme", "https"), (":path", path), (":authority", "x"),
            ("content-type", "application/grpc"), ("te", "trailers"), ("authorization", "k"),
        ]
        return frame(1, 4, stream, block(fields + more))
    }

    static func data(_ stream: UInt8, _ payload: [UInt8], isLast: Bool = true) -> [UInt8] {
        frame(0, isLast ? 1 : 0, stream, payload)
    }

    static func message(_ text: String, isCompressed: Bool = false) -> [UInt8] {
        message(Array(text.utf8), isCompressed: isCompressed)
    }

    static func message(_ bytes: [UInt8], isCompressed: Bool = false) -> [UInt8] {
        [isCompressed ? 1 : 0, 0, 0, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
    }
}
