import Stories
import Testing

@testable import Billing

/// Entitlements §5.3.
@Suite("Rollovers") struct RolloverTests {
    @Test("numbers", arguments: RolloverStories.numbers)
    func number(story: Story) throws { try story.run(RolloverStories.pricing) }

    @Test("rules", arguments: RolloverStories.rules)
    func rule(story: Story) throws { try story.run(RolloverStories.pricing) }

    @Test("what is refused", arguments: RolloverStories.refused)
    func refuse(story: Story) throws { try story.run(RolloverStories.pricing) }

    private static func desk(_ cap: Rollover.Cap, months: UInt32) throws -> Desk {
        let rolling = { (item: PlanItem) in
            item.rolling(Rollover(cap: cap, months: months))
        }
        let pricing = Fixture.pricing(
            .sample(
                "fast", rolling(.sample("messages", 10, each: .minute)),
                rolling(.sample("words", 3, each: .minute))),
            .sample("other", addOn: true, rolling(.sample("messages", 5, each: .minute))))
        var desk = Desk(pricing)
        try desk.attach("fast")
        try desk.track("messages", 4)
        return desk
    }

    @Test("§5.2: a year of missed minutes costs little")
    func bounded() throws {
        var desk = try RolloverTests.desk(.units(25), months: 1)
        let facts = desk.advance(to: .utc(2028, 1, 10))
        #expect(facts.count < 100)
        #expect(desk.balance("messages")?.remaining == 35)
        #expect(desk.balance("words")?.remaining == 28)
        // Each of both opened one a minute.
        #expect(desk.customer.lastBucket == 2 + 2 * 365 * 24 * 60)
    }

    @Test("§5.2: missed minutes are as if somebody had looked each time", arguments: [0, 1])
    func stepwise(months: UInt32) throws {
        // Around the end of a month, when what goes over later may lapse sooner.
        var watched = try RolloverTests.desk(.units(25), months: months)
        watched.advance(to: watched.now.adding(milliseconds: 1_000))
        try watched.attach("other")
        watched.advance(to: .utc(2027, 1, 28))
        var unwatched = watched
        for _ in 0..<(5 * 24 * 12) {
            watched.advance(to: watched.now.adding(milliseconds: 300_000))
        }
        unwatched.advance(to: watched.now)
        #expect(StateView(watched.customer) == StateView(unwatched.customer))
    }

    @Test("§5.2: a year of missed minutes at different moments, without a cap, costs little too")
    func boundedApart() throws {
        var desk = try RolloverTests.desk(.none, months: 0)
        desk.advance(to: desk.now.adding(milliseconds: 1_000))
        try desk.attach("other")
        let facts = desk.advance(to: .utc(2028, 1, 10))
        #expect(facts.count < 10_000)
        #expect(desk.customer.nextDue > desk.now)
        #expect(desk.customer.lastBucket == 3 + 3 * 365 * 24 * 60 - 1)
    }
}
