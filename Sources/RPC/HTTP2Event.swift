/// What nghttp2 reported. Callbacks append; the session's owner drains after the library has
/// returned.
struct HTTP2Event {
    enum Kind: UInt8 {
        /// The header of a request that may be a streaming call, and that has a body. On the
        /// client: that of a streaming call's response.
        case began
        /// Bytes of the body; they stay where they are until the input is dropped.
        case data
        /// The peer has ended its side.
        case ended
        /// Gone, with the HTTP/2 error code in `count`.
        case closed
        /// A stream's queue has room again.
        case writable
        /// All of a reply is handed over while the request still goes on.
        case finishedEarly
    }

    var kind: Kind
    var stream: StreamReference
    var base: UnsafeRawPointer?
    var count = 0

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
}

/// A plain growable array of events: the memory is kept, nothing is counted or checked twice.
struct HTTP2Events: ~Copyable {
    private(set) var count = 0
    private var capacity = 0
    private var base: UnsafeMutablePointer<HTTP2Event>?

    init() {}

    deinit { base?.deallocate() }

    subscript(index: Int) -> HTTP2Event {
        precondition(index < count)
        return base.unsafelyUnwrapped[index]
    }

    mutating func append(_ event: HTTP2Event) {
        if count == capacity { grow() }
        (base.unsafelyUnwrapped + count).initialize(to: event)
        count += 1
    }

    mutating func removeAll() { count = 0 }

    private mutating func grow() {
        let larger = max(16, capacity * 2)
        let memory = UnsafeMutablePointer<HTTP2Event>.allocate(capacity: larger)
        if let base {
            memory.moveInitialize(from: base, count: count)
            base.deallocate()
        }
        base = memory
        capacity = larger
    }
}
