internal import ArgumentParser
internal import Wire

struct CustomerPortalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "portal",
        abstract: "Makes an address where a customer sees plans and invoices, cancels and pays.",
        discussion: """
            Whoever has the address may do all of that, for an hour: give it to the customer only.

              tally customer portal acme --return-url https://example.com/account
              tally customer portal acme --invoice 3
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var id: String

    @Option(help: "Where the pages lead back to.")
    var returnUrl: String?

    @Option(help: "The page of the invoice with this number, to be printed.")
    var invoice: Int?

    func run() async throws {
        let request: JSONObject = [
            "customer_id": .string(id), "return_url": .string(returnUrl ?? ""),
        ]
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.openCustomerPortal, request)
            let url = reply.text("url") + (invoice.map { "/invoices/\($0)" } ?? "")
            print(flags.json ? JSONWriter.text(reply.with("url", .string(url))) : url)
        }
    }
}

struct CustomerCardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "card",
        abstract: "Opens a page where a customer puts a card on file.",
        discussion: """
            Nothing is charged for that; with --plan the plan is attached afterwards.

              tally customer card acme
              tally customer card acme --plan pro --success-url https://example.com/thanks
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var id: String

    @Option(help: "What is attached once the card is on file.")
    var plan: String?

    @Option(help: "The entity that gets the plan. Default: the customer.")
    var entity: String?

    @Option(help: "Where the page leads afterwards.")
    var successUrl: String?

    @Option(help: "Default: a new one.")
    var requestId: String?

    func run() async throws {
        let request: JSONObject = [
            "customer_id": .string(id), "plan_id": .string(plan ?? ""),
            "entity_id": .string(entity ?? ""), "success_url": .string(successUrl ?? ""),
            "request_id": .string(requestId ?? RequestIdentifier.make()),
        ]
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.setupPayment, request)
            print(flags.json ? JSONWriter.text(reply) : reply.text("url"))
        }
    }
}
