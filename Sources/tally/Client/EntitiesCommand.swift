internal import ArgumentParser
internal import RPC
internal import Wire

struct EntitiesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "entities",
        abstract: "Makes and shows the parts of a customer: workspaces, seats.",
        discussion: """
            An entity is one of an allocated feature: while it is there, one of the feature is in \
            use. It can have balances and limits of its own; check and track take --entity.

              tally entities create acme seats ann-1 ben-2
              tally entities list acme
              tally check acme messages --entity ann-1
            """,
        subcommands: [
            CreateEntitiesCommand.self, ListEntitiesCommand.self, GetEntityCommand.self,
            RenameEntityCommand.self, DeleteEntityCommand.self,
        ])
}

struct CreateEntitiesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Makes entities; those that are there already stay as they are.",
        discussion: """
              tally entities create acme seats ann-1 --name "Ann"
              tally entities create acme seats $(seq -f 'desk-%g' 200)

            Exit code 2 when no more of the feature may be in use; those before it are made.
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The allocated feature that they are of.")
    var feature: String

    @Argument(help: "Letters, digits, \"_\", \":\" and \"-\", at most 63; chosen by you.")
    var ids: [String]

    @Option(help: "What a person reads; for a single one.")
    var name: String?

    func validate() throws {
        guard !ids.isEmpty else { throw ValidationError("name at least one entity") }
        guard name == nil || ids.count == 1 else {
            throw ValidationError("--name is for a single entity")
        }
    }

    func run() async throws {
        try await TallyClient.with(flags) { client in
            for id in ids {
                let isNew = try await create(id, client)
                if flags.json {
                    let row: JSONObject = ["entity_id": .string(id), "created": .bool(isNew)]
                    print(JSONWriter.text(.object(row)))
                } else {
                    print(isNew ? "created \(id)" : "was there already: \(id)")
                }
            }
        }
    }

    private func create(_ id: String, _ client: TallyClient) async throws -> Bool {
        do {
            _ = try await client.call(
                .createEntity,
                [
                    "customer_id": .string(customer), "feature_id": .string(feature),
                    "entity_id": .string(id), "name": .string(name ?? ""),
                    "request_id": .string(RequestIdentifier.make()),
                ])
            return true
        } catch let failure as CallFailure where failure.code == .alreadyExists {
            return false
        }
    }
}

struct ListEntitiesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists a customer's entities, in order of id.",
        discussion: """
            With --json one entity a line.
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    func run() async throws {
        try await TallyClient.with(flags) { client in
            var token = ""
            repeat {
                let page = try await client.call(
                    .listEntities,
                    [
                        "customer_id": .string(customer), "page_size": .number(100),
                        "page_token": .string(token),
                    ])
                show(page.list("entities"), isFirst: token.isEmpty)
                token = page.text("next_page_token")
            } while !token.isEmpty
        }
    }

    private func show(_ entities: [JSONValue], isFirst: Bool) {
        if flags.json { return entities.forEach { print(JSONWriter.text($0)) } }
        var table = TextTable("entity", "name", "of", "since")
        for entity in entities {
            table.add(
                entity.text("entity_id"), entity.text("name"), entity.text("feature_id"),
                HumanText.time(entity.text("create_time")))
        }
        let lines = isFirst ? table.lines[...] : table.lines.dropFirst()
        for line in lines { print(line) }
    }
}

struct GetEntityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Shows an entity, and what it may use: its own and the customer's.")

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The entity's id.")
    var id: String

    func run() async throws {
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(
                .getEntity, ["customer_id": .string(customer), "entity_id": .string(id)])
            if flags.json { return print(JSONWriter.text(reply)) }
            let entity = reply["entity"] ?? .null
            print("entity    \(entity.text("entity_id")) (\(entity.text("feature_id")))")
            if !entity.text("name").isEmpty { print("name      \(entity.text("name"))") }
            print("since     \(HumanText.time(entity.text("create_time")))")
            let report = BalanceReport(of: entity)
            for lines in [report.balances, report.flags] where !lines.isEmpty {
                print("\n" + lines.joined(separator: "\n"))
            }
        }
    }
}

struct RenameEntityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Changes what a person reads; the id stays.")

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The entity's id.")
    var id: String

    @Argument(help: "Its name from now on.")
    var name: String

    @Option(help: "Default: a new one.")
    var requestId: String?

    func run() async throws {
        let request: JSONObject = [
            "customer_id": .string(customer), "entity_id": .string(id), "name": .string(name),
            "request_id": .string(requestId ?? RequestIdentifier.make()),
        ]
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.updateEntity, request)
            print(flags.json ? JSONWriter.text(reply) : "renamed \(id) to \(name)")
        }
    }
}

struct DeleteEntityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Takes an entity away with all it had: one less of its feature is in use.")

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The entity's id.")
    var id: String

    @Option(help: "Default: a new one.")
    var requestId: String?

    func run() async throws {
        let request: JSONObject = [
            "customer_id": .string(customer), "entity_id": .string(id),
            "request_id": .string(requestId ?? RequestIdentifier.make()),
        ]
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.deleteEntity, request)
            print(flags.json ? JSONWriter.text(reply) : "deleted \(id)")
        }
    }
}
