import Stories
import Testing

@testable import Billing

/// Entitlements §7.4: who is told when a threshold is passed.
@Suite("Notices") struct NoticeTests {
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

    /// What is told, in order: an alert's name or threshold, or what was reached.
    struct Row: RuleRow {
        let rule: String
        let steps: [Step]
        let told: [String]

        init(_ rule: String, _ steps: Step..., told: String...) {
            self.rule = rule
            self.steps = steps
            self.told = told
        }
    }

    private static func set(_ alerts: UsageAlert..., of entity: InlineText = .empty) -> Step {
        var set = SetControls(entity: entity)
        set.usageAlerts = alerts
        return .set(set)
    }

    private static let hundred = Step.open(Grant("messages", 100))

    static let alerts = [
        Row(
            "7.4: usage reaches it", hundred, set(alert(50, .usage)), .track("messages", 49),
            .track("messages", 1), told: "usage 50"),
        Row(
            "7.4: usage, once", hundred, set(alert(50, .usage)), .track("messages", 60),
            .track("messages", 5), told: "usage 50"),
        Row(
            "7.4: usage, not yet", hundred, set(alert(50, .usage)),
            .track("messages", "49.9999999999")),
        Row(
            "7.4: usage, exactly before: no crossing", hundred, .track("messages", 50),
            set(alert(50, .usage)), .track("messages", 1)),
        Row(
            "7.4: once for each crossing", hundred, set(alert(50, .usage)), .track("messages", 60),
            .track("messages", -20), .track("messages", 20), told: "usage 50", "usage 50"),
        Row(
            "7.4: percentage of usage", .open(Grant("messages", 200)),
            set(alert(80, .usagePercentage)), .track("messages", 159), .track("messages", 1),
            told: "usagePercentage 80"),
        Row(
            "7.4: remaining", hundred, set(alert(20, .remaining)), .track("messages", 79),
            .track("messages", 1), .track("messages", 1), told: "remaining 20"),
        Row(
            "7.4: percentage of what remains", .open(Grant("messages", 200)),
            set(alert(10, .remainingPercentage)), .track("messages", 179), .track("messages", 1),
            told: "remainingPercentage 10"),
        Row(
            "7.4: several passed by one track", hundred,
            set(alert(50, .usage), alert(80, .usage), alert(95, .usage), alert(30, .remaining)),
            .track("messages", 90), told: "usage 50", "usage 80", "remaining 30"),
        Row(
            "7.4: disabled", hundred, set(alert(50, .usage, enabled: false)), .track("messages", 60)
        ),
        Row(
            "7.4: never for what is unlimited", .open(Grant("messages", nil, unlimited: true)),
            set(alert(50, .usage), alert(0, .remaining)), .track("messages", 60)),
        Row(
            "7.4: beyond what was granted", .buy("usage"), set(alert(150, .usage)),
            .track("messages", 200), told: "usage 150"),
        Row(
            "7.4: of the credits that are drawn", .open(Grant("credits", 10)),
            set(alert(5, .usage, of: Fixture.credits)), .track("action1", 25),
            told: "usage 5"),
        Row(
            "7.4: not of another feature", hundred, set(alert(50, .usage, of: Fixture.words)),
            .track("messages", 60)),
        Row(
            "7.4: by a check that deducts", hundred, set(alert(50, .usage)),
            .deduct("messages", 50, .included), told: "usage 50"),
        Row(
            "7.4: refused: nobody is told", hundred, set(alert(50, .usage)),
            .refused("insufficient balance", .track("messages", 101, .reject))),
        Row(
            "7.4: by a hold, and not again when it is settled", hundred, set(alert(50, .usage)),
            .hold("messages", 60), .settle(60), told: "usage 50"),
        Row(
            "7.4: by what a hold comes to beyond it", hundred, set(alert(50, .usage)),
            .hold("messages", 40), .settle(60), told: "usage 50"),
        Row(
            "7.4: the next cycle crosses anew", .open(Grant("messages", 100, each: .month)),
            set(alert(50, .usage)), .track("messages", 60), .advance(to: .utc(2027, 2, 10)),
            .track("messages", 60), told: "usage 50", "usage 50"),
        Row(
            "7.4: each part of a batch", hundred, set(alert(50, .usage), alert(80, .usage)),
            .batch([("messages", 60), ("messages", 30)]), told: "usage 50", "usage 80"),
    ]

