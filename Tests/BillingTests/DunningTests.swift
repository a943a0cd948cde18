import Stories
import Testing

@testable import Billing

/// Billing §11.5: renewals that are declined, and tried again.
@Suite("Dunning") struct DunningTests {
    private static func pricing(_ dunning: Dunning = Dunning()) -> PricingState {
        var draft = PricingDraft(
            currency: "usd", features: [.sample("words", .metered)],
            plans: [
                .sample("free", autoEnable: true, .sample("words", 5, each: .month)),
                .sample("pro", price: "20", .sample("words", 10, each: .month)),
                .sample("premium", price: "50"),
                .sample("weekly", price: "5", each: .week),
            ])
        draft.settings = PricingSettings()
        draft.settings?.dunning = dunning
        precondition(draft.validate(onto: .empty).isEmpty)
        return PricingState.empty.publishing(draft)
    }

    /// On a plan whose first renewal, a month after the start, is declined.
    private static func desk(
        _ dunning: Dunning = Dunning(), on plan: String = "pro"
    ) throws -> Desk {
        var desk = Desk(pricing(dunning), at: .utc(2027, 1, 10))
        try desk.create()
        try desk.buy(plan)
        desk.advance(to: plan == "weekly" ? .utc(2027, 1, 17) : .utc(2027, 2, 10))
        try desk.settle(.declined(code: "card_declined"))
        return desk
    }

    private static func declined(_ desk: inout Desk, on day: Timestamp) throws {
        desk.advance(to: day.adding(milliseconds: -1))
        #expect(desk.customer.openEffect == nil, "before \(day)")
        desk.advance(to: day)
        try desk.settle(.declined(code: "card_declined"))
    }

    private static func check(_ desk: Desk) {
        var replayed = CustomerState(id: "customer")
        replayed.apply(desk.facts)
        #expect(StateView(replayed) == StateView(desk.customer))
    }

    @Test("declined: past due, with access, and an open invoice")
    func open() throws {
        let desk = try Self.desk()
        #expect(desk.status(ofPlan: "pro") == .pastDue)
        #expect(desk.customer.account.invoices.map(\.status) == [.paid, .open])
        #expect(desk.customer.account.debts.map(\.next) == [.utc(2027, 2, 13)])
        #expect(desk.customer.nextDue == .utc(2027, 2, 13))
    }

    @Test("paid at the second retry: active, and the same invoice is paid")
    func paidLater() throws {
        var desk = try Self.desk()
        try Self.declined(&desk, on: .utc(2027, 2, 13))
        desk.advance(to: .utc(2027, 2, 15))
        let reply = try desk.settle(.paid)
        #expect(reply.invoice?.number == 2 && reply.invoice?.status == .paid)
        #expect(desk.status(ofPlan: "pro") == .active)
        #expect(desk.customer.account.debts.isEmpty)
        #expect(desk.paidTotals == [2000, 2000])
        // What was paid for runs from the renewal.
        try desk.change(Change(cancel: .now))
        #expect(desk.customer.account.credit?.minorUnits == 1643)
        Self.check(desk)
    }

    @Test("never paid: the plan ends with the last retry, and the default follows")
    func cancels() throws {
        var desk = try Self.desk()
        for day in [13, 15, 17] { try Self.declined(&desk, on: .utc(2027, 2, Int64(day))) }
        #expect(desk.status(ofPlan: "pro") == .ended)
        #expect(desk.status(ofPlan: "free") == .active)
        #expect(desk.customer.account.invoices.map(\.status) == [.paid, .uncollectible])
        #expect(desk.customer.account.debts.isEmpty)
        Self.check(desk)
    }

    @Test("never paid, and plans are kept: past due for good")
    func keeps() throws {
        var dunning = Dunning()
        dunning.retryDays = [1]
        dunning.cancels = false
        var desk = try Self.desk(dunning)
        try Self.declined(&desk, on: .utc(2027, 2, 11))
        #expect(desk.status(ofPlan: "pro") == .pastDue)
        #expect(desk.customer.account.invoices.map(\.status) == [.paid, .uncollectible])
        // The next period is billed as ever.
        desk.advance(to: .utc(2027, 3, 10))
        try desk.settle(.paid)
        #expect(desk.status(ofPlan: "pro") == .active)
        Self.check(desk)
    }

