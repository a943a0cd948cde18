internal import ArgumentParser
internal import Wire

struct ListCustomersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists customers, newest first, or those that a search finds.",
        discussion: """
              tally customer list --search acme
              tally customer list --plan pro --status past_due
              tally customer list --all --json | jq -r '.customer_id'

            With --json one customer a line.
            """)

    @OptionGroup var flags: ServerFlags

    @Option(help: "Only those whose id, name or email contains this text.")
    var search: String?

    @Option(help: "Only those with a subscription to this plan that isn't over.")
    var plan: String?

    @Option(help: "Only those with a subscription of this status, to the plan if one is given.")
    var status: String?

    @Option(help: "Customers to show at most.")
    var limit = 50

    @Flag(help: "Show all, however many there are.")
    var all = false

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
    }

    func run() async throws {
        try await TallyClient.with(flags) { client in
            var left = all ? Int.max : limit
            var token = ""
            repeat {
                let page = try await client.call(
                    .listCustomers, request(size: min(left, 1_000), token: token))
                let customers = page.list("customers")
                show(customers, isFirst: token.isEmpty)
                left -= customers.count
                token = page.text("next_page_token")
            } while !token.isEmpty && left > 0
        }
    }

    private func request(size: Int, token: String) -> JSONObject {
        [
            "page_size": .number(size), "page_token": .string(token),
            "search": .string(search ?? ""), "plan_id": .string(plan ?? ""),
            "subscription_status": status.map { .string($0) } ?? .null,
        ]
    }

    private func show(_ customers: [JSONValue], isFirst: Bool) {
        if flags.json { return customers.forEach { print(JSONWriter.text($0)) } }
        var table = TextTable("customer", "name", "email", "since", "plans")
        for customer in customers {
            let plans = customer.list("subscriptions").filter { $0.text("status") != "ended" }
                .map { $0.text("plan_id") }
            table.add(
                customer.text("customer_id"), customer.text("name"), customer.text("email"),
                HumanText.time(customer.text("create_time")), plans.joined(separator: ", "))
        }
        let lines = isFirst ? table.lines[...] : table.lines.dropFirst()
        for line in lines { print(line) }
    }
}
