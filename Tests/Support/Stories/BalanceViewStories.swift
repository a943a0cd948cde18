package import Billing

/// Entitlements §4.2: what is shown of a balance.
package enum BalanceViewStories {
    package static let pricing = Fixture.pricing(
        .sample("usage", .sample("messages", 100, each: .month, price: "0.1")),
        .sample("capped", .sample("messages", 100, each: .month, price: "0.1", most: 300)),
        .sample(
            "capped_too", addOn: true, .sample("messages", 50, each: .month, price: "1", most: 20)),
        .sample("open", addOn: true, .sample("messages", 50, each: .month, price: "1")),
        .sample("each", .sample("messages", 100, each: .month).forEach("users")))

    private static func row(
        _ rule: String, _ steps: Step..., of entity: InlineText = .empty, shown: Shown?
    ) -> Story {
        Story(rule, after: steps, .shown("messages", shown, of: entity))
    }

    private static let monthly = Step.open(Grant("messages", 100, each: .month))
    private static let rolling = Step.open(
        Grant("messages", 100, each: .month, rollover: Rollover(cap: .none, months: 0)))

    package static let rows = [
        row(
            "4.2: used in part", monthly, .track("messages", 30),
            shown: Shown(granted: 100, remaining: 70, usage: 30, parts: [[100, 70, 30]])),
        row(
            "4.2: credited above the grant", monthly, .update(Pick("messages"), .remaining(120)),
            shown: Shown(granted: 100, remaining: 120, usage: -20, parts: [[100, 120, -20]])),
        row(
            "4.2: adjusted", monthly, .update(Pick("messages"), granted: 150),
            .track("messages", 30),
            shown: Shown(granted: 150, remaining: 120, usage: 30, parts: [[150, 120, 30]])),
        row(
            "4.2: overdrawn at a price", .buy("usage"), .track("messages", 120),
            shown: Shown(
                granted: 100, remaining: 0, usage: 120, overage: 20, parts: [[100, 0, 120]],
                overageAllowed: true)),
        row(
            "4.2: overdrawn in one, left in the other", .open(Grant("messages", 100)),
            .track("messages", 130, .overflow), monthly,
            shown: Shown(
                granted: 200, remaining: 100, usage: 130, overage: 30,
                parts: [[100, 0, 130], [100, 100, 0]])),
        row(
            "4.2: the most that may be bought", .buy("capped"),
            shown: Shown(
                granted: 100, remaining: 100, usage: 0, parts: [[100, 100, 0]],
                overageAllowed: true, maxPurchase: 300)),
        row(
            "4.2: of two together", .buy("capped"), .buy("capped_too"),
            shown: Shown(
                granted: 150, remaining: 150, usage: 0, parts: [[100, 100, 0], [50, 50, 0]],
                overageAllowed: true, maxPurchase: 320)),
        row(
            "4.2: one without a most", .buy("capped"), .buy("open"),
            shown: Shown(
                granted: 150, remaining: 150, usage: 0, parts: [[100, 100, 0], [50, 50, 0]],
                overageAllowed: true)),
        row(
            "2.6: a control allows", monthly, .set(.overage(Fixture.messages, true)),
            .track("messages", 110),
            shown: Shown(
                granted: 100, remaining: 0, usage: 110, overage: 10, parts: [[100, 0, 110]],
                overageAllowed: true)),
        row(
            "2.6: a control forbids", .buy("capped"), .set(.overage(Fixture.messages, false)),
            shown: Shown(granted: 100, remaining: 100, usage: 0, parts: [[100, 100, 0]])),
        row(
            "4.2: unlimited", .open(Grant("messages", nil, unlimited: true)),
            .track("messages", 42),
            shown: Shown(
                granted: 0, remaining: 0, usage: 42, parts: [[0, 0, 42]], unlimited: true)),
        row(
            "4.2: unlimited and metered", monthly, .track("messages", 30),
            .open(Grant("messages", nil, unlimited: true)), .track("messages", 5),
            shown: Shown(
                granted: 0, remaining: 0, usage: 35, parts: [[100, 70, 30], [0, 0, 5]],
                unlimited: true)),
        row(
            "4.2: what went over", rolling, .track("messages", 40),
            .advance(to: .utc(2027, 2, 10)), .track("messages", 80),
            shown: Shown(
                granted: 160, remaining: 80, usage: 80, parts: [[100, 80, 20], [60, 0, 60]])),
        row(
            "4.2: the entities' in the totals, not in the parts", .entity("users", "a"),
            .open(Grant("messages", 200)), .open(Grant("messages", 300, of: "a")),
            .track("messages", 50, of: "a"),
            shown: Shown(granted: 500, remaining: 450, usage: 50, parts: [[200, 200, 0]])),
        row(
            "4.2: an entity's and the customer's", .entity("users", "a"),
            .open(Grant("messages", 200)), .open(Grant("messages", 300, of: "a")),
            .track("messages", 350, of: "a"), of: "a",
            shown: Shown(
                granted: 500, remaining: 150, usage: 350, parts: [[200, 150, 50], [300, 0, 300]])),
        row(
            "4.2: slices are summed", .entity("users", "a"), .entity("users", "b"),
            .attach("each"), .track("messages", 150),
            shown: Shown(granted: 200, remaining: 50, usage: 150, parts: [[200, 50, 150]])),
        row(
            "4.2: an entity's slice", .entity("users", "a"), .entity("users", "b"),
            .attach("each"), .track("messages", 150), of: "b",
            shown: Shown(granted: 100, remaining: 50, usage: 50, parts: [[100, 50, 50]])),
        row(
            "4.2: expired", .open(Grant("messages", 5, expires: .utc(2027, 1, 20))),
            .advance(to: .utc(2027, 1, 20)), shown: nil),
        row("4.2: nothing", shown: nil),
        row(
            "4.2: nothing, though a control allows", .set(.overage(Fixture.messages, true)),
            shown: nil),
    ]

    package static let table = StoryTable("Balance view", pricing, rows)
}
