internal import ArgumentParser
internal import Wire

struct AttachCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Gives a customer plans, charging for them where they have a price.",
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
              tally attach acme premium --remove addon
              tally attach acme pro addon team@workspace_1

            Several plans are one purchase: one invoice, one page, all of them or none. \
            PLAN@ENTITY is for one of the customer's entities; quantities are of each plan that \
            sells packs of the feature.

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

    @Argument(
        help: ArgumentHelp("The plan's id, or several in one.", valueName: "plan[@entity]"))
    var plans: [String]

    @Option(
        help: ArgumentHelp(
            "A plan that ends with it, what is left of it coming back; may be given again.",
            valueName: "plan"))
    var remove: [String] = []

    @Option(
        help: ArgumentHelp(
            "Units in all of what is sold in packs, those included too; may be given again. "
                + "Default: as many as now.",
            valueName: "feature=units"))
    var quantity: [QuantityArgument] = []

    @Flag(exclusivity: .exclusive)
    var schedule: Schedule?

    @Flag(help: "Refuse to charge or give back parts of periods, where that would be due.")
    var noProration = false

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

    @Option(help: "What the customer pays in, such as eur. Default: as before.")
    var currency: String?

    @OptionGroup var deal: CustomizationFlags

    @Option(
        help: ArgumentHelp(
            "When it starts. In the past: all periods since are charged at once.",
            valueName: "time"))
    var start: String?

    @Option(help: ArgumentHelp("When it ends by itself.", valueName: "time"))
    var end: String?

    func validate() throws {
        guard plans.count > 1 || plans[0].contains("@") else { return }
        let isOfOne =
            schedule == nil && planVersion == nil && deal.customize == nil && start == nil
            && end == nil && remove.isEmpty
        guard isOfOne else {
            throw ValidationError(
                "--immediately, --at-period-end, --plan-version, --customize, --start, --end and "
                    + "--remove are for a single plan")
        }
    }

    func run() async throws {
        var request: JSONObject = [
            "customer_id": .string(customer), "reset_billing_cycle": .bool(newCycle),
            "discounts": DiscountArgument.list(coupons: coupon, codes: code),
        ]
        if let redirect { request.append("redirect_mode", .string(redirect.rawValue)) }
        if let currency { request.append("currency", .string(currency)) }
        if let successUrl { request.append("success_url", .string(successUrl)) }
        guard plans.count > 1 || plans[0].contains("@") else {
            return try await purchase.run(.attach, single(request), flags)
        }
        request.append("plans", .array(plans.map { several($0) }))
        try await purchase.run(.several, request, flags)
    }

    /// One of several: PLAN or PLAN@ENTITY.
    private func several(_ argument: String) -> JSONValue {
        let parts = argument.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let entity = parts.count > 1 ? String(parts[1]) : purchase.entity ?? ""
        return .object([
            "plan_id": .string(String(parts[0])), "entity_id": .string(entity),
            "quantities": QuantityArgument.json(quantity),
        ])
    }

    private func single(_ shared: JSONObject) throws -> JSONObject {
        var request = shared
        request.append("plan_id", .string(plans[0]))
        request.append("quantities", QuantityArgument.json(quantity))
        if let schedule {
            let word = schedule == .immediately ? "immediate" : "end_of_cycle"
            request.append("plan_schedule", .string(word))
        }
        if let planVersion { request.append("version", .number(planVersion)) }
        if noProration { request.append("proration_behavior", .string("none")) }
        if let customization = try deal.json() { request.append("customize", customization) }
        if let start { request.append("start_time", .string(start)) }
        if let end { request.append("end_time", .string(end)) }
        if !remove.isEmpty {
            request.append("remove_plan_ids", .array(remove.map { .string($0) }))
        }
        return request
    }
}
