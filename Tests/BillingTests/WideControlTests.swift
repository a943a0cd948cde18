import Stories
import Testing

@testable import Billing

/// Limits and alerts that name no feature (entitlements §7.1, §7.2).
@Suite struct WideControlTests {
    @Test("Controls without a feature", arguments: WideControlStories.rows)
    func controls(_ story: Story) throws {
        try story.run(WideControlStories.pricing)
    }

    @Test("The notice says which feature it was")
    func notice() throws {
        var desk = Desk(WideControlStories.pricing)
        try desk.create()
        try desk.buy("plan")
        try desk.run(.setControls(.alerts(WideControlStories.alert)))
        try desk.track("words", 45)
        let notices = desk.facts.compactMap { fact -> Notice? in
            if case .notified(let notice) = fact { notice } else { nil }
        }
        var alert = WideControlStories.alert
        alert.feature = Fixture.words
        #expect(notices == [Notice(feature: Fixture.words, entity: 0, event: .alert(alert))])
    }

    @Test("A plan has them, too")
    func plan() throws {
        var plan = Plan.sample("plan", .sample("messages", 100, each: .month, price: "1"))
        plan.controls.controls.spendLimits = [WideControlStories.wide(.percentage(20))]
        plan.controls.controls.usageAlerts = [WideControlStories.alert]
        try Story(
            "§7.2: a plan's", .buy("plan"), .track("messages", 1_000), .used("messages", 120),
            .notices(2)
        ).run(Fixture.pricing(plan))
    }
}
