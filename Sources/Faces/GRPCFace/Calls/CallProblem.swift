internal import Billing
internal import RPC
internal import Wire

/// A call that wasn't answered, as JSON tells it: the status with all that its details say.
struct CallProblem: Error {
    private let status: Int
    private let told: RPCStatus

    /// With an HTTP status of its own.
    init(_ status: Int, _ told: RPCStatus) {
        self.status = status
        self.told = told
    }

    init(_ told: RPCStatus) {
        let isLarge = StatusDetailReader(told.details).reason == "MESSAGE_TOO_LARGE"
        self.init(isLarge ? 413 : told.code.httpStatus, told)
    }

    static let methodNotAllowed = CallProblem(
        405, RPCStatus(.invalidArgument, "a method is called by POST"))

    func response(to request: PageRequest?) -> PageResponse {
        let details = StatusDetailReader(told.details)
        var headers = [("content-type", "application/json")]
        if status == 401 { headers.append(("www-authenticate", "Bearer")) }
        if status == 405 { headers.append(("allow", "POST")) }
        if let delay = details.retryAfterMilliseconds {
            headers.append(("retry-after", "\(max(1, (delay + 999) / 1000))"))
        }
        // An error tells which trace it belongs to.
        if let trace = request?.header("traceparent"), TraceParent(trace) != nil {
            headers.append(("traceparent", trace))
        }
        return PageResponse(
            status: status, headers: headers, body: JSONWriter.bytes(.object(object(details))))
    }

    private func object(_ details: StatusDetailReader) -> JSONObject {
        [
            "code": .string(told.code.name.lowercased()),
            "message": .string(told.message),
            "reason": .string(details.reason),
            "metadata": .object(
                JSONObject(details.metadata.map { .init($0.key, .string($0.value)) })),
            "violations": .array(
                details.violations.map {
                    .object(["field": .string($0.path), "message": .string($0.message)])
                }),
        ]
    }
}

extension RPCCode {
    fileprivate var httpStatus: Int {
        switch self {
        case .ok: 200
        case .invalidArgument, .outOfRange: 400
        case .unauthenticated: 401
        case .permissionDenied: 403
        case .notFound: 404
        case .alreadyExists, .aborted, .failedPrecondition: 409
        case .resourceExhausted: 429
        case .cancelled: 499
        case .unknown, .internalError, .dataLoss: 500
        case .unimplemented: 501
        case .unavailable: 503
        case .deadlineExceeded: 504
        }
    }
}