    @Test("no retries: the plan ends at once")
    func noRetries() throws {
        var dunning = Dunning()
        dunning.retryDays = []
        let desk = try Self.desk(dunning)
        #expect(desk.status(ofPlan: "pro") == .ended)
        #expect(desk.customer.account.invoices.map(\.status) == [.paid, .uncollectible])
        Self.check(desk)
    }

    @Test("a page that puts another card on file has it tried at once")
    func newCard() throws {
        var desk = try Self.desk()
        var attach = AttachPlan(plan: desk.pricing.number(ofPlan: "weekly"), effectID: "e-1")
        attach.redirect = .always
        try desk.run(.attach(attach))
        try desk.settle(.checkoutOpened(url: "https://pay"))
        // What was bought replaces what is owed for: it isn't asked for again.
        try desk.completeCheckout()
        #expect(desk.customer.account.debts.isEmpty)
        #expect(desk.customer.account.invoices.map(\.status) == [.paid, .uncollectible, .paid])
        Self.check(desk)
    }

    @Test("a page that replaces what is paid at last is closed: it would give nothing of it back")
    func pageOfDebt() throws {
        var desk = try Self.desk()
        var attach = AttachPlan(plan: desk.pricing.number(ofPlan: "premium"), effectID: "page")
        attach.redirect = .always
        try desk.run(.attach(attach))
        try desk.settle(.checkoutOpened(url: "https://example.com/pay"))
        desk.advance(to: .utc(2027, 2, 13))
        #expect(desk.customer.account.checkout != nil)
        try desk.settle(.paid)
        #expect(desk.customer.account.checkout == nil)
        #expect(desk.status(ofPlan: "pro") == .active)
        Self.check(desk)
    }

    @Test("two periods are owed: past due until both are paid")
    func two() throws {
        var dunning = Dunning()
        dunning.retryDays = [10]
        var desk = try Self.desk(dunning, on: "weekly")
        try Self.declined(&desk, on: .utc(2027, 1, 24))
        desk.advance(to: .utc(2027, 1, 27))
        try desk.settle(.paid)
        #expect(desk.status(ofPlan: "weekly") == .pastDue)
        desk.advance(to: .utc(2027, 1, 31))
        try desk.settle(.paid)
        #expect(desk.status(ofPlan: "weekly") == .pastDue)
        desk.advance(to: .utc(2027, 2, 3))
        try desk.settle(.paid)
        #expect(desk.status(ofPlan: "weekly") == .active)
        #expect(desk.paidTotals == [500, 500, 500, 500])
        Self.check(desk)
    }

    @Test("what credit pays meanwhile needs no card")
    func credit() throws {
        var desk = try Self.desk()
        let dollars = try #require(Currency(code: "usd"))
        desk.apply([.creditChanged(Money(minorUnits: 2500, currency: dollars))])
        desk.advance(to: .utc(2027, 2, 13))
        #expect(desk.customer.openEffect == nil)
        #expect(desk.status(ofPlan: "pro") == .active)
        #expect(desk.customer.account.credit?.minorUnits == 500)
        #expect(desk.customer.account.invoices.map(\.status) == [.paid, .paid])
        Self.check(desk)
    }

    @Test("cancelled while it is owed for: it isn't asked for again")
    func cancelled() throws {
        var desk = try Self.desk()
        try desk.change(Change(cancel: .now))
        #expect(desk.customer.account.debts.isEmpty)
        #expect(desk.customer.account.credit == nil)
        #expect(desk.customer.account.invoices.map(\.status) == [.paid, .uncollectible])
        Self.check(desk)
    }

    @Test("what makes no schedule", arguments: [[0], [366], [3, 3], [5, 2], Array(1...17)])
    func faults(days: [UInt32]) {
        var draft = PricingDraft(currency: "usd", features: [], plans: [])
        draft.settings = PricingSettings()
        draft.settings?.dunning.retryDays = days
        #expect(draft.validate(onto: .empty).first?.path.hasPrefix("settings.dunning") == true)
    }
}
