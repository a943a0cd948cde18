import Stories
import Testing

@testable import Billing

/// Several plans in one, where something comes between.
@Suite("Several plans") struct SeveralTests {
    private let pricing = SeveralStories.table.pricing

    private func several(_ planIDs: String..., effectID: String = "several") -> AttachSeveral {
        var several = AttachSeveral(
            planIDs.map { AttachPlan(plan: pricing.number(ofPlan: $0)) })
        several.effectID = effectID
        return several
    }

    private func reply(_ decision: Decision) throws -> AttachReply {
        guard case .attach(let reply) = decision.reply else { throw NoReply() }
        return reply
    }

    private struct NoReply: Error {}

    @Test("a declined charge changes nothing")
    func declined() throws {
        var desk = Desk(pricing)
        try desk.create()
        try desk.buy("premium")
        let before = desk.customer.subscriptions
        let buckets = desk.customer.allBuckets
        _ = try desk.run(.attachSeveral(several("small", "extra", "other")))
        let answer = try desk.settle(.declined(code: "card_declined"))
        #expect(answer.outcome == .declined)
        #expect(desk.customer.subscriptions == before)
        #expect(desk.customer.allBuckets == buckets)
        #expect(desk.paidTotals == [5000])
    }

    @Test("what was to start before all of it was paid for starts then")
    func paidLate() throws {
        var desk = Desk(pricing)
        try desk.create()
        desk.saveMethod()
        var several = several("extra", "other")
        several.plans[1].starts = desk.now.adding(milliseconds: 86_400_000)
        #expect(try reply(desk.run(.attachSeveral(several))).outcome == .processing)
        desk.advance(to: desk.now.adding(milliseconds: 2 * 86_400_000))
        _ = try desk.settle(.paid)
        #expect(desk.subscription("extra")?.status == .active)
        desk.advance(to: desk.now)
        _ = try desk.settle(.paid)
        #expect(desk.subscription("other")?.status == .active)
        #expect(desk.subscription("other")?.start == desk.now)
        #expect(desk.paidTotals == [2000, 2000])
    }

    @Test("one page sells all of it")
    func page() throws {
        var desk = Desk(pricing)
        try desk.create()
        let asked = try reply(desk.run(.attachSeveral(several("pro", "extra", "packs"))))
        #expect(asked.outcome == .processing)
        let opened = try desk.settle(.checkoutOpened(url: "https://example.com/pay"))
        #expect(opened.outcome == .paymentRequired && opened.invoice?.due.minorUnits == 4000)
        #expect(desk.subscription("pro") == nil)
        desk.advance(to: desk.now.adding(milliseconds: 86_400_000))
        let paid = try desk.completeCheckout()
        #expect(paid.outcome == .active)
        let begun = [paid.subscription] + paid.others.map(\.subscription)
        #expect(
            begun.compactMap { $0?.plan.plan }
                == ["pro", "extra", "packs"].map {
                    pricing.number(ofPlan: $0)
                })
        // What a page sold begins when it is paid, in whole periods that end together.
        #expect(begun.allSatisfy { $0?.start == desk.now && $0?.anchor == desk.now })
        #expect(Set(begun.prefix(2).compactMap { $0?.charges.first?.period.upperBound }).count == 1)
        #expect(desk.paidTotals == [4000])
        #expect(desk.subscription("free")?.status == .ended)
    }

    @Test("the same again gets the page that is open, something else another one")
    func again() throws {
        var desk = Desk(pricing)
        try desk.create()
        _ = try desk.run(.attachSeveral(several("pro", "extra")))
        try desk.settle(.checkoutOpened(url: "https://example.com/pay"))
        let facts = desk.facts.count
        let same = try reply(desk.run(.attachSeveral(several("extra", "pro", effectID: "b"))))
        #expect(same.paymentURL == "https://example.com/pay")
        #expect(desk.facts.count == facts)
        let other = try reply(desk.run(.attachSeveral(several("pro", "other", effectID: "c"))))
        #expect(other.outcome == .processing && desk.customer.account.checkout == nil)
    }

    @Test("a change of what would end closes the page")
    func closes() throws {
        var desk = Desk(pricing)
        try desk.create()
        try desk.buy("extra")
        var attach = AttachPlan(plan: pricing.number(ofPlan: "pro"), effectID: "several")
        attach.removed = [pricing.number(ofPlan: "extra")]
        attach.redirect = .always
        _ = try desk.run(.attach(attach))
        try desk.settle(.checkoutOpened(url: "https://example.com/pay"))
        #expect(desk.customer.account.checkout != nil)
        var cancel = ChangeSubscription(effectID: "cancel")
        cancel.plan = pricing.number(ofPlan: "extra")
        cancel.cancel = .now
        _ = try desk.run(.changeSubscription(cancel))
        #expect(desk.customer.account.checkout == nil)
    }

    @Test("an entity that is to get one of them cannot be deleted while it is paid for")
    func entity() throws {
        var desk = Desk(pricing)
        try desk.create()
        try desk.entity("unit", "seats")
        desk.saveMethod()
        var several = several("pro", "extra")
        several.plans[1].entity = "unit"
        _ = try desk.run(.attachSeveral(several))
        #expect(throws: Refusal.purchaseInProgress) {
            try desk.run(.deleteEntity(id: "unit"))
        }
    }

    @Test("all of it is one commit, and each plan is told of")
    func told() throws {
        var desk = Desk(pricing)
        try desk.create()
        try desk.buy("pro")
        _ = try desk.run(.attachSeveral(several("premium", "extra", "other")))
        let count = desk.facts.count
        try desk.settle(.paid)
        let changes = PlanChanges(
            Array(desk.facts.dropFirst(count)), at: desk.now, pricing: pricing)
        let told = changes.changes(before: [])
        #expect(told.count == 4)
        #expect(told.count { $0.action == .activated } == 3)
    }

    @Test("as many as a call takes, in one invoice")
    func many() throws {
        var desk = Desk(pricing)
        try desk.create()
        desk.saveMethod()
        let extras = Array(repeating: "extra", count: AttachSeveral.planLimit)
        var several = AttachSeveral(extras.map { AttachPlan(plan: pricing.number(ofPlan: $0)) })
        several.effectID = "several"
        _ = try desk.run(.attachSeveral(several))
        let paid = try desk.settle(.paid)
        #expect(paid.others.count == AttachSeveral.planLimit - 1)
        #expect(desk.paidTotals == [40_000])
    }
}
