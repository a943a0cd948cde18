import Stories
import Testing

@testable import Billing

/// Time that a test moves passes as time does: each thing at its moment.
@Suite("A test clock") struct TestClockTests {
    private static let features: [Feature] = [
        .sample("messages", .metered), .sample("minutes", .metered), .sample("calls", .metered),
    ]

    private static let start = Timestamp.utc(2027, 1, 31)
    private static let year = Timestamp.utc(2028, 1, 31)

    /// As the repository does with a clock that shows `reading`: what is due, and each charge's
    /// outcome, until nothing is left. Gives the moments at which time stood still.
    private func catchUp(
        _ desk: inout Desk, to reading: Timestamp, _ answer: SettleEffect.Answer = .paid
    ) throws -> [Timestamp] {
        var held: [Timestamp] = []
        for round in 0..<10_000 {
            let (facts, now) = desk.customer.advance(
                steppingTo: reading, pricing: desk.pricing, effectID: "round-\(round)")
            desk.apply(facts)
            desk.now = now
            guard let effect = desk.customer.openEffect else {
                if now == reading { return held }
                continue
            }
            held.append(now)
            let settle = SettleEffect(effectID: effect.id, answer: answer)
            let decision = try desk.customer.decide(
                .settle(settle), pricing: desk.pricing, now: now)
            desk.apply(decision.facts)
        }
        Issue.record("it never ends")
        return held
    }

    private func desk(_ items: PlanItem...) throws -> Desk {
        var plan = Plan.sample("pro", price: "20")
        plan.items = items
        var desk = Desk(.sample(TestClockTests.features, [plan]), at: TestClockTests.start)
        try desk.create()
        try desk.buy("pro")
        return desk
    }

    @Test("a year of a monthly plan: twelve renewals, each paid and dated when it was due")
    func year() throws {
        var desk = try desk(.sample("messages", 100, each: .month))
        let due = (1...12).map { TestClockTests.start.adding(months: $0) }
        #expect(try catchUp(&desk, to: TestClockTests.year) == due)
        #expect(desk.customer.account.invoices.map(\.time) == due)
        #expect(desk.paidTotals == Array(repeating: 2000, count: 12))
        #expect(desk.customer.lastInvoice == 13)
        let subscription = try #require(desk.subscription("pro"))
        #expect(subscription.status == .active)
        #expect(subscription.periodEnd == .utc(2028, 2, 29))
        #expect(desk.customer.buckets.clock == .unmoved)
    }

    @Test("resets happen one by one, and what is left goes over each time")
    func resets() throws {
        let item = PlanItem.sample("messages", 100, each: .month)
            .rolling(Rollover(cap: .none, months: 0))
        var desk = try desk(item)
        _ = try catchUp(&desk, to: TestClockTests.year)
        #expect(desk.balance("messages")?.remaining == 1300)
        let resets = desk.facts.filter { if case .bucketReset = $0 { true } else { false } }
        #expect(resets.count == 12)
    }

    @Test("cycles shorter than a day collapse, and end where they would have")
    func short() throws {
        var desk = try desk(.sample("minutes", 5, each: .minute))
        try desk.track("minutes", 3)
        _ = try catchUp(&desk, to: .utc(2027, 2, 10))
        let resets = desk.facts.filter { if case .bucketReset = $0 { true } else { false } }
        #expect(10...40 ~= resets.count)
        let bucket = desk.customer.buckets[0]
        #expect(bucket.balance == 5 && bucket.nextReset == .utc(2027, 2, 10, 0, 1))
    }

    @Test("a declined renewal is tried again on its days, and then the plan ends")
    func declined() throws {
        var desk = try desk(.sample("messages", 100, each: .month))
        let held = try catchUp(&desk, to: .utc(2027, 4, 1), .declined(code: "card_declined"))
        let days: [Timestamp] = [
            .utc(2027, 2, 28), .utc(2027, 3, 3), .utc(2027, 3, 5), .utc(2027, 3, 7),
        ]
        #expect(held == days)
        #expect(desk.subscription("pro")?.status == .ended)
    }

