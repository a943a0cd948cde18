import Stories
import Testing

@testable import Billing

/// What another system ran comes in as it stands, once, and each period is charged by one of both.
@Suite("Imports") struct ImportTests {
    private static let pricing = PricingState.sample(
        [.sample("words", .metered), .sample("seats", .allocated)],
        [
            .sample("free", .sample("words", 10, each: .month)),
            .sample("pro", price: "20", .sample("words", 100, each: .month)),
            .sample("max", price: "50", .sample("words", 500, each: .month)),
        ])
    private static let card = PaymentMethod(token: "pm_1", brand: "visa", last4: "4242")
    /// A month from the 20th is under way on the 10th of January 2027.
    private static let start = Timestamp.utc(2026, 11, 20)
    private static let end = Timestamp.utc(2027, 1, 20)

    private static func subscription(
        _ plan: String = "pro", _ source: String = "sub_1", takesOver: Bool = true
    ) -> ImportedSubscription {
        var asked = ImportedSubscription(
            source: source, plan: pricing.number(ofPlan: plan), start: start)
        asked.periodEnd = end
        asked.takesOver = takesOver
        return asked
    }

    private static func customer(_ subscriptions: ImportedSubscription...) -> ImportCustomer {
        var asked = ImportCustomer(source: "cus_1")
        asked.payer = "cus_1"
        asked.method = card
        asked.subscriptions = subscriptions
        return asked
    }

    private static func check(_ desk: Desk) {
        var replayed = CustomerState(id: "customer")
        replayed.apply(desk.facts)
        #expect(StateView(replayed) == StateView(desk.customer))
    }

    private static func told(_ desk: inout Desk, _ start: Timestamp, _ end: Timestamp) throws {
        try desk.run(
            .settleTakeover(SettleTakeover(source: "sub_1", .ends(period: start..<end))))
    }

    @Test("where it is billed comes with it, unless somebody has said, and once")
    func address() throws {
        var (germany, france) = (PostalAddress(), PostalAddress())
        (germany.country, france.country) = ("DE", "FR")
        var asked = Self.customer(Self.subscription())
        asked.address = germany
        var desk = Desk(Self.pricing)
        try desk.run(.importCustomer(asked))
        #expect(desk.customer.account.address == germany)
        asked.address = france
        try desk.run(.importCustomer(asked))
        #expect(desk.customer.account.address == germany)
        var other = Desk(Self.pricing)
        try other.create()
        try other.move(to: "FR")
        asked.address = germany
        try other.run(.importCustomer(asked))
        #expect(other.customer.account.address == france)
        Self.check(desk)
        Self.check(other)
    }

    @Test("a subscription goes on where it stands, and a second time nothing changes")
    func twice() throws {
        var desk = Desk(Self.pricing)
        let asked = Self.customer(Self.subscription())
        let first = try desk.run(.importCustomer(asked))
        let held = try #require(desk.customer.subscriptions.first)
        #expect(held.periodEnd == Self.end && held.anchor == Self.start && held.status == .active)
        #expect(held.periodStart == .utc(2026, 12, 20))
        #expect(desk.customer.account.payer == "cus_1")
        #expect(desk.customer.account.method == Self.card)
        guard case .imported(let reply) = first.reply else { return #expect(Bool(false)) }
        #expect(reply.isCreated && reply.isChanged && reply.parts[0].renewal?.minorUnits == 2000)
        #expect(reply.parts[0].state == .pending && reply.state == .pending)
        let again = try desk.run(.importCustomer(asked))
        guard case .imported(let second) = again.reply else { return #expect(Bool(false)) }
        #expect(again.facts.isEmpty && !second.isChanged && second.parts[0].isUnchanged)
        #expect(second.parts[0].number == held.number)
        Self.check(desk)
    }

    @Test("until the provider has said that it ends there, nothing is charged")
    func heldBack() throws {
        var desk = Desk(Self.pricing)
        try desk.run(.importCustomer(Self.customer(Self.subscription())))
        desk.advance(to: .utc(2027, 1, 25))
        #expect(
            desk.customer.openEffect == nil && desk.customer.subscriptions[0].periodEnd == Self.end)
        // It was told in time, and the answer comes late.
        try Self.told(&desk, .utc(2026, 12, 20), Self.end)
        desk.advance(to: .utc(2027, 1, 25))
        let effect = try #require(desk.customer.openEffect)
        #expect(effect.order.due.minorUnits == 2000 && effect.order.time == Self.end)
        try desk.run(.settle(SettleEffect(effectID: effect.id, answer: .paid)))
        #expect(desk.customer.subscriptions[0].periodEnd == .utc(2027, 2, 20))
        Self.check(desk)
    }

    @Test("a period that was renewed there meanwhile is paid for")
    func renewedThere() throws {
        var desk = Desk(Self.pricing)
        var asked = Self.subscription()
        var once = HeldDiscount(couponID: "half", .percentage(Quantity(units: 50)))
        once.once = true
        asked.discounts = [once]
        try desk.run(.importCustomer(Self.customer(asked)))
        desk.advance(to: .utc(2027, 1, 25))
        try Self.told(&desk, Self.end, .utc(2027, 2, 20))
        #expect(desk.customer.openEffect == nil)
        #expect(desk.customer.subscriptions[0].discounts.isEmpty)
        desk.advance(to: .utc(2027, 2, 20))
        #expect(desk.customer.openEffect?.order.due.minorUnits == 2000)
        Self.check(desk)
    }

    @Test("what was ended there before it was told ends here")
    func ended() throws {
        var desk = Desk(Self.pricing)
        try desk.run(.importCustomer(Self.customer(Self.subscription())))
        for _ in 0..<2 {
            try desk.run(.settleTakeover(SettleTakeover(source: "sub_1", .ended)))
        }
        #expect(desk.customer.subscriptions[0].status == .ended)
        desk.advance(to: .utc(2027, 3, 1))
        #expect(desk.customer.account.invoices.isEmpty && desk.customer.openEffect == nil)
        Self.check(desk)
    }

    @Test("what was cancelled there ends with its period, uncharged")
    func canceled() throws {
        var desk = Desk(Self.pricing)
        var asked = Self.subscription()
        asked.canceled = .utc(2027, 1, 5)
        try desk.run(.importCustomer(Self.customer(asked)))
        #expect(desk.customer.account.takeover("sub_1")?.status == .done)
        #expect(desk.customer.subscriptions[0].status == .canceling)
        desk.advance(to: Self.end)
        #expect(desk.customer.subscriptions[0].status == .ended)
        #expect(desk.customer.openEffect == nil && desk.customer.account.invoices.isEmpty)
        Self.check(desk)
    }

    @Test("a trial that runs ends when it would have, and past due stays so")
    func states() throws {
        var desk = Desk(Self.pricing)
        var trial = Self.subscription()
        trial.trialEnd = .utc(2027, 1, 15)
        (trial.periodEnd, trial.anchor) = (trial.trialEnd, trial.trialEnd)
        try desk.run(.importCustomer(Self.customer(trial)))
        try Self.told(&desk, Self.start, .utc(2027, 1, 15))
        desk.advance(to: .utc(2027, 1, 15))
        #expect(desk.customer.openEffect?.order.due.minorUnits == 2000)
        var other = Desk(Self.pricing)
        var late = Self.subscription()
        late.isPastDue = true
        try other.run(.importCustomer(Self.customer(late)))
        try Self.told(&other, .utc(2026, 12, 20), Self.end)
        #expect(other.customer.subscriptions[0].status == .pastDue)
        other.advance(to: Self.end)
        let effect = try #require(other.customer.openEffect)
        try other.run(.settle(SettleEffect(effectID: effect.id, answer: .paid)))
        #expect(other.customer.subscriptions[0].status == .active)
        Self.check(other)
    }

    @Test(
        "what can't be had is refused with its place, and nothing of it comes",
        arguments: [
            ("pro", Timestamp.utc(2027, 1, 21), "subscriptions[0].period_end_time"),
            ("pro", Timestamp.utc(2026, 12, 20), "subscriptions[0].period_end_time"),
            ("free", Self.end, "subscriptions[0].period_end_time"),
        ])
    func refused(plan: String, end: Timestamp, path: String) throws {
        var desk = Desk(Self.pricing)
        var asked = Self.subscription(plan)
        asked.periodEnd = end
        #expect {
            try desk.run(.importCustomer(Self.customer(asked)))
        } throws: { error in
            guard case .invalid(let violations)? = error as? Refusal else { return false }
            return violations.map(\.path) == [path]
        }
        #expect(desk.facts.isEmpty)
    }

