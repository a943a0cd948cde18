internal import ArgumentParser
internal import Wire

struct CatalogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog",
        abstract: "Publishes features and plans from a file, and shows what is published.",
        subcommands: [
            ApplyCatalog.self, DiffCatalog.self, ShowCatalog.self, MigrateCatalog.self,
            ArchiveInCatalog.self, DeleteFromCatalog.self,
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

struct DeleteFromCatalog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Deletes plans and features that nobody uses.",
        discussion: """
            All or nothing: what a customer has, is about to get, or had and still shows, or what \
            another part of the catalog names, stays, and every user of it is printed (exit code \
            2). What has to stay can be archived: tally catalog archive. A catalog file can do it \
            too, with "deleted_plan_ids" and "deleted_feature_ids".

              tally catalog delete --plan starter_2023 --dry-run
              tally catalog delete --plan starter_2023 --feature faxes
            """)

    @OptionGroup var flags: ServerFlags

    @OptionGroup var parts: CatalogParts

    @Flag(help: "Say whether it could be done, and do nothing.")
    var dryRun = false

    func run() async throws {
        try await TallyClient.with(flags) { client in
            let published = try await client.call(.getCatalog, [:])
            let catalog: JSONObject = [
                "currency": .string(published["catalog"]?.text("currency") ?? ""),
                "deleted_plan_ids": .array(parts.plan.map { .string($0) }),
                "deleted_feature_ids": .array(parts.feature.map { .string($0) }),
            ]
            let reply = try await client.call(
                .publishCatalog, ["catalog": .object(catalog), "validate_only": .bool(dryRun)])
            if flags.json { return print(JSONWriter.text(reply)) }
            let changes = reply.list("changes")
            for change in changes { print(CatalogChangeText.line(change)) }
            if changes.isEmpty { return print("nothing changes: there is none of these") }
            if dryRun { print("nothing is deleted yet") }
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
