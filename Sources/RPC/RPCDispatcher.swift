package import NIOCore

/// The program as one event loop sees it: made on that loop, called on it and nowhere else, and
/// never while another of its calls runs.
package protocol RPCDispatcher: AnyObject {
    /// The number of the method with this `:path`, nil when there is none. Asked once for a run
    /// of the same path on a connection; the answers below about a method are kept as long.
    func methodIndex(path: UnsafeRawBufferPointer) -> Int?

    /// The largest message that the method takes; never above the server's own limit.
    func maxMessageBytes(method: Int) -> Int

    /// Kept as long. A method that isn't unary is served by `open`, not by `call`.
    func kind(method: Int) -> CallKind

    /// The method needs no key (health, reflection): `authenticate` isn't asked.
    func isOpen(method: Int) -> Bool

    /// Who calls: by the value of `authorization`, nil when absent, and the client's verified
    /// certificate, nil when it has shown none. A principal is kept for a connection while the same
    /// bytes come and `authenticationEpoch` stays; a refusal isn't.
    func authenticate(
        authorization: UnsafeRawBufferPointer?, peer: PeerCertificate?
    ) -> Authentication

    /// Changes when a key is made, revoked or changed.
    var authenticationEpoch: Int { get }

    /// A unary call that came in one burst with others, all told before the first is made: a chance
    /// to ask memory for what it will need, so that they wait for it at the same time and not one
    /// after the other. Nothing was checked yet but who calls; nothing may come of it but speed.
    /// `message` is valid until `foreseen` has returned.
    func foresee(method: Int, principal: Int, message: UnsafeRawBufferPointer)

    /// All calls of the burst were told.
    func foreseen()

    /// One unary call. `message` is valid during the call only.
    func call(
        _ call: borrowing UnaryCall, message: UnsafeRawBufferPointer, reply: inout ReplyBuffer
    ) -> CallOutcome

    /// A streaming call, whose handler is called from now on.
    func open(_ call: borrowing StreamingCall) -> StreamOpening

    /// After each piece of a connection's input has been answered, before anything is sent.
    func burstEnded()
}

extension RPCDispatcher {
    package func kind(method: Int) -> CallKind { .unary }

    package func open(_ call: borrowing StreamingCall) -> StreamOpening {
        .failed(RPCStatus(.unimplemented))
    }

    package func foresee(method: Int, principal: Int, message: UnsafeRawBufferPointer) {}

    package func foreseen() {}

    package func burstEnded() {}
}

package enum Authentication {
    case principal(Int)
    case refused(RPCStatus)
}

package enum CallOutcome {
    /// The reply's message is in the `ReplyBuffer`; none written is an empty message.
    case replied
    /// The same, with metadata before and after it.
    case repliedWith(initial: RPCMetadata, trailing: RPCMetadata)
    case failed(RPCStatus)
    /// The answer comes later, through `LoopPort.finish`, with the call's token.
    case held
}

/// Names one call of one loop. Outlives it harmlessly: finishing a call that is gone does
/// nothing.
package struct CallToken: Sendable, Hashable {
    let connection: UInt32
    let generation: UInt32
    let stream: Int32
}

/// What is known of a call, during the dispatcher's `call` only.
package struct UnaryCall: ~Copyable {
    package let method: Int
    /// -1 for an open method.
    package let principal: Int
    package let token: CallToken
    /// Nil when the client set none. The transport ends a held call that reaches it.
    package let deadline: NIODeadline?
    let stream: StreamReference

    /// The first header field of this (lower-case) name, but for those the transport has eaten:
    /// `:path`, `:method`, `authorization`, `content-type`, `te` and `grpc-timeout`. Looked
    /// up when asked for: free when not.
    package func header(_ name: StaticString) -> String? {
        stream.pointee.headers.first(name).map { String(decoding: $0, as: UTF8.self) }
    }

    package var metadata: RPCMetadata { RPCMetadata(stream.pointee.headers) }
}

/// Where a reply's message is written, straight into the memory that is sent.
package struct ReplyBuffer: ~Copyable {
    let stream: StreamReference

    init(_ stream: StreamReference) {
        self.stream = stream
        stream.pointee.reply.clear()
        _ = stream.pointee.reply.reserve(GRPCFraming.prefixBytes)
        stream.pointee.reply.commit(GRPCFraming.prefixBytes)
    }

    package var count: Int { stream.pointee.reply.count - GRPCFraming.prefixBytes }

    /// Memory for `count` more bytes, valid until the next call here.
    package mutating func reserve(_ count: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: stream.pointee.reply.reserve(count), count: count)
    }

    /// So many of the reserved bytes were written.
    package mutating func commit(_ count: Int) { stream.pointee.reply.commit(count) }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        stream.pointee.reply.append(bytes)
    }

    func finish() {
        guard let base = stream.pointee.reply.base else { return }
        GRPCFraming.writePrefix(base, length: count)
    }
}
