import Stories
import Testing

@testable import Billing

/// Balances that come with a plan, as `billing.import` says them.
@Suite("Balances with imported plans") struct ImportPartTests {
    private static let pricing = PricingState.sample(
        [.sample("words", .metered), .sample("calls", .metered)],
        [
            .sample(
                "pro", price: "20", .sample("words", 100, each: .month),
                .sample("calls", 10, each: .month), .sample("calls", 50, each: .year)),
            .sample("free", .sample("words", 10, each: .month)),
        ])
    private static let start = Timestamp.utc(2026, 11, 20)

    private static func balance(
        _ feature: String, usage: Quantity? = nil, left: Quantity = 0, each: Interval? = nil
    ) -> ImportedBalance {
        var asked = ImportedBalance(feature: pricing.number(ofFeature: feature))
        asked.plan = pricing.number(ofPlan: "pro")
        asked.part = 0
        asked.granted = usage ?? 0
        asked.remaining = left
        asked.isWhole = usage == nil
        asked.reset = each.map { Cycle($0) }
        asked.isOfAnyCycle = each == nil
        return asked
    }

    private static func customer(_ balances: ImportedBalance...) -> ImportCustomer {
        var asked = ImportCustomer(source: "import:acme")
        var plan = ImportedSubscription(
            source: "import:acme:pro", plan: pricing.number(ofPlan: "pro"), start: start)
        plan.countsPeriods = true
        asked.subscriptions = [plan]
        asked.balances = balances
        return asked
    }

    @Test(
        "usage is taken from the grant, and what is left replaces it; the anchor tells the period")
    func amounts() throws {
        var desk = Desk(Self.pricing)
        try desk.run(
            .importCustomer(
                Self.customer(
                    Self.balance("words", usage: 30), Self.balance("calls", left: 7, each: .year))))
        #expect(desk.balance("words")?.remaining == 70)
        #expect(desk.balance("calls")?.remaining == 17)
        #expect(desk.subscription("pro")?.periodEnd == .utc(2027, 1, 20))
        #expect(desk.customer.account.invoices.isEmpty && desk.customer.openEffect == nil)
    }

    @Test("a plan that is here keeps its balances, one that comes has what is said of it")
    func again() throws {
        var desk = Desk(Self.pricing)
        let asked = Self.customer(Self.balance("words", usage: 30))
        try desk.run(.importCustomer(asked))
        try desk.track("words", 5)
        #expect(try desk.run(.importCustomer(asked)).facts.isEmpty)
        #expect(desk.balance("words")?.remaining == 65)

        // Brought in before without the plan: what comes with the plan still comes.
        var late = Desk(Self.pricing)
        var bare = asked
        (bare.subscriptions, bare.balances) = ([], [])
        try late.run(.importCustomer(bare))
        try late.run(.importCustomer(asked))
        #expect(late.balance("words")?.remaining == 70)
    }

    @Test("of several grants one has to be named, and without an anchor there is no period")
    func refused() throws {
        var desk = Desk(Self.pricing)
        #expect(throws: Refusal.self) {
            try desk.run(.importCustomer(Self.customer(Self.balance("calls", left: 1))))
        }
        var undated = Self.customer()
        undated.subscriptions[0].countsPeriods = false
        #expect(throws: Refusal.self) { try desk.run(.importCustomer(undated)) }
        #expect(desk.customer.subscriptions.isEmpty)
    }
}
