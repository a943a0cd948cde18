import Stories
import Testing

@testable import Billing

extension PricingState {
    /// With settings and features in shadow mode.
    static func sample(
        _ plans: [Plan], _ settings: PricingSettings, shadow: Set<String> = []
    ) -> PricingState {
        var features = Fixture.features
        for index in features.indices {
            features[index].isShadow = shadow.contains(features[index].id)
        }
        var draft = PricingDraft(currency: "usd", features: features, plans: plans)
        draft.settings = settings
        let faults = draft.validate(onto: .empty)
        precondition(faults.isEmpty, "\(faults)")
        return PricingState.empty.publishing(draft)
    }
}

/// Entitlements §1.3 and §1.7: what a plan gives when it isn't simply active.
@Suite("Plans and settings") struct PlanSettingsTests {
    private static let plans: [Plan] = [
        .sample("free", .sample("messages", 10, each: .month)),
        .sample(
            "pro", price: "20", .sample("messages", 100, each: .month), .sample("dashboard"),
            .sample("action1", 20), .sample("words", 5).forEach("users")),
        .sample("extra", addOn: true, .sample("messages", 30, each: .month)),
        limited,
    ]

    /// Five messages a day, for whoever has it.
    private static var limited: Plan {
        var plan = Plan.sample("limited", price: "5", addOn: true)
        let messages = plan.controls.number(of: "messages")
        plan.controls.controls.usageLimits = [
            UsageLimit(feature: messages, limit: 5, interval: .day, anchor: .utc)
        ]
        return plan
    }

    private static func pricing(includesPastDue: Bool) -> PricingState {
        var settings = PricingSettings()
        settings.includesPastDue = includesPastDue
        return .sample(plans, settings)
    }

    static let due = Timestamp.utc(2027, 2, 10)

    struct Row: RuleRow {
        let rule: String
        let includes: Bool
        /// Before the payment is declined.
        let before: [Step]
        let plan: String
        /// And afterwards.
        let after: [Step]

        init(
            _ rule: String, includes: Bool, start before: [Step] = [], plan: String = "pro",
            _ after: Step...
        ) {
            self.rule = rule
            self.includes = includes
            self.before = before
            self.plan = plan
            self.after = after
        }
    }

    static let rows = [
        Row(
            "1.3: by default a past-due plan gives what it gave", includes: true,
            .check("messages", 100, .included), .check("dashboard", 1, .flag),
            .track("messages", 1), .check("messages", 99, .included)),
        Row(
            "1.3: by setting it gives nothing", includes: false,
            .check("messages", 1, .notIncluded), .check("dashboard", 1, .notIncluded),
            .deduct("messages", 1, .notIncluded),
            .refused("insufficient balance", .track("messages", 1, .reject)),
            .track("messages", 1), .balances([100, 0, 20])),
        Row(
            "1.3: others still give", includes: false, start: [.attach("extra")],
            .check("messages", 30, .included), .check("messages", 31, .insufficientBalance),
            .track("messages", 40), .balances([100, 0, 20, 0])),
        Row(
            "1.3: an entity's slice gives nothing either", includes: false,
            start: [.entity("users", "ada")], .check("words", 1, of: "ada", .notIncluded),
            .track("words", 1, of: "ada"), .slices([5], of: "ada")),
        Row(
            "1.3: nor do its limits hold", includes: false,
            start: [.open(Grant("messages", 50)), .track("messages", 4)], plan: "limited",
            .check("messages", 40, .included), .track("messages", 40)),
        Row(
            "1.3: by default they do", includes: true,
            start: [.open(Grant("messages", 50)), .track("messages", 4)], plan: "limited",
            .check("messages", 5, .included), .check("messages", 6, .usageLimit)),
        Row(
            "3: a hold is settled for less where it was made", includes: false,
            start: [.hold("action1", 8)], .settle(5), .balances([100, 0, 15]),
            .check("action1", 1, .notIncluded)),
        Row(
            "3: what it takes more isn't drawn from there", includes: false,
            start: [.hold("action1", 8)], .settle(10), .balances([100, 0, 12])),
    ]

