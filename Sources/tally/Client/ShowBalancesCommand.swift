internal import ArgumentParser
internal import Wire

struct ShowBalancesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows what a customer has, or had at a moment in the past.",
        discussion: """
              tally balances acme
              tally balances acme --as-of 2027-01-15T09:30:00Z
              tally balances acme --entity ann-1 --as-of 2027-01-15 --json

            What was due by then had happened. The log goes back as far as history-days says; exit \
            code 2 when that is not far enough.
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Option(help: "What this entity may use. Default: the customer as a whole.")
    var entity: String?

    @Option(
        help: ArgumentHelp(
            "At this moment, a date being its first, UTC. Default: now.",
            valueName: "date or RFC 3339"))
    var asOf: String?

    func run() async throws {
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(method, request)
            if flags.json { return print(JSONWriter.text(reply)) }
            let report = BalanceReport(of: reply[entity == nil ? "customer" : "entity"] ?? .null)
            let lines = report.balances + report.flags
            print(lines.isEmpty ? "nothing" : lines.joined(separator: "\n"))
        }
    }

    private var method: APIMethod {
        asOf != nil ? .getCustomerAsOf : entity == nil ? .getCustomer : .getEntity
    }

    private var request: JSONObject {
        var request: JSONObject = ["customer_id": .string(customer)]
        if let entity { request.append("entity_id", .string(entity)) }
        if let asOf { request.append("as_of_time", BalanceFlags.time(asOf)) }
        return request
    }
}
