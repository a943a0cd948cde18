import Stories
import Testing

@testable import Billing

/// Entitlements §3: every number, and what a hold must never do.
@Suite("Holds") struct HoldTests {
    @Test("confirm and release", arguments: HoldStories.plain)
    func confirm(story: Story) throws { try story.run(HoldStories.pricing) }

    @Test("credit systems", arguments: HoldStories.credits)
    func creditSystem(story: Story) throws { try story.run(HoldStories.pricing) }

    @Test("a plan changes in between", arguments: HoldStories.planChanges)
    func changePlan(story: Story) throws { try story.run(HoldStories.pricing) }

    @Test("rollovers", arguments: HoldStories.rollovers)
    func rollOver(story: Story) throws { try story.run(HoldStories.pricing) }

    @Test("what a hold never does", arguments: HoldStories.edges)
    func edge(story: Story) throws { try story.run(HoldStories.pricing) }

    @Test("3: at most 24 hours ahead", arguments: HoldStories.expiries)
    func expiry(story: Story) throws { try story.run(HoldStories.pricing) }

    @Test("3: properties are the hold's unless others are given")
    func properties() throws {
        var desk = Desk(HoldStories.pricing)
        try desk.open("messages", 10)
        let held = [EventProperty("job", .text("a"))]
        let other = [EventProperty("job", .text("b"))]
        try desk.hold("h", "messages", 3, held)
        try desk.settleHold("h", at: 1)
        try desk.hold("h", "messages", 3, held)
        try desk.run(
            .settleHold(
                SettleHold(id: "h", value: 1, label: EventLabel(time: nil, properties: other))))
        let properties = desk.facts.compactMap { fact -> [EventProperty]? in
            guard case .usageRecorded(_, -2, let label) = fact else { return nil }
            return label?.properties
        }
        #expect(properties == [held, other])
    }
}
