internal import Billing
package import RPC
package import Repository
internal import Wire

/// The dashboard: its files, who is signed in, its members and its audit.
///
///     GET  /dashboard/…                     files; see StaticPages
///     GET  /dashboard/api/session           who is signed in, in which environments
///     POST /dashboard/api/sign-in           with a key, or with a link's token
///     POST /dashboard/api/sign-out
///     POST /dashboard/api/members.list      and .invite, .change, .revoke, .link; for admins
///     POST /dashboard/api/audit.list        for admins
///
/// The data comes from the other faces. A call to them that says `x-tally-environment` and brings
/// no key is made for whose session is in that environment's cookie; here the cookie becomes a
/// bearer token that only this process knows, so that nobody else needs to know of cookies. What
/// changes something is told to the audit first.
package struct DashboardPages: Sendable {
    private static let prefix = "/dashboard"

    let access: AccessList
    /// Where browsers reach it; empty: as the request says.
    let address: String
    let throttle = SharedThrottle()
    let work = BlockingWork()
    private let files = StaticPages()

    package init(_ access: AccessList, address: String = "") {
        self.access = access
        self.address = address
    }

    /// - Parameter others: answers what isn't the dashboard's own.
    package func respond(
        to request: PageRequest, others: @Sendable (PageRequest) async -> PageResponse
    ) async -> PageResponse {
        let path = request.path
        if path.hasPrefix(DashboardPages.prefix) {
            let rest = path.dropFirst(DashboardPages.prefix.utf8.count)
            if rest.hasPrefix("/api/") { return await api(request, String(rest.dropFirst(5))) }
            if rest.isEmpty || rest.hasPrefix("/") { return files.respond(to: request, rest) }
        }
        guard request.namedEnvironment != nil, MethodNames.isCall(path),
            request.header("authorization") == nil
        else { return await others(request) }
        do {
            return await call(request, by: try visitor(of: request), others: others)
        } catch {
            return error.response
        }
    }

    private func call(
        _ request: PageRequest, by visitor: Visitor,
        others: @Sendable (PageRequest) async -> PageResponse
    ) async -> PageResponse {
        var call = request
        call.headers.removeAll { ["cookie", "origin", "x-tally-environment"].contains($0.name) }
        call.headers.append(("authorization", "Bearer " + visitor.pass))
        if MethodNames.isReading(request.method, request.path) { return await others(call) }
        let body = try? JSONParser.parse(request.body)
        // There a key that the method doesn't know is refused, so that nothing hides behind one.
        if MethodNames.isOfData(request.path), body?.isTrial ?? false { return await others(call) }
        var customer: String?
        if case .string(let id)? = body?["customer_id"] { customer = id }
        let entry = visitor.entry(MethodNames.name(request.path), customer: customer)
        return await audited(entry, in: visitor.environment) { [call] in await others(call) }
    }

    // MARK: Own calls

    private func api(_ request: PageRequest, _ name: String) async -> PageResponse {
        do throws(Problem) {
            guard request.isOfThisSite else { throw .otherSite }
            if name == "session" {
                try require(request, ["GET", "HEAD"])
                return .api(200, ["sessions": .array(sessions(of: request))])
            }
            guard let call = ownCall(name) else {
                throw Problem(404, "not_found", "UNKNOWN", "there is no \(request.path)")
            }
            try require(request, ["POST"])
            return try await call(request, try DashboardPages.body(of: request))
        } catch {
            return error.response
        }
    }

    private typealias OwnCall = (PageRequest, JSONValue) async throws(Problem) -> PageResponse

    private func ownCall(_ name: String) -> OwnCall? {
        switch name {
        case "sign-in": signIn
        case "sign-out": signOut
        case "members.list": listMembers
        case "members.invite": inviteMember
        case "members.link": linkMember
        case "members.change": changeMember
        case "members.revoke": revokeMember
        case "audit.list": listAudit
        default: nil
        }
    }

    private func require(_ request: PageRequest, _ methods: [String]) throws(Problem) {
        guard methods.contains(request.method) else {
            var problem = Problem(
                405, "unimplemented", "METHOD", "use \(methods.joined(separator: " or "))")
            problem.headers = [("allow", methods.joined(separator: ", "))]
            throw problem
        }
    }

    /// A form of another site can't say that it is JSON.
    private static func body(of request: PageRequest) throws(Problem) -> JSONValue {
        let type = request.header("content-type")?.prefix { $0 != ";" } ?? ""
        guard type.lowercased() == "application/json" else {
            throw Problem(
                415, "invalid_argument", "CONTENT_TYPE", "send content-type: application/json")
        }
        guard let body = try? JSONParser.parse(request.body), case .object = body else {
            throw Problem(400, "invalid_argument", "INVALID", "the body must be a JSON object")
        }
        return body
    }
}

extension JSONValue {
    /// A request that asks what it would do, and does nothing.
    fileprivate var isTrial: Bool {
        ["validate_only", "dry_run"].contains { self[$0] == .bool(true) }
    }
}

/// Somebody who is signed in, or calls with a key.
struct Visitor {
    var environment: TallyEnvironment
    var identity: Identity
    /// Empty: there is no session.
    var pass = ""
    var peer: String

    func entry(_ method: String, customer: String? = nil, detail: String? = nil) -> AuditEntry {
        AuditEntry(
            time: SystemClock.wall.milliseconds, who: identity.name, whoID: identity.id,
            kind: identity.kind.rawValue, method: method, customer: customer, detail: detail,
            peer: peer)
    }
}

extension DashboardPages {
    /// By the cookie of the environment that the request names.
    func visitor(of request: PageRequest) throws(Problem) -> Visitor {
        guard request.isOfThisSite else { throw .otherSite }
        guard let name = request.namedEnvironment else { throw .signedOut }
        let environment = try environment(name, field: "x-tally-environment")
        guard let cookie = SessionCookies(request)[environment.name],
            let session = environment.sessions.find(cookie: cookie)
        else { throw .signedOut }
        return Visitor(
            environment: environment, identity: session.identity, pass: session.pass,
            peer: request.address ?? "")
    }

    func environment(_ name: String, field: String) throws(Problem) -> TallyEnvironment {
        guard let environment = access.environments.first(where: { $0.name == name }) else {
            let names = access.environments.map(\.name).joined(separator: " or ")
            throw .invalid(field, "must be \(names)")
        }
        return environment
    }

    /// Makes a call that the audit has been told of, and tells it what became of it.
    func audited(
        _ entry: AuditEntry, in environment: TallyEnvironment,
        _ call: () async throws(Problem) -> PageResponse
    ) async -> PageResponse {
        let trail = environment.audit
        do throws(Problem) {
            let id = try await work.attempt("the audit can't be written, so nothing was done") {
                try trail.begin(entry)
            }
            let response: PageResponse
            do throws(Problem) {
                response = try await call()
            } catch {
                response = error.response
            }
            let outcome = DashboardPages.outcome(response)
            // Should this be lost, the audit says that nobody knows.
            try? await work.attempt("") { try trail.end(id, outcome: outcome) }
            return response
        } catch {
            return error.response
        }
    }

    /// "200", "409 CATALOG_CHANGED".
    private static func outcome(_ response: PageResponse) -> String {
        guard response.status >= 400, let body = try? JSONParser.parse(response.body) else {
            return "\(response.status)"
        }
        for key in ["reason", "code"] {
            if case .string(let text)? = body[key], !text.isEmpty {
                return "\(response.status) \(text)"
            }
        }
        return "\(response.status)"
    }
}
