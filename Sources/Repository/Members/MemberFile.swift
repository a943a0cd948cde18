internal import Wire

/// What `members.json` holds: the dashboard's members, and the links that weren't opened yet.
struct MemberFile: Equatable {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private static let version = 1

    var members: [Member] = []
    var links: [SignInLink] = []

    var content: [UInt8] {
        let members = members.map { member in
            JSONValue.object([
                "id": .string(member.id), "name": .string(member.name),
                "role": .string(member.role.rawValue), "state": .string(member.state.rawValue),
                "created": .number(member.created),
            ])
        }
        let links = links.map { link in
            JSONValue.object([
                "sha256": .string(link.digest), "member": .string(link.member),
                "expires": .number(link.expires),
            ])
        }
        let file: JSONObject = [
            "version": .number(MemberFile.version), "members": .array(members),
            "links": .array(links),
        ]
        return Array((JSONWriter.text(.object(file), .pretty) + "\n").utf8)
    }

    init() {}

    init(_ content: [UInt8], path: String) throws {
        func failure(_ what: String) -> Failure { Failure(description: "\(path) \(what)") }
        let file: JSONValue
        do {
            file = try JSONParser.parse(content)
        } catch {
            throw failure("is damaged (\(error)); restore it from a backup")
        }
        guard file["version"] == .number(MemberFile.version) else {
            throw failure("is of a newer tally; use that one")
        }
        guard case .array(let members)? = file["members"], case .array(let links)? = file["links"]
        else { throw failure("has no list of members; restore it from a backup") }
        self.members = try members.map { entry in
            guard let id = entry.text("id"), let name = entry.text("name"),
                let role = entry.text("role").flatMap(Role.init(rawValue:)),
                let state = entry.text("state").flatMap(Member.State.init(rawValue:)),
                let created = entry.number("created")
            else { throw failure("has a member that is incomplete, or of a newer tally") }
            return Member(id: id, name: name, role: role, state: state, created: created)
        }
        self.links = try links.map { entry in
            guard let digest = entry.text("sha256"), let member = entry.text("member"),
                let expires = entry.number("expires")
            else { throw failure("has a link that is incomplete") }
            return SignInLink(digest: digest, member: member, expires: expires)
        }
    }
}

extension JSONValue {
    func text(_ key: String) -> String? {
        guard case .string(let text)? = self[key] else { return nil }
        return text
    }

    func number(_ key: String) -> Int64? {
        guard case .number(let text)? = self[key] else { return nil }
        return Int64(text)
    }
}
