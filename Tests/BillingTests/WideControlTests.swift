import Testing

@testable import Billing

/// Limits and alerts that name no feature (entitlements §7.1, §7.2).
@Suite struct WideControlTests {
    private static let pricing = Fixture.pricing(
        .sample(
            "plan", .sample("messages", 100, each: .month, price: "1"),
            .sample("words", 50, each: .month, price: "1")),
        .sample("seats", group: "seats", .sample("users", 5)))

    private static func spend(
        _ limits: SpendLimit..., of entity: InlineText = .empty
    ) -> Step {
        var set = SetControls(entity: entity)
        set.spendLimits = limits
        return .set(set)
    }

    private static func wide(
        _ bound: SpendLimit.Bound, enabled: Bool = true
    ) -> SpendLimit {
        SpendLimit(feature: nil, isEnabled: enabled, bound: bound)
    }

    private static func own(_ units: Quantity) -> SpendLimit {
        SpendLimit(feature: Fixture.messages, isEnabled: true, bound: .units(units))
    }

    private static let alert = UsageAlert(feature: nil, threshold: 80, measure: .usagePercentage)

    static let rows: [Story] = [
        Story(
            "§7.2: a percentage without a feature is of each feature's own grant",
            .buy("plan"), spend(wide(.percentage(20))), .track("messages", 1_000),
            .used("messages", 120), .track("words", 1_000), .used("words", 60)),
        Story(
            "§7.2: a feature's own limit stands before it", .buy("plan"),
            spend(wide(.percentage(20)), own(5)), .track("messages", 1_000),
            .used("messages", 105), .track("words", 1_000), .used("words", 60)),
        Story(
            "§7.2: an entity's, though it names no feature, hides the customer's", .buy("plan"),
            .attach("seats"), .entity("users", "ada"), spend(own(5)),
            spend(wide(.absent, enabled: false), of: "ada"),
            .track("messages", 1_000, of: "ada"), .used("messages", 1_000)),
        Story(
            "§1.5: without a bound it limits nothing", .buy("plan"), spend(wide(.absent)),
            .track("messages", 1_000), .used("messages", 1_000)),
        Story(
            "§7.1: units of every feature mean nothing", .buy("plan"),
            .refused("invalid: spend_limits[0].feature_id", spend(wide(.units(5))))),
        Story(
            "§7.1: one for every feature is enough", .buy("plan"),
            .refused(
                "invalid: spend_limits[1].feature_id",
                spend(wide(.percentage(20)), wide(.percentage(30))))),
        Story(
            "§7.4: an alert without a feature is for each of them", .buy("plan"),
            .set(.alerts(alert)), .track("messages", 79), .notices(0), .track("messages", 1),
            .notices(1), .track("words", 40), .notices(2), .track("words", 5), .notices(2)),
    ]

    @Test("Controls without a feature", arguments: rows)
    func controls(_ story: Story) throws {
        try story.run(Self.pricing)
    }

    @Test("The notice says which feature it was")
    func notice() throws {
        var desk = Desk(Self.pricing)
        try desk.create()
        try desk.buy("plan")
        try desk.run(.setControls(.alerts(Self.alert)))
        try desk.track("words", 45)
        let notices = desk.facts.compactMap { fact -> Notice? in
            if case .notified(let notice) = fact { notice } else { nil }
        }
        var alert = Self.alert
        alert.feature = Fixture.words
        #expect(notices == [Notice(feature: Fixture.words, entity: 0, event: .alert(alert))])
    }

    @Test("A plan has them, too")
    func plan() throws {
        var plan = Plan.sample("plan", .sample("messages", 100, each: .month, price: "1"))
        plan.controls.controls.spendLimits = [Self.wide(.percentage(20))]
        plan.controls.controls.usageAlerts = [Self.alert]
        try Story(
            "§7.2: a plan's", .buy("plan"), .track("messages", 1_000), .used("messages", 120),
            .notices(2)
        ).run(Fixture.pricing(plan))
    }
}
