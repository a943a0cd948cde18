internal import RPC
internal import Repository
internal import Wire

/// Members, for admins: by a session, or by a key that may do everything.
extension DashboardPages {
    private func admin(_ request: PageRequest) throws(Problem) -> Visitor {
        let visitor = try caller(request)
        guard visitor.identity.isAdmin else {
            throw Problem(403, "permission_denied", "ADMINS_ONLY", "only admins may do this")
        }
        return visitor
    }

    private func caller(_ request: PageRequest) throws(Problem) -> Visitor {
        guard let header = request.header("authorization") else {
            return try visitor(of: request)
        }
        let scheme = "bearer "
        let key = String(header.dropFirst(scheme.count))
        guard header.prefix(scheme.count).lowercased() == scheme else { throw .signedOut }
        for environment in access.environments {
            if let identity = try? environment.sessions.identity(key: key) {
                return Visitor(
                    environment: environment, identity: identity, peer: request.address ?? "")
            }
        }
        throw Problem(
            401, "unauthenticated", "KEY_UNKNOWN", "the API key is unknown or was revoked")
    }

    func listMembers(
        _ request: PageRequest, _ body: JSONValue
    ) async throws(Problem) -> PageResponse {
        let environment = try admin(request).environment
        let seen = environment.sessions.seen
        let members = environment.members.all.map {
            JSONValue.object(DashboardPages.member($0, seen: seen[$0.id]))
        }
        return .api(200, ["members": .array(members)])
    }

    func inviteMember(
        _ request: PageRequest, _ body: JSONValue
    ) async throws(Problem) -> PageResponse {
        let visitor = try admin(request)
        let name = try DashboardPages.text("name", of: body)
        if let problem = Member.problem(ofName: name) { throw .invalid("name", problem) }
        let role = try DashboardPages.role(of: body)
        let entry = visitor.entry("members.invite", detail: "\(name): \(role.rawValue)")
        return try await made(request, visitor, entry) {
            try visitor.environment.members.invite(name: name, role: role)
        }
    }

    func linkMember(
        _ request: PageRequest, _ body: JSONValue
    ) async throws(Problem) -> PageResponse {
        let visitor = try admin(request)
        let id = try DashboardPages.text("id", of: body)
        return try await made(request, visitor, visitor.entry("members.link", detail: id)) {
            try visitor.environment.members.link(to: id, validity: MemberList.inviteValidity)
        }
    }

    /// With the link, this once.
    private func made(
        _ request: PageRequest, _ visitor: Visitor, _ entry: AuditEntry,
        _ make: @escaping @Sendable () throws -> MadeLink
    ) async throws(Problem) -> PageResponse {
        let base = address.isEmpty ? "https://\(request.header("host") ?? "")" : address
        return await audited(entry, in: visitor.environment) {
            () async throws(Problem) -> PageResponse in
            let link = try await attempt(make)
            return .api(
                200,
                [
                    "member": .object(DashboardPages.member(link.member, seen: nil)),
                    "link": .string(link.address(at: base)),
                    "expires_at": .string(DashboardPages.text(ofTime: link.expires)),
                ])
        }
    }

    func changeMember(
        _ request: PageRequest, _ body: JSONValue
    ) async throws(Problem) -> PageResponse {
        let visitor = try admin(request)
        let id = try DashboardPages.text("id", of: body)
        let role = try DashboardPages.role(of: body)
        let entry = visitor.entry("members.change", detail: "\(id): \(role.rawValue)")
        return await changed(visitor, entry) {
            try visitor.environment.members.change(id, role: role)
        }
    }

    func revokeMember(
        _ request: PageRequest, _ body: JSONValue
    ) async throws(Problem) -> PageResponse {
        let visitor = try admin(request)
        let id = try DashboardPages.text("id", of: body)
        return await changed(visitor, visitor.entry("members.revoke", detail: id)) {
            try visitor.environment.members.revoke(id)
        }
    }

