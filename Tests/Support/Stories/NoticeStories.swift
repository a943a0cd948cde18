package import Billing

/// Entitlements §7.4: who is told when a threshold is passed.
package enum NoticeStories {
    package static let table = StoryTable("notices", pricing, alerts, levels, limits)

    private static func alerting(_ id: String, _ alerts: UsageAlert..., addOn: Bool = true) -> Plan
    {
        var plan = Plan.sample(id, addOn: addOn)
        plan.controls.controls.usageAlerts = alerts.map { alert in
            var alert = alert
            alert.feature = plan.controls.number(of: "messages")
            return alert
        }
        return plan
    }

    private static func alert(
        _ threshold: Quantity, _ measure: UsageAlert.Measure,
        of feature: FeatureNumber = Fixture.messages, enabled: Bool = true, name: String = ""
    ) -> UsageAlert {
        UsageAlert(
            feature: feature, isEnabled: enabled, threshold: threshold, measure: measure,
            name: name)
    }

    static let pricing = Fixture.pricing(
        .sample("usage", .sample("messages", 100, each: .month, price: "0.1")),
        .sample("capped", .sample("messages", 100, each: .month, price: "0.1", most: 20)),
        .sample("each", .sample("messages", 10).forEach("users")),
        alerting("alerting", alert(50, .usage, name: "plan")))

    /// - Parameter told: in order: an alert's name or threshold.
    private static func row(_ rule: String, _ steps: Step..., told: String...) -> Story {
        Story(rule, after: steps, .alertsTold(told))
    }

    /// - Parameter told: in order: what was reached.
    private static func limit(_ rule: String, _ steps: Step..., told: String...) -> Story {
        Story(rule, after: steps, .limitsTold(told))
    }

    private static func set(_ alerts: UsageAlert..., of entity: InlineText = .empty) -> Step {
        var set = SetControls(entity: entity)
        set.usageAlerts = alerts
        return .set(set)
    }

    private static let hundred = Step.open(Grant("messages", 100))

    package static let alerts: [Story] = [
        row(
            "7.4: usage reaches it", hundred, set(alert(50, .usage)), .track("messages", 49),
            .track("messages", 1), told: "usage 50"),
        row(
            "7.4: usage, once", hundred, set(alert(50, .usage)), .track("messages", 60),
            .track("messages", 5), told: "usage 50"),
        row(
            "7.4: usage, not yet", hundred, set(alert(50, .usage)),
            .track("messages", "49.9999999999")),
        row(
            "7.4: usage, exactly before: no crossing", hundred, .track("messages", 50),
            set(alert(50, .usage)), .track("messages", 1)),
        row(
            "7.4: once for each crossing", hundred, set(alert(50, .usage)), .track("messages", 60),
            .track("messages", -20), .track("messages", 20), told: "usage 50", "usage 50"),
        row(
            "7.4: percentage of usage", .open(Grant("messages", 200)),
            set(alert(80, .usagePercentage)), .track("messages", 159), .track("messages", 1),
            told: "usagePercentage 80"),
        row(
            "7.4: remaining", hundred, set(alert(20, .remaining)), .track("messages", 79),
            .track("messages", 1), .track("messages", 1), told: "remaining 20"),
        row(
            "7.4: percentage of what remains", .open(Grant("messages", 200)),
            set(alert(10, .remainingPercentage)), .track("messages", 179), .track("messages", 1),
            told: "remainingPercentage 10"),
        row(
            "7.4: several passed by one track", hundred,
            set(alert(50, .usage), alert(80, .usage), alert(95, .usage), alert(30, .remaining)),
            .track("messages", 90), told: "usage 50", "usage 80", "remaining 30"),
        row(
            "7.4: disabled", hundred, set(alert(50, .usage, enabled: false)), .track("messages", 60)
        ),
        row(
            "7.4: never for what is unlimited", .open(Grant("messages", nil, unlimited: true)),
            set(alert(50, .usage), alert(0, .remaining)), .track("messages", 60)),
        row(
            "7.4: beyond what was granted", .buy("usage"), set(alert(150, .usage)),
            .track("messages", 200), told: "usage 150"),
        row(
            "7.4: of the credits that are drawn", .open(Grant("credits", 10)),
            set(alert(5, .usage, of: Fixture.credits)), .track("action1", 25),
            told: "usage 5"),
        row(
            "7.4: not of another feature", hundred, set(alert(50, .usage, of: Fixture.words)),
            .track("messages", 60)),
        row(
            "7.4: by a check that deducts", hundred, set(alert(50, .usage)),
            .deduct("messages", 50, .included), told: "usage 50"),
        row(
            "7.4: refused: nobody is told", hundred, set(alert(50, .usage)),
            .refused("insufficient balance", .track("messages", 101, .reject))),
        row(
            "7.4: by a hold, and not again when it is settled", hundred, set(alert(50, .usage)),
            .hold("messages", 60), .settle(60), told: "usage 50"),
        row(
            "7.4: by what a hold comes to beyond it", hundred, set(alert(50, .usage)),
            .hold("messages", 40), .settle(60), told: "usage 50"),
        row(
            "7.4: the next cycle crosses anew", .open(Grant("messages", 100, each: .month)),
            set(alert(50, .usage)), .track("messages", 60), .advance(to: .utc(2027, 2, 10)),
            .track("messages", 60), told: "usage 50", "usage 50"),
        row(
            "7.4: each part of a batch", hundred, set(alert(50, .usage), alert(80, .usage)),
            .batch([("messages", 60), ("messages", 30)]), told: "usage 50", "usage 80"),
    ]

    package static let levels: [Story] = [
        row(
            "7.4: the customer's", hundred, .entity("users", "a"), set(alert(50, .usage)),
            .track("messages", 60, of: "a"), told: "usage 50 of 1"),
        row(
            "7.4: an entity's own, in place of it", hundred, .entity("users", "a"),
            set(alert(50, .usage)), set(alert(70, .usage), of: "a"),
            .track("messages", 60, of: "a"), .track("messages", 20, of: "a"),
            told: "usage 70 of 1"),
        row(
            "7.4: a plan's", hundred, .attach("alerting"), .track("messages", 60), told: "plan"),
        row(
            "7.4: the customer's in place of a plan's", hundred, .attach("alerting"),
            set(alert(20, .usage)), .track("messages", 60), told: "usage 20"),
    ]

    package static let limits: [Story] = [
        limit(
            "7.4: included, once", hundred, .track("messages", 99), .track("messages", 1),
            .track("messages", 1), told: "included"),
        limit(
            "7.4: less than a probe is left", hundred, .track("messages", "99.99999995"),
            told: "included"),
        limit("7.4: a little is left", hundred, .track("messages", "99.9999998")),
        limit(
            "7.4: again after a refund", hundred, .track("messages", 100),
            .track("messages", -5), .track("messages", 5), told: "included", "included"),
        limit(
            "7.4: most that is sold", .buy("capped"), .track("messages", 100),
            .track("messages", 20), told: "maxPurchase"),
        limit("7.4: unbounded overage", .buy("usage"), .track("messages", 1000)),
        limit(
            "7.4: spend limit", .buy("usage"), .set(.spend(Fixture.messages, .units(25))),
            .track("messages", 124), .track("messages", 10), .track("messages", 1),
            told: "spendLimit"),
        limit(
            "7.4: usage limit", hundred,
            .set(
                .usage(UsageLimit(feature: Fixture.messages, limit: 5, interval: .day))),
            .track("messages", 4), .track("messages", 4), .track("messages", 4),
            told: "usageLimit"),
        limit(
            "7.4: credits left: not reached", .open(Grant("action1", 10)),
            .open(Grant("credits", 10)), .track("action1", 10), .track("action1", 50),
            told: "included"),
        limit(
            "7.4: for an entity", .entity("users", "a"), .entity("users", "b"), .attach("each"),
            .track("messages", 10, of: "b"), .track("messages", 10, of: "a"),
            told: "included of 2", "included of 1"),
        limit(
            "7.4: the last seat taken by an entity", .open(Grant("users", 1)),
            .entity("users", "a"), .entity("users", "b"), told: "included"),
        limit("7.4: nothing owned", .track("messages", 10)),
        limit("7.4: was blocked before", .open(Grant("messages", 0)), .track("messages", 10)),
    ]
}

extension Notice {
    /// What it tells, and of which entity: "usage 50", "included of 2".
    package var words: String {
        let owner = entity == 0 ? "" : " of \(entity)"
        switch event {
        case .alert(let alert):
            let units = DecimalText.text(alert.threshold.raw, digits: 10)
            return (alert.name.isEmpty ? "\(alert.measure) \(units)" : alert.name) + owner
        case .limitReached(let kind): return "\(kind)\(owner)"
        case .toppedUp(let units):
            return "topped up \(DecimalText.text(units.raw, digits: 10))"
        case .topUpFailed(let units, let code, let isSuspended):
            let outcome = isSuspended ? "suspended" : "failed"
            return "\(outcome) \(DecimalText.text(units.raw, digits: 10)) \(code)"
        }
    }

    package var isAlert: Bool { if case .alert = event { true } else { false } }
}
