package import NIOCore

/// How a client's call ended. What isn't looked at costs nothing.
package struct RPCCallEnd: ~Copyable {
    /// How far a call had come that failed, which decides whether it may be made again.
    package enum Reach: Sendable {
        /// The server hasn't begun it.
        case unprocessed
        /// The server has said nothing but the status, or not even that.
        case unanswered
        /// A response had begun.
        case answered
    }

    /// As given to `start`.
    package let tag: Int
    package let code: RPCCode
    package let latency: TimeAmount
    let stream: StreamReference
    let reason: String
    let isUnprocessed: Bool

    /// With message and details, put together when asked for.
    package var status: RPCStatus {
        let text = stream.pointee.headers.first("grpc-message").map { PercentEncoding.decode($0) }
        let details = stream.pointee.headers.first("grpc-status-details-bin")
            .flatMap { Base64.decode($0) }
        return RPCStatus(code, text ?? reason, details: details ?? [])
    }

    package var initialMetadata: RPCMetadata {
        RPCMetadata(stream.pointee.headers, 0..<stream.pointee.initialHeaderBytes)
    }

    package var trailingMetadata: RPCMetadata {
        let start = stream.pointee.initialHeaderBytes
        return RPCMetadata(
            stream.pointee.headers, start..<stream.pointee.headers.byteCount)
    }

    package var reach: Reach {
        if isUnprocessed { return .unprocessed }
        return stream.pointee.flags.contains(.headed) ? .answered : .unanswered
    }

    /// What the server says about trying again.
    var pushback: RetryPushback {
        let value = stream.pointee.headers.first("grpc-retry-pushback-ms")
            .map { String(decoding: $0, as: UTF8.self) }
        return RetryPushback(header: value, details: status.details)
    }
}
