internal import ArgumentParser
internal import Billing
internal import Wire

struct RecordInvoiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Puts an invoice of another system on a customer's record.",
        discussion: """
            It is history: nothing is charged, owed, refunded or credited because of it. The same \
            id again replaces what is on record.

              tally invoice record acme in_1 --total 20.00 --created 2026-03-01T12:00:00Z
              tally invoice record acme in_1 --total 20.00 --created 2026-03-01T12:00:00Z \
                  --status paid --paid 20.00 --refunded 5.00 --plan pro
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: ArgumentHelp("The invoice's id there.", valueName: "id"))
    var invoice: String

    @Option(help: "What it comes to, in major units; below 0 where it was given back.")
    var total: String

    @Option(help: "When it was made, such as 2026-03-01T12:00:00Z.")
    var created: String

    @Option(help: "draft, open, paid, uncollectible or void.")
    var status = "paid"

    @Option(help: "What it was paid in.")
    var currency = "usd"

    @Option(help: "What was paid of it. Default: not known.")
    var paid: String?

    @Option(help: "What of that was given back.")
    var refunded: String?

    @Option(help: "stripe or revenuecat.")
    var processor = "stripe"

    @Option(help: "A plan that it was for; more than once for several.")
    var plan: [String] = []

    @Option(help: "The address of its page there.")
    var url = ""

    func run() async throws {
        var asked: JSONObject = [
            "external_id": .string(invoice), "processor": .string(processor),
            "status": .string(status), "total": try money(total, "--total"),
            "create_time": .string(created), "plan_ids": .array(plan.map { .string($0) }),
            "url": .string(url),
        ]
        if let paid { asked.append("amount_paid", try money(paid, "--paid")) }
        if let refunded { asked.append("amount_refunded", try money(refunded, "--refunded")) }
        let request: JSONObject = [
            "customer_id": .string(customer), "invoices": .array([.object(asked)]),
        ]
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.recordExternalInvoices, request)
            if flags.json { return print(JSONWriter.text(reply)) }
            let shown = reply.list("invoices").first ?? .null
            print(
                "\(invoice), \(shown.text("status")), \(HumanText.money(shown["total"])): "
                    + "on record")
        }
    }

    private func money(_ amount: String, _ option: String) throws -> JSONValue {
        guard let currency = Currency(code: currency) else {
            throw ValidationError("--currency \(currency): write a code such as usd")
        }
        guard let units = DecimalText.parseExactly(amount, digits: currency.minorDigits),
            let minor = Int64(exactly: units)
        else {
            throw ValidationError(
                "\(option) \(amount): that is no amount of \(currency.code.uppercased())")
        }
        return .object(["currency": .string(currency.code), "minor_units": .number(minor)])
    }
}
