internal import Billing
internal import RPC
internal import Repository
internal import Synchronization
internal import Wire

/// One for all listeners and loops.
final class SharedThrottle: Sendable {
    let state = Mutex(SignInThrottle())
}

extension DashboardPages {
    func sessions(of request: PageRequest) -> [JSONValue] {
        let cookies = SessionCookies(request)
        return access.environments.compactMap { environment in
            cookies[environment.name].flatMap { environment.sessions.find(cookie: $0) }
                .map { DashboardPages.session($0.identity, in: environment) }
        }
    }

    private static func session(_ identity: Identity, in environment: TallyEnvironment) -> JSONValue
    {
        .object([
            "environment": .string(environment.name), "name": .string(identity.name),
            "kind": .string(identity.kind.rawValue), "role": .string(identity.role.rawValue),
            "scopes": .array(identity.scopes.names.map { .string($0) }),
            "expires_at": .string(text(ofTime: identity.expires)),
        ])
    }

    static func text(ofTime milliseconds: Int64) -> String {
        Timestamp(milliseconds: milliseconds).rfc3339 ?? ""
    }

    func signIn(_ request: PageRequest, _ body: JSONValue) async throws(Problem) -> PageResponse {
        let peer = request.address ?? ""
        let now = SystemClock.wall.milliseconds
        if let wait = throttle.state.withLock({ $0.wait(peer, at: now) }) {
            var problem = Problem(
                429, "resource_exhausted", "TOO_MANY_ATTEMPTS",
                "signing in failed too often from here; wait a minute")
            problem.headers = [("retry-after", "\((wait + 999) / 1000)")]
            throw problem
        }
        switch (body["key"], body["token"]) {
        case (.string(let key)?, nil): return try await signIn(request, peer, key: key)
        case (nil, .string(let token)?): return try await signIn(request, peer, token: token)
        default: throw .invalid("key", "or token must be given, as a string")
        }
    }

    private func signIn(
        _ request: PageRequest, _ peer: String, key: String
    ) async throws(Problem) -> PageResponse {
        for environment in access.environments {
            let found: Identity?
            do throws(SessionRefusal) {
                found = try environment.sessions.identity(key: key)
            } catch {
                throw await failed(
                    Problem(
                        403, "permission_denied", "KEY_CANNOT_SIGN_IN",
                        "only a secret key signs in, and this one is for others' hands",
                        field: "key"), peer, in: environment)
            }
            guard let found else { continue }
            let visitor = Visitor(environment: environment, identity: found, peer: peer)
            return await enter(request, visitor) { try environment.sessions.begin(key: key) }
        }
        let claimed = access.environments.first {
            key.hasPrefix(KeyRing.prefix(environment: $0.name))
        }
        throw await failed(
            Problem(
                401, "unauthenticated", "KEY_UNKNOWN",
                "the API key is unknown, has expired or was revoked", field: "key"), peer,
            in: claimed)
    }

    private func signIn(
        _ request: PageRequest, _ peer: String, token: String
    ) async throws(Problem) -> PageResponse {
        for environment in access.environments {
            let member = try await work.attempt("the link can't be taken") {
                try environment.members.open(token)
            }
            guard let member else { continue }
            let identity = Identity(
                kind: .member, id: member.id, name: member.name, role: member.role,
                scopes: member.role.scopes, expires: 0)
            let visitor = Visitor(environment: environment, identity: identity, peer: peer)
            return await enter(request, visitor) {
                try environment.sessions.begin(member: member.id)
            }
        }
        throw await failed(
            Problem(
                401, "unauthenticated", "LINK_UNKNOWN",
                "the link is unknown, has expired or was opened before; ask for another",
                field: "token"), peer, in: nil)
    }

    /// - Parameter begin: nil: it was revoked this very moment.
    private func enter(
        _ request: PageRequest, _ visitor: Visitor,
        _ begin: @escaping @Sendable () throws -> (cookie: String, identity: Identity)?
    ) async -> PageResponse {
        let environment = visitor.environment
        let old = SessionCookies(request)[environment.name]
        return await audited(visitor.entry("sign-in"), in: environment) {
            () async throws(Problem) -> PageResponse in
            let made = try await work.attempt("the session can't be kept") {
                guard let made = try begin() else { throw Problem.signedOut }
                if let old { try environment.sessions.end(cookie: old) }
                return made
            }
            var response = PageResponse.api(
                200, ["session": DashboardPages.session(made.identity, in: environment)])
            response.headers.append(
                SessionCookies.set(
                    made.cookie, for: environment.name, seconds: Sessions.lifetime / 1000))
            return response
        }
    }

    /// Counted, and told to the audit. Where it can't be told, it fails all the same.
    ///
    /// - Parameter environment: nil: nobody knows which one was meant.
    private func failed(
        _ problem: Problem, _ peer: String, in environment: TallyEnvironment?
    ) async -> Problem {
        let now = SystemClock.wall.milliseconds
        throttle.state.withLock { $0.fail(peer, at: now) }
        guard let trail = (environment ?? access.environments.first)?.audit else { return problem }
        let entry = AuditEntry(
            time: now, who: "", whoID: "", kind: "unknown", method: "sign-in",
            outcome: "\(problem.status) \(problem.reason)", peer: peer)
        try? await work.attempt("") { try trail.note(entry) }
        return problem
    }

    /// The session ends, whether or not the audit can be told.
    func signOut(_ request: PageRequest, _ body: JSONValue) async throws(Problem) -> PageResponse {
        guard case .string(let name)? = body["environment"] else {
            throw .invalid("environment", "must be given, as a string")
        }
        let environment = try environment(name, field: "environment")
        var response = PageResponse.api(200, [:])
        response.headers.append(SessionCookies.set("", for: name, seconds: 0))
        guard let cookie = SessionCookies(request)[name],
            let session = environment.sessions.find(cookie: cookie)
        else { return response }
        try await work.attempt("the session is over, but this can't be kept") {
            try environment.sessions.end(cookie: cookie)
        }
        let visitor = Visitor(
            environment: environment, identity: session.identity, peer: request.address ?? "")
        return await audited(visitor.entry("sign-out"), in: environment) { response }
    }
}