    private func changed(
        _ visitor: Visitor, _ entry: AuditEntry,
        _ change: @escaping @Sendable () throws -> Member
    ) async -> PageResponse {
        let sessions = visitor.environment.sessions
        return await audited(entry, in: visitor.environment) {
            () async throws(Problem) -> PageResponse in
            let member = try await attempt(change)
            let seen = sessions.lastSeen(member.id)
            return .api(200, ["member": .object(DashboardPages.member(member, seen: seen))])
        }
    }

    private func attempt<Value: Sendable>(
        _ change: @escaping @Sendable () throws -> Value
    ) async throws(Problem) -> Value {
        try await work.attempt("the members can't be changed") {
            do {
                return try change()
            } catch let refusal as MemberRefusal {
                throw Problem(refusal)
            }
        }
    }

    func listAudit(
        _ request: PageRequest, _ body: JSONValue
    ) async throws(Problem) -> PageResponse {
        let trail = try admin(request).environment.audit
        var size = 50
        if let given = body["page_size"] {
            guard case .number(let text) = given, let number = Int(text),
                (1...500).contains(number)
            else { throw .invalid("page_size", "must be a whole number from 1 to 500") }
            size = number
        }
        var token: String?
        if let given = body["page_token"] {
            guard case .string(let text) = given else {
                throw .invalid("page_token", "must be a string")
            }
            token = text.isEmpty ? nil : text
        }
        let (count, page) = (size, token)
        let (entries, next) = try await work.attempt("the audit can't be read") {
            do {
                return try trail.list(after: page, size: count)
            } catch is AuditTrail.UnknownPage {
                throw Problem.invalid("page_token", "must be one that was given with a page")
            }
        }
        return .api(
            200,
            [
                "entries": .array(entries.map { DashboardPages.entry($0) }),
                "next_page_token": .string(next ?? ""),
            ])
    }

    // MARK: Texts

    private static func member(_ member: Member, seen: Int64?) -> JSONObject {
        var object: JSONObject = [
            "id": .string(member.id), "name": .string(member.name),
            "role": .string(member.role.rawValue), "state": .string(member.state.rawValue),
            "created_at": .string(text(ofTime: member.created)),
        ]
        if let seen { object.append("last_seen_at", .string(text(ofTime: seen))) }
        return object
    }

    private static func entry(_ entry: AuditEntry) -> JSONValue {
        var object: JSONObject = [
            "time": .string(text(ofTime: entry.time)), "who": .string(entry.who),
            "who_id": .string(entry.whoID), "kind": .string(entry.kind),
            "method": .string(entry.method), "customer_id": .string(entry.customer ?? ""),
            "outcome": .string(entry.outcome ?? "unknown"), "peer": .string(entry.peer),
        ]
        if let detail = entry.detail { object.append("detail", .string(detail)) }
        return .object(object)
    }

    private static func text(_ key: String, of body: JSONValue) throws(Problem) -> String {
        guard case .string(let text)? = body[key] else {
            throw .invalid(key, "must be given, as a string")
        }
        return text
    }

    private static func role(of body: JSONValue) throws(Problem) -> Role {
        guard let role = Role(rawValue: try text("role", of: body)) else {
            let names = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("role", "must be one of \(names)")
        }
        return role
    }
}

extension Problem {
    init(_ refusal: MemberRefusal) {
        switch refusal {
        case .notFound(let id):
            self.init(
                404, "not_found", "MEMBER_NOT_FOUND",
                "there is no member \(id), or it was revoked", field: "id")
        case .nameTaken(let name):
            self.init(
                409, "already_exists", "MEMBER_EXISTS",
                "there is a member \"\(name)\" already; choose another name", field: "name")
        case .tooMany(let limit):
            self.init(
                429, "resource_exhausted", "TOO_MANY_MEMBERS",
                "an environment can have \(limit) members; revoke some")
        }
    }
}
