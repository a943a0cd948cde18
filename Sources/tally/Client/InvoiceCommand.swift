internal import ArgumentParser
internal import Billing
internal import Wire

struct InvoiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invoice",
        abstract: "Sends invoices, marks them as paid, voids and refunds them, records others.",
        discussion: """
              tally customer get acme
              tally invoice mark-paid acme inv_4
              tally invoice refund acme inv_3 --amount 5.00
            """,
        subcommands: [
            RefundInvoiceCommand.self, FinalizeInvoiceCommand.self, MarkInvoicePaidCommand.self,
            VoidInvoiceCommand.self, RecordInvoiceCommand.self,
        ])
}

struct RefundInvoiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refund",
        abstract: "Sends money back to the card that paid an invoice.",
        discussion: """
            What comes back later for the same charges, as credit or to the card, shrinks \
            accordingly. A refund that the card can't take becomes the customer's credit; tally \
            customer get shows what became of it.

              tally invoice refund acme inv_3
              tally invoice refund acme inv_3 --amount 5.00
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: ArgumentHelp("The invoice's id.", valueName: "inv_n"))
    var invoice: String

    @Option(help: "How much, in the invoice's currency, such as 5.00. Default: all that is left.")
    var amount: String?

    @Option(help: "Default: a new one. The same one again refunds nothing twice.")
    var requestId: String?

    func validate() throws {
        guard let amount else { return }
        guard let price = UnitPrice(amount), price > .zero else {
            throw ValidationError("--amount \(amount): write a number above 0, such as 5.00")
        }
    }

    func run() async throws {
        let id = requestId ?? RequestIdentifier.make()
        try await TallyClient.with(flags) { client in
            var request: JSONObject = [
                "customer_id": .string(customer), "invoice_id": .string(invoice),
                "request_id": .string(id),
            ]
            if let amount {
                request.append("amount", try await money(amount, client))
            }
            let reply = try await client.call(.refundInvoice, request)
            if flags.json {
                print(JSONWriter.text(reply.with("request_id", .string(id))))
                return
            }
            let refund = reply["refund"] ?? .null
            print("\(HumanText.money(refund["amount"])) of \(invoice) goes back to the card")
            if reply.flag("replayed") { print("  (answered before; nothing new happened)") }
        }
    }

    /// The amount in minor units of the invoice's currency.
    private func money(_ amount: String, _ client: TallyClient) async throws -> JSONValue {
        let reply = try await client.call(.getCustomer, ["customer_id": .string(customer)])
        let shown = (reply["customer"] ?? .null).list("invoices").first {
            $0.text("invoice_id") == invoice
        }
        // An invoice that isn't there is refused by the server, whatever the currency.
        let code = shown?["total"]?.text("currency") ?? "usd"
        guard let currency = Currency(code: code), let price = UnitPrice(amount),
            let money = Money(price: price, count: Quantity(units: 1), currency: currency),
            amount.drop(while: { $0 != "." }).dropFirst().count <= currency.minorDigits
        else {
            throw ValidationError("--amount \(amount): that is no amount of \(code.uppercased())")
        }
        return .object(["currency": .string(code), "minor_units": .number(money.minorUnits)])
    }
}
