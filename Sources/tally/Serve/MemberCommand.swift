internal import ArgumentParser
internal import Billing
internal import Repository
internal import Wire

struct MemberCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "member",
        abstract: "Invites, lists, changes and revokes who uses the dashboard.",
        discussion: """
            Works on the data folder; a running server notices within a second. A role decides what
            a member may do: viewer, support, billing or admin.

              tally member invite "Ada" --role support --environment live   # prints a link
              tally member list --environment live
              tally member change mem_0123456789ab --role billing --environment live
              tally member link mem_0123456789ab --environment live         # a new way in
              tally member revoke mem_0123456789ab --environment live
            """,
        subcommands: [
            InviteMember.self, ListMembers.self, ChangeMember.self, LinkMember.self,
            RevokeMember.self,
        ],
        aliases: ["members"])
}

struct InviteMember: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite",
        abstract: "Makes a member and prints a link that lets it in: once, within 7 days.")

    @OptionGroup var flags: MemberFlags
    @OptionGroup var place: DashboardPlace

    @Argument(help: "What the audit calls it.")
    var name: String

    @Option(help: "viewer, support, billing or admin.")
    var role: String

    func run() async throws {
        let role = try MemberText.role(role)
        if let problem = Member.problem(ofName: name) {
            throw CommandFault("the name \(problem)", exit: .usage)
        }
        let members = try await flags.members()
        let link = try MemberText.refusing { try members.invite(name: name, role: role) }
        try await flags.audit("members.invite", detail: "\(name): \(role.rawValue)")
        try await place.show(link, flags)
    }
}

struct LinkMember: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link",
        abstract: "Prints another link for a member: once, within 7 days.")

    @OptionGroup var flags: MemberFlags
    @OptionGroup var place: DashboardPlace

    @Argument(help: "The member's id, from tally member list.")
    var id: String

    func run() async throws {
        let members = try await flags.members()
        let link = try MemberText.refusing {
            try members.link(to: id, validity: MemberList.inviteValidity)
        }
        try await flags.audit("members.link", detail: id)
        try await place.show(link, flags)
    }
}

struct ListMembers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the members, in the order they came.")

    @OptionGroup var flags: MemberFlags

    func run() async throws {
        let members = try await flags.members().all
        if flags.json {
            let list = members.map { JSONValue.object(MemberText.object($0)) }
            print(JSONWriter.text(.array(list), .pretty))
            return
        }
        for member in members {
            print(
                "\(member.id)  \(member.state.rawValue.padded(8)) "
                    + "\(member.role.rawValue.padded(8)) \(member.name)")
        }
    }
}

struct ChangeMember: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "change", abstract: "Gives a member another role, at once.")

    @OptionGroup var flags: MemberFlags

    @Argument(help: "The member's id, from tally member list.")
    var id: String

    @Option(help: "viewer, support, billing or admin.")
    var role: String

    func run() async throws {
        let role = try MemberText.role(role)
        let members = try await flags.members()
        let member = try MemberText.refusing { try members.change(id, role: role) }
        try await flags.audit("members.change", detail: "\(id): \(role.rawValue)")
        print(
            flags.json
                ? JSONWriter.text(.object(MemberText.object(member)))
                : "\(id) is \(member.role.rawValue)")
    }
}

struct RevokeMember: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Ends a member, its sessions and links, for good.")

    @OptionGroup var flags: MemberFlags

    @Argument(help: "The member's id, from tally member list.")
    var id: String

    func run() async throws {
        let members = try await flags.members()
        _ = try MemberText.refusing { try members.revoke(id) }
        try await flags.audit("members.revoke", detail: id)
        print(flags.json ? "{\"revoked\":\"\(id)\"}" : "revoked \(id)")
    }
}