    /// The payment for the second month is declined.
    private func desk(_ row: Row) throws -> Desk {
        var desk = Desk(PlanSettingsTests.pricing(includesPastDue: row.includes))
        desk.saveMethod()
        try desk.buy(row.plan)
        let (early, late) = (
            row.before.filter { !$0.isHold }, row.before.filter { $0.isHold }
        )
        for step in early { try desk.perform(step, "\(row.rule): before, \(step)") }
        desk.advance(to: PlanSettingsTests.due.adding(milliseconds: -3_600_000))
        for step in late { try desk.perform(step, "\(row.rule): before, \(step)") }
        desk.advance(to: PlanSettingsTests.due)
        try desk.settle(.declined(code: "card_declined"))
        #expect(desk.subscription(row.plan)?.status == .pastDue)
        return desk
    }

    @Test("past due (§1.3)", arguments: rows)
    func pastDue(row: Row) throws {
        var desk = try desk(row)
        for step in row.after { try desk.perform(step, "\(row.rule): \(step)") }
        var replayed = CustomerState(id: "customer")
        replayed.apply(desk.facts)
        #expect(StateView(replayed) == StateView(desk.customer))
    }

    @Test("by setting it isn't shown either; once it is paid all is back (§1.3)")
    func recovery() throws {
        let row = Row("", includes: false)
        var desk = try desk(row)
        let messages = Fixture.messages
        #expect(desk.customer.usableBuckets(desk.pricing).features(in: .customer).isEmpty)
        #expect(desk.balance("messages")?.granted == 100)
        desk.advance(to: .utc(2027, 3, 10))
        try desk.settle(.paid)
        #expect(desk.check("messages", 100).reason == .included)
        let shown = desk.customer.usableBuckets(desk.pricing).shownBalance(of: messages)
        #expect(shown?.remaining == 100)
    }

    @Test("seats in use stay counted, paid or not (§1.3)")
    func seats() throws {
        var settings = PricingSettings()
        settings.includesPastDue = false
        let plan = Plan.sample("seats", price: "20", .sample("users", 3))
        var desk = Desk(PricingState.sample([plan], settings))
        try desk.buy("seats")
        try desk.entity("one", "users")
        desk.advance(to: PlanSettingsTests.due)
        try desk.settle(.declined(code: "card_declined"))
        try desk.entity("two", "users")
        desk.advance(to: .utc(2027, 3, 10))
        try desk.settle(.paid)
        #expect(desk.balance("users")?.usage == 2)
    }

    struct PlanRow: RuleRow {
        let rule: String
        let status: SubscriptionStatus?
        let includes: Bool
        let reason: CheckReason
        let allowed: Bool
    }

    static let checks = [
        PlanRow(
            rule: "1.7: active", status: .active, includes: true, reason: .planActive,
            allowed: true),
        PlanRow(
            rule: "1.7: cancelled at the period's end", status: .canceling, includes: true,
            reason: .planCanceling, allowed: true),
        PlanRow(
            rule: "1.7: its payment is on its way", status: .renewing, includes: false,
            reason: .planRenewing, allowed: true),
        PlanRow(
            rule: "1.3: past due", status: .pastDue, includes: true, reason: .planPastDue,
            allowed: true),
        PlanRow(
            rule: "1.3: past due, by setting", status: .pastDue, includes: false,
            reason: .planUnpaid, allowed: false),
        PlanRow(
            rule: "1.7: scheduled", status: .scheduled, includes: true, reason: .planScheduled,
            allowed: false),
        PlanRow(
            rule: "1.7: ended", status: .ended, includes: true, reason: .planEnded,
            allowed: false),
        PlanRow(
            rule: "1.7: not attached", status: nil, includes: true, reason: .planNotAttached,
            allowed: false),
    ]

    @Test("checks of a plan (§1.7)", arguments: checks)
    func plan(row: PlanRow) {
        var customer = CustomerState.sample()
        if let status = row.status {
            customer.apply([.subscriptionChanged(.sample(1, plan: 2, status))])
        }
        let answer = customer.check(
            plan: PlanNumber(rawValue: 2),
            pricing: PlanSettingsTests.pricing(includesPastDue: row.includes))
        #expect(answer.reason == row.reason)
        #expect(answer.allowed == row.allowed)
        #expect(answer.subscription?.status == row.status)
    }

