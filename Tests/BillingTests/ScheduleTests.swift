import Stories
import Testing

@testable import Billing

/// Plans in phases, where something comes between (billing §14.4).
@Suite("Schedules") struct ScheduleTests {
    private let pricing = ScheduleStories.table.pricing

    private func desk() throws -> Desk {
        var desk = Desk(pricing, at: .utc(2026, 4, 1))
        try desk.create()
        return desk
    }

    private let middle = Timestamp.utc(2026, 4, 16)

    private func reply(_ decision: Decision) throws -> AttachReply {
        guard case .attach(let reply) = decision.reply else { throw NoReply() }
        return reply
    }

    private struct NoReply: Error {}

    @Test("a phase that isn't paid is owed like a renewal, and its plans are there")
    func dunning() throws {
        var desk = try desk()
        try desk.create(desk.schedule([.now("small"), .at(middle, "premium")]))
        desk.advance(to: middle)
        #expect(desk.customer.openEffect?.order.due.minorUnits == 2000)
        #expect(desk.status(ofPlan: "premium") == .renewing)
        try desk.settle(.declined(code: "card_declined"))
        #expect(desk.status(ofPlan: "premium") == .pastDue)
        #expect(desk.status(ofPlan: "small") == .ended)
        let debt = try #require(desk.customer.account.debts.first)
        #expect(debt.order.total.minorUnits == 2000)
        desk.advance(to: debt.next)
        try desk.settle(.paid)
        #expect(desk.status(ofPlan: "premium") == .active)
        #expect(desk.paidTotals == [1000, 2000])
    }

    @Test("a declined first phase changes nothing")
    func declined() throws {
        var desk = try desk()
        try desk.buy("pro")
        let before = StateView(desk.customer)
        let schedule = desk.schedule([.now("premium", "extra"), .at(middle, "small")])
        _ = try desk.run(.createSchedule(schedule))
        let answer = try desk.settle(.declined(code: "card_declined"))
        #expect(answer.outcome == .declined)
        #expect(desk.customer.subscriptions == before.subscriptions)
        #expect(desk.customer.account.schedules.isEmpty)
        #expect(desk.paidTotals == [2000])
    }

    @Test("a page sells the first phase, and plans the others once it is paid")
    func page() throws {
        var desk = try desk()
        let schedule = desk.schedule([.now("pro"), .at(middle, "premium", "extra")])
        _ = try desk.run(.createSchedule(schedule))
        let opened = try desk.settle(.checkoutOpened(url: "https://example.com/pay"))
        #expect(opened.outcome == .paymentRequired && opened.invoice?.due.minorUnits == 2000)
        #expect(desk.customer.account.schedules.isEmpty)
        desk.advance(to: .utc(2026, 4, 6))
        let paid = try desk.completeCheckout()
        #expect(paid.subscription?.status == .canceling)
        #expect(paid.others.map(\.subscription.status) == [.scheduled, .scheduled])
        // From the 6th to the 16th a third of the month is over.
        try desk.wait(until: middle)
        #expect(desk.paidTotals == [2000, 3333])
    }

    @Test("the page closes when the next phase begins")
    func closes() throws {
        var desk = try desk()
        _ = try desk.run(
            .createSchedule(desk.schedule([.now("pro"), .at(middle, "premium")])))
        try desk.settle(.checkoutOpened(url: "https://example.com/pay"))
        desk.advance(to: middle.adding(milliseconds: -1))
        #expect(desk.customer.account.checkout != nil)
        desk.advance(to: middle)
        #expect(desk.customer.account.checkout == nil)
    }

    @Test("a phase waits for the outcome of a charge that is under way, and begins at its moment")
    func waits() throws {
        var desk = try desk()
        try desk.create(desk.schedule([.now("small"), .at(.utc(2026, 5, 2), "premium")]))
        desk.advance(to: .utc(2026, 5, 3))
        #expect(desk.status(ofPlan: "premium") == .scheduled)
        try desk.settle(.paid)
        desk.advance(to: .utc(2026, 5, 4))
        #expect(desk.subscription("premium")?.periodStart == .utc(2026, 5, 2))
        // 30 days of 31 of each: 48.39 - 9.68.
        #expect(desk.customer.openEffect?.order.due.minorUnits == 3871)
    }

    @Test("a phase that was over before the first was paid is never there, and costs nothing")
    func over() throws {
        var desk = try desk()
        let schedule = desk.schedule([
            .now("small"), .at(.utc(2026, 4, 6), "extra", "premium"), .at(middle, "pro"),
        ])
        _ = try desk.run(.createSchedule(schedule))
        desk.advance(to: .utc(2026, 4, 21))
        try desk.settle(.paid)
        desk.advance(to: .utc(2026, 4, 22))
        try desk.settle(.paid)
        #expect(desk.subscription("extra") == nil && desk.subscription("premium") == nil)
        #expect(desk.status(ofPlan: "pro") == .active)
        // Its time begins when it is paid: all of the first comes back, 20.00 - 10.00.
        #expect(desk.paidTotals == [1000, 1000])
    }

    @Test("it is told with the tag phase_changed, once for each phase")
    func told() throws {
        var desk = try desk()
        try desk.create(desk.schedule([.now("small", "extra"), .at(middle, "premium")]))
        var count = desk.facts.count
        let planned = Notification.all(
            in: desk.facts, at: desk.now, before: [], pricing: pricing)
        desk.advance(to: middle)
        let begun = Notification.all(
            in: Array(desk.facts.dropFirst(count)), at: middle, before: [], pricing: pricing)
        count = desk.facts.count
        try desk.settle(.paid)
        let paid = Notification.all(
            in: Array(desk.facts.dropFirst(count)), at: middle, before: [], pricing: pricing)
        func tags(_ told: [Notification]) -> [[BillingTag]] {
            told.compactMap { notification in
                if case .billingUpdated(_, let tags) = notification { tags } else { nil }
            }
        }
        #expect(tags(planned) == [[]])
        #expect(tags(begun) == [[.phaseChanged]])
        #expect(tags(paid).flatMap { $0 }.isEmpty)
    }

    @Test("what was planned is noted once, whatever becomes of its plans")
    func noted() throws {
        var desk = try desk()
        try desk.create(
            desk.schedule([.now("small"), .at(middle, "pro"), .after(1, .month, "premium")]))
        #expect(desk.customer.account.schedules.map { $0.phases.count } == [2])
        try desk.change(Change("premium", cancel: .now))
        #expect(desk.customer.account.schedules.map { $0.phases.count } == [1])
        #expect(desk.subscription("pro")?.end == .never)
        try desk.change(Change("pro", cancel: .now))
        #expect(desk.customer.account.schedules.isEmpty)
        #expect(desk.status(ofPlan: "small") == .active)
    }

    @Test("a plan with a start of its own at the end of a period is charged in place of a renewal")
    func followed() throws {
        var desk = try desk()
        try desk.buy("small")
        try desk.purchase(Purchase("premium", starts: .utc(2026, 5, 1)))
        try desk.wait(until: .utc(2026, 5, 1))
        #expect(desk.paidTotals == [1000, 5000])
        #expect(desk.status(ofPlan: "small") == .ended)
    }
}
