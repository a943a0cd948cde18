internal import ArgumentParser
internal import Wire

struct SubscriptionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subscription",
        abstract: "Cancels or changes a customer's plan, lets it go on, buys more packs or fewer.",
        discussion: """
            Without a plan it is the customer's main one, a paid one first. Each says beforehand \
            what it would do and cost, with --preview.

              tally subscription quantity acme messages=20000 --preview
              tally subscription cancel acme
              tally subscription uncancel acme
              tally subscription change acme --to-version 3
            """,
        subcommands: [
            CancelSubscriptionCommand.self, UncancelSubscriptionCommand.self,
            QuantityCommand.self, ChangeSubscriptionCommand.self,
        ])
}

/// Which subscription.
struct SubscriptionFlags: ParsableArguments {
    @Argument(help: "The customer's id.")
    var customer: String

    @Option(
        help: ArgumentHelp(
            "The subscription itself, where the customer has several of a plan.",
            valueName: "sub_n"))
    var id: String?

    func request(plan: String?) -> JSONObject {
        [
            "customer_id": .string(customer), "plan_id": .string(plan ?? ""),
            "subscription_id": .string(id ?? ""),
        ]
    }
}

struct CancelSubscriptionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Ends a plan, when what is paid for is over or now.",
        discussion: """
            At the period's end nothing is given back, and what was used beyond the grant is \
            charged. Now, what is left of what was paid becomes the customer's credit, which later \
            invoices are paid from. The plan that everybody gets follows.

              tally subscription cancel acme
              tally subscription cancel acme pro --now --preview
              tally subscription cancel acme --entity ann-1 --now --no-proration
              tally subscription cancel acme --now --refund prorated
            """)

    enum Refund: String, ExpressibleByArgument, CaseIterable {
        case prorated, full
    }

    enum When: EnumerableFlag {
        case atPeriodEnd, now

        static func help(for value: When) -> ArgumentHelp? {
            value == .now ? "It ends at once." : "It ends when what is paid for is over."
        }
    }

    @OptionGroup var flags: ServerFlags
    @OptionGroup var purchase: PurchaseFlags
    @OptionGroup var subscription: SubscriptionFlags

    @Argument(help: "The plan's id. Default: the main plan.")
    var plan: String?

    @Flag(exclusivity: .exclusive)
    var when = When.atPeriodEnd

    @Flag(help: "Give nothing back.")
    var noProration = false

    @Option(
        help: ArgumentHelp(
            "With --now: money goes back to the card, not to the credit: what is left of what was "
                + "paid, or all of it.", valueName: "prorated|full"))
    var refund: Refund?

    func validate() throws {
        guard refund == nil || when == .now && !noProration else {
            throw ValidationError("--refund goes with --now, and not with --no-proration")
        }
    }

    func run() async throws {
        var request = subscription.request(plan: plan)
        let action = when == .now ? "immediately" : "end_of_cycle"
        request.append("cancel_action", .string(action))
        if noProration { request.append("proration_behavior", .string("none")) }
        if let refund { request.append("refund_last_payment", .string(refund.rawValue)) }
        try await purchase.run(.update, request, flags)
    }
}

struct UncancelSubscriptionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uncancel",
        abstract: "Lets a plan that was to end go on.",
        discussion: """
            What would have followed it doesn't.

              tally subscription uncancel acme
            """)

    @OptionGroup var flags: ServerFlags
    @OptionGroup var purchase: PurchaseFlags
    @OptionGroup var subscription: SubscriptionFlags

    @Argument(help: "The plan's id. Default: the main plan.")
    var plan: String?

    func run() async throws {
        var request = subscription.request(plan: plan)
        request.append("cancel_action", .string("uncancel"))
        try await purchase.run(.update, request, flags)
    }
}

struct QuantityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantity",
        abstract: "Buys more packs, or fewer.",
        usage: "tally subscription quantity [<options>] <customer> [<plan>] <feature=units> ...",
        discussion: """
            Units are counted in all, those that the plan includes too, and rounded up to whole \
            packs; of packs that are bought for good they are so many more. What isn't named stays.

              tally subscription quantity acme messages=20000 --preview
              tally subscription quantity acme business messages=20000
            """)

    @OptionGroup var flags: ServerFlags
    @OptionGroup var purchase: PurchaseFlags
    @OptionGroup var subscription: SubscriptionFlags

    @Argument(
        help: ArgumentHelp(
            "The plan's id, unless it is the main plan; then how many units of which feature.",
            valueName: "feature=units"))
    var words: [String]

    @Flag(help: "Charge nothing and give nothing back for the rest of the period.")
    var noProration = false

    @Option(help: "Where the payment page, if one is needed, leads afterwards.")
    var successUrl: String?

    /// A plan's id has no "=".
    private var plan: String? { words.first.flatMap { $0.contains("=") ? nil : $0 } }

    private var quantities: [String] { Array(words.dropFirst(plan == nil ? 0 : 1)) }

    func validate() throws {
        guard !quantities.isEmpty else {
            throw ValidationError("say how many units: feature=units, such as messages=20000")
        }
        for word in quantities where QuantityArgument(argument: word) == nil {
            throw ValidationError("\(word): write feature=units, such as messages=20000")
        }
    }

    func run() async throws {
        var request = subscription.request(plan: plan)
        let asked = quantities.compactMap { QuantityArgument(argument: $0) }
        request.append("quantities", QuantityArgument.json(asked))
        if noProration { request.append("proration_behavior", .string("none")) }
        if let successUrl { request.append("success_url", .string(successUrl)) }
        try await purchase.run(.update, request, flags)
    }
}
