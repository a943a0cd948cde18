internal import ArgumentParser
internal import Wire

struct TrackTokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "track-tokens",
        abstract: "Records the tokens that a call to a model used.",
        discussion: """
            Works out what the tokens cost, from the server's model prices and the catalog's \
            mark-ups, and draws that from the customer's AI credits, durably. Each token counts in \
            one of the options.

              tally track-tokens acme openai/gpt-5 --input 5000 --output 2500
              tally track-tokens acme anthropic/claude --input 200 --cache-read 9000 --output 700

            In scripts give --request-id: sending the same one again counts nothing twice, and \
            gives the first answer even if prices have changed. Exit code 2 when the model has no \
            price.
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "Provider, \"/\" and model.")
    var model: String

    @Option(help: "Tokens that went in, beyond the cache.")
    var input: UInt64 = 0

    @Option(help: "Tokens that came out, beyond reasoning.")
    var output: UInt64 = 0

    @Option(help: "Tokens that were found in the model's cache.")
    var cacheRead: UInt64 = 0

    @Option(help: "Tokens that were put there.")
    var cacheWrite: UInt64 = 0

    @Option(help: "Tokens of audio that went in.")
    var audioInput: UInt64 = 0

    @Option(help: "Tokens of audio that came out.")
    var audioOutput: UInt64 = 0

    @Option(help: "Tokens that the model said to itself.")
    var reasoning: UInt64 = 0

    @Option(help: "The AI credit system. Default: the first one the customer has credits of.")
    var feature: String?

    @Flag(help: "Refuse what no balance covers, instead of drawing what there is.")
    var reject = false

    @Option(help: "The customer's entity (workspace, seat, …) that uses it.")
    var entity: String?

    @Option(
        help: ArgumentHelp(
            "What the usage is like; as often as needed. Numbers, true and false stay what they "
                + "are.",
            valueName: "key=value"))
    var property: [String] = []

    @Option(help: "Default: a new one.")
    var requestId: String?

    func validate() throws { try UsageFlags.check(property) }

    func run() async throws {
        let id = requestId ?? RequestIdentifier.make()
        var request: JSONObject = [
            "customer_id": .string(customer), "model_id": .string(model),
            "request_id": .string(id), "overage_behavior": .string(reject ? "reject" : "cap"),
        ]
        for (key, count) in [
            ("input_tokens", input), ("output_tokens", output), ("cache_read_tokens", cacheRead),
            ("cache_write_tokens", cacheWrite), ("audio_input_tokens", audioInput),
            ("audio_output_tokens", audioOutput), ("reasoning_tokens", reasoning),
        ] where count > 0 {
            request.append(key, .number(count))
        }
        if let feature { request.append("feature_id", .string(feature)) }
        if let entity { request.append("entity_id", .string(entity)) }
        if !property.isEmpty { request.append("properties", UsageFlags.properties(property)) }
        try await TallyClient.with(flags) { [request] client in
            let reply = try await client.call(.trackTokens, request)
            if flags.json {
                print(JSONWriter.text(reply.with("request_id", .string(id))))
            } else {
                print(sentence(reply))
            }
        }
    }

    private func sentence(_ reply: JSONValue) -> String {
        let feature = reply.text("feature_id")
        var text = "\(model) cost \(HumanText.quantity(reply.text("cost"))) \(feature)"
        if let balance = reply["balance"] {
            text += ": " + HumanText.balance(balance)
        } else {
            text += ": the customer has no balance of it"
        }
        if reply.flag("replayed") { text += " (counted before; nothing new was drawn)" }
        return text
    }
}
