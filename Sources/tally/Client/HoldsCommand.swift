internal import ArgumentParser
internal import Wire

struct HoldsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "holds",
        abstract: "Settles usage that was reserved, or keeps it reserved for longer.",
        discussion: """
            Where it is only known afterwards how much was used: reserve the most it can be, do \
            the work, and settle what it was. What isn't settled in time is given back.

              tally check acme tokens --required 4000 --deduct --hold job-17 --hold-for 600
              tally holds extend acme job-17 --for 600
              tally holds settle acme job-17 --value 2750
            """,
        subcommands: [SettleHoldCommand.self, ExtendHoldCommand.self])
}

struct SettleHoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settle",
        abstract: "Says what was used of a hold; the rest is given back.",
        discussion: """
              tally holds settle acme job-17
              tally holds settle acme job-17 --value 2750
              tally holds settle acme job-17 --value 0

            Without --value all of it was used; with 0 nothing was. More than was held is drawn as \
            far as balances go. Exit code 2 when there is no such hold (any more).
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The hold's id.")
    var hold: String

    @Option(parsing: .unconditional, help: "How much was used. Default: as much as was held.")
    var value: Double?

    @Option(
        help: ArgumentHelp(
            "What the usage was like, in place of what the hold says; as often as needed.",
            valueName: "key=value"))
    var property: [String] = []

    @Option(help: "Default: a new one.")
    var requestId: String?

    func run() async throws {
        let id = requestId ?? RequestIdentifier.make()
        var request: JSONObject = [
            "customer_id": .string(customer), "hold_id": .string(hold), "request_id": .string(id),
        ]
        if let value { request.append("value", .number(value)) }
        if !property.isEmpty { request.append("properties", UsageFlags.properties(property)) }
        try await TallyClient.with(flags) { [request] client in
            let reply = try await client.call(.settleHold, request)
            if flags.json {
                print(JSONWriter.text(reply.with("request_id", .string(id))))
                return
            }
            var text = "settled \(hold) at \(HumanText.quantity(reply.text("value")))"
            if let balance = reply["balance"] { text += ": " + HumanText.balance(balance) }
            if reply.flag("replayed") { text += " (settled before; nothing new was drawn)" }
            print(text)
        }
    }
}

struct ExtendHoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "extend",
        abstract: "Keeps a hold open for longer, at most 24 hours from now.",
        discussion: """
              tally holds extend acme job-17 --for 3600
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The hold's id.")
    var hold: String

    @Option(
        name: .customLong("for"), help: ArgumentHelp("From now on.", valueName: "seconds"))
    var span: Double

    @Option(help: "Default: a new one.")
    var requestId: String?

    func validate() throws {
        guard span > 0 else { throw ValidationError("--for must be more than 0 seconds") }
    }

    func run() async throws {
        let id = requestId ?? RequestIdentifier.make()
        let end = UsageFlags.time(in: span)
        let request: JSONObject = [
            "customer_id": .string(customer), "hold_id": .string(hold), "expire_time": end,
            "request_id": .string(id),
        ]
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.extendHold, request)
            if flags.json {
                print(JSONWriter.text(reply.with("request_id", .string(id))))
                return
            }
            guard case .string(let time) = end else { return }
            print("\(hold) is held until \(HumanText.time(time))")
        }
    }
}