    @Test("of two main plans the second is refused, a free one makes room")
    func beside() throws {
        var desk = Desk(Self.pricing)
        var free = ImportedSubscription(
            source: "old:1", plan: Self.pricing.number(ofPlan: "free"), start: Self.start)
        free.anchor = Self.start
        var first = ImportCustomer(source: "old")
        first.subscriptions = [free]
        try desk.run(.importCustomer(first))
        try desk.run(.importCustomer(Self.customer(Self.subscription())))
        #expect(desk.customer.subscriptions.map(\.status) == [.ended, .active])
        #expect(throws: Refusal.self) {
            try desk.run(.importCustomer(Self.customer(Self.subscription("max", "sub_2"))))
        }
        Self.check(desk)
    }

    @Test("somebody comes before there is anything to buy")
    func emptyCatalog() throws {
        var desk = Desk(.empty)
        var asked = ImportCustomer(source: "cus_1")
        asked.currency = Currency(code: "eur")
        asked.payer = "cus_1"
        try desk.run(.importCustomer(asked))
        #expect(desk.customer.account.payer == "cus_1" && desk.customer.subscriptions.isEmpty)
        Self.check(desk)
    }

    @Test("balances stand as they did, trials that were had are had")
    func balances() throws {
        var desk = Desk(Self.pricing)
        var asked = Self.customer(Self.subscription())
        asked.triedPlans = [Self.pricing.number(ofPlan: "max")]
        let words = try #require(Self.pricing.feature(id: "words"))
        var granted = ImportedBalance(feature: words)
        (granted.plan, granted.reset) = (Self.pricing.number(ofPlan: "pro"), Cycle(.month))
        (granted.granted, granted.remaining) = (Quantity(units: 100), Quantity(units: 30))
        granted.nextReset = .utc(2027, 1, 20)
        var loose = ImportedBalance(feature: words)
        (loose.granted, loose.remaining) = (Quantity(units: 50), Quantity(units: 7))
        loose.expires = .utc(2027, 6, 1)
        asked.balances = [granted, loose]
        try desk.run(.importCustomer(asked))
        #expect(
            desk.customer.allBuckets.map(\.balance) == [Quantity(units: 30), Quantity(units: 7)])
        #expect(
            desk.customer.allBuckets.map(\.granted) == [Quantity(units: 100), Quantity(units: 50)])
        #expect(desk.customer.allBuckets[0].nextReset == .utc(2027, 1, 20))
        #expect(desk.customer.account.trials.map(\.plan) == asked.triedPlans)
        #expect(try desk.run(.importCustomer(asked)).facts.isEmpty)
        Self.check(desk)
    }
}
