internal import ArgumentParser
internal import Wire

struct AttachCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Gives a customer a plan, charging for it where it has a price.",
        discussion: """
            Without a payment method on file a paid plan answers with a payment page: open it, \
            pay, and the plan is in use. A dearer plan replaces the present one of its group at \
            once, a cheaper one when the paid period ends.

              tally attach acme pro
              tally attach acme credit_topup --success-url https://example.com/thanks

            Exit code 2 also when the charge was declined. Sending the same --request-id again \
            charges nothing twice.
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The plan's id.")
    var plan: String

    @Option(help: "Where the payment page leads afterwards.")
    var successUrl: String?

    @Option(help: "Default: a new one.")
    var requestId: String?

    func run() async throws {
        let id = requestId ?? RequestIdentifier.make()
        var request: JSONObject = [
            "customer_id": .string(customer), "plan_id": .string(plan), "request_id": .string(id),
        ]
        if let successUrl { request.append("success_url", .string(successUrl)) }
        var isDeclined = false
        try await TallyClient.with(flags) { [request] client in
            let reply = try await client.call(.attach, request)
            isDeclined = reply.text("outcome") == "declined"
            if flags.json {
                print(JSONWriter.text(reply.with("request_id", .string(id))))
            } else {
                print(lines(reply, id).joined(separator: "\n"))
            }
        }
        if isDeclined { throw ExitCode(CommandFault.Exit.refused.rawValue) }
    }

    private func lines(_ reply: JSONValue, _ id: String) -> [String] {
        var lines = [headline(reply, id)]
        if let invoice = reply["invoice"] {
            for line in invoice.list("lines") {
                lines.append("  \(HumanText.money(line["amount"]))  \(line.text("description"))")
            }
        }
        let address = reply.text("payment_url")
        if !address.isEmpty { lines.append("  pay here: \(address)") }
        if reply.flag("replayed") { lines.append("  (answered before; nothing new happened)") }
        return lines
    }

    private func headline(_ reply: JSONValue, _ id: String) -> String {
        let subscription = reply["subscription"] ?? .null
        switch reply.text("outcome") {
        case "active":
            let end = subscription.text("period_end_time")
            return "active: \(customer) has \(plan)"
                + (end.isEmpty ? "" : ", paid until \(HumanText.time(end))")
        case "scheduled":
            return "scheduled: \(plan) starts \(HumanText.time(subscription.text("start_time")))"
        case "payment_required":
            return "payment required: \(HumanText.money(reply["invoice", "total"]))"
        case "processing":
            return "processing: the charge has no outcome yet; ask again with --request-id \(id)"
        case "declined":
            return "declined (\(reply.text("decline_code"))): nothing changed"
        case let other: return other
        }
    }
}
