import Stories
import Testing

@testable import Billing

/// Billing §9: what is paid for pauses while another plan is tried in its place.
@Suite("Trials that revert") struct PauseTests {
    @Test("§9: told", arguments: PauseStories.table.stories)
    func tell(story: Story) throws { try story.run(PauseStories.table.pricing) }

    @Test("§9: a default that was tried", arguments: PauseStories.defaults.stories)
    func defaults(story: Story) throws { try story.run(PauseStories.defaults.pricing) }

    private static let start = Timestamp.utc(2026, 4, 1)
    private static let late = Timestamp.utc(2026, 4, 25)

    /// With the paid plan, and the dearer one tried in its place.
    private func desk(
        at time: Timestamp = start, _ pricing: PricingState = PauseStories.table.pricing
    ) throws -> Desk {
        var desk = Desk(pricing, at: Self.start)
        try desk.create()
        try desk.perform(.purchase("pro"), "bought")
        try desk.perform(.advance(to: time), "later")
        try desk.perform(.purchase("premium"), "tried")
        return desk
    }

    private func reason(_ plan: String, _ desk: Desk) -> CheckReason {
        desk.customer.check(plan: desk.pricing.number(ofPlan: plan), pricing: desk.pricing).reason
    }

    @Test("a check of the paused plan is denied, one of what is tried allowed")
    func checks() throws {
        var desk = try desk()
        #expect(reason("pro", desk) == .planPaused && !CheckReason.planPaused.allows)
        #expect(reason("premium", desk) == .planActive)
        try desk.perform(.advance(to: .utc(2026, 4, 15)), "over")
        #expect(reason("pro", desk) == .planActive)
        #expect(reason("premium", desk) == .planEnded)
    }

    @Test("an explanation says of its balance that it is paused")
    func explained() throws {
        let desk = try desk()
        let words = desk.pricing.number(ofFeature: "words")
        let told = try desk.customer.explain(
            CheckQuery(feature: words, required: 501), pricing: desk.pricing, now: desk.now)
        #expect(!told.answer.allowed && told.parts.count == 1)
        #expect(told.excluded.map(\.reason) == [.paused])
        #expect(told.excluded.map(\.bucket.granted) == [100])
    }

    @Test("nothing is drawn from it, nor set in it, but what a hold took goes back there")
    func balances() throws {
        var desk = Desk(PauseStories.table.pricing, at: Self.start)
        try desk.create()
        try desk.perform(.purchase("pro"), "bought")
        try desk.perform(.hold("words", 40), "held")
        try desk.perform(.purchase("premium"), "tried")
        try desk.perform(.deduct("words", 500, .included), "all of it")
        try desk.perform(.deduct("words", 1, .insufficientBalance), "no more")
        try desk.perform(.settle(10), "less than held")
        try desk.perform(.update(Pick("words"), .remaining(7)), "set")
        try desk.perform(.left("words", 7), "what is in use")
        try desk.perform(.advance(to: .utc(2026, 4, 15)), "over")
        try desk.perform(.left("words", 90), "what was paused")
    }

    @Test("a declined renewal is retried meanwhile; given up, it takes the trial with it")
    func declined() throws {
        var desk = try desk(at: .utc(2026, 4, 18))
        desk.advance(to: .utc(2026, 5, 1))
        #expect(desk.customer.openEffect?.order.due.minorUnits == 2000)
        try desk.settle(.declined(code: "card_declined"))
        let paused = try #require(desk.subscription("pro"))
        #expect(paused.status == .pastDue && paused.shownStatus == .paused)
        #expect(desk.customer.account.debts.count == 1)
        #expect(desk.remaining("words") == 500)
        // Afterwards it is in use, and owed for.
        var after = desk
        after.advance(to: .utc(2026, 5, 2))
        while after.customer.openEffect != nil {
            try after.settle(.declined(code: "card_declined"))
            after.advance(to: .utc(2026, 5, 2))
        }
        #expect(after.subscription("premium")?.status == .ended)
        #expect(after.subscription("pro")?.shownStatus == .pastDue)
        // Its plans end at once where a payment is given up at once.
        var settings = PricingSettings()
        settings.dunning.retryDays = []
        var draft = PricingDraft(currency: "usd", features: [], plans: [])
        draft.settings = settings
        var strict = try self.desk(
            at: Self.late, PauseStories.table.pricing.publishing(draft))
        strict.advance(to: .utc(2026, 5, 1))
        try strict.settle(.declined(code: "card_declined"))
        #expect(strict.subscription("pro")?.status == .ended)
        #expect(strict.subscription("premium")?.status == .ended)
        #expect(strict.subscription("free")?.status == .active)
    }

    @Test("whoever looks when, it is the same")
    func looks() throws {
        var (often, once) = (try desk(at: Self.late), try desk(at: Self.late))
        let end = Timestamp.utc(2026, 6, 3)
        for hour in 1..<1_000 {
            let time = Self.late.adding(milliseconds: Int64(hour) * 3_600_000)
            try often.perform(.advance(to: min(time, end)), "looked at")
        }
        try once.perform(.advance(to: end), "looked at once")
        #expect(often.customer.subscriptions == once.customer.subscriptions)
        #expect(often.customer.allBuckets == once.customer.allBuckets)
        #expect(often.customer.account.trials == once.customer.account.trials)
        #expect(once.paidTotals == [2000, 2000, 2000])
    }

    @Test("receivers are told of both plans")
    func told() throws {
        var desk = Desk(PauseStories.table.pricing, at: Self.start)
        try desk.create()
        try desk.perform(.purchase("pro"), "bought")
        let before = desk.customer.subscriptions
        var count = desk.facts.count
        func news() -> (scenarios: [String], changes: [String]) {
            let plans = PlanChanges(
                Array(desk.facts[count...]), at: desk.now, pricing: desk.pricing)
            func name(_ subscription: Subscription) -> String {
                desk.pricing.plan(subscription.plan).id
            }
            return (
                plans.scenarios(before: before, desk.pricing).map { "\($0.0) \(name($0.1))" },
                plans.changes(before: before).map { "\($0.action) \(name($0.subscription))" }
            )
        }
        try desk.perform(.purchase("premium"), "tried")
        #expect(news().scenarios == ["new premium"])
        #expect(news().changes == ["updated pro", "activated premium"])
        let tried = desk.customer.subscriptions
        count = desk.facts.count
        try desk.perform(.advance(to: .utc(2026, 4, 15)), "over")
        let plans = PlanChanges(Array(desk.facts[count...]), at: desk.now, pricing: desk.pricing)
        let scenarios = plans.scenarios(before: tried, desk.pricing).map(\.0)
        #expect(scenarios == [.expired, .active])
        #expect(plans.changes(before: tried).map(\.action) == [.expired, .updated])
    }

    @Test("§9: what a catalog can't have")
    func validation() {
        var trial = FreeTrial(length: 7, unit: .day, needsCard: false)
        trial.onEnd = .revert
        var addOn = Plan.sample("extra", price: "10", addOn: true)
        addOn.trial = trial
        var given = Plan.sample("given", price: "10", autoEnable: true)
        given.trial = trial
        let draft = PricingDraft(currency: "usd", features: [], plans: [addOn, given])
        #expect(
            draft.validate(onto: .empty).map(\.path) == [
                "plans[0].free_trial.on_end", "plans[1].free_trial.on_end",
            ])
    }
}
