internal import ArgumentParser
internal import Billing
internal import Repository
internal import Wire

struct DashboardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dashboard",
        abstract: "Lets you into the dashboard.",
        subcommands: [DashboardLink.self])
}

struct DashboardLink: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link",
        abstract: "Prints a link that signs in as an admin: once, within 10 minutes.",
        discussion: """
            Works on the data folder, beside a running server too. It signs in as the member
            "operator", whom the audit names, and who can be revoked like others. Somebody else is
            better invited by name: see tally member.
            """)

    @OptionGroup var flags: MemberFlags
    @OptionGroup var place: DashboardPlace

    func run() async throws {
        let members = try await flags.members()
        let link = try MemberText.refusing { try members.operatorLink() }
        try await flags.audit("dashboard.link", detail: "\(link.member.id): \(link.member.name)")
        try await place.show(link, flags)
    }
}

/// Which environment's members.
struct MemberFlags: ParsableArguments {
    @Option(help: "Folder of all data.")
    var data: String?

    @Option(help: "sandbox or live.")
    var environment = "sandbox"

    @Flag(help: "Print JSON.")
    var json = false

    func settings() async throws -> ServerSettings {
        var sources = ServerSettings.Sources()
        sources.flags["data"] = data
        return try await ServerSettings(sources)
    }

    private func folder() async throws -> String {
        guard ServerSettings.environments.contains(environment) else {
            throw CommandFault("the environment must be sandbox or live", exit: .usage)
        }
        return try await settings().data + "/" + environment
    }

    func members() async throws -> MemberList {
        let folder = try await folder()
        return try MemberText.refusing {
            try MemberList(folder: folder, environment: environment)
        }
    }

    /// Who works on the data folder is whoever may: the audit tells that it was done there.
    func audit(_ method: String, detail: String) async throws {
        let trail = AuditTrail(folder: try await folder())
        try MemberText.refusing {
            try trail.note(
                AuditEntry(
                    time: SystemClock.wall.milliseconds, who: "command line", whoID: "",
                    kind: "operator", method: method, detail: detail, outcome: "200", peer: ""))
        }
    }
}

/// Where links lead.
struct DashboardPlace: ParsableArguments {
    @Option(help: "Where browsers reach the dashboard; default: the settings' public-address.")
    var server: String?

    func show(_ link: MadeLink, _ flags: MemberFlags) async throws {
        let settings = try await flags.settings()
        let listener = settings.listeners.first { $0.faces.contains(.dashboard) }
        let own = listener.map { "https://localhost:\($0.port)" } ?? ""
        let address = link.address(
            at: server ?? (settings.publicAddress.isEmpty ? own : settings.publicAddress))
        guard flags.json else { return print(address) }
        let object: JSONObject = [
            "member": .object(MemberText.object(link.member)), "link": .string(address),
            "expires": .number(link.expires),
        ]
        print(JSONWriter.text(.object(object)))
    }
}

/// Members as the command line tells them.
enum MemberText {
    static func object(_ member: Member, seen: Int64? = nil) -> JSONObject {
        var object: JSONObject = [
            "id": .string(member.id), "name": .string(member.name),
            "role": .string(member.role.rawValue), "state": .string(member.state.rawValue),
            "created": .number(member.created),
        ]
        if let seen { object.append("last_seen", .number(seen)) }
        return object
    }

    static func refusing<Value>(_ body: () throws -> Value) throws(CommandFault) -> Value {
        do {
            return try body()
        } catch MemberRefusal.notFound(let id) {
            throw CommandFault(
                "there is no member \(id), or it was revoked; see tally member list",
                exit: .refused)
        } catch MemberRefusal.nameTaken(let name) {
            throw CommandFault(
                "there is a member \"\(name)\" already; choose another name", exit: .refused)
        } catch MemberRefusal.tooMany(let limit) {
            throw CommandFault(
                "an environment can have \(limit) members; revoke some", exit: .refused)
        } catch {
            throw CommandFault("\(error)", exit: .refused)
        }
    }

    static func role(_ text: String) throws(CommandFault) -> Role {
        guard let role = Role(rawValue: text) else {
            let names = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFault("the role must be one of \(names)", exit: .usage)
        }
        return role
    }
}
