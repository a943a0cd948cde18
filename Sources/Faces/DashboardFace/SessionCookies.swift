internal import RPC
internal import Repository

/// The cookies that sessions are kept in, one for each environment. The prefix `__Host-` makes
/// browsers refuse one that isn't of this very host, or was set without TLS.
struct SessionCookies {
    private static let prefix = "__Host-tally-"

    private let values: [String: String]

    /// HTTP/2 may bring each cookie in a field of its own.
    init(_ request: PageRequest) {
        var values: [String: String] = [:]
        for header in request.headers where header.name == "cookie" {
            for pair in header.value.split(separator: ";") {
                let parts = pair.drop { $0 == " " }
                    .split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, parts[0].hasPrefix(SessionCookies.prefix) else { continue }
                let name = String(parts[0].dropFirst(SessionCookies.prefix.count))
                if values[name] == nil { values[name] = String(parts[1]) }
            }
        }
        self.values = values
    }

    /// What is kept for an environment.
    subscript(environment: String) -> String? { values[environment] }

    /// - Parameter seconds: how long the browser keeps it; 0: no longer.
    static func set(
        _ value: String, for environment: String, seconds: Int64
    ) -> (name: String, value: String) {
        (
            "set-cookie",
            "\(prefix)\(environment)=\(value); Path=/; Max-Age=\(seconds); Secure; HttpOnly; "
                + "SameSite=Strict"
        )
    }
}

extension PageRequest {
    /// Where this is said, a cookie says who calls. Pages of other sites can't say it: browsers ask
    /// before they send such a header elsewhere, and are told no.
    var namedEnvironment: String? { header("x-tally-environment") }

    /// Not what another site has sent: browsers tell where a request comes from.
    var isOfThisSite: Bool {
        if let site = header("sec-fetch-site") { return site == "same-origin" }
        guard let origin = header("origin") else { return true }
        return header("host").map { origin == "https://\($0)" } ?? false
    }
}
