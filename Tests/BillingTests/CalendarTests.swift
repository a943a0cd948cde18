import Stories
import Testing

@testable import Billing

/// Entitlements §5.2, correction 3: the dates of a balance's resets, always from its anchor.
@Suite("Calendar") struct CalendarTests {
    @Test("of a loose balance", arguments: CalendarStories.loose)
    func loose(story: Story) throws { try story.run(CalendarStories.pricing) }

    @Test("of a plan's balance", arguments: CalendarStories.plans)
    func plan(story: Story) throws { try story.run(CalendarStories.pricing) }

    @Test("of a reset that was chosen", arguments: CalendarStories.moved)
    func move(story: Story) throws { try story.run(CalendarStories.pricing) }

    @Test("whoever looks at the last reset only sees the same", arguments: CalendarStories.rows)
    func late(row: CalendarStories.Row) throws {
        var desk = Desk(CalendarStories.pricing, at: row.start)
        try desk.open("messages", 100, each: row.cycle)
        var late = desk
        for reset in row.resets {
            try desk.track("messages", 1)
            desk.advance(to: reset)
        }
        late.advance(to: desk.now)
        #expect(late.balance("messages") == desk.balance("messages"))
    }

    @Test("5.3: a rollover's month ends with the month")
    func rollover() throws {
        var desk = Desk(Fixture.pricing(), at: .utc(2027, 12, 31))
        try desk.open(
            "messages", 100, each: Cycle(.month), rollover: Rollover(cap: .none, months: 1))
        desk.advance(to: .utc(2028, 1, 31))
        #expect(desk.customer.allBuckets.last?.expires == .utc(2028, 2, 29))
    }
}
