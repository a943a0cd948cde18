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

            In scripts give --request-id: sending the same one again counts nothing twice.
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The feature's id.")
    var feature: String

    @Option(parsing: .unconditional, help: "How much.")
    var value = 1.0

    @Flag(help: "Refuse what no balance covers, instead of drawing what there is.")
    var reject = false

    @Option(help: "Default: a new one.")
    var requestId: String?

    func run() async throws {
        let id = requestId ?? RequestIdentifier.make()
        let request: JSONObject = [
            "customer_id": .string(customer), "feature_id": .string(feature),
            "value": .number(value), "request_id": .string(id),
            "overage_behavior": .string(reject ? "reject" : "cap"),
        ]
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.track, request)
            if flags.json {
                print(JSONWriter.text(reply.with("request_id", .string(id))))
            } else {
                print(sentence(reply))
            }
        }
    }

    private func sentence(_ reply: JSONValue) -> String {
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
