package import Billing

/// Entitlements §1.4 and §1.5.
package enum CheckStories {
    /// messages 1 in credits 4 at 0.2 and tokens 5 at 3; seats 2; sso 3.
    package static let pricing = PricingState.sample([
        .sample("messages", .metered), .sample("seats", .allocated), .sample("sso", .boolean),
        .sample("credits", .creditSystem, costs: ["messages": "0.2"]),
        .sample("tokens", .creditSystem, costs: ["messages": "3"]),
    ])

    /// - Parameters:
    ///   - compared: nil: what is required.
    ///   - shown: the feature whose balance is shown.
    private static func row(
        _ rule: String, _ buckets: [Bucket], of featureID: String = "messages",
        _ required: Quantity, _ reason: CheckReason, compared: Quantity? = nil,
        shown: String? = "messages"
    ) -> Story {
        Story(
            rule, .given(buckets),
            .decided(featureID, required, reason, compared: compared ?? required, shown: shown))
    }

    private static func own(
        _ balance: Quantity, most: Quantity = 0, _ flags: Bucket.Flags = []
    ) -> Bucket {
        .sample(1, 1, balance: balance, most: most, flags)
    }

    private static func credits(_ balance: Quantity, _ flags: Bucket.Flags = []) -> Bucket {
        .sample(2, 4, balance: balance, flags)
    }

    private static func tokens(_ balance: Quantity, _ flags: Bucket.Flags = []) -> Bucket {
        .sample(3, 5, balance: balance, flags)
    }

    package static let decisions = [
        row("1: nothing", [], 1, .notIncluded, shown: nil),
        row("1: another feature's", [.sample(1, 2)], 1, .notIncluded, shown: nil),
        row("1: no flag", [], of: "sso", 1, .notIncluded, shown: nil),
        row("2: flag", [.sample(1, 3, granted: 0, [.boolean])], of: "sso", 1, .flag, shown: nil),
        row(
            "2: flag, whatever is asked", [.sample(1, 3, granted: 0, [.boolean])], of: "sso", 99,
            .flag, shown: nil),
        row("3: unlimited", [own(0, [.unlimited])], 1_000_000, .unlimited),
        row("3: unlimited and used", [own(-50, [.unlimited])], 1, .unlimited),
        row("3: unlimited before negative", [own(0, [.unlimited])], -1, .unlimited),
        row(
            "3: one unlimited bucket is enough", [own(0), .sample(2, 1, granted: 0, [.unlimited])],
            5, .unlimited),
        row("4: negative", [own(0)], -1, .nothingRequired),
        row("4: negative, overdrawn", [own(-5, [.allocated])], -1, .nothingRequired),
        row("7: uncapped overage", [own(0, [.priced])], 1_000_000, .overage),
        row("7: included before overage", [own(5, [.priced])], 5, .included),
        row("7: max purchase, just enough", [own(5, most: 20, [.priced, .limited])], 25, .overage),
        row(
            "7: max purchase, one too many", [own(5, most: 20, [.priced, .limited])], 26,
            .maxPurchase),
        row(
            "7: max purchase, partly used", [own(-15, most: 20, [.priced, .limited])], 6,
            .maxPurchase),
        row(
            "7: max purchase, rest of it", [own(-15, most: 20, [.priced, .limited])], 5, .overage),
        row(
            "7: one uncapped bucket lifts the limit",
            [own(0, most: 1, [.priced, .limited]), .sample(2, 1, balance: 0, [.priced])], 99,
            .overage),
        row(
            "7: limits add up",
            [
                own(0, most: 3, [.priced, .limited]),
                .sample(2, 1, balance: 0, most: 4, [.priced, .limited]),
            ], 7, .overage),
        row("8: enough", [own(10)], 10, .included),
        row("8: too little", [own(10)], "10.0000000001", .insufficientBalance),
        row("8: buckets add up", [own(10), .sample(2, 1, balance: 5)], 15, .included),
        row("8: 0 of nothing left", [own(0)], 0, .included),
        row(
            "8: an overdrawn bucket takes nothing from another",
            [own(-5, [.allocated]), .sample(2, 1, balance: 5)], 5, .included),
    ]

    package static let pools = [
        row("1.4.2: own suffices", [own(10), credits(100)], 10, .included),
        row(
            "1.4.3: action1 at 0.2, 10 → 2", [own(9), credits(100)], 10, .included, compared: 2,
            shown: "credits"),
        row(
            "1.4.3: no bucket of its own", [credits(100)], 10, .included, compared: 2,
            shown: "credits"),
        row(
            "1.4.3: the first that allows", [credits(1), tokens(100)], 10, .included,
            compared: 30, shown: "tokens"),
        row(
            "1.4.3: compared unconverted: 5 credits would cover 10",
            [credits(5), tokens(100)], 10, .included, compared: 30, shown: "tokens"),
        row(
            "1.4.3: compared unconverted: 20 tokens don't cover 10",
            [tokens(20)], 10, .insufficientBalance, compared: 30, shown: "tokens"),
        row(
            "1.4.4: none allows: the first owned", [own(1), credits(5), tokens(1)], 10,
            .included, compared: 2, shown: "credits"),
        row(
            "1.4.4: none allows, nor converted", [own(1), credits(1), tokens(1)], 10,
            .insufficientBalance, compared: 2, shown: "credits"),
        row(
            "1.4.4: catalog order, not the customer's", [tokens(1), credits(1)], 10,
            .insufficientBalance, compared: 2, shown: "credits"),
        row("1.4.5: own, no credit system owned", [own(1)], 10, .insufficientBalance),
        row(
            "1.4: own and credits are not added", [own(9), credits("0.1")], 10,
            .insufficientBalance, compared: 2, shown: "credits"),
        row(
            "1.4: unlimited credits", [own(0), credits(0, [.unlimited])], 10, .unlimited,
            compared: 2, shown: "credits"),
        row(
            "1.4: the credit system itself, one for one", [credits(10)], of: "credits", 10,
            .included,
            shown: "credits"),
    ]

    package static let table = StoryTable(
        "Check", pricing, decisions, pools)
}