    static let levels = [
        Row(
            "7.4: the customer's", hundred, .entity("users", "a"), set(alert(50, .usage)),
            .track("messages", 60, of: "a"), told: "usage 50 of 1"),
        Row(
            "7.4: an entity's own, in place of it", hundred, .entity("users", "a"),
            set(alert(50, .usage)), set(alert(70, .usage), of: "a"),
            .track("messages", 60, of: "a"), .track("messages", 20, of: "a"),
            told: "usage 70 of 1"),
        Row(
            "7.4: a plan's", hundred, .attach("alerting"), .track("messages", 60), told: "plan"),
        Row(
            "7.4: the customer's in place of a plan's", hundred, .attach("alerting"),
            set(alert(20, .usage)), .track("messages", 60), told: "usage 20"),
    ]

    static let limits = [
        Row(
            "7.4: included, once", hundred, .track("messages", 99), .track("messages", 1),
            .track("messages", 1), told: "included"),
        Row(
            "7.4: less than a probe is left", hundred, .track("messages", "99.99999995"),
            told: "included"),
        Row("7.4: a little is left", hundred, .track("messages", "99.9999998")),
        Row(
            "7.4: again after a refund", hundred, .track("messages", 100),
            .track("messages", -5), .track("messages", 5), told: "included", "included"),
        Row(
            "7.4: most that is sold", .buy("capped"), .track("messages", 100),
            .track("messages", 20), told: "maxPurchase"),
        Row("7.4: unbounded overage", .buy("usage"), .track("messages", 1000)),
        Row(
            "7.4: spend limit", .buy("usage"), .set(.spend(Fixture.messages, .units(25))),
            .track("messages", 124), .track("messages", 10), .track("messages", 1),
            told: "spendLimit"),
        Row(
            "7.4: usage limit", hundred,
            .set(
                .usage(UsageLimit(feature: Fixture.messages, limit: 5, interval: .day))),
            .track("messages", 4), .track("messages", 4), .track("messages", 4),
            told: "usageLimit"),
        Row(
            "7.4: credits left: not reached", .open(Grant("action1", 10)),
            .open(Grant("credits", 10)), .track("action1", 10), .track("action1", 50),
            told: "included"),
        Row(
            "7.4: for an entity", .entity("users", "a"), .entity("users", "b"), .attach("each"),
            .track("messages", 10, of: "b"), .track("messages", 10, of: "a"),
            told: "included of 2", "included of 1"),
        Row(
            "7.4: the last seat taken by an entity", .open(Grant("users", 1)),
            .entity("users", "a"), .entity("users", "b"), told: "included"),
        Row("7.4: nothing owned", .track("messages", 10)),
        Row("7.4: was blocked before", .open(Grant("messages", 0)), .track("messages", 10)),
    ]

    @Test("usage alerts", arguments: alerts)
    func tellAlert(row: Row) throws { try check(row) }

    @Test("whose alerts count", arguments: levels)
    func tellLevel(row: Row) throws { try check(row) }

    @Test("limits that are reached", arguments: limits)
    func tellLimit(row: Row) throws { try check(row) }

    private func check(_ row: Row) throws {
        var desk = Desk(NoticeTests.pricing)
        for step in row.steps { try desk.perform(step, "\(row.rule)") }
        #expect(NoticeTests.alertsIn(desk, isAlert: row.told) == row.told)
    }

    /// What a row says is told: of alerts' rows the alerts only, of limits' rows the limits only.
    private static func alertsIn(_ desk: Desk, isAlert told: [String]) -> [String] {
        let isOfLimits = desk.customer.buckets.extras.controls.allSatisfy {
            $0.controls.usageAlerts.isEmpty
        }
        return desk.notices.compactMap { notice -> String? in
            let owner = notice.entity == 0 ? "" : " of \(notice.entity)"
            switch notice.event {
            case .alert(let alert):
                let units = DecimalText.text(alert.threshold.raw, digits: 10)
                return (alert.name.isEmpty ? "\(alert.measure) \(units)" : alert.name) + owner
            case .limitReached(let kind): return isOfLimits ? "\(kind)\(owner)" : nil
            }
        }
    }
}
