import Testing

@testable import Billing

/// Entitlements §5.1 and §5.2: what resets, when, and to what.
@Suite("Resets") struct ResetTests {
    static let pricing = Fixture.pricing(
        .sample("free", .sample("messages", 100, each: .month), .sample("users", 3)),
        .sample("pro", price: "20", .sample("messages", 100, each: .month)),
        .sample("usage", .sample("messages", 100, each: .month, price: "0.1")),
        .sample("unlimited", .sample("messages", unlimited: true)),
        .sample("each", .sample("messages", 100, each: .month).forEach("users")),
        .sample("three", .sample("messages", 100, each: .day, count: 3)),
        .sample("each_usage", .sample("messages", 10, each: .month, price: "0.1").forEach("users")))

    private static let monthly = Step.open(Grant("messages", 100, each: .month))
    private static let feb = Step.advance(to: .utc(2027, 2, 10))

    static let rules = [
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

    @Test("what resets", arguments: rules)
    func rule(story: Story) throws { try story.run(ResetTests.pricing) }

    static let kept: [(overdrawn: Quantity, next: Quantity)] = [
        (-100, 0), (-75, 25), (-200, -100), (0, 100), (30, 100),
    ]

    @Test("5.1: free overage is kept, by setting", arguments: kept)
    func keep(overdrawn: Quantity, next: Quantity) throws {
        var draft = PricingDraft(currency: "usd", features: Fixture.features, plans: [])
        draft.settings = PricingSettings()
        draft.settings?.keepsFreeOverage = true
        try Story(
            "5.1", ResetTests.monthly, .track("messages", 100 - overdrawn, .overflow),
            ResetTests.feb, .balances([next])
        ).run(PricingState.empty.publishing(draft))
    }

    @Test("5.1: what is looked at five times resets once")
    func once() throws {
        var desk = Desk(ResetTests.pricing)
        try desk.open(
            "messages", 100, each: Cycle(.month), rollover: Rollover(cap: .none, months: 0))
        desk.now = .utc(2027, 2, 10)
        for _ in 0..<5 { desk.advance(to: desk.now) }
        let resets = desk.facts.filter { if case .bucketReset = $0 { true } else { false } }
        #expect(resets.count == 1)
        #expect(desk.customer.buckets.count == 2)
    }

    @Test("5.1: past due: nothing is granted anew until it is paid")
    func pastDue() throws {
        var desk = Desk(ResetTests.pricing)
        try desk.buy("pro")
        desk.advance(to: .utc(2027, 2, 10))
        try desk.settle(.declined(code: "card_declined"))
        #expect(desk.subscription("pro")?.status == .pastDue)
        try desk.track("messages", 70)
        #expect(desk.check("messages", 30).allowed)
        desk.advance(to: .utc(2027, 3, 10))
        #expect(desk.remaining("messages") == 30)
        try desk.settle(.paid)
        #expect(desk.subscription("pro")?.status == .active)
        desk.advance(to: desk.now)
        #expect(desk.remaining("messages") == 100)
        #expect(desk.balance("messages")?.nextReset == .utc(2027, 4, 10))
    }

    @Test("5.1: overage of slices is billed once, together")
    func sliceOverage() throws {
        var desk = Desk(ResetTests.pricing)
        try desk.entity("a", "users")
        try desk.entity("b", "users")
        try desk.buy("each_usage")
        try desk.track("messages", 40, of: "a")
        try desk.track("messages", 25, of: "b")
        desk.advance(to: .utc(2027, 2, 10))
        try desk.settle(.paid)
        #expect(desk.paidTotals == [450])
        #expect(try desk.balance("messages", of: "a")?.remaining == 10)
        desk.advance(to: .utc(2027, 3, 10))
        #expect(desk.paidTotals == [450])
    }
}
