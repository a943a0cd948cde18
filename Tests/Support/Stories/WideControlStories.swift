package import Billing

/// Controls for every feature (entitlements §7.1).
package enum WideControlStories {
    package static let pricing = Fixture.pricing(
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

    package static func wide(
        _ bound: SpendLimit.Bound, enabled: Bool = true
    ) -> SpendLimit {
        SpendLimit(feature: nil, isEnabled: enabled, bound: bound)
    }

    private static func own(_ units: Quantity) -> SpendLimit {
        SpendLimit(feature: Fixture.messages, isEnabled: true, bound: .units(units))
    }

    package static let alert = UsageAlert(feature: nil, threshold: 80, measure: .usagePercentage)

    package static let rows: [Story] = [
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

    package static let table = StoryTable("controls without a feature", pricing, rows)
}
