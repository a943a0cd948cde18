import Stories
import Testing

@testable import Billing

/// Entitlements §7.1 to §7.3, corrections 4: usage limits and their windows.
@Suite("Usage limits") struct UsageLimitTests {
    @Test("numbers", arguments: UsageLimitStories.numbers)
    func number(story: Story) throws { try story.run(UsageLimitStories.pricing) }

    @Test("windows", arguments: UsageLimitStories.windows)
    func window(story: Story) throws { try story.run(UsageLimitStories.pricing) }

    @Test("whose limit counts", arguments: UsageLimitStories.levels)
    func level(story: Story) throws { try story.run(UsageLimitStories.pricing) }

    @Test("holds", arguments: UsageLimitStories.holds)
    func hold(story: Story) throws { try story.run(UsageLimitStories.pricing) }

    @Test("7.3: the value replied is the one asked for")
    func value() throws {
        var desk = Desk(UsageLimitStories.pricing)
        try desk.open("action1", 100)
        try desk.set(.usage(UsageLimit(feature: Fixture.action1, limit: 5, interval: .day)))
        let reply = try desk.track("action1", 9)
        #expect(reply.value == 9)
        #expect(reply.draws.map(\.amount) == [5])
    }

    @Test("7.1: what is refused", arguments: UsageLimitStories.faults)
    func fault(story: Story) throws { try story.run(UsageLimitStories.pricing) }
}
