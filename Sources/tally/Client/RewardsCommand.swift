internal import ArgumentParser
internal import Wire

struct RewardsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rewards",
        abstract: "Gives coupons to customers, and redeems codes.",
        discussion: """
            Coupons and codes are defined in the catalog. To buy with one, see tally attach.

              tally rewards give acme summer_20
              tally rewards redeem acme WELCOME
              tally rewards code WELCOME
            """,
        subcommands: [
            GiveRewardCommand.self, TakeRewardCommand.self, RedeemCodeCommand.self,
            ShowCodeCommand.self,
        ])
}

/// Whose discounts.
struct DiscountFlags: ParsableArguments {
    @Argument(help: "The customer's id.")
    var customer: String

    @Option(
        help: ArgumentHelp(
            "One of the customer's subscriptions. Default: the customer as a whole.",
            valueName: "sub_n"))
    var subscription: String?

    @Option(help: "Default: a new one.")
    var requestId: String?

    var request: JSONObject {
        [
            "customer_id": .string(customer), "subscription_id": .string(subscription ?? ""),
            "request_id": .string(requestId ?? RequestIdentifier.make()),
        ]
    }

    var owner: String { subscription.map { "\($0) of \(customer)" } ?? customer }
}

struct GiveRewardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "give",
        abstract: "Gives a coupon.",
        discussion: """
            It counts from the next invoice on. A subscription that has coupons of its own isn't \
            lowered by the customer's.

              tally rewards give acme summer_20
              tally rewards give acme --code WELCOME --subscription sub_2
            """)

    @OptionGroup var flags: ServerFlags
    @OptionGroup var discount: DiscountFlags

    @Argument(help: "The coupon's id.")
    var coupon: String?

    @Option(help: "A code of it instead, whose rules are held.")
    var code: String?

    func validate() throws {
        guard (coupon == nil) != (code == nil) else {
            throw ValidationError("say which coupon, by its id or by --code")
        }
    }

    func run() async throws {
        var request = discount.request
        request.append("discount", DiscountArgument.json(coupon: coupon, code: code))
        try await TallyClient.with(flags) { [request] client in
            let reply = try await client.call(.applyDiscount, request)
            print(
                flags.json
                    ? JSONWriter.text(reply) : "\(discount.owner) has \(coupon ?? code ?? "")")
        }
    }
}

struct TakeRewardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "take",
        abstract: "Takes a coupon away.",
        discussion: """
            What it lowered stays so.

              tally rewards take acme summer_20
            """)

    @OptionGroup var flags: ServerFlags
    @OptionGroup var discount: DiscountFlags

    @Argument(help: "The coupon's id.")
    var coupon: String

    func run() async throws {
        var request = discount.request
        request.append("coupon_id", .string(coupon))
        try await TallyClient.with(flags) { [request] client in
            let reply = try await client.call(.removeDiscount, request)
            print(
                flags.json ? JSONWriter.text(reply) : "\(discount.owner) no longer has \(coupon)")
        }
    }
}

struct RedeemCodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redeem",
        abstract: "Gives a customer what a code promises.",
        discussion: """
            Of a code that gives units of features; each customer redeems it once.

              tally rewards redeem acme WELCOME
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The code.")
    var code: String

    @Option(help: "Default: a new one.")
    var requestId: String?

    func run() async throws {
        let request: JSONObject = [
            "customer_id": .string(customer), "code": .string(code),
            "request_id": .string(requestId ?? RequestIdentifier.make()),
        ]
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.redeemCode, request)
            if flags.json { return print(JSONWriter.text(reply)) }
            for part in reply.list("granted") {
                let units = HumanText.quantity(part.text("quantity"))
                print("\(customer) gets \(units) \(part.text("feature_id"))")
            }
            if reply.flag("replayed") { print("  (answered before; nothing new happened)") }
        }
    }
}

struct ShowCodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "code",
        abstract: "Says what a code is for, and how often it was redeemed.",
        discussion: """
            What is about to be redeemed, on a payment page that is open, counts too.

              tally rewards code WELCOME
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The code.")
    var code: String

    func run() async throws {
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.getPromotionCode, ["code": .string(code)])
            if flags.json { return print(JSONWriter.text(reply)) }
            let rules = reply["promotion_code"] ?? .null
            let coupon = reply.text("coupon_id")
            let most = rules["max_redemptions"].map { _ in rules.text("max_redemptions") }
            print(
                "\(rules.text("code")) of "
                    + (coupon.isEmpty ? reply.text("feature_grant_id") : coupon)
                    + ": redeemed \(reply.text("redemptions"))"
                    + (most.map { " of \($0)" } ?? "") + " times")
        }
    }
}

enum DiscountArgument {
    static func json(coupon: String?, code: String?) -> JSONValue {
        if let coupon { return .object(["coupon_id": .string(coupon)]) }
        return .object(["promotion_code": .string(code ?? "")])
    }

    /// Of a purchase.
    static func list(coupons: [String], codes: [String]) -> JSONValue {
        .array(
            coupons.map { json(coupon: $0, code: nil) } + codes.map { json(coupon: nil, code: $0) })
    }
}
