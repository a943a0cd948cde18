/// Reads along with the library, the headers of a client's frames only, for what it lets pass
/// because it keeps no closed streams (each would hold half a kilobyte): frames on a stream that
/// the client has ended, or has passed over. Reports only what is certain.
struct FrameWalk {
    enum Fault {
        /// RFC 9113, 5.1: the client itself had ended or reset the stream.
        case streamClosed
        /// RFC 9113, 5.1.1: a later stream was opened before.
        case streamPassedOver
    }

    private static let headerBytes = 9
    private static let data: UInt8 = 0
    private static let headers: UInt8 = 1
    private static let reset: UInt8 = 3
    private static let endStream: UInt8 = 1

    /// Bytes until the next frame begins: first those of the preface.
    private var left = 24
    /// A header of which a part has come.
    private var partial = InlineArray<9, UInt8>(repeating: 0)
    private var partialCount = 0
    private var highest: UInt32 = 0
    /// The last ids passed over.
    private var passedOver: Range<UInt32> = 0..<0
    /// The last ids that the client ended.
    private var ended = SIMD16<UInt32>(repeating: .max)
    private var endedCount = 0

    /// The next bytes of the connection. What comes after a fault isn't looked at.
    mutating func walk(_ bytes: UnsafeRawBufferPointer) -> Fault? {
        var at = 0
        while true {
            let skipped = min(left, bytes.count - at)
            at += skipped
            left -= skipped
            guard at < bytes.count else { return nil }
            if partialCount == 0, bytes.count - at >= Self.headerBytes {
                let header = UnsafeRawBufferPointer(rebasing: bytes[at..<at + Self.headerBytes])
                at += Self.headerBytes
                if let fault = see(header) { return fault }
                continue
            }
            partial[partialCount] = bytes[at]
            partialCount += 1
            at += 1
            guard partialCount == Self.headerBytes else { continue }
            partialCount = 0
            let copy = partial
            let fault = withUnsafeBytes(of: copy) { see($0) }
            if let fault { return fault }
        }
    }

    @inline(__always)
    private mutating func see(_ header: UnsafeRawBufferPointer) -> Fault? {
        left = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
        let id = UInt32(bigEndian: header.loadUnaligned(fromByteOffset: 5, as: UInt32.self))
        let stream = id & 0x7fff_ffff
        switch header[3] {
        case Self.headers where stream > highest:
            if stream > highest + 2 { passedOver = highest + 1..<stream }
            highest = stream
        case Self.headers, Self.data:
            if any(ended .== stream) { return .streamClosed }
            if passedOver.contains(stream) { return .streamPassedOver }
        case Self.reset:
            end(stream)
            return nil
        default: return nil
        }
        if header[4] & Self.endStream != 0 { end(stream) }
        return nil
    }

    @inline(__always)
    private mutating func end(_ stream: UInt32) {
        ended[endedCount & 15] = stream
        endedCount &+= 1
    }
}
