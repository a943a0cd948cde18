import NIOCore

/// What the transport knows of a streaming call beside its `HTTP2Stream`, whose `body` holds
/// what was not yet delivered and whose `reply` what was not yet sent. See `ClientStream` for the
/// client's side.
class StreamCall {
    /// Beyond it the handler is told to wait; it is told to go on below half of it.
    static let queuedBytes = 64 * 1024
    /// Beyond it and the largest message, a handler that doesn't wait loses its call.
    static let mostQueuedBytes = 4 * 1024 * 1024

    /// Nil: a unary call whose reply has metadata.
    final private(set) var handler: (any StreamHandler)?
    let kind: CallKind
    final var demand = StreamDemand.more
    final var isDelivering = false
    final var wasResumed = false
    /// The message that is being delivered.
    final var cameCompressed = false
    final var messages = 0
    /// Bytes that came and whose room the peer wasn't given back.
    final var withheld = 0
    final var hasEnded = false
    final var isHeaded = false
    /// Nothing to send: the library waits to be told of more.
    final var isDeferred = false
    final var isFull = false
    /// Set by `finish`: sent when the queue is empty.
    final var trailers: PreparedFields?
    /// Client: the stream ends when the queue is empty.
    final var isHalfClosed = false

    init(_ handler: (any StreamHandler)?, kind: CallKind) {
        self.handler = handler
        self.kind = kind
    }

    final func attach(_ handler: any StreamHandler) { self.handler = handler }

    /// No function of the handler is called after this.
    final func detach() -> (any StreamHandler)? {
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
