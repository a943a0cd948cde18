internal import ArgumentParser
internal import Wire

struct BalancesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balances",
        abstract: "Shows balances, also of the past; grants outside plans, corrects, takes away.",
        discussion: """
              tally balances acme --as-of 2027-01-15T09:30:00Z
              tally balances create acme messages 500 --id gift --expires 2027-01-31
              tally balances update acme messages --remaining 120
              tally balances delete acme --id gift
              tally customer get acme

            Which balances are meant is said by the feature, --entity, --id and --interval together.
            """,
        subcommands: [
            CreateBalanceCommand.self, UpdateBalanceCommand.self, DeleteBalanceCommand.self,
            RecalculateBalancesCommand.self, ShowBalancesCommand.self,
        ], defaultSubcommand: ShowBalancesCommand.self)
}

struct CreateBalanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Grants an amount of a feature outside any plan.",
        discussion: """
              tally balances create acme messages 500
              tally balances create acme messages 100 --each month --entity ann-1
              tally balances create acme exports --unlimited
              tally balances create acme sso

            Exit code 2 when the id is taken, or the flag is on already.
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The feature's id.")
    var feature: String

    @Argument(help: "Units; none for a boolean feature.")
    var amount: Double?

    @Flag(help: "Without a limit.")
    var unlimited = false

    @Option(help: "For this entity alone.")
    var entity: String?

    @Option(help: ArgumentHelp("Grant it anew each month, week, …", valueName: "interval"))
    var each: String?

    @Option(help: ArgumentHelp("So many intervals make one cycle.", valueName: "count"))
    var intervalCount = 1

    @Option(help: ArgumentHelp("When it lapses.", valueName: "date or RFC 3339"))
    var expires: String?

    @Option(help: "Your name for it, unique within the customer.")
    var id: String?

    @Option(help: "Default: a new one.")
    var requestId: String?

    func run() async throws {
        var request: JSONObject = [
            "customer_id": .string(customer), "feature_id": .string(feature),
            "entity_id": .string(entity ?? ""), "unlimited": .bool(unlimited),
            "balance_id": .string(id ?? ""),
            "request_id": .string(requestId ?? RequestIdentifier.make()),
        ]
        if let amount { request.append("granted", .number(amount)) }
        if let each {
            request.append(
                "reset",
                .object(["interval": .string(each), "interval_count": .number(intervalCount)]))
        }
        if let expires { request.append("expire_time", BalanceFlags.time(expires)) }
        try await BalanceFlags.change(.createBalance, request, feature, flags)
    }
}

struct UpdateBalanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Corrects what is left or used, the grant, the next reset or the expiry.",
        discussion: """
              tally balances update acme messages --remaining 120
              tally balances update acme messages --add 50 --interval month
              tally balances update acme messages --id gift --expires 2027-06-30

            --remaining and --usage are of all that are meant together; the grant stays. Exit code \
            2 when nothing matches.
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The feature's id.")
    var feature: String

    @OptionGroup var which: BalanceFlags

    @Option(parsing: .unconditional, help: "What is left from now on.")
    var remaining: Double?

    @Option(parsing: .unconditional, help: "What is added; below 0, taken.")
    var add: Double?

    @Option(parsing: .unconditional, help: "What was used.")
    var usage: Double?

    @Option(help: "Units granted until the next reset, of the first of them.")
    var granted: Double?

    @Option(help: ArgumentHelp("The next reset.", valueName: "date or RFC 3339"))
    var nextReset: String?

    @Option(help: ArgumentHelp("When it lapses.", valueName: "date or RFC 3339"))
    var expires: String?

    @Option(help: "Default: a new one.")
    var requestId: String?

    func validate() throws {
        guard [remaining, add, usage].compactMap(\.self).count < 2 else {
            throw ValidationError("give one of --remaining, --add and --usage")
        }
    }

    func run() async throws {
        var request: JSONObject = [
            "customer_id": .string(customer), "filter": which.filter(feature),
            "request_id": .string(requestId ?? RequestIdentifier.make()),
        ]
        for (key, value) in [
            ("remaining", remaining), ("add", add), ("usage", usage), ("granted", granted),
        ] {
            if let value { request.append(key, .number(value)) }
        }
        for (key, value) in [("next_reset_time", nextReset), ("expire_time", expires)] {
            if let value { request.append(key, BalanceFlags.time(value)) }
        }
        try await BalanceFlags.change(.updateBalance, request, feature, flags)
    }
}

struct DeleteBalanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Takes away what was granted outside plans.",
        discussion: """
              tally balances delete acme --id gift
              tally balances delete acme messages --keep-usage

            Exit code 2 when nothing matches, or a plan grants it.
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The feature's id; left out: any.")
    var feature: String?

    @OptionGroup var which: BalanceFlags

    @Flag(help: "Draw what was used of them from what is left; needs a feature.")
    var keepUsage = false

    @Option(help: "Default: a new one.")
    var requestId: String?

    func validate() throws {
        guard feature != nil || which.id != nil else {
            throw ValidationError("say which: a feature, or --id")
        }
    }

    func run() async throws {
        let request: JSONObject = [
            "customer_id": .string(customer), "filter": which.filter(feature ?? ""),
            "keep_usage": .bool(keepUsage),
            "request_id": .string(requestId ?? RequestIdentifier.make()),
        ]
        try await BalanceFlags.change(.deleteBalance, request, feature, flags)
    }
}

struct RecalculateBalancesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recalculate",
        abstract: "Grants anew and draws the same usage again, where one balance is overdrawn.")

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The feature's id.")
    var feature: String

    @OptionGroup var which: BalanceFlags

    @Option(help: "Default: a new one.")
    var requestId: String?

    func run() async throws {
        let request: JSONObject = [
            "customer_id": .string(customer), "filter": which.filter(feature),
            "request_id": .string(requestId ?? RequestIdentifier.make()),
        ]
        try await BalanceFlags.change(.recalculateBalances, request, feature, flags)
    }
}

/// Which balances are meant.
struct BalanceFlags: ParsableArguments {
    @Option(help: "Of this entity; left out: of the customer as a whole.")
    var entity: String?

    @Option(help: "With this id: yours, or the one that Tally gave.")
    var id: String?

    @Option(help: "With this reset interval, such as month or one_off.")
    var interval: String?

    func filter(_ feature: String) -> JSONValue {
        .object([
            "feature_id": .string(feature), "entity_id": .string(entity ?? ""),
            "balance_id": .string(id ?? ""), "interval": interval.map { .string($0) } ?? .null,
        ])
    }

    /// A date is its first moment, UTC.
    static func time(_ text: String) -> JSONValue {
        .string(text.utf8.count == 10 ? text + "T00:00:00Z" : text)
    }

    /// Calls, and says how the feature stands now.
    static func change(
        _ method: APIMethod, _ request: JSONObject, _ feature: String?, _ flags: ServerFlags
    ) async throws {
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(method, request)
            if flags.json {
                let id = JSONValue.object(request).text("request_id")
                return print(JSONWriter.text(reply.with("request_id", .string(id))))
            }
            let balances = (reply["customer"] ?? .null).list("balances")
            let shown = balances.first { $0.text("feature_id") == feature }
            print(shown.map(HumanText.balance) ?? "done")
        }
    }
}
