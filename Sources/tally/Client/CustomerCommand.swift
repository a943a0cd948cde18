internal import ArgumentParser
internal import Wire

struct CustomerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "customer",
        abstract: "Makes customers, shows and changes what they have, erases and deletes them.",
        subcommands: [
            CreateCustomerCommand.self, GetCustomerCommand.self, ListCustomersCommand.self,
            UpdateCustomerCommand.self, WatchCustomerCommand.self, EraseCustomerCommand.self,
            DeleteCustomerCommand.self, CustomerPortalCommand.self, CustomerCardCommand.self,
            TopUpCommand.self,
        ])
}

struct CreateCustomerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Makes a customer, who starts with the plans that everybody gets.",
        discussion: """
            Creating one that is there already changes nothing, except that an empty name or email \
            is filled in.

              tally customer create acme --name "Acme" --email acme@example.com
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "Letters, digits, \"_\", \":\" and \"-\", at most 63; chosen by you.")
    var id: String

    @Option(help: "What a person reads.")
    var name: String?

    @Option(help: "Where receipts go.")
    var email: String?

    @Option(help: "A note of yours on a new customer, as key=value; may be given again.")
    var metadata: [MetadataArgument] = []

    @Option(
        help: ArgumentHelp(
            "Whose clocks its periods begin and end by. Default: UTC.", valueName: "zone"))
    var timeZone: String?

    @Option(help: "What you tell the person or device by; some trials are had once by each.")
    var fingerprint: String?

    @Option(help: "Default: a new one.")
    var requestId: String?

    func run() async throws {
        let requestID = requestId ?? RequestIdentifier.make()
        let request: JSONObject = [
            "customer_id": .string(id), "name": .string(name ?? ""),
            "email": .string(email ?? ""), "metadata": MetadataArgument.json(metadata),
            "request_id": .string(requestID), "time_zone": .string(timeZone ?? ""),
            "fingerprint": .string(fingerprint ?? ""),
        ]
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.getOrCreateCustomer, request)
            if flags.json {
                print(JSONWriter.text(reply.with("request_id", .string(requestID))))
                return
            }
            let plans = (reply["customer"] ?? .null).list("subscriptions")
                .map { $0.text("plan_id") }
            let verdict = reply.flag("created") ? "created" : "was there already:"
            print(
                "\(verdict) \(id)" + (plans.isEmpty ? "" : ", on \(plans.joined(separator: ", "))"))
        }
    }
}

struct GetCustomerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Shows a customer's plans, balances, flags, card and latest invoices.",
        discussion: """
              tally customer get acme
              tally customer get acme --json | jq '.customer.balances[].remaining'
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var id: String

    func run() async throws {
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.getCustomer, ["customer_id": .string(id)])
            if flags.json {
                print(JSONWriter.text(reply))
            } else {
                let report = CustomerReport(reply["customer"] ?? .null)
                print(report.lines.joined(separator: "\n"))
            }
        }
    }
}
