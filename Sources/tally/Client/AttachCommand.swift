internal import ArgumentParser
internal import Wire

struct AttachCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Gives a customer a plan, charging for it where it has a price.",
        discussion: """
            Without a payment method on file a paid plan answers with a payment page: open it, \
            pay, and the plan is in use. A dearer plan replaces the present one of its group at \
            once, a cheaper one when the paid period ends; what is left of a paid period is given \
            back, what is left of the new one's is charged.

              tally attach acme pro
              tally attach acme business --quantity messages=20000 --preview
              tally attach acme pro --code WELCOME
              tally attach acme credit_topup --success-url https://example.com/thanks
              tally attach acme pro --invoice --net-terms 14
              tally attach acme pro --customize deal.json --start 2027-01-01T00:00:00Z

            Exit code 2 also when the charge was declined. Sending the same --request-id again \
            charges nothing twice.
            """)

    enum Schedule: String, EnumerableFlag {
        case immediately, atPeriodEnd

        static func help(for value: Schedule) -> ArgumentHelp? {
            value == .immediately
                ? "Start now, also a cheaper plan." : "Start when what is paid for is over."
        }
    }

    enum Redirect: String, ExpressibleByArgument, CaseIterable {
        case always, never
    }

    @OptionGroup var flags: ServerFlags
    @OptionGroup var purchase: PurchaseFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The plan's id.")
    var plan: String

    @Option(
        help: ArgumentHelp(
            "Units in all of what is sold in packs, those included too; may be given again. "
                + "Default: as many as now.",
            valueName: "feature=units"))
    var quantity: [QuantityArgument] = []

    @Flag(exclusivity: .exclusive)
    var schedule: Schedule?

    @Flag(help: "Begin billing periods anew, and charge the plan's in full.")
    var newCycle = false

    @Option(
        help: ArgumentHelp(
            "Open a payment page always, or never: without a payment method it is declined then. "
                + "Default: when one is needed.",
            valueName: "when"))
    var redirect: Redirect?

    @Option(help: "A coupon that lowers the charge, by its id; may be given again.")
    var coupon: [String] = []

    @Option(help: "A promotion code that does; may be given again.")
    var code: [String] = []

    @Option(help: "Where the payment page leads afterwards.")
    var successUrl: String?

    @Option(
        help: ArgumentHelp(
            "An older version of the plan. Default: the one that is sold now.", valueName: "n"))
    var planVersion: UInt32?

    @OptionGroup var deal: CustomizationFlags

    @Option(
        help: ArgumentHelp(
            "When it starts. In the past: all periods since are charged at once.",
            valueName: "time"))
    var start: String?

    @Option(help: ArgumentHelp("When it ends by itself.", valueName: "time"))
    var end: String?

    func run() async throws {
        var request: JSONObject = [
            "customer_id": .string(customer), "plan_id": .string(plan),
            "quantities": QuantityArgument.json(quantity),
            "reset_billing_cycle": .bool(newCycle),
            "discounts": DiscountArgument.list(coupons: coupon, codes: code),
        ]
        if let schedule {
            let word = schedule == .immediately ? "immediate" : "end_of_cycle"
            request.append("plan_schedule", .string(word))
        }
        if let redirect { request.append("redirect_mode", .string(redirect.rawValue)) }
        if let successUrl { request.append("success_url", .string(successUrl)) }
        if let planVersion { request.append("version", .number(planVersion)) }
        if let customization = try deal.json() { request.append("customize", customization) }
        if let start { request.append("start_time", .string(start)) }
        if let end { request.append("end_time", .string(end)) }
        try await purchase.run(.attach, request, flags)
    }
}
