internal import ArgumentParser
internal import Wire

struct TrackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "track",
        abstract: "Records what a customer used.",
        discussion: """
            Draws the value from the customer's balances, durably. Where they don't cover it, what \
            there is gets drawn, or nothing with --reject (exit code 2). A negative value gives \
            back.

              tally track acme messages
              tally track acme messages --value 20 --reject
              tally track acme seats --value -1
              tally track acme messages --entity ada --property model=large

            In scripts give --request-id: sending the same one again counts nothing twice.

            --stream reads reports from standard input, one a line, and sends them over one \
            connection: "feature", "feature value", or a TrackRequest as JSON. Each is answered \
            once it is durable; after a lost connection the unanswered ones are sent again and \
            counted once. Lines that carry no request_id get a new one.

              printf 'messages 3\\nmessages 4\\n' | tally track acme --stream
              tally track --stream --json < reports.jsonl
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String?

    @Argument(help: "The feature's id.")
    var feature: String?

    @Option(parsing: .unconditional, help: "How much.")
    var value = 1.0

    @Flag(help: "Refuse what no balance covers, instead of drawing what there is.")
    var reject = false

    @OptionGroup var usage: UsageFlags

    @Option(help: "Default: a new one.")
    var requestId: String?

    @Flag(help: "Read reports from standard input.")
    var stream = false

    func validate() throws {
        if stream {
            guard feature == nil, requestId == nil, value == 1, usage.isEmpty else {
                throw ValidationError(
                    "with --stream the lines name feature, value, request id and all else")
            }
        } else if customer == nil || feature == nil {
            throw ValidationError("name a customer and a feature, or give --stream")
        }
    }

    private var behavior: String { reject ? "reject" : "cap" }

    func run() async throws {
        guard !stream, let customer, let feature else {
            return try await TrackStream(flags: flags, customer: customer, behavior: behavior)
                .run()
        }
        try await track(customer, feature)
    }

    private func track(_ customer: String, _ feature: String) async throws {
        let id = requestId ?? RequestIdentifier.make()
        var request: JSONObject = [
            "customer_id": .string(customer), "feature_id": .string(feature),
            "value": .number(value), "request_id": .string(id),
            "overage_behavior": .string(behavior),
        ]
        usage.add(to: &request)
        try await TallyClient.with(flags) { [request] client in
            let reply = try await client.call(.track, request)
            if flags.json {
                print(JSONWriter.text(reply.with("request_id", .string(id))))
            } else {
                print(sentence(reply, feature))
            }
        }
    }

    private func sentence(_ reply: JSONValue, _ feature: String) -> String {
        var text = "tracked \(HumanText.quantity(reply.text("value"))) \(feature)"
        if let balance = reply["balance"] {
            text += ": " + HumanText.balance(balance)
        } else {
            text += ": the customer has no balance of it"
        }
        if reply.flag("replayed") { text += " (counted before; nothing new was drawn)" }
        return text
    }
}
