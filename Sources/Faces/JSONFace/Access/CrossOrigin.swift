internal import RPC
internal import Repository

/// What browsers ask before, and want to see after, a page calls another server (CORS).
struct CrossOrigin {
    private static let methods = "GET, POST, PATCH, DELETE"
    private static let headers =
        "authorization, content-type, accept, idempotency-key, x-api-version, traceparent"
    private static let shown =
        "ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, traceparent"

    private let settings: JSONSettings

    init(_ settings: JSONSettings) {
        self.settings = settings
    }

    /// The page's, if it may call.
    private func origin(of request: PageRequest) -> String? {
        guard !settings.origins.isEmpty, let origin = request.header("origin"),
            settings.origins.contains(origin)
        else { return nil }
        return origin
    }

    /// The answer to the question before the call; nil: it is none. Who may not call is told
    /// nothing.
    func preflight(_ request: PageRequest) -> PageResponse? {
        guard request.method == "OPTIONS",
            request.header("access-control-request-method") != nil
        else { return nil }
        guard let origin = origin(of: request) else {
            return PageResponse(status: 204, headers: [("vary", "origin")])
        }
        return PageResponse(
            status: 204,
            headers: [
                ("access-control-allow-origin", origin), ("vary", "origin"),
                ("access-control-allow-methods", CrossOrigin.methods),
                ("access-control-allow-headers", CrossOrigin.headers),
                ("access-control-max-age", "600"),
            ])
    }

    /// A page that anybody can read must hold no secret.
    func check(_ request: PageRequest, _ caller: Access) throws(JSONProblem) {
        guard caller.isSecret, !settings.takesSecretKeysFromPages, origin(of: request) != nil
        else { return }
        throw JSONProblem(
            403, "insufficient_scopes",
            "a page must not have a secret key: use a publishable key, or one of a customer")
    }

    /// Lets the page see the answer, be it an error.
    func mark(_ response: inout PageResponse, to request: PageRequest) {
        guard !settings.origins.isEmpty else { return }
        response.headers.append(("vary", "origin"))
        guard let origin = origin(of: request) else { return }
        response.headers.append(("access-control-allow-origin", origin))
        response.headers.append(("access-control-expose-headers", CrossOrigin.shown))
    }
}