    @Test("however far: what one record doesn't hold comes with the next")
    func long() throws {
        var plan = Plan.sample("free")
        plan.items = [
            .sample("messages", 100, each: .day), .sample("minutes", 5, each: .minute),
            .sample("calls", 5, each: .hour),
        ]
        var desk = Desk(.sample(TestClockTests.features, [plan]), at: TestClockTests.start)
        try desk.create()
        try desk.attach("free")
        let end = Timestamp.utc(2037, 1, 30)
        let (facts, now) = desk.customer.advance(
            steppingTo: end, pricing: desk.pricing, effectID: "x")
        #expect(facts.count <= 4_010 && now < end)
        desk.apply(facts)
        #expect(desk.customer.buckets.clock.held == now)
        // It is due at once, so that whoever comes by goes on.
        #expect(desk.customer.nextDue == now)
        _ = try catchUp(&desk, to: end)
        #expect(desk.customer.buckets.clock == .unmoved)
        #expect(desk.customer.nextDue > end)
    }

    @Test("while a charge is open, time stands still for everybody")
    func held() throws {
        var desk = try desk(.sample("messages", 100, each: .day))
        let (facts, now) = desk.customer.advance(
            steppingTo: TestClockTests.year, pricing: desk.pricing, effectID: "x")
        desk.apply(facts)
        #expect(now == .utc(2027, 2, 28))
        #expect(desk.customer.buckets.clock.time(at: TestClockTests.year) == now)
        let again = desk.customer.advance(
            steppingTo: TestClockTests.year, pricing: desk.pricing, effectID: "y")
        #expect(again.facts.isEmpty && again.now == now)
    }

    struct Row: RuleRow {
        let rule: String
        let move: ClockMove
        /// nil: refused.
        let target: Timestamp?

        init(_ rule: String, _ move: ClockMove, _ target: Timestamp?) {
            self.rule = rule
            self.move = move
            self.target = target
        }
    }

    static let moves = [
        Row("to a time", .to(.utc(2027, 3, 1)), .utc(2027, 3, 1)),
        Row("by a span", .by(86_400_000), .utc(2027, 2, 1)),
        Row("nowhere", .to(start), start),
        Row("back", .to(.utc(2027, 1, 30)), nil),
        Row("ten years", .by(TestClock.longestMove), start.adding(milliseconds: 315_619_200_000)),
        Row("more than ten years", .by(TestClock.longestMove + 1), nil),
        Row("more than ten years, to a time", .to(.utc(2037, 2, 28)), nil),
    ]

    @Test("is moved forwards, and not too far", arguments: moves)
    func move(row: Row) throws {
        var desk = try desk(.sample("messages", 100, each: .month))
        let before = desk.customer.buckets.clock
        guard let target = row.target else {
            #expect(throws: Refusal.self) { try desk.run(.moveClock(row.move)) }
            #expect(desk.customer.buckets.clock == before)
            return
        }
        let decision = try desk.run(.moveClock(row.move))
        #expect(decision.reply == .clock(target))
        #expect(desk.customer.buckets.clock.reading(at: desk.now) == target)
    }

    @Test("usage says when it was; what says so already stays")
    func dated() {
        let feature = FeatureNumber(rawValue: 1)
        let now = Timestamp.utc(2027, 5, 1)
        let plain = Fact.usageRecorded(feature: feature, value: 1)
        let dated = Fact.usageRecorded(
            feature: feature, value: 1, label: EventLabel(time: now, properties: []))
        #expect(plain.dated(at: now) == dated)
        #expect(dated.dated(at: .utc(2027, 6, 1)) == dated)
        #expect(Fact.holdClosed(id: "h").dated(at: now) == .holdClosed(id: "h"))
    }
}
