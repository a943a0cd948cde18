internal import Billing
internal import Synchronization

/// The dashboard's members of an environment: a file beside its log, which the command line may
/// change while the server runs. The server looks every second whether it did.
///
/// Written whole and at once, with each change made on what is there then, under a lock that all
/// processes share.
package final class MemberList: Sendable {
    private struct State {
        var members: [Member] = []
        var version: [Int64]?
    }

    package static let fileName = "members.json"
    /// How long links are good, in milliseconds: one that invites, and one for right now.
    package static let inviteValidity: Int64 = 7 * 86_400_000
    package static let linkValidity: Int64 = 600_000
    /// Who has the machine needs no invitation.
    private static let operatorName = "operator"

    let environment: String
    private let path: String
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())
    private let changes = Atomic(0)

    /// - Parameter now: milliseconds of wall time.
    package init(
        folder: String, environment: String,
        now: @escaping @Sendable () -> Int64 = { SystemClock.wall.milliseconds }
    ) throws {
        path = "\(folder)/\(MemberList.fileName)"
        self.environment = environment
        self.now = now
        try reload()
    }

    package var all: [Member] { state.withLock { $0.members } }

    /// nil: there is none, or it was revoked.
    package func find(_ id: String) -> Member? {
        state.withLock { state in
            state.members.first { $0.id == id && $0.state != .revoked }
        }
    }

    /// Changes whenever a member may do something else than before.
    package var epoch: Int { changes.load(ordering: .relaxed) }

    /// Another process may have changed the file.
    package func reload() throws {
        let version = SmallFile.version(path)
        guard version != state.withLock({ $0.version }) else { return }
        take(try load(), version)
    }

    private func take(_ file: MemberFile, _ version: [Int64]?) {
        state.withLock { state in
            state.members = file.members
            state.version = version
        }
        changes.add(1, ordering: .relaxed)
    }

    private func load() throws -> MemberFile {
        guard let content = try SmallFile.read(path) else { return MemberFile() }
        return try MemberFile(content, path: path)
    }

    private func change<Result>(_ body: (inout MemberFile) throws -> Result) throws -> Result {
        let lock = try SmallFile.lock(path + ".lock")
        defer { SmallFile.unlock(lock) }
        var file = try load()
        let before = file
        let result = try body(&file)
        if file != before {
            try SmallFile.write(file.content, to: path)
            take(file, SmallFile.version(path))
        }
        return result
    }
}

extension MemberList {
    /// Makes a member, and the link that lets it in.
    package func invite(name: String, role: Role) throws -> MadeLink {
        try change { file in
            let member = try file.add(
                name: name, role: role, id: id(), at: now())
            return file.link(member, newToken(), until: now() + MemberList.inviteValidity, now())
        }
    }

    /// Another link for a member, who has lost the way in.
    package func link(to id: String, validity: Int64) throws -> MadeLink {
        try change { file in
            let member = file.members[try file.place(of: id)]
            return file.link(member, newToken(), until: now() + validity, now())
        }
    }

    /// A link for who has the machine, and so may do everything: the member "operator".
    package func operatorLink() throws -> MadeLink {
        try change { file in
            let known = file.members.first {
                $0.name == MemberList.operatorName && $0.state != .revoked && $0.role == .admin
            }
            let member =
                try known
                ?? file.add(
                    name: file.freeName(like: MemberList.operatorName), role: .admin, id: id(),
                    at: now())
            return file.link(member, newToken(), until: now() + MemberList.linkValidity, now())
        }
    }

    package func change(_ id: String, role: Role) throws -> Member {
        try change { file in
            let place = try file.place(of: id)
            file.members[place].role = role
            return file.members[place]
        }
    }

    /// It may do nothing from now on, and its links are none.
    package func revoke(_ id: String) throws -> Member {
        try change { file in
            let place = try file.place(of: id)
            file.members[place].state = .revoked
            file.links.removeAll { $0.member == id }
            return file.members[place]
        }
    }

    /// Takes a link's token, once: whom it lets in. nil: it is none, was taken before, or is past.
    package func open(_ token: String) throws -> Member? {
        guard token.hasPrefix(SignInLink.prefix(environment)) else { return nil }
        let digest = KeyDigest(text: token).hex
        return try change { file in
            guard
                let index = file.links.firstIndex(where: {
                    $0.digest == digest && $0.expires > now()
                }),
                let place = try? file.place(of: file.links[index].member)
            else { return nil }
            file.links.remove(at: index)
            file.members[place].state = .active
            return file.members[place]
        }
    }

    private func newToken() -> String { KeyRing.secret(SignInLink.prefix(environment)) }

    private func id() -> String {
        "mem_" + KeyDigest(text: KeyRing.secret("")).hex.prefix(12)
    }
}

extension MemberFile {
    /// - Throws: `MemberRefusal`.
    func place(of id: String) throws -> Int {
        guard let place = members.firstIndex(where: { $0.id == id && $0.state != .revoked })
        else { throw MemberRefusal.notFound(id) }
        return place
    }

    mutating func add(name: String, role: Role, id: String, at time: Int64) throws -> Member {
        guard !isTaken(name) else { throw MemberRefusal.nameTaken(name) }
        if members.count >= Member.limit {
            guard let gone = members.firstIndex(where: { $0.state == .revoked }) else {
                throw MemberRefusal.tooMany(limit: Member.limit)
            }
            members.remove(at: gone)
        }
        let member = Member(id: id, name: name, role: role, state: .invited, created: time)
        members.append(member)
        return member
    }

    func freeName(like name: String) -> String {
        guard isTaken(name) else { return name }
        return (2...).lazy.map { "\(name) \($0)" }.first { !isTaken($0) } ?? name
    }

    /// People tell members apart by their names.
    private func isTaken(_ name: String) -> Bool {
        members.contains { $0.name == name && $0.state != .revoked }
    }

    mutating func link(
        _ member: Member, _ token: String, until expires: Int64, _ now: Int64
    ) -> MadeLink {
        links.removeAll { $0.expires <= now }
        links.append(
            SignInLink(
                digest: KeyDigest(text: token).hex, member: member.id, expires: expires))
        return MadeLink(member: member, token: token, expires: expires)
    }
}
