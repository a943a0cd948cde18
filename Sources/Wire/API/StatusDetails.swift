package import Billing

/// The details of an error: a `google.rpc.Status` with an `ErrorInfo`, and a `BadRequest` or a
/// `RetryInfo` where there is one.
package struct StatusDetails: Sendable {
    /// Where the reasons of errors are defined.
    private static let domain = "tally"

    package var code: Int
    package var message: String
    /// Stable, UPPER_SNAKE.
    package var reason: String
    /// Of the `ErrorInfo`.
    package var metadata: [(key: String, value: String)] = []
    package var violations: [Violation] = []
    package var retryAfterMilliseconds: Int?

    package init(code: Int, message: String, reason: String) {
        self.code = code
        self.message = message
        self.reason = reason
    }

    /// As it travels in `grpc-status-details-bin`.
    package var encoded: [UInt8] {
        var info = ProtoBytes()
        info.add(1, text: reason)
        info.add(2, text: StatusDetails.domain)
        for (key, value) in metadata {
            var entry = ProtoBytes()
            entry.add(1, text: key)
            entry.add(2, text: value)
            info.add(3, message: entry)
        }
        var status = ProtoBytes()
        status.add(1, number: UInt64(code))
        status.add(2, text: message)
        status.add(3, any: "google.rpc.ErrorInfo", info)
        if !violations.isEmpty {
            var request = ProtoBytes()
            for violation in violations {
                var field = ProtoBytes()
                field.add(1, text: violation.path)
                field.add(2, text: violation.message)
                request.add(1, message: field)
            }
            status.add(3, any: "google.rpc.BadRequest", request)
        }
        if let delay = retryAfterMilliseconds {
            var duration = ProtoBytes()
            duration.add(1, number: UInt64(delay / 1000))
            duration.add(2, number: UInt64(delay % 1000 * 1_000_000))
            var retry = ProtoBytes()
            retry.add(1, message: duration)
            status.add(3, any: "google.rpc.RetryInfo", retry)
        }
        return status.bytes
    }

    /// One more detail, a `RequestInfo`, to append to what is encoded.
    package static func requestInfo(id: String) -> [UInt8] {
        var info = ProtoBytes()
        info.add(1, text: id)
        var status = ProtoBytes()
        status.add(3, any: "google.rpc.RequestInfo", info)
        return status.bytes
    }
}
