import Stories
import Testing

@testable import Billing

@Suite("Purchases") struct PurchaseTests {
    @Test("§3, §10.1: plans that change", arguments: PlanStories.table.stories)
    func changing(_ story: Story) throws {
        try story.run(PlanStories.table.pricing)
    }

    @Test("by the clocks of a zone", arguments: ZoneStories.table.stories)
    func zoned(_ story: Story) throws {
        try story.run(ZoneStories.table.pricing)
    }

    @Test("§5-§11", arguments: PurchaseStories.table.stories)
    func tell(story: Story) throws {
        try story.run(PurchaseStories.table.pricing)
    }

    @Test("several cancellations", arguments: CancelStories.table.stories)
    func severalCancellations(story: Story) throws {
        try story.run(CancelStories.table.pricing)
    }

    @Test("several plans", arguments: SeveralStories.table.stories)
    func tellSeveral(story: Story) throws {
        try story.run(SeveralStories.table.pricing)
    }

    @Test("phases", arguments: ScheduleStories.table.stories)
    func tellPhases(story: Story) throws {
        try story.run(ScheduleStories.table.pricing)
    }

    @Test("refunds", arguments: PurchaseStories.refunds.stories)
    func tellRefund(story: Story) throws {
        try story.run(PurchaseStories.refunds.pricing)
    }

    @Test("custom line items", arguments: PurchaseStories.customLines.stories)
    func customLines(story: Story) throws {
        try story.run(PurchaseStories.customLines.pricing)
    }

    @Test("invoices", arguments: PurchaseStories.invoices.stories)
    func tellInvoices(story: Story) throws {
        try story.run(PurchaseStories.invoices.pricing)
    }

    @Test("what the laws found", arguments: PurchaseStories.found.stories)
    func tellFound(story: Story) throws {
        try story.run(PurchaseStories.found.pricing)
    }

    @Test("discounts", arguments: DiscountStories.table.stories)
    func tellDiscounts(story: Story) throws {
        try story.run(DiscountStories.table.pricing)
    }

    @Test("codes", arguments: DiscountStories.codes.stories)
    func tellCodes(story: Story) throws {
        try story.run(DiscountStories.codes.pricing)
    }

    private static let weekly = PricingState.sample(
        [.sample("messages", .metered)],
        [
            .sample(
                "weekly", price: "7", each: .week,
                .packs("messages", Price("10", packSize: 100), onIncrease: .prorateNextCycle)),
            .sample("extra", price: "5", each: .week, addOn: true),
        ])

    private func desk() throws -> Desk {
        var desk = Desk(PurchaseTests.weekly, at: .utc(2026, 4, 1))
        try desk.create()
        try desk.purchase(Purchase("weekly", ["messages": 100]))
        return desk
    }

    @Test("what waited for an invoice that was declined isn't given back")
    func declined() throws {
        var desk = try desk()
        try desk.change(Change(["messages": 200]))
        desk.advance(to: .utc(2026, 4, 8))
        try desk.settle(.declined(code: "card_declined"))
        try desk.change(Change(cancel: .now))
        #expect(desk.paidTotals == [1700])
    }

    @Test("the page of what began in the past stays open") func pastPage() throws {
        var desk = Desk(.sample([], [.sample("weekly", price: "7", each: .week)]))
        try desk.create()
        desk.saveMethod()
        var attach = AttachPlan(plan: desk.pricing.number(ofPlan: "weekly"), effectID: "page")
        attach.redirect = .always
        attach.starts = desk.now.adding(milliseconds: -10 * 86_400_000)
        try desk.run(.attach(attach))
        try desk.settle(.checkoutOpened(url: "https://example.com/pay"))
        desk.advance(to: desk.now.adding(milliseconds: 60_000))
        #expect(try desk.completeCheckout().outcome == .active)
        #expect(desk.paidTotals == [1400])
    }

    @Test("a page is closed when another plan starts where it sells one")
    func pageOfOther() throws {
        var desk = Desk(
            .sample([], [.sample("weekly", price: "7", each: .week), .sample("pro", price: "20")]))
        try desk.create()
        desk.saveMethod()
        let start = desk.now.adding(milliseconds: 60_000)
        try desk.purchase(Purchase("pro", starts: start))
        var attach = AttachPlan(plan: desk.pricing.number(ofPlan: "weekly"), effectID: "page")
        attach.redirect = .always
        try desk.run(.attach(attach))
        try desk.settle(.checkoutOpened(url: "https://example.com/pay"))
        #expect(desk.customer.account.checkout != nil)
        desk.advance(to: start)
        #expect(desk.customer.account.checkout == nil)
    }

    @Test("a page is closed when what it sells is over")
    func pageEnds() throws {
        var desk = try desk()
        desk.advance(to: .utc(2026, 4, 2))
        var attach = AttachPlan(plan: desk.pricing.number(ofPlan: "extra"), effectID: "page")
        attach.redirect = .always
        try desk.run(.attach(attach))
        try desk.settle(.checkoutOpened(url: "https://example.com/pay"))
        desk.advance(to: Timestamp.utc(2026, 4, 8).adding(milliseconds: -1))
        #expect(desk.customer.account.checkout != nil)
        desk.advance(to: .utc(2026, 4, 8))
        #expect(desk.customer.account.checkout == nil)
    }

    @Test("without proration only what replaces nothing that is paid for is bought (§5.4, §8.3)")
    func withoutProration() throws {
        let plans: [Plan] = [
            .sample("free"), .sample("lite", price: "5"), .sample("pro", price: "20"),
        ]
        var desk = Desk(.sample([], plans), at: .utc(2026, 4, 1))
        try desk.create()
        desk.saveMethod()
        try desk.purchase("free")
        var attach = AttachPlan(plan: desk.pricing.number(ofPlan: "pro"), effectID: "e-1")
        attach.prorates = false
        try desk.run(.attach(attach))
        try desk.settle(.paid)
        #expect(desk.paidTotals == [2000])
        // What begins when the paid period ends has nothing to prorate either.
        attach.plan = desk.pricing.number(ofPlan: "lite")
        #expect(
            try desk.customer.preview(attach, pricing: desk.pricing, now: desk.now).outcome
                == .scheduled)
        attach.schedule = .immediate
        let refusal = Refusal.unfit(
            "proration_behavior",
            "cannot be NONE: the plan takes the place of one that is paid for")
        #expect(throws: refusal) {
            try desk.customer.preview(attach, pricing: desk.pricing, now: desk.now)
        }
    }

    @Test("what is scheduled already stays as it is")
    func scheduledTwice() throws {
        let pricing = PricingState.sample(
            [], [.sample("pro", price: "20"), .sample("lite", price: "5")])
        var desk = Desk(pricing, at: .utc(2026, 4, 1))
        try desk.create()
        try desk.purchase("pro")
        try desk.purchase("lite")
        let again = AttachPlan(plan: pricing.number(ofPlan: "lite"))
        let preview = try desk.customer.preview(again, pricing: pricing, now: desk.now)
        #expect(preview.outcome == .scheduled && preview.incoming.isEmpty)
        #expect(preview.outgoing.isEmpty)
        #expect(preview.nextInvoice?.lines.map(\.subscription) == [2])
    }
}
