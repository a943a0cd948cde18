package import NIOCore

/// Told of each call's end, on the call's loop: for an access log, for metrics. Each loop has one
/// of its own, made by `RPCServer`'s `makeInterceptors`, so that nothing is locked. It must not
/// call back into the transport. Without any nothing is measured.
package protocol CallInterceptor: AnyObject {
    func callEnded(_ call: borrowing EndedCall)
}

/// What is known of a call when its stream has closed, during `callEnded` only. What isn't looked
/// at costs nothing.
package struct EndedCall: ~Copyable {
    /// The number of the method; -1: there is none of that name.
    package let method: Int
    /// -1: none, or none that was accepted.
    package let principal: Int
    /// What the client was told; CANCELLED when it went away first.
    package let code: RPCCode
    /// From the header's arrival until the answer was handed to the socket.
    package let latency: TimeAmount
    /// Of the bodies, with gRPC's prefixes, without HTTP/2's and TLS's own.
    package let requestBytes: Int
    package let responseBytes: Int
    /// Nil within the process.
    package let peer: SocketAddress?
    private let stream: StreamReference

    init(_ stream: StreamReference, now: NIODeadline, peer: SocketAddress?) {
        method = Int(stream.pointee.method)
        principal = stream.pointee.principal
        code = RPCCode(rawValue: stream.pointee.status) ?? .cancelled
        latency = now - stream.pointee.started
        requestBytes = stream.pointee.bytesIn
        responseBytes = stream.pointee.bytesOut
        self.peer = peer
        self.stream = stream
    }

    /// The trace that it is part of, by the header `traceparent`.
    package var trace: TraceParent? {
        stream.pointee.headers.first("traceparent").flatMap {
            TraceParent(String(decoding: $0, as: UTF8.self))
        }
    }
}

extension ServerCalls {
    /// Before the stream goes back to its pool.
    func observeEnd(_ stream: StreamReference, now: NIODeadline) {
        guard stream.pointee.flags.isSuperset(of: [.isPost, .isGRPC]) else { return }
        let call = EndedCall(stream, now: now, peer: address)
        for interceptor in port.interceptors { interceptor.callEnded(call) }
    }
}
