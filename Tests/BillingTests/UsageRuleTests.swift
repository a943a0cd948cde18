import Stories
import Testing

@testable import Billing

/// Entitlements §1.3 to §1.6, §2.1 to §2.7 and §14.1, §14.2 for the customer as a whole.
@Suite("Usage rules") struct UsageRuleTests {
    @Test("check", arguments: UsageRuleStories.checks)
    func check(story: Story) throws { try story.run(UsageRuleStories.pricing) }

    @Test("track", arguments: UsageRuleStories.tracks)
    func track(story: Story) throws { try story.run(UsageRuleStories.pricing) }

    @Test("several at once", arguments: UsageRuleStories.several)
    func batch(story: Story) throws { try story.run(UsageRuleStories.pricing) }

    @Test(
        "2.1: an event's time is after 1970 and not in the future",
        arguments: UsageRuleStories.times)
    func time(story: Story) throws { try story.run(UsageRuleStories.pricing) }

    @Test("late usage counts in the open cycle, or is refused", arguments: UsageRuleStories.lates)
    func refuseLate(story: Story) throws { try story.run(UsageRuleStories.pricing) }

    @Test("2.7: draws say what each bucket gave, in its own units")
    func draws() throws {
        var desk = Desk(UsageRuleStories.pricing)
        try desk.open("action1", 5)
        try desk.open("credits", 100)
        #expect(try desk.track("action1", 10).draws.map(\.amount) == [5, 1])
        #expect(try desk.track("action1", -7).draws.map(\.amount) == [-5, "-0.4"])
        #expect(try desk.track("action2", 10).draws.map(\.amount) == [6])
    }

    @Test("2.1: one hold takes one feature")
    func holdOfSeveral() throws {
        var desk = Desk(UsageRuleStories.pricing)
        try desk.open("action1", 100)
        var usage = TrackUsage(feature: Fixture.action1, value: 5, overage: .cap)
        usage.hold = HoldRequest(id: "h", expires: nil)
        var several = usage
        several.others = [Fixture.action3]
        var setting = usage
        setting.setsUsage = true
        for refused in [Command.track(several), .track(setting), .trackAll([usage, usage])] {
            #expect(throws: Refusal.self) { try desk.run(refused) }
        }
        #expect(desk.remaining("action1") == 100)
        try desk.run(.trackAll([usage]))
        #expect(desk.remaining("action1") == 95)
    }
}
