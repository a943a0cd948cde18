internal import ArgumentParser
internal import Wire

/// Which invoice, and how a retry is told apart.
struct SentInvoiceFlags: ParsableArguments {
    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: ArgumentHelp("The invoice's id.", valueName: "inv_n"))
    var invoice: String

    @Option(help: "Default: a new one. The same one again does nothing more.")
    var requestId: String?

    func run(_ method: APIMethod, _ flags: ServerFlags) async throws {
        let id = requestId ?? RequestIdentifier.make()
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(
                method,
                [
                    "customer_id": .string(customer), "invoice_id": .string(invoice),
                    "request_id": .string(id),
                ])
            if flags.json {
                return print(JSONWriter.text(reply.with("request_id", .string(id))))
            }
            let shown = reply["invoice"] ?? .null
            let due = shown.text("due_time")
            print(
                "\(invoice) is \(shown.text("status")): \(HumanText.money(shown["amount_due"]))"
                    + (shown.text("status") == "open" ? ", due \(HumanText.time(due))" : ""))
            let address = shown.text("url")
            if shown.text("status") == "open", !address.isEmpty {
                print("  pay here: \(address)")
            }
            if reply.flag("replayed") { print("  (answered before; nothing new happened)") }
        }
    }
}

struct FinalizeInvoiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "finalize",
        abstract: "Sends a draft: it is open, and due as agreed.",
        discussion: """
              tally invoice finalize acme inv_4
            """)

    @OptionGroup var flags: ServerFlags
    @OptionGroup var invoice: SentInvoiceFlags

    func run() async throws { try await invoice.run(.finalizeInvoice, flags) }
}

struct MarkInvoicePaidCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mark-paid",
        abstract: "Says that an invoice was paid without a card, as by bank transfer.",
        discussion: """
            What waits for the invoice is carried out. There is no card that it could be refunded \
            to.

              tally invoice mark-paid acme inv_4
            """)

    @OptionGroup var flags: ServerFlags
    @OptionGroup var invoice: SentInvoiceFlags

    func run() async throws { try await invoice.run(.markInvoicePaid, flags) }
}

struct VoidInvoiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "void",
        abstract: "Takes back an invoice that nobody has paid.",
        discussion: """
            What waits for it is never carried out. A plan that it gave at once goes the way of \
            one whose renewal stays unpaid. Credit that it drew goes back to the customer.

              tally invoice void acme inv_4
            """)

    @OptionGroup var flags: ServerFlags
    @OptionGroup var invoice: SentInvoiceFlags

    func run() async throws { try await invoice.run(.voidInvoice, flags) }
}
