import Stories
import Testing

@testable import Billing

/// Entitlements §7.5: packs that are bought when little is left.
@Suite("Top-ups") struct TopUpTests {
    @Test("§7.5", arguments: TopUpStories.table.stories)
    func tell(story: Story) throws { try story.run(TopUpStories.table.pricing) }

    private static let minute: Int64 = 60_000

    /// 100 messages, of which 20 are little.
    private func desk(
        _ topUp: AutoTopUp = TopUpStories.low(), _ plan: String = "pro"
    ) throws -> Desk {
        var desk = Desk(TopUpStories.pricing)
        desk.saveMethod()
        try desk.perform(.purchase(Purchase(plan, ["messages": 100])), "purchase")
        try desk.set(.topUps(topUp))
        return desk
    }

    @Test("a burst makes one charge, and what is used meanwhile is used")
    func burst() throws {
        var desk = try desk()
        for _ in 0..<50 { try desk.track("messages", 2) }
        #expect(desk.customer.openEffect?.order.due.minorUnits == 1000)
        #expect(desk.remaining("messages") == 0)
        try desk.settle(.paid)
        #expect(desk.remaining("messages") == 100)
        #expect(desk.paidTotals == [3000, 1000])
        #expect(desk.customer.openEffect == nil)
    }

    @Test("told again that it is paid, nothing happens")
    func paidTwice() throws {
        var desk = try desk()
        try desk.track("messages", 85)
        let id = try #require(desk.customer.openEffect?.id)
        try desk.settle(.paid)
        let before = StateView(desk.customer)
        try desk.run(.settle(SettleEffect(effectID: id, answer: .paid)))
        try desk.run(.settle(SettleEffect(effectID: id, answer: .declined(code: "late"))))
        #expect(StateView(desk.customer) == before)
    }

    @Test("without a card nothing is tried")
    func noCard() throws {
        var desk = Desk(TopUpStories.pricing)
        desk.apply([
            .creditChanged(
                Money(minorUnits: 100_000, currency: TopUpStories.pricing.requiredCurrency))
        ])
        try desk.perform(.attach("pro"), "attach")
        try desk.perform(.open(Grant("messages", 100)), "grant")
        try desk.set(.topUps(TopUpStories.low()))
        try desk.track("messages", 90)
        #expect(desk.remaining("messages") == 10)
        #expect(desk.customer.buckets.extras.topUps.isEmpty)
    }

    @Test("also by a track that is refused")
    func refused() throws {
        var desk = try desk(TopUpStories.low(enabled: false))
        try desk.track("messages", 85)
        try desk.set(.topUps(TopUpStories.low()))
        #expect(throws: Refusal.self) { try desk.track("messages", 30, .reject) }
        #expect(desk.remaining("messages") == 15)
        try desk.settle(.paid)
        #expect(desk.remaining("messages") == 115)
    }

    @Test("out of credit at once, without asking anybody")
    func credit() throws {
        var desk = try desk()
        desk.apply([
            .creditChanged(Money(minorUnits: 1500, currency: TopUpStories.pricing.requiredCurrency))
        ])
        try desk.track("messages", 85)
        #expect(desk.remaining("messages") == 115)
        #expect(desk.paidTotals == [3000, 1000])
        #expect(desk.customer.account.credit?.minorUnits == 500)
        try desk.track("messages", 100)
        #expect(desk.customer.openEffect?.order.due.minorUnits == 500)
    }

    @Test("declined: as it was, told, and an hour's rest; three times: until there is another card")
    func declined() throws {
        var desk = try desk()
        let words = ["failed 100 card_declined", "failed 100 card_declined"]
        for round in 1...3 {
            try desk.track("messages", round == 1 ? 85 : 1)
            try desk.settle(.declined(code: "card_declined"))
            #expect(desk.remaining("messages") == Quantity(units: 16 - round))
            #expect(desk.customer.account.debts.isEmpty)
            #expect(desk.subscription("pro")?.status == .active)
            #expect(desk.customer.account.invoices.last?.status == .uncollectible)
            desk.advance(to: desk.now.adding(milliseconds: 59 * Self.minute))
            try desk.track("messages", 0)
            #expect(desk.customer.openEffect == nil, "an hour isn't over")
            desk.advance(to: desk.now.adding(milliseconds: Self.minute))
        }
        #expect(desk.notices.map(\.words) == words + ["suspended 100 card_declined"])
        desk.advance(to: desk.now.adding(milliseconds: 30 * 24 * 60 * Self.minute))
        // The renewal goes on as ever.
        if desk.customer.openEffect != nil { try desk.settle(.paid) }
        try desk.track("messages", 1)
        #expect(desk.customer.openEffect == nil, "suspended")
        #expect(desk.customer.buckets.extras.topUps.map(\.isSuspended) == [true])
        try desk.run(.saveMethod(Desk.visa))
        #expect(desk.customer.buckets.extras.topUps.map(\.isSuspended) == [false])
        try desk.track("messages", 1)
        try desk.settle(.paid)
        #expect(desk.remaining("messages") == 111)
    }

