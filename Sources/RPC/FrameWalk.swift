/// Reads along with the library, the headers of a client's frames only, for what it lets pass.
/// Because it keeps no closed streams (each would hold half a kilobyte): frames on a stream that
/// the client has ended, or has passed over. Because it is told that priorities are ignored (or
/// each call would pay for their tree): PRIORITY frames. Reports only what is certain.
struct FrameWalk {
    enum Fault {
        /// RFC 9113, 5.1: the client itself had ended or reset the stream.
        case streamClosed
        /// RFC 9113, 5.1.1: a later stream was opened before.
        case streamPassedOver
        /// RFC 9113, 5.3.1 and 6.3: a priority of no stream, or of one that depends on itself.
        case priorityMalformed
    }

    private static let headerBytes = 9
    private static let data: UInt8 = 0
    private static let headers: UInt8 = 1
    private static let priority: UInt8 = 2
    private static let reset: UInt8 = 3
    private static let endStream: UInt8 = 1
    private static let priorityBytes = 5

    /// Bytes until the next frame begins: first those of the preface.
    private var left = 24
    /// PRIORITY frames since they were last asked for.
    private var priorities = 0
    /// A header of which a part has come; of a PRIORITY frame, all of it.
    private var partial = InlineArray<14, UInt8>(repeating: 0)
    private var partialCount = 0
    /// The latest stream that the client opened; clients' ids are odd.
    private var latest: UInt32 = 0
    /// Of the last 128 ids, which it opened and which it has ended: bit 0 is the latest.
    private var opened: UInt128 = 0
    private var ended: UInt128 = 0

    /// The next bytes of the connection. What comes after a fault isn't looked at.
    mutating func walk(_ bytes: UnsafeRawBufferPointer) -> Fault? {
        guard var next = bytes.baseAddress else { return nil }
        var count = bytes.count
        while count > left {
            next += left
            count -= left
            left = 0
            if partialCount == 0, count >= Self.headerBytes, Self.type(next) != Self.priority {
                let fault = see(next)
                next += Self.headerBytes
                count -= Self.headerBytes
                if let fault { return fault }
                continue
            }
            partial[partialCount] = next.load(as: UInt8.self)
            partialCount += 1
            next += 1
            count -= 1
            if let fault = seePartial() { return fault }
        }
        left -= count
        return nil
    }

    mutating func takePriorities() -> Int {
        defer { priorities = 0 }
        return priorities
    }

    private mutating func seePartial() -> Fault? {
        guard partialCount >= Self.headerBytes else { return nil }
        let whole = partial
        return withUnsafeBytes(of: whole) { bytes in
            let frame = bytes.baseAddress.unsafelyUnwrapped
            if Self.type(frame) == Self.priority, Self.length(frame) == Self.priorityBytes {
                guard partialCount == bytes.count else { return nil }
                partialCount = 0
                return seePriority(frame)
            }
            partialCount = 0
            return see(frame)
        }
    }

    private mutating func seePriority(_ frame: UnsafeRawPointer) -> Fault? {
        priorities += 1
        let stream = Self.id(frame + 5)
        return stream == 0 || Self.id(frame + 9) == stream ? .priorityMalformed : nil
    }

    private static func type(_ header: UnsafeRawPointer) -> UInt8 {
        header.load(fromByteOffset: 3, as: UInt8.self)
    }

    private static func length(_ header: UnsafeRawPointer) -> Int {
        Int(UInt32(bigEndian: header.loadUnaligned(as: UInt32.self)) >> 8)
    }

    private static func id(_ bytes: UnsafeRawPointer) -> UInt32 {
        UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)) & 0x7fff_ffff
    }

    /// Sees the nine bytes of a frame's header.
    @inline(__always)
    private mutating func see(_ header: UnsafeRawPointer) -> Fault? {
        left = Self.length(header)
        let type = Self.type(header)
        guard type == Self.data || type == Self.headers || type == Self.reset else { return nil }
        let stream = Self.id(header + 5)
        if type == Self.headers, stream > latest {
            open(stream)
        } else if type != Self.reset, let bit = bit(of: stream) {
            if ended & bit != 0 { return .streamClosed }
            if opened & bit == 0 { return .streamPassedOver }
        }
        let ends = header.load(fromByteOffset: 4, as: UInt8.self) & Self.endStream != 0
        if ends || type == Self.reset, let bit = bit(of: stream) { ended |= bit }
        return nil
    }

    @inline(__always)
    private mutating func open(_ stream: UInt32) {
        let step = (stream - latest + 1) / 2
        opened = opened << step | 1
        ended <<= step
        latest = stream
    }

    /// nil: the id isn't among the last, or not a client's.
    @inline(__always)
    private func bit(of stream: UInt32) -> UInt128? {
        guard stream <= latest, stream & 1 == 1 else { return nil }
        let age = (latest - stream) / 2
        return age < 128 ? 1 << age : nil
    }
}