    @Test("settings alone are a publication; without settings they stay")
    func publication() {
        let state = PlanSettingsTests.pricing(includesPastDue: true)
        var draft = PricingDraft(currency: "usd", features: [], plans: [])
        #expect(state.changes(publishing: draft).isEmpty)
        draft.settings = PricingSettings()
        #expect(state.changes(publishing: draft).isEmpty)
        draft.settings?.includesPastDue = false
        let changes = state.changes(publishing: draft)
        #expect(
            changes == [PricingChange(subject: .settings, id: "", created: false, revision: 0)])
        let next = state.publishing(draft)
        #expect(!next.settings.includesPastDue)
        draft.settings = nil
        #expect(!next.publishing(draft).settings.includesPastDue)
    }
}

extension Step {
    fileprivate var isHold: Bool { if case .hold = self { true } else { false } }
}

/// Entitlements §2.3, the setting that turns the keys of resets and cycles round.
@Suite("Reversed deduction order") struct ReversedOrderTests {
    private static let reset = Timestamp.utc(2027, 2, 1)

    private static func cycled(_ number: UInt32, _ interval: Interval) -> Bucket {
        .sample(number, 1, cycle: Cycle(interval), nextReset: reset)
    }

    struct Row: RuleRow {
        let rule: String
        let buckets: [Bucket]
        /// Numbers, first to last.
        let usual: [UInt32]
        let reversed: [UInt32]

        init(_ rule: String, _ buckets: Bucket..., usual: [UInt32], reversed: [UInt32]) {
            self.rule = rule
            self.buckets = buckets
            self.usual = usual
            self.reversed = reversed
        }
    }

    static let rows = [
        Row(
            "5: lifetime before resetting", cycled(1, .year), .sample(2, 1), usual: [1, 2],
            reversed: [2, 1]),
        Row(
            "6: longer cycles first", cycled(1, .day), cycled(2, .month), cycled(3, .year),
            usual: [1, 2, 3], reversed: [3, 2, 1]),
        Row(
            "5 before 6", cycled(1, .month), .sample(2, 1), cycled(3, .hour), usual: [3, 1, 2],
            reversed: [2, 1, 3]),
        Row(
            "7: expiry stays as it is", .sample(1, 1, expires: .utc(2027, 3, 2)),
            .sample(2, 1, expires: .utc(2027, 3, 1)), usual: [2, 1], reversed: [2, 1]),
        Row(
            "9: so do add-ons", .sample(1, 1, [.addOn]), .sample(2, 1), usual: [2, 1],
            reversed: [2, 1]),
        Row(
            "4: and what is unlimited", cycled(1, .month), .sample(2, 1, [.unlimited]),
            usual: [2, 1], reversed: [2, 1]),
        Row(
            "correction 4: and what went over", cycled(1, .month), .sample(2, 1, [.rollover]),
            usual: [2, 1], reversed: [2, 1]),
    ]

    @Test("the order of draws (§2.3)", arguments: rows)
    func order(row: Row) {
        for (isReversed, expected) in [(false, row.usual), (true, row.reversed)] {
            var settings = PricingSettings()
            settings.reversesDeductionOrder = isReversed
            var draft = PricingDraft(
                currency: "usd", features: [.sample("messages", .metered)], plans: [])
            draft.settings = settings
            let pricing = PricingState.empty.publishing(draft)
            var customer = CustomerState.sample()
            customer.apply(row.buckets.map { .bucketOpened($0) })
            let deduction = Deduction(
                of: 1, feature: FeatureNumber(rawValue: 1), from: customer.buckets,
                pricing: pricing, overage: .cap, now: .utc(2027, 1, 10))
            #expect(deduction.parts.map(\.bucket.number) == expected)
        }
    }

    private static var pricing: PricingState {
        var settings = PricingSettings()
        settings.reversesDeductionOrder = true
        return .sample([.sample("plan", .sample("messages", 100, each: .month))], settings)
    }

    static let stories = [
        Story(
            "2.3: what lasts goes first", .attach("plan"), .open(Grant("messages", 50)),
            .track("messages", 60), .balances([90, 0])),
        Story(
            "2.3: corrections, too", .attach("plan"), .open(Grant("messages", 50)),
            .update(Pick("messages"), .remaining(120)), .balances([100, 20])),
        Story(
            "2.3: and usage that is set", .attach("plan"), .open(Grant("messages", 50)),
            .setUsage("messages", 20), .balances([100, 30])),
    ]

    @Test("in use (§2.3)", arguments: stories)
    func story(story: Story) throws {
        try story.run(ReversedOrderTests.pricing)
    }
}
