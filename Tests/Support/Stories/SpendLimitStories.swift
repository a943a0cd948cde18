package import Billing

/// Entitlements §7.1 and §7.2, corrections 1: overage, spend limits, permissions.
package enum SpendLimitStories {
    /// A plan that limits overage of messages, or allows it.
    private static func plan(
        _ id: String, spend limit: Quantity? = nil, enabled: Bool = true, overage: Bool? = nil
    ) -> Plan {
        var plan = Plan.sample(id, addOn: true)
        let messages = plan.controls.number(of: "messages")
        if let limit {
            plan.controls.controls.spendLimits = [
                SpendLimit(feature: messages, isEnabled: enabled, bound: .units(limit))
            ]
        }
        if let overage {
            plan.controls.controls.overagePermissions = [
                OveragePermission(feature: messages, isEnabled: overage)
            ]
        }
        return plan
    }

    package static let pricing = Fixture.pricing(
        .sample("usage", .sample("messages", 100, each: .month, price: "0.1")),
        .sample("usage150", .sample("messages", 150, each: .month, price: "0.1")),
        .sample("capped", .sample("messages", 100, each: .month, price: "0.1", most: 300)),
        .sample("capped20", .sample("messages", 100, each: .month, price: "0.1", most: 20)),
        .sample("add_on", addOn: true, .sample("messages", 100, each: .month)),
        .sample(
            "each", .sample("messages", 10, each: .month, price: "0.1").forEach("users")),
        .sample("seats", .sample("workflows", 5, price: "1")),
        .sample("credits", .sample("credits", 20, each: .month, price: "0.1")),
        plan("loose", spend: 40), plan("strict", spend: 30),
        plan("off", spend: 10, enabled: false), plan("allows", overage: true),
        plan("denies", overage: false))

    private static func spend(
        _ units: Quantity, of entity: InlineText = .empty, enabled: Bool = true,
        feature: FeatureNumber = Fixture.messages
    ) -> Step {
        .set(.spend(feature, .units(units), of: entity, enabled: enabled))
    }

    private static func percent(_ percentage: Quantity) -> Step {
        .set(.spend(Fixture.messages, .percentage(percentage)))
    }

    package static let limits = [
        Story(
            "7.2: 25 on 1,100", .buy("usage"), .open(Grant("messages", 1000)), spend(25),
            .track("messages", 1120), .track("messages", 10), .used("messages", 1125),
            .refused("insufficient balance", .track("messages", 1, .reject)),
            .check("messages", 1, .spendLimit)),
        Story(
            "7.2: 120 % of 100: 220 usable", .buy("usage"), percent(120), .track("messages", 500),
            .used("messages", 220), .check("messages", 1, .spendLimit)),
        Story(
            "7.2: 150 × 1.2: 330", .buy("usage150"), percent(120), .track("messages", 500),
            .used("messages", 330)),
        Story(
            "7.2: add-ons don't count: 320", .buy("usage"), .attach("add_on"), percent(120),
            .track("messages", 500), .used("messages", 320)),
        Story(
            "7.2: loose grants don't count", .buy("usage"),
            .open(Grant("messages", 50, each: .month)), percent(120), .track("messages", 500),
            .used("messages", 270)),
        Story(
            "7.2: nothing recurring: no cap", .open(Grant("messages", 10)),
            .set(.overage(Fixture.messages, true)), percent(120), .track("messages", 500),
            .used("messages", 500)),
        Story(
            "correction 1: takes the place of a smaller maximum", .buy("capped20"), spend(50),
            .check("messages", 150, .overage), .check("messages", 151, .spendLimit),
            .track("messages", 500), .used("messages", 150)),
        Story(
            "correction 1: and of a larger one", .buy("capped"), spend(50),
            .track("messages", 500), .used("messages", 150)),
        Story(
            "15.8: units, not money", .buy("usage"), spend(25), .deduct("messages", 125, .overage),
            .deduct("messages", 1, .spendLimit)),
        Story(
            "2.4: overflow doesn't pass a spend limit", .buy("usage"),
            .open(Grant("messages", 1000)), spend(25), .track("messages", 1120),
            .track("messages", 500, .overflow), .used("messages", 1125)),
        Story(
            "14.1: disabled: the maximum decides", .buy("capped"), spend(10, enabled: false),
            .track("messages", 120), .check("messages", 50, .overage),
            .check("messages", 280, .overage), .check("messages", 281, .maxPurchase)),
        Story(
            "1.5: a limit alone allows no overage", .open(Grant("messages", 10)), spend(50),
            .check("messages", 11, .insufficientBalance), .track("messages", 20),
            .used("messages", 10)),
    ]

    private static let overdrawn: [Step] = [
        .buy("usage"), .open(Grant("messages", 700)), .entity("users", "one"),
        .entity("users", "two"), .entity("users", "three"), .track("messages", 820),
        spend(25, of: "one"), spend(40, of: "two"),
    ]
    private static let each: [Step] = [
        .entity("users", "a"), .entity("users", "b"), .buy("each"), spend(25),
    ]

    package static let entities = [
        Story(
            "14.1: 20 over, limit 25", after: overdrawn,
            .check("messages", 5, of: "one", .overage),
            .check("messages", 6, of: "one", .spendLimit)),
        Story(
            "14.1: 20 over, limit 40", after: overdrawn,
            .check("messages", 20, of: "two", .overage),
            .check("messages", 21, of: "two", .spendLimit)),
        Story(
            "14.1: an entity's beats the customer's", after: overdrawn, spend(21),
            .check("messages", 5, of: "one", .overage), .check("messages", 2, .spendLimit)),
        Story(
            "14.1: without its own, the customer's", after: overdrawn, spend(21),
            .check("messages", 1, of: "three", .overage),
            .check("messages", 2, of: "three", .spendLimit)),
        Story(
            "7.2: each entity's own overage", after: each, .track("messages", 100, of: "a"),
            .track("messages", 100, of: "b"), .slices([-25], of: "a"), .slices([-25], of: "b")),
        Story(
            "7.2: the customer's: the sum", after: each, .track("messages", 30, of: "a"),
            .track("messages", 100), .slices([-25], of: "a"), .slices([0], of: "b")),
        Story(
            "14.1: allocated", .buy("seats"), spend(3, feature: Fixture.workflows),
            .check("workflows", 8, .overage), .check("workflows", 9, .spendLimit),
            .track("workflows", 20), .used("workflows", 8)),
        Story(
            "14.1: credits, converted", .buy("credits"), spend(10, feature: Fixture.credits),
            .check("action1", 150, .overage), .check("action1", 151, .spendLimit),
            .track("action1", 1000), .used("credits", 30)),
    ]

    package static let plans = [
        Story(
            "7.2: of several plans the strictest", .buy("usage"), .attach("loose"),
            .attach("strict"), .check("messages", 130, .overage),
            .check("messages", 131, .spendLimit)),
        Story(
            "7.2: enabled beats disabled", .buy("usage"), .attach("off"), .attach("loose"),
            .check("messages", 140, .overage), .check("messages", 141, .spendLimit)),
        Story(
            "7.2: the customer's before the plans'", .buy("usage"), .attach("strict"), spend(90),
            .check("messages", 190, .overage), .check("messages", 191, .spendLimit)),
    ]

    private static func overage(_ isEnabled: Bool, of entity: InlineText = .empty) -> Step {
        .set(.overage(Fixture.messages, isEnabled, of: entity))
    }
    private static let free: [Step] = [
        .open(Grant("messages", 100)), .entity("users", "a"),
    ]

    package static let permissions = [
        Story(
            "14.1: allowed on a free 100", after: free, overage(true),
            .check("messages", 500, .overage), .track("messages", 500), .balances([-400])),
        Story(
            "14.1: allowed: rejects nothing", after: free, overage(true),
            .deduct("messages", 500, .overage), .balances([-400])),
        Story(
            "14.1: forbidden on pay-per-use", .buy("usage"), overage(false),
            .check("messages", 100, .included), .check("messages", 101, .insufficientBalance),
            .track("messages", 500), .used("messages", 100)),
        Story(
            "2.6: what has a price takes it alone", .buy("capped20"),
            .open(Grant("messages", 10)), overage(true), .track("messages", 500),
            .balances([-20, 0]), .check("messages", 1, .maxPurchase)),
        Story(
            "2.6: forbidden for free seats", .open(Grant("users", 1)),
            .set(.overage(Fixture.users, false)), .track("users", 5), .balances([0])),
        Story(
            "7.2: the entity's before the customer's", after: free, overage(true),
            overage(false, of: "a"), .check("messages", 101, .overage),
            .check("messages", 101, of: "a", .insufficientBalance)),
        Story(
            "7.2: the customer's before the plans'", after: free, .attach("denies"),
            overage(true), .check("messages", 101, .overage)),
        Story(
            "7.2: of plans, no wins", after: free, .attach("allows"),
            .check("messages", 101, .overage), .attach("denies"),
            .check("messages", 101, .insufficientBalance)),
        Story(
            "7.1: an empty list clears", after: free, overage(true), spend(5), .set(clear),
            .check("messages", 105, .insufficientBalance)),
        Story(
            "7.1: what isn't given stays", after: free, overage(true), spend(5),
            .check("messages", 105, .overage), .check("messages", 106, .spendLimit)),
    ]

    private static var clear: SetControls {
        var set = SetControls()
        set.overagePermissions = []
        return set
    }

    package static let table = StoryTable(
        "Spend limits", pricing, limits, entities, plans, permissions)
}
