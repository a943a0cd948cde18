package import Billing

/// Entitlements §5.1 and §5.2: what resets, when, and to what.
package enum ResetStories {
    package static let pricing = Fixture.pricing(
        .sample("free", .sample("messages", 100, each: .month), .sample("users", 3)),
        .sample("pro", price: "20", .sample("messages", 100, each: .month)),
        .sample("usage", .sample("messages", 100, each: .month, price: "0.1")),
        .sample("unlimited", .sample("messages", unlimited: true)),
        .sample("each", .sample("messages", 100, each: .month).forEach("users")),
        .sample("three", .sample("messages", 100, each: .day, count: 3)),
        .sample("each_usage", .sample("messages", 10, each: .month, price: "0.1").forEach("users")))

    private static let monthly = Step.open(Grant("messages", 100, each: .month))
    private static let feb = Step.advance(to: .utc(2027, 2, 10))

    package static let rules = [
        Story(
            "5.1: to what is granted", monthly, .track("messages", 70), feb, .balances([100]),
            .used("messages", 0)),
        Story(
            "5.1: not a moment sooner", monthly, .track("messages", 70),
            .advance(to: Timestamp.utc(2027, 2, 10).adding(milliseconds: -1)), .balances([30]),
            feb, .balances([100])),
        Story(
            "5.1: five tracks of 10 on what is due", monthly, .track("messages", 70), feb,
            .track("messages", 10), .track("messages", 10), .track("messages", 10),
            .track("messages", 10), .track("messages", 10), .balances([50])),
        Story(
            "5.1: a command sees what was due before it", monthly, .track("messages", 70),
            .advance(to: .utc(2027, 1, 20)), .check("messages", 31, .insufficientBalance),
            .advance(to: .utc(2027, 3, 1)), .check("messages", 100, .included)),
        Story(
            "5.1: overage goes without the setting", monthly, .track("messages", 200, .overflow),
            .balances([-100]), feb, .balances([100])),
        Story(
            "5.1: an adjustment ends", monthly, .update(Pick("messages"), granted: 150),
            .granted("messages", 150), .left("messages", 150), feb, .granted("messages", 100),
            .balances([100])),
        Story(
            "5.1: what was added ends", monthly, .update(Pick("messages"), .added(50)),
            .balances([150]), feb, .balances([100])),
        Story(
            "5.1: lifetime never", .open(Grant("messages", 100)), .track("messages", 70),
            .advance(to: .utc(2030, 1, 1)), .balances([30])),
        Story(
            "5.1: unlimited never", .attach("unlimited"), .track("messages", 70),
            .advance(to: .utc(2030, 1, 1)), .balances([-70])),
        Story(
            "5.1: allocated never", .attach("free"), .track("users", 2),
            .advance(to: .utc(2030, 1, 1)), .balances([100, 1])),
        Story(
            "5.1: each slice", .entity("users", "a"), .entity("users", "b"), .attach("each"),
            .track("messages", 30, of: "a"), .track("messages", 90, of: "b"), feb,
            .slices([100], of: "a"), .slices([100], of: "b")),
        Story(
            "5.2: an entity that comes later resets with the others", .attach("each"),
            .advance(to: .utc(2027, 1, 20)), .entity("users", "a"),
            .reset("messages", at: .utc(2027, 2, 10), of: "a"),
            .track("messages", 30, of: "a"), feb, .slices([100], of: "a")),
        Story(
            "5.2: missed cycles are one reset", monthly, .track("messages", 70),
            .advance(to: .utc(2027, 8, 1)), .balances([100]),
            .reset("messages", at: .utc(2027, 8, 10))),
        Story(
            "5.2: the count multiplies", .attach("three"),
            .reset("messages", at: .utc(2027, 1, 13)), .track("messages", 5),
            .advance(to: .utc(2027, 1, 12)), .balances([95]), .advance(to: .utc(2027, 1, 13)),
            .balances([100]), .reset("messages", at: .utc(2027, 1, 16))),
        Story(
            "5.2: the earliest is shown", monthly, .open(Grant("messages", 5, each: .week)),
            .open(Grant("messages", 5)), .reset("messages", at: .utc(2027, 1, 17))),
        Story(
            "1.3: expired at its moment", .open(Grant("messages", 5, expires: .utc(2027, 1, 20))),
            .advance(to: Timestamp.utc(2027, 1, 20).adding(milliseconds: -1)),
            .left("messages", 5), .advance(to: .utc(2027, 1, 20)), .left("messages", nil),
            .check("messages", 1, .notIncluded)),
        Story(
            "5.1: pay-per-use resets with its invoice", .buy("usage"), .track("messages", 90), feb,
            .balances([100])),
        Story(
            "5.1: slices of pay-per-use too", .entity("users", "a"), .buy("each_usage"),
            .track("messages", 10, of: "a"), feb, .slices([10], of: "a"),
            .reset("messages", at: .utc(2027, 3, 10), of: "a")),
    ]

    private static let keptPricing: PricingState = {
        var draft = PricingDraft(currency: "usd", features: Fixture.features, plans: [])
        draft.settings = PricingSettings()
        draft.settings?.keepsFreeOverage = true
        return PricingState.empty.publishing(draft)
    }()

    private static let kept = [
        (overdrawn: -100, next: 0), (-75, 25), (-200, -100), (0, 100), (30, 100),
    ].map { (overdrawn: Quantity, next: Quantity) in
        Story(
            "5.1: free overage is kept, by setting", monthly,
            .track("messages", 100 - overdrawn, .overflow), feb, .balances([next]))
    }

    private static let paid = [
        Story(
            "5.1: each cycle pays for what is kept, looked at or not", monthly,
            .track("messages", 450, .overflow), .advance(to: .utc(2027, 3, 10)),
            .balances([-150]), .advance(to: .utc(2027, 6, 1)), .balances([50])),
        Story(
            "5.1: what is kept, looked at only once", monthly,
            .track("messages", 450, .overflow), .advance(to: .utc(2027, 5, 9)),
            .balances([-50])),
    ]

    package static let keptTable = StoryTable("Free overage is kept", keptPricing, kept, paid)

    package static let table = StoryTable("Resets", pricing, rules)
}