    @Test("one that is paid makes the failures before it good")
    func consecutive() throws {
        var desk = try desk()
        try desk.track("messages", 85)
        for round in 1...6 {
            let isPaid = round % 3 == 0
            try desk.settle(isPaid ? .paid : .declined(code: "insufficient_funds"))
            desk.advance(to: desk.now.adding(milliseconds: 60 * Self.minute))
            try desk.track("messages", isPaid ? 100 : 1)
        }
        #expect(desk.customer.openEffect != nil)
        #expect(desk.paidTotals == [3000, 1000, 1000])
    }

    @Test("while something else is charged it waits for the next use")
    func otherCharge() throws {
        var desk = try desk()
        desk.advance(to: try #require(desk.subscription("pro")?.periodEnd))
        #expect(desk.customer.openEffect?.order.purpose == .renewal)
        try desk.track("messages", 85)
        #expect(desk.customer.account.effects.count == 1)
        try desk.settle(.paid)
        try desk.track("messages", 1)
        #expect(desk.customer.openEffect?.order.purpose == .topUp)
    }

    @Test("a page that sells a change of the same plan is closed when it is paid, no sooner")
    func openPage() throws {
        var desk = try desk()
        try desk.track("messages", 85)
        #expect(throws: Refusal.purchaseInProgress) {
            var change = ChangeSubscription(effectID: "other")
            change.quantities = [AskedUnits(feature: Fixture.messages, total: 100)]
            try desk.run(.changeSubscription(change))
        }
        let order = try #require(desk.customer.openEffect?.order)
        var stale = order
        stale.purpose = .change
        desk.apply([.checkoutOpened(Checkout(session: "page", url: "", order: stale))])
        try desk.settle(.paid)
        #expect(desk.customer.account.checkout == nil)
        #expect(desk.subscription("pro")?.units(of: Fixture.messages) == 200)
    }

    @Test("what is paid is there, though the plan has ended meanwhile")
    func ended() throws {
        var desk = try desk()
        try desk.track("messages", 85)
        var ended = try #require(desk.subscription("pro"))
        ended.status = .ended
        desk.apply([.subscriptionChanged(ended)])
        for bucket in desk.customer.allBuckets {
            desk.apply([.bucketClosed(bucket: bucket.number)])
        }
        try desk.settle(.paid)
        #expect(desk.remaining("messages") == 100)
        #expect(desk.paidTotals == [3000, 1000])
    }

    @Test("a simulated plan tops up as well")
    func simulated() throws {
        let pricing = TopUpStories.pricing
        var simulation = try PlanSimulation(
            of: "s", on: pricing.number(ofPlan: "topping"),
            quantities: [AskedUnits(feature: Fixture.messages, total: 100)], pricing: pricing,
            at: .utc(2027, 1, 10))
        simulation.use(Fixture.messages, 85, by: .empty, [])
        simulation.use(Fixture.messages, 50, by: .empty, [])
        #expect(simulation.invoices.map(\.total.minorUnits) == [3000, 1000])
        #expect(simulation.cuts.isEmpty)
    }

    @Test("it costs what asking for as much more costs, to the line")
    func samePrice() throws {
        let usd = TopUpStories.pricing.requiredCurrency
        let discounts: [[HeldDiscount]] = [
            [], [HeldDiscount(couponID: "part", .percentage(33))],
            [HeldDiscount(couponID: "all", .percentage(100))],
            [HeldDiscount(couponID: "credits", .credits(Money(minorUnits: 1250, currency: usd)))],
        ]
        for plan in ["pro", "thousands", "monthly", "metered", "cheap"] {
            for units in [1, 99, 100, 101, 1234] as [Quantity] {
                for held in discounts { try compare(plan, units, held) }
            }
        }
    }

    private func compare(
        _ plan: String, _ units: Quantity, _ discounts: [HeldDiscount]
    ) throws {
        var manual = try desk(TopUpStories.low(enabled: false), plan)
        var automatic = try desk(TopUpStories.low(10_000, quantity: units), plan)
        manual.apply([.discountsSet(discounts)])
        automatic.apply([.discountsSet(discounts)])
        try manual.track("messages", 1)
        try manual.perform(.change(Change(["messages": units])), "\(plan) \(units)")
        try automatic.track("messages", 1)
        if automatic.customer.openEffect != nil { try automatic.settle(.paid) }
        let comment: Comment = "\(plan), \(units), \(discounts.map(\.couponID))"
        #expect(automatic.invoices == manual.invoices, comment)
        #expect(automatic.customer.account.credit == manual.customer.account.credit, comment)
        #expect(automatic.customer.account.discounts == manual.customer.account.discounts, comment)
        #expect(automatic.customer.allBuckets == manual.customer.allBuckets, comment)
        #expect(automatic.customer.subscriptions == manual.customer.subscriptions, comment)
    }
}

extension Desk {
    /// Without the names of payments.
    fileprivate var invoices: [Invoice] {
        customer.account.invoices.map { invoice in
            var invoice = invoice
            invoice.payment = ""
            return invoice
        }
    }
}
