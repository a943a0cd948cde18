internal import ArgumentParser
internal import Billing
internal import Repository
internal import Wire

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Makes, lists, rotates and revokes API keys.",
        discussion: """
            Works on the data folder; a running server notices within a second. A key is shown once
            and stored as its SHA-256 only.

              tally key create --environment live --name "billing backend"
              tally key create --environment live --name meter --scope usage:write --expires-in 90d
              tally key create --name website --publishable
              tally key rotate key_0123456789ab --overlap 24h
            """,
        subcommands: [CreateKey.self, ListKeys.self, RotateKey.self, RevokeKey.self],
        aliases: ["keys"])
}

/// Which environment's keys.
struct KeyRingFlags: ParsableArguments {
    @Option(help: "Folder of all data.")
    var data: String?

    @Option(help: "sandbox or live.")
    var environment = "sandbox"

    @Flag(help: "Print JSON.")
    var json = false

    func ring() async throws -> KeyRing {
        guard ["sandbox", "live"].contains(environment) else {
            throw CommandFault("the environment must be sandbox or live", exit: .usage)
        }
        var sources = ServerSettings.Sources()
        sources.flags["data"] = data
        let folder = try await ServerSettings(sources).data + "/" + environment
        do {
            return try KeyRing(folder: folder, environment: environment)
        } catch {
            throw CommandFault("\(error)", exit: .refused)
        }
    }
}

struct CreateKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Makes a key and prints it, once.")

    @OptionGroup var flags: KeyRingFlags

    @Option(help: "What the key is for.")
    var name = ""

    @Option(help: "What it may do, once for each; default everything. See docs/api.md.")
    var scope: [String] = []

    @Flag(help: "For pages that everybody can read: it may ask a little and change nothing.")
    var publishable = false

    @Option(help: "The only customer whom it sees.")
    var customer: String?

    @Option(help: "How long it is good, such as 90d, 12h, 30min or 45s; default: until revoked.")
    var expiresIn: String?

    func run() async throws {
        let draft = try draft()
        let ring = try await flags.ring()
        let (key, entry) = try ring.make(draft, time: SystemClock.wall.milliseconds)
        KeyText.show(key, entry, json: flags.json)
    }

    private func draft() throws -> KeyDraft {
        guard name.utf8.count <= KeyDraft.nameLimit else {
            throw CommandFault("--name can have 120 bytes", exit: .usage)
        }
        guard !publishable || (scope.isEmpty && customer == nil) else {
            throw CommandFault(
                "a publishable key has scopes of its own, and sees all customers", exit: .usage)
        }
        var id: CustomerID?
        if let customer {
            id = CustomerID(customer)
            guard id?.isEmpty == false else {
                throw CommandFault("--customer must be an id of 1 to 63 bytes", exit: .usage)
            }
        }
        let usual: Scopes = id == nil ? .all : .ofCustomer
        return KeyDraft(
            kind: publishable ? .publishable : id == nil ? .secret : .customer, name: name,
            scopes: scope.isEmpty ? usual : try scopes(), customer: id,
            validity: try expiresIn.map {
                try KeyText.milliseconds($0, "--expires-in", 1_000...KeyDraft.validityLimit)
            })
    }

    private func scopes() throws -> Scopes {
        do {
            return try Scopes(names: scope)
        } catch {
            throw CommandFault("\(error)", exit: .usage)
        }
    }
}

struct ListKeys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the keys by what is left of them.")

    @OptionGroup var flags: KeyRingFlags

    @Option(help: "Those of this customer, its applications' own too.")
    var customer: String?

    func run() async throws {
        let ring = try await flags.ring()
        let keys = customer.map { id in ring.all.filter { $0.customer?.text == id } } ?? ring.made
        let now = SystemClock.wall.milliseconds
        if flags.json {
            let list = keys.map { KeyText.json($0, at: now) }
            print(JSONWriter.text(.array(list), .pretty))
            return
        }
        for key in keys {
            let scopes = key.scopes.names.joined(separator: ",")
            print(
                "\(key.id)  \((key.prefix + "…").padded(28)) "
                    + "\(key.state(at: now).rawValue.padded(8)) \(scopes.padded(20)) \(key.name)"
                    + KeyText.rest(key))
        }
    }
}

struct RotateKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Makes a key in another's place, and prints it, once.",
        discussion: """
            The old key stays good for a while, so that the new one can be handed out without
            anybody being refused. The new one has the old one's name and may do the same.
            """)

    @OptionGroup var flags: KeyRingFlags

    @Argument(help: "The old key's id, from tally key list.")
    var id: String

    @Option(help: "How long the old one stays good, such as 24h; 0: it ends at once.")
    var overlap = "24h"

    func run() async throws {
        let span = try KeyText.milliseconds(
            overlap, "--overlap", 0...RotateKeyCall.overlapLimit)
        let ring = try await flags.ring()
        do {
            let (key, entry, _) = try ring.rotate(
                id: id, overlap: span, time: SystemClock.wall.milliseconds)
            KeyText.show(key, entry, json: flags.json)
        } catch KeyRefusal.notFound {
            throw CommandFault("there is no active key \(id); see tally key list", exit: .refused)
        } catch KeyRefusal.alreadyRotated {
            throw CommandFault(
                "a key came in the place of \(id) already; see tally key list", exit: .refused)
        }
    }
}

struct RevokeKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Ends a key at once and for good.")

    @OptionGroup var flags: KeyRingFlags

    @Argument(help: "The key's id, from tally key list.")
    var id: String

    func run() async throws {
        guard try await flags.ring().revoke(id: id) else {
            throw CommandFault("there is no active key \(id); see tally key list", exit: .refused)
        }
        print(flags.json ? "{\"revoked\":\"\(id)\"}" : "revoked \(id)")
    }
}
