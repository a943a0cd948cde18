import NIOCore

typealias StreamReference = UnsafeMutablePointer<HTTP2Stream>

/// What is known of one open stream, on either side. Taken from the loop's pool when the stream
/// opens and given back when it has closed, so that a call allocates nothing here.
struct HTTP2Stream: ~Copyable {
    struct Flags: OptionSet {
        let rawValue: UInt32
        /// POST with a gRPC content type.
        static let isPost = Flags(rawValue: 1)
        static let isGRPC = Flags(rawValue: 2)
        /// `method`, `limit` and `isOpen` hold (see `PathMemo`).
        static let methodKnown = Flags(rawValue: 4)
        static let isOpen = Flags(rawValue: 8)
        /// `principal` and `authenticationEpoch` hold.
        static let principalKnown = Flags(rawValue: 16)
        static let hasTimeout = Flags(rawValue: 32)
        static let timeoutMalformed = Flags(rawValue: 64)
        static let headersTooLarge = Flags(rawValue: 128)
        /// An answer was submitted: whatever else comes in is dropped.
        static let answered = Flags(rawValue: 256)
        /// Waits for `LoopPort.finish`.
        static let held = Flags(rawValue: 512)
        static let page = Flags(rawValue: 1024)
        /// The peer has sent all of its side.
        static let remoteEnded = Flags(rawValue: 2048)
        /// The body is all: no trailers follow it.
        static let plainBody = Flags(rawValue: 4096)
        /// Client: the response's headers are in; what comes now is messages and trailers.
        static let headed = Flags(rawValue: 8192)
        /// The answer to HEAD has no body.
        static let isHead = Flags(rawValue: 16384)
        /// With `methodKnown`: the method isn't unary.
        static let isStreaming = Flags(rawValue: 32768)
        /// `grpc-encoding` is gzip: the client's messages may be compressed.
        static let sendsGzip = Flags(rawValue: 65536)
        /// Ours too: a streaming call's client sends and accepts it.
        static let repliesGzip = Flags(rawValue: 131072)
    }

    var id: Int32 = 0
    var flags: Flags = []
    var method: Int32 = -1
    /// Server: the most bytes a request may have. Client: a response.
    var limit = 0
    /// -1: not known, or the method is open.
    var principal = -1
    var authenticationEpoch = 0
    /// Which `AuthorizationMemo` they are from.
    var memoGeneration: UInt32 = 0
    /// From `grpc-timeout`, nanoseconds.
    var timeout: Int64 = 0
    var deadline = NIODeadline.distantFuture
    /// As SETTINGS_MAX_HEADER_LIST_SIZE counts.
    var headerListBytes = 0
    var headers = HeaderBlock()
    /// What came in more than one piece.
    var body = RawBytes()
    /// What goes out, and how far it has gone.
    var reply = RawBytes()
    var replySent = 0
    /// Bodies' bytes so far, each way.
    var bytesIn = 0
    var bytesOut = 0
    /// The same at the last sweep, and for how many sweeps it hasn't moved.
    var sentAtSweep = 0
    var stuckSeconds = 0
    /// The loop's tick when it opened.
    var opened = 0
    /// Of a streaming call, retained here.
    var call: Unmanaged<StreamCall>?
    /// The connection's place in its loop's table.
    var connection: UInt32 = 0
    /// Of a call that a pool has taken, retained here: told when the stream is gone.
    var ticket: Unmanaged<WorkTicket>?
    /// When the call began, and the code it ended with; -1: none.
    var started = NIODeadline.distantPast
    var status = -1
    /// Client: whose call this is, and how much of `headers` came before the trailers.
    var tag = 0
    var httpStatus = 0
    var initialHeaderBytes = 0

    /// All open streams of a session.
    var nextOpen: StreamReference?
    var previousOpen: StreamReference?
    /// All held calls of a loop that have a deadline; in the pool: the free ones.
    var nextHeld: StreamReference?
    var previousHeld: StreamReference?

    /// Memory that a pooled stream keeps in each of its buffers.
    private static let keptBytes = 2048

    mutating func reset() {
        flags = []
        method = -1
        principal = -1
        timeout = 0
        deadline = .distantFuture
        headerListBytes = 0
        headers.clear(keeping: Self.keptBytes)
        body.clear(keeping: Self.keptBytes)
        reply.clear(keeping: Self.keptBytes)
        replySent = 0
        bytesIn = 0
        bytesOut = 0
        sentAtSweep = 0
        stuckSeconds = 0
        status = -1
        httpStatus = 0
        initialHeaderBytes = 0
        if ticket != nil { endTicket() }
        if call != nil { detachCall() }
        nextOpen = nil
        previousOpen = nil
        nextHeld = nil
        previousHeld = nil
    }
}

/// Free streams of one loop. Confined to it.
final class StreamPool {
    private var free: StreamReference?
    private var freeCount = 0
    private static let kept = 4096

    func take() -> StreamReference {
        guard let stream = free else {
            let stream = StreamReference.allocate(capacity: 1)
            stream.initialize(to: HTTP2Stream())
            return stream
        }
        free = stream.pointee.nextHeld
        stream.pointee.nextHeld = nil
        freeCount -= 1
        return stream
    }

    func give(_ stream: StreamReference) {
        guard freeCount < Self.kept else { return Self.destroy(stream) }
        stream.pointee.reset()
        stream.pointee.nextHeld = free
        free = stream
        freeCount += 1
    }

    private static func destroy(_ stream: StreamReference) {
        stream.pointee.endTicket()
        stream.pointee.detachCall()
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    deinit {
        while let stream = free {
            free = stream.pointee.nextHeld
            Self.destroy(stream)
        }
    }
}
