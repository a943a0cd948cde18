internal import Billing
internal import Synchronization

/// Somebody as the dashboard knows it, at this moment.
package struct Identity: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case member, key
    }

    package var kind: Kind
    package var id: String
    /// Of the member, or what the key was called.
    package var name: String
    package var role: Role
    package var scopes: Scopes
    /// When the session ends if it isn't used again, in milliseconds; of a key, when that does.
    package var expires: Int64

    package init(
        kind: Kind, id: String, name: String, role: Role, scopes: Scopes, expires: Int64
    ) {
        self.kind = kind
        self.id = id
        self.name = name
        self.role = role
        self.scopes = scopes
        self.expires = expires
    }

    package var isAdmin: Bool { scopes == .all }
}

/// A session that was found by its cookie.
package struct FoundSession: Sendable {
    package var identity: Identity
    /// The bearer token that calls are made with for it, within this process.
    package var pass: String
}

/// The sessions of an environment's dashboard. Each is somebody's, a key's or a member's, and may
/// do at every use what that may do then: it ends with the key or the member, at once.
///
/// Kept in `sessions.json`, written when one begins or ends, and some minutes after uses.
package final class Sessions: Sendable {
    package static let fileName = "sessions.json"
    /// In milliseconds.
    package static let lifetime = Session.lifetime
    private static let passPrefix = "tally_ss_"

    let keys: KeyRing
    let members: MemberList
    private let path: String
    private let now: @Sendable () -> Int64
    private let table: Mutex<SessionTable>
    /// Held by who writes the file.
    private let writing = Mutex(())
    private let changes = Atomic(0)

    package init(
        folder: String, keys: KeyRing, members: MemberList,
        now: @escaping @Sendable () -> Int64 = { SystemClock.wall.milliseconds }
    ) throws {
        let path = "\(folder)/\(Sessions.fileName)"
        self.path = path
        self.keys = keys
        self.members = members
        self.now = now
        let known = try SmallFile.read(path).map {
            try SessionFile.table($0, path: path, pass: Sessions.newPass)
        }
        table = Mutex(known ?? SessionTable())
    }

    private static func newPass() -> String { KeyRing.secret(passPrefix) }

    /// Changes whenever a session stops being good, or what it may do changes.
    package var epoch: Int { changes.load(ordering: .relaxed) &+ members.epoch }

    /// When each member was there last, in milliseconds, by id.
    package var seen: [String: Int64] { table.withLock { $0.seen } }

    package func lastSeen(_ member: String) -> Int64? { table.withLock { $0.seen[member] } }

    /// Who may use the dashboard with this key; nil: the key is none, or is good no more.
    ///
    /// - Throws: `SessionRefusal` when it is of a kind that may not.
    package func identity(key: String) throws(SessionRefusal) -> Identity? {
        guard let entry = keys.find(KeyDigest(text: key)) else { return nil }
        guard entry.kind == .secret, entry.customer == nil else { throw .kind(entry.kind) }
        return identity(of: entry)
    }

    /// Begins one, for a key or for a member. Gives what goes into the cookie. Blocks for a disk.
    package func begin(key: String) throws -> (cookie: String, identity: Identity)? {
        guard try identity(key: key) != nil else { return nil }
        return try begin(.key(KeyDigest(text: key)))
    }

    package func begin(member: String) throws -> (cookie: String, identity: Identity)? {
        try begin(.member(member))
    }

    private func begin(_ holder: Session.Holder) throws -> (cookie: String, identity: Identity)? {
        let cookie = KeyRing.secret("")
        let time = now()
        let session = Session(
            cookie: KeyDigest(text: cookie), pass: Sessions.newPass(), holder: holder,
            created: time, used: time)
        guard let identity = identity(of: session) else { return nil }
        table.withLock { $0.begin(session) }
        do {
            try write()
        } catch {
            table.withLock { _ = $0.end(session.cookie) }
            throw error
        }
        return (cookie, identity)
    }

    /// nil: there is no such session, or it is over. This is a use.
    package func find(cookie: String) -> FoundSession? {
        let session = table.withLock { $0.use(KeyDigest(text: cookie), at: now()) }
        guard let session, let identity = identity(of: session) else { return nil }
        return FoundSession(identity: identity, pass: session.pass)
    }

    /// What a pass allows, and the number that tells its holder from other callers.
    func find(pass: KeyDigest) -> (scopes: Scopes, caller: UInt32)? {
        guard let session = table.withLock({ $0.find(pass: pass, at: now()) }),
            let identity = identity(of: session)
        else { return nil }
        return (identity.scopes, session.caller)
    }

    /// Ends one; blocks for a disk.
    package func end(cookie: String) throws {
        guard table.withLock({ $0.end(KeyDigest(text: cookie)) }) else { return }
        changes.add(1, ordering: .relaxed)
        try write()
    }

    /// Now and then: ends those that are over, and writes down what was used.
    package func reload() throws {
        let time = now()
        let (hasEnded, isStale) = table.withLock { table in
            let hasEnded = table.prune(at: time) { isGood($0) }
            if hasEnded { table.forget { members.find($0) != nil } }
            return (hasEnded, table.isStale)
        }
        if hasEnded { changes.add(1, ordering: .relaxed) }
        if hasEnded || isStale { try write() }
    }

    private func write() throws {
        try writing.withLock { _ in
            let content = table.withLock { table in
                table.written()
                return SessionFile.content(table)
            }
            try SmallFile.write(content, to: path)
        }
    }

    // MARK: Whose they are

    private func isGood(_ holder: Session.Holder) -> Bool {
        switch holder {
        case .key(let digest): keys.isGood(digest)
        case .member(let id): members.find(id) != nil
        }
    }

    private func identity(of session: Session) -> Identity? {
        switch session.holder {
        case .key(let digest):
            guard let entry = keys.find(digest), entry.kind == .secret, entry.customer == nil
            else { return nil }
            var identity = identity(of: entry)
            identity.expires = min(session.expires, entry.expires)
            return identity
        case .member(let id):
            return members.find(id).map { member in
                Identity(
                    kind: .member, id: id, name: member.name, role: member.role,
                    scopes: member.role.scopes, expires: session.expires)
            }
        }
    }

    private func identity(of entry: KeyRing.Entry) -> Identity {
        let name = keys.name(ofKey: entry.id) ?? ""
        return Identity(
            kind: .key, id: entry.id, name: name.isEmpty ? entry.id : name,
            role: Role(of: entry.scopes), scopes: entry.scopes, expires: entry.expires)
    }
}

/// Why a key doesn't sign in.
package enum SessionRefusal: Error, Sendable, Equatable {
    /// Of a page, or of a customer: it is in other people's hands.
    case kind(APIKey.Kind)
}

extension Session {
    fileprivate var caller: UInt32 {
        switch holder {
        case .key(let digest): digest.caller
        case .member(let id): KeyDigest(text: "member/\(id)").caller
        }
    }
}
