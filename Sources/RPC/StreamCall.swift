import NIOCore

/// What the transport knows of a streaming call beside its `HTTP2Stream`, whose `body` holds
/// what was not yet delivered and whose `reply` what was not yet sent.
final class StreamCall {
    /// Beyond it the handler is told to wait; it is told to go on below half of it.
    static let queuedBytes = 64 * 1024
    /// Beyond it and the largest message, a handler that doesn't wait loses its call.
    static let mostQueuedBytes = 4 * 1024 * 1024

    /// Nil: a unary call whose reply has metadata.
    private(set) var handler: (any StreamHandler)?
    let kind: CallKind
    var demand = StreamDemand.more
    var isDelivering = false
    var wasResumed = false
    /// The message that is being delivered.
    var cameCompressed = false
    var messages = 0
    /// Bytes that came and whose room the peer wasn't given back.
    var withheld = 0
    var hasEnded = false
    var isHeaded = false
    /// Nothing to send: the library waits to be told of more.
    var isDeferred = false
    var isFull = false
    /// Set by `finish`: sent when the queue is empty.
    var trailers: PreparedFields?

    init(_ handler: (any StreamHandler)?, kind: CallKind) {
        self.handler = handler
        self.kind = kind
    }

    func attach(_ handler: any StreamHandler) { self.handler = handler }

    /// No function of the handler is called after this.
    func detach() -> (any StreamHandler)? {
        defer { handler = nil }
        return handler
    }
}

extension HTTP2Stream {
    var streamCall: StreamCall? { call?.takeUnretainedValue() }

    var queuedBytes: Int { reply.count - replySent }

    mutating func attach(_ streamCall: StreamCall) { call = .passRetained(streamCall) }

    mutating func detachCall() {
        call?.release()
        call = nil
    }
}
