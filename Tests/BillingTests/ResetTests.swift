import Stories
import Testing

@testable import Billing

/// Entitlements §5.1 and §5.2: what resets, when, and to what.
@Suite("Resets") struct ResetTests {
    @Test("what resets", arguments: ResetStories.rules)
    func rule(story: Story) throws { try story.run(ResetStories.pricing) }

    @Test("5.1: free overage is kept, by setting", arguments: ResetStories.keptTable.stories)
    func keep(story: Story) throws { try story.run(ResetStories.keptTable.pricing) }

    @Test("5.1: what is looked at five times resets once")
    func once() throws {
        var desk = Desk(ResetStories.pricing)
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
        var desk = Desk(ResetStories.pricing)
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
        var desk = Desk(ResetStories.pricing)
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
