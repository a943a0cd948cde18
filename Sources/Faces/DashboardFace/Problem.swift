internal import RPC
internal import Wire

/// Why something isn't done, in the form of the data API's errors.
struct Problem: Error {
    var status: Int
    var code: String
    var reason: String
    var message: String
    /// Beside which field it is shown.
    var field: String?
    var headers: [(name: String, value: String)] = []

    init(
        _ status: Int, _ code: String, _ reason: String, _ message: String, field: String? = nil
    ) {
        self.status = status
        self.code = code
        self.reason = reason
        self.message = message
        self.field = field
    }

    static func invalid(_ field: String, _ message: String) -> Problem {
        Problem(400, "invalid_argument", "INVALID", "\(field) \(message)", field: field)
    }

    static let signedOut = Problem(
        401, "unauthenticated", "SESSION_OVER", "the session is over; sign in again")
    static let otherSite = Problem(
        403, "permission_denied", "OTHER_SITE", "this was sent by another site")

    static func unavailable(_ what: String, _ error: any Error) -> Problem {
        Problem(503, "unavailable", "UNAVAILABLE", "\(what): \(error)")
    }

    var response: PageResponse {
        let violations: [JSONValue] =
            field.map {
                [.object(["field": .string($0), "message": .string(message)])]
            } ?? []
        var response = PageResponse.api(
            status,
            [
                "code": .string(code), "message": .string(message), "reason": .string(reason),
                "metadata": .object([:]), "violations": .array(violations),
            ])
        response.headers += headers
        return response
    }
}

extension PageResponse {
    /// Never kept by a browser.
    static func api(_ status: Int, _ body: JSONObject) -> PageResponse {
        PageResponse(
            status: status,
            headers: [("content-type", "application/json"), ("cache-control", "no-store")]
                + StaticPages.security, body: JSONWriter.bytes(.object(body)))
    }
}
