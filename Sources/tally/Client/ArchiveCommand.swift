internal import ArgumentParser
internal import Wire

struct ArchiveInCatalog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "Archives plans and features, or puts them back.",
        discussion: """
            An archived plan is offered to nobody: it is in no list of plans, and nobody new is \
            given it. Customers who have it notice nothing, and it can still be attached by its \
            id. An archived feature is only marked. A catalog file can do it too, with \
            "archived": true; one without it puts back what it publishes.

              tally catalog archive --plan starter_2023
              tally catalog archive --plan starter_2023 --undo
            """)

    @OptionGroup var flags: ServerFlags

    @OptionGroup var parts: CatalogParts

    @Flag(help: "Put them back.")
    var undo = false

    func run() async throws {
        try await TallyClient.with(flags) { client in
            let published = try await client.call(.getCatalog, [:])
            let catalog = published["catalog"] ?? .null
            let changed: JSONObject = [
                "currency": .string(catalog.text("currency")),
                "features": try marked(parts.feature, "feature", in: catalog),
                "plans": try marked(parts.plan, "plan", in: catalog),
            ]
            // What somebody else publishes meanwhile isn't undone.
            let reply = try await client.call(
                .publishCatalog,
                [
                    "catalog": .object(changed),
                    "expected_sequence": published["catalog_sequence"] ?? .number(0),
                    "request_id": .string(RequestIdentifier.make()),
                ])
            if flags.json { return print(JSONWriter.text(reply)) }
            let changes = reply.list("changes")
            for change in changes { print(CatalogChangeText.line(change)) }
            if changes.isEmpty { print("nothing changes: it is so already") }
        }
    }

    /// They are as they are published, but for the mark.
    private func marked(
        _ ids: [String], _ kind: String, in catalog: JSONValue
    ) throws -> JSONValue {
        .array(
            try ids.map { id in
                let found = catalog.list("\(kind)s").first { $0.text("\(kind)_id") == id }
                guard case .object(let published)? = found else {
                    throw CommandFault("there is no \(kind) \"\(id)\"", exit: .refused)
                }
                var object = JSONObject(published.members.filter { $0.key != "archived" })
                object.append("archived", .bool(!undo))
                return .object(object)
            })
    }
}

/// Plans and features by their ids: one at least.
struct CatalogParts: ParsableArguments {
    @Option(help: "A plan's id, with all its versions. May be given several times.")
    var plan: [String] = []

    @Option(help: "A feature's id. May be given several times.")
    var feature: [String] = []

    func validate() throws {
        guard plan.isEmpty, feature.isEmpty else { return }
        throw ValidationError("say what: --plan or --feature")
    }
}
