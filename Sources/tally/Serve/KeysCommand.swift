internal import ArgumentParser
internal import Billing
internal import Repository
internal import Wire

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Makes, lists and revokes API keys.",
        discussion: """
            Works on the data folder; a running server notices within a second. A key is shown once
            and stored as its SHA-256 only.

              tally keys create --environment live --name "billing backend"
              tally keys create --environment live --name meter --scope usage:write
            """,
        subcommands: [CreateKey.self, ListKeys.self, RevokeKey.self])
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
    var scope: [String] = ["*"]

    func run() async throws {
        let ring = try await flags.ring()
        let (key, entry) = try ring.make(
            name: name, scopes: try scopes(), time: SystemClock.wall.milliseconds)
        if flags.json {
            print(JSONWriter.text(.object(["id": .string(entry.id), "key": .string(key)])))
        } else {
            print(key)
        }
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

    func run() async throws {
        let keys = try await flags.ring().all
        if flags.json {
            let list = keys.map { key in
                JSONValue.object([
                    "id": .string(key.id), "name": .string(key.name),
                    "prefix": .string(key.prefix),
                    "scopes": .array(key.scopes.names.map { .string($0) }),
                    "created": .number(key.created), "revoked": .bool(key.revoked),
                ])
            }
            print(JSONWriter.text(.array(list), .pretty))
            return
        }
        for key in keys {
            let state = key.revoked ? "revoked" : "active"
            let scopes = key.scopes.names.joined(separator: ",")
            print(
                "\(key.id)  \((key.prefix + "…").padded(28)) \(state.padded(8)) "
                    + "\(scopes.padded(20)) \(key.name)")
        }
    }
}

struct RevokeKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Ends a key at once and for good.")

    @OptionGroup var flags: KeyRingFlags

    @Argument(help: "The key's id, from tally keys list.")
    var id: String

    func run() async throws {
        guard try await flags.ring().revoke(id: id) else {
            throw CommandFault("there is no active key \(id); see tally keys list", exit: .refused)
        }
        print(flags.json ? "{\"revoked\":\"\(id)\"}" : "revoked \(id)")
    }
}
