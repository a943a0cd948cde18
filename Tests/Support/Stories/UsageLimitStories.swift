package import Billing

/// Entitlements §7.1 to §7.3, corrections 4: usage limits and their windows.
package enum UsageLimitStories {
    private static func limit(
        _ units: Quantity, _ interval: Interval = .day, _ anchor: UsageLimit.Anchor = .utc,
        on feature: FeatureNumber = Fixture.action1, filter: [EventProperty] = []
    ) -> UsageLimit {
        UsageLimit(
            feature: feature, limit: units, interval: interval, anchor: anchor, filter: filter)
    }

    private static func plan(_ id: String, _ limits: UsageLimit...) -> Plan {
        var plan = Plan.sample(id, addOn: true)
        plan.controls.controls.usageLimits = limits.map { limit in
            var limit = limit
            limit.feature = plan.controls.number(of: "action1")
            return limit
        }
        return plan
    }

    private static var limited: Plan {
        var plan = plan("limited", limit(5))
        plan.addOn = false
        plan.items = [.sample("action1", 100, each: .month)]
        return plan
    }

    package static let pricing = Fixture.pricing(
        limited, .sample("pro", price: "20", .sample("action1", 100, each: .month)),
        .sample("monthly", .sample("action1", 100, each: .month)),
        plan("weekly", limit(70, .week)), plan("monthlyLimit", limit(200, .month)),
        plan(
            "off", UsageLimit(feature: Fixture.action1, isEnabled: false, limit: 1, interval: .day)),
        plan("cycle", limit(10, .month, .billingCycle)), plan("calendar", limit(10, .month)))

    private static func set(
        _ units: Quantity, on feature: FeatureNumber = Fixture.action1, _ interval: Interval = .day,
        of entity: InlineText = .empty
    ) -> Step {
        .set(.usage(limit(units, interval, on: feature), of: entity))
    }

    private static let credits: [Step] = [.open(Grant("credits", 100))]
    private static let both: [Step] = [
        .open(Grant("credits", 1, each: .month)), .open(Grant("credits", 10)),
    ]
    private static let own: [Step] = [.open(Grant("action1", 100))]

    package static let numbers = [
        Story(
            "7.3: 5 units, then none", after: credits, set(5), .track("action1", 5),
            .balances([99]), .check("action1", 1, .usageLimit), .track("action1", 1),
            .balances([99])),
        Story(
            "7.3: 10 with limit 5 is cut to 5", after: credits, set(5), .track("action1", 10),
            .balances([99]), .window("action1", 5), .events([10])),
        Story(
            "7.3: 15 with limit 10: 10 units, 2 credits", after: both, set(10),
            .track("action1", 15), .balances([0, 9]), .window("action1", 10),
            .track("action1", 3), .balances([0, 9]), .window("action1", 10)),
        Story(
            "7.3: 1 credit a day", after: credits, set(1, on: Fixture.credits),
            .track("action1", 5), .balances([99]), .track("action1", 1), .balances([99]),
            .window("credits", 1), .check("action1", 1, .usageLimit)),
        Story(
            "7.3: 2 credits a day count both buckets", after: both, set(2, on: Fixture.credits),
            .track("action1", 50), .balances([0, 9]), .window("credits", 2)),
        Story(
            "7.3: own 5, credits, limit 8", .open(Grant("action1", 5)),
            .open(Grant("credits", 100)), set(8), .track("action1", 10),
            .balances([0, "99.4"]), .window("action1", 8)),
        Story(
            "7.3: two tracks of 5", after: credits, set(5), .track("action1", 5),
            .track("action1", 5), .balances([99])),
        Story(
            "7.3: direct use of credits isn't gated", after: credits, set(5),
            .track("action1", 5), .track("credits", 10), .balances([89]),
            .check("credits", 1, .included), .window("action1", 5)),
        Story(
            "7.3: 3 of 5 used", after: own, set(5), .track("action1", 3),
            .check("action1", 2, .included), .check("action1", 3, .usageLimit)),
        Story(
            "7.3: 3 of 5 used, from credits", after: credits, set(5), .track("action1", 3),
            .check("action1", 2, .included), .check("action1", 3, .usageLimit)),
        Story(
            "7.3: overflow goes through, and counts", after: own, set(5), .track("action1", 3),
            .track("action1", 10, .overflow), .used("action1", 13), .window("action1", 13)),
        Story(
            "2.5: reject", after: own, set(5),
            .refused("insufficient balance", .track("action1", 6, .reject)),
            .track("action1", 5, .reject), .balances([95])),
        Story(
            "2.5: check and deduct", after: own, set(5), .deduct("action1", 6, .usageLimit),
            .balances([100]), .deduct("action1", 5, .included), .window("action1", 5)),
        Story(
            "2.5: a refund doesn't lower the count", after: own, set(5), .track("action1", 5),
            .track("action1", -3), .balances([98]), .window("action1", 5),
            .check("action1", 1, .usageLimit)),
        Story(
            "2.1: usage that is set isn't counted, and is no way around", after: own, set(5),
            .setUsage("action1", 30), .window("action1", 0), .track("action1", 5),
            .setUsage("action1", 0), .balances([100]), .check("action1", 1, .usageLimit)),
        Story(
            "2.5: corrections aren't counted", after: own, set(5),
            .update(Pick("action1"), .remaining(50)), .window("action1", 0)),
        Story(
            "2.3: unlimited goes past windows", .open(Grant("action1", nil, unlimited: true)),
            set(5), .track("action1", 50), .balances([-50]), .window("action1", 0),
            .check("action1", 1, .unlimited)),
        Story(
            "1.5: 0 is always allowed", after: own, set(5),
            .track("action1", 9, .overflow), .check("action1", 0, .included)),
        Story(
            "correction 4: a limit on the feature gates what went over", after: rolled(5, 10),
            set(8), .track("action1", 10), .balances([7, 0]), .window("action1", 8)),
        Story(
            "correction 4: one on the credits doesn't, nor counts it", after: rolledCredits,
            set(2, on: Fixture.credits), .track("credits", 10), .balances([8, 0]),
            .window("credits", 2)),
    ]

    private static let forGood = Rollover(cap: .none, months: 0)

    private static func rolled(_ over: Quantity, _ granted: Quantity) -> [Step] {
        [
            .open(Grant("action1", granted, each: .month, rollover: forGood)),
            .track("action1", granted - over), .advance(to: .utc(2027, 2, 10)),
            .balances([granted, over]),
        ]
    }

    private static let rolledCredits: [Step] = [
        .open(Grant("credits", 10, each: .month, rollover: forGood)), .track("credits", 5),
        .advance(to: .utc(2027, 2, 10)), .balances([10, 5]),
    ]

    private static let used: [Step] = own + [set(5), .track("action1", 5)]
    private static func cycled(_ anchor: UsageLimit.Anchor) -> [Step] {
        [
            .attach("monthly"), .set(.usage(limit(5, .month, anchor))), .track("action1", 5),
            .check("action1", 1, .usageLimit),
        ]
    }

    package static let windows = [
        Story(
            "7.3: a day", after: used,
            .advance(to: Timestamp.utc(2027, 1, 11).adding(milliseconds: -1)),
            .check("action1", 1, .usageLimit), .advance(to: .utc(2027, 1, 11)),
            .check("action1", 5, .included), .window("action1", 0), .track("action1", 2),
            .window("action1", 2)),
        Story(
            "7.3: a week from Monday", after: own, set(5, .week), .track("action1", 5),
            .advance(to: Timestamp.utc(2027, 1, 11).adding(milliseconds: -1)),
            .check("action1", 1, .usageLimit), .advance(to: .utc(2027, 1, 11)),
            .track("action1", 5), .advance(to: .utc(2027, 1, 17)),
            .check("action1", 1, .usageLimit), .advance(to: .utc(2027, 1, 18)),
            .check("action1", 5, .included)),
        Story(
            "7.3: a month", after: own, set(5, .month), .track("action1", 5),
            .advance(to: .utc(2027, 1, 31, 23)), .check("action1", 1, .usageLimit),
            .advance(to: .utc(2027, 2, 1)), .check("action1", 5, .included)),
        Story(
            "7.3: a year", after: own, set(5, .year), .track("action1", 5),
            .advance(to: .utc(2027, 12, 31, 23)), .check("action1", 1, .usageLimit),
            .advance(to: .utc(2028, 1, 1)), .check("action1", 5, .included)),
        Story(
            "7.3: the billing cycle", after: cycled(.billingCycle),
            .advance(to: .utc(2027, 2, 1)), .check("action1", 1, .usageLimit),
            .advance(to: .utc(2027, 2, 10)), .check("action1", 5, .included)),
        Story(
            "7.3: the calendar, whatever the cycle", after: cycled(.utc),
            .advance(to: .utc(2027, 2, 1)), .check("action1", 5, .included)),
        Story(
            "7.3: no cycle: the calendar", after: own,
            .set(.usage(limit(5, .month, .billingCycle))), .track("action1", 5),
            .advance(to: .utc(2027, 2, 1)), .check("action1", 5, .included)),
    ]

    private static let entities: [Step] = [
        .open(Grant("action1", 100)), .entity("users", "a"), .entity("users", "b"),
    ]
    private static func filtered(_ units: Quantity, _ value: String) -> UsageLimit {
        limit(units, filter: [EventProperty("model", .text(value))])
    }
    private static let small = [EventProperty("model", .text("small"))]
    private static let large = [
        EventProperty("model", .text("large")), EventProperty("user", .text("x")),
    ]

    package static let levels = [
        Story(
            "7.2: the customer's is shared: 2 + 2 + 1 of 5", after: entities, set(5),
            .track("action1", 2, of: "a"), .track("action1", 2, of: "b"), .track("action1", 9),
            .window("action1", 5), .balances([95]), .check("action1", 1, of: "a", .usageLimit)),
        Story(
            "7.2: an entity's own has its own count", after: entities, set(5),
            set(3, of: "a"), .track("action1", 9, of: "a"), .window("action1", 3, of: "a"),
            .window("action1", 0), .track("action1", 9, of: "b"), .balances([92])),
        Story(
            "7.2: the lower rate of two plans: 200 a month", after: own, .attach("weekly"),
            .attach("monthlyLimit"), .check("action1", 100, .included), .track("action1", 60),
            .check("action1", 40, .included), .used("action1", 60)),
        Story(
            "7.2: enabled beats disabled", after: own, .attach("off"), .attach("weekly"),
            .check("action1", 70, .included), .check("action1", 71, .usageLimit)),
        Story(
            "7.2: a plan's go with it", .attach("limited"), .check("action1", 6, .usageLimit),
            .buy("pro"), .check("action1", 6, .included), .attach("limited"),
            .check("action1", 6, .included), .advance(to: .utc(2027, 2, 10)),
            .check("action1", 6, .usageLimit)),
        Story(
            "7.2: a tie: the calendar", .attach("monthly"), .attach("cycle"), .attach("calendar"),
            .track("action1", 10), .check("action1", 1, .usageLimit),
            .advance(to: .utc(2027, 2, 1)), .check("action1", 10, .included)),
        Story(
            "7.2: the customer's before the plans'", after: own, .attach("weekly"), set(80),
            .check("action1", 80, .included), .check("action1", 81, .usageLimit)),
        Story(
            "1.5: a filter concerns what has all of it", after: own,
            .set(.usage(filtered(5, "large"), limit(8))),
            .track("action1", 9, .cap, large), .window("action1", 10), .balances([95]),
            .check("action1", 1, .usageLimit, large), .check("action1", 3, .included, small),
            .check("action1", 4, .usageLimit, small), .check("action1", 3, .included)),
        Story(
            "1.5: the smallest headroom of several", after: own,
            .set(.usage(filtered(5, "large"), filtered(2, "small"))),
            .check("action1", 5, .included, large), .check("action1", 3, .usageLimit, small),
            .check("action1", 100, .included)),
    ]

    private static let held: [Step] = own + [set(8), .hold("action1", 6), .window("action1", 6)]
    private static let heldCredits: [Step] = [
        .open(Grant("action1", 5)), .open(Grant("credits", 100)), set(50, on: Fixture.credits),
        .hold("action1", 8), .balances([0, "99.4"]), .window("credits", "0.6"),
    ]

    package static let holds = [
        Story("2.5: an unwind lowers the count", after: held, .settle(2), .window("action1", 2)),
        Story("2.5: a release", after: held, .settle(0), .window("action1", 0)),
        Story(
            "2.5: more, within the limit", after: held, .settle(20), .window("action1", 8),
            .balances([92])),
        Story(
            "2.5: credits come back first", after: heldCredits, .settle(5),
            .window("credits", 0), .balances([0, 100])),
        Story(
            "2.5: a part of the credits", after: heldCredits, .settle(7),
            .window("credits", "0.4"), .balances([0, "99.6"])),
        Story(
            "7.3: the window that counted it is over", after: held,
            .advance(to: .utc(2027, 1, 10, 23)), .hold("action1", 2, id: "late"),
            .settle(0, id: "h"), .track("action1", 3), .window("action1", 5),
            .hold("action1", 3, id: "last"), .advance(to: .utc(2027, 1, 11)),
            .track("action1", 4), .window("action1", 4), .settle(0, id: "last"),
            .window("action1", 4)),
    ]

    private static let refused: [(SetControls, String)] = [
        (.usage(limit(5), limit(6)), "usage_limits[1].feature_id"),
        (.usage(limit(-1)), "usage_limits[0].limit"),
        (.usage(limit(5, .hour)), "usage_limits[0].interval"),
        (.usage(limit(5, .quarter)), "usage_limits[0].interval"),
        (
            .usage(limit(5, filter: (0..<5).map { EventProperty("k\($0)", .boolean(true)) })),
            "usage_limits[0].filter"
        ),
        (.spend(Fixture.messages, .units(-1)), "spend_limits[0].overage_limit"),
        (.spend(Fixture.messages, .percentage(-1)), "spend_limits[0].overage_percentage"),
        (twice.spend, "spend_limits[1].feature_id"),
        (twice.overage, "overage_permissions[1].feature_id"),
    ]

    private static var twice: (spend: SetControls, overage: SetControls) {
        var spend = SetControls.spend(Fixture.messages, .units(1))
        spend.spendLimits = (spend.spendLimits ?? []) + (spend.spendLimits ?? [])
        var overage = SetControls.overage(Fixture.messages, true)
        overage.overagePermissions =
            (overage.overagePermissions ?? []) + (overage.overagePermissions ?? [])
        return (spend, overage)
    }

    package static let faults = refused.map { set, path in
        var controls = Controls()
        controls.spendLimits = set.spendLimits ?? []
        controls.usageLimits = set.usageLimits ?? []
        controls.overagePermissions = set.overagePermissions ?? []
        return Story(
            "7.1: what is refused: \(path)", .refused("invalid: \(path)", .set(set)),
            .refused("invalid: \(path)", .entity("users", "a", controls: controls)))
    }

    package static let table = StoryTable(
        "Usage limits", pricing, numbers, windows, levels, holds, faults)
}
