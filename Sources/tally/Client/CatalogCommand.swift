internal import ArgumentParser
internal import Wire

struct CatalogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog",
        abstract: "Publishes features and plans from a file, and shows what is published.",
        subcommands: [
            ApplyCatalog.self, DiffCatalog.self, ShowCatalog.self, MigrateCatalog.self,
        ])
}

struct ApplyCatalog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Publishes a catalog file.",
        discussion: """
            Features and plans in the file are created or revised; those that are published but \
            not in the file stay. All or nothing: a file with any fault is refused, every fault is \
            printed with its path, and nothing is published (exit code 2). Applying a file twice \
            changes nothing. Customers keep the revision they bought.

              tally catalog apply examples/pricing.json --dry-run
              tally catalog apply examples/pricing.json
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(
        help: "JSON, as examples/pricing.json has it.", completion: .file(extensions: ["json"]))
    var file: String

    @Flag(help: "Find faults and say what would change, but change nothing.")
    var dryRun = false

    func run() async throws {
        let catalog = try CatalogFile(file)
        try await TallyClient.with(flags) { client in
            let reply = try await catalog.publish(client, validateOnly: dryRun)
            if flags.json { return print(JSONWriter.text(reply)) }
            let changes = reply.list("changes")
            for change in changes { print(CatalogChangeText.line(change)) }
            if changes.isEmpty { return print("nothing changes: it is published already") }
            let count = "\(changes.count) change\(changes.count == 1 ? "" : "s")"
            print(dryRun ? "\(count), none made" : "\(count) published")
        }
    }
}

struct DiffCatalog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Shows what applying a catalog file would change.",
        discussion: """
            Exit code 0 either way, or 1 with --exit-code when something would change; 2 when the \
            file has faults.

              tally catalog diff examples/pricing.json
              tally catalog diff pricing.json --exit-code || echo "not published yet"
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(
        help: "JSON, as examples/pricing.json has it.", completion: .file(extensions: ["json"]))
    var file: String

    @Flag(help: "Exit with 1 when something would change.")
    var exitCode = false

    func run() async throws {
        let catalog = try CatalogFile(file)
        var differs = false
        try await TallyClient.with(flags) { client in
            let reply = try await catalog.publish(client, validateOnly: true)
            let changes = reply.list("changes")
            differs = !changes.isEmpty
            if flags.json { return print(JSONWriter.text(reply)) }
            if changes.isEmpty { return print("no difference") }
            let published = try await client.call(.getCatalog, [:])
            let comparison = CatalogComparison(
                published: published["catalog"] ?? .null, file: try catalog.normalized())
            for change in changes {
                print(CatalogChangeText.line(change))
                if !change.flag("created") {
                    for line in comparison.lines(change) { print("    " + line) }
                }
            }
        }
        if exitCode, differs { throw ExitCode(CommandFault.Exit.negative.rawValue) }
    }
}

struct ShowCatalog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows the published features and plans.",
        discussion: """
            With --json it prints a catalog file, which can be edited and applied again:

              tally catalog show --json > pricing.json
            """)

    @OptionGroup var flags: ServerFlags

    @Flag(help: "Every version of each plan, not only those that are sold now.")
    var allVersions = false

    func run() async throws {
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.getCatalog, ["all_versions": .bool(allVersions)])
            let catalog = reply["catalog"] ?? .object([:])
            if flags.json { return print(JSONWriter.text(catalog, .pretty)) }
            print(CatalogReport(catalog).lines.joined(separator: "\n"))
        }
    }
}
