internal import Billing
internal import RPC
internal import Wire

/// Why a call gave no answer, for people and for scripts.
struct CallFailure: Error {
    var code: RPCCode
    var message: String
    /// Stable, UPPER_SNAKE; empty: the server gave none.
    var reason = ""
    var violations: [Violation] = []
    var canRetry = false
    /// Stands above the violations, if set.
    var headline = ""

    init(_ status: RPCStatus) {
        code = status.code
        message = status.message
        let details = StatusDetailReader(status.details)
        reason = details.reason
        violations = details.violations
        canRetry = details.canRetry
    }

    /// Found before anything was sent.
    init(violations: [Violation]) {
        code = .invalidArgument
        message = "the request is malformed"
        self.violations = violations
    }

    var exit: CommandFault.Exit {
        switch code {
        case .unavailable, .deadlineExceeded, .cancelled, .unknown, .internalError, .dataLoss,
            .ok:
            .unavailable
        case .resourceExhausted: canRetry ? .unavailable : .refused
        case .invalidArgument, .notFound, .alreadyExists, .permissionDenied, .failedPrecondition,
            .aborted, .outOfRange, .unimplemented, .unauthenticated:
            .refused
        }
    }

    /// What happened, then what to do.
    func text(server: ServerAddress) -> String {
        switch code {
        case .unavailable where reason.isEmpty:
            "cannot reach \(server.host):\(server.port) (\(connectionText)). Is tally "
                + "serve running? Check --server and --ca."
        case .deadlineExceeded:
            "\(server.host):\(server.port) did not answer in time. Try again with the same "
                + "--request-id, or with a longer --timeout."
        case .unauthenticated:
            "the server does not know the API key (\(message)). Check --key-file; "
                + "tally keys list shows the keys of an environment."
        case .invalidArgument where !violations.isEmpty: violationText
        case .ok, .cancelled, .unknown, .invalidArgument, .notFound, .alreadyExists,
            .permissionDenied, .resourceExhausted, .failedPrecondition, .aborted, .outOfRange,
            .unimplemented, .internalError, .unavailable, .dataLoss:
            canRetry ? "\(message) (try again)" : message
        }
    }

    /// The usual case in short; the whole text names sockets and errno.
    private var connectionText: String {
        message.contains("Connection refused") ? "connection refused" : message
    }

    /// One line each.
    private var violationText: String {
        let lines = violations.map {
            $0.path.isEmpty ? $0.message : "\($0.path) \($0.message)"
        }
        return ((headline.isEmpty ? [] : [headline]) + lines).joined(separator: "\n  ")
    }

    var json: JSONValue {
        let violations = violations.map { violation in
            JSONValue.object([
                "path": .string(violation.path), "message": .string(violation.message),
            ])
        }
        return .object([
            "error": .object([
                "code": .string(code.name), "reason": .string(reason),
                "message": .string(message), "violations": .array(violations),
                "can_retry": .bool(exit == .unavailable),
            ])
        ])
    }
}
