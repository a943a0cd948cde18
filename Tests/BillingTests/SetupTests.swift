import Stories
import Testing

@testable import Billing

/// Billing §14.5: a card without a charge, and what follows it.
@Suite("A card alone") struct SetupTests {
    private static let pricing = PricingState.sample(
        [.sample("words", .metered)],
        [
            .sample("free", autoEnable: true, .sample("words", 5, each: .month)),
            .sample("pro", price: "20", .sample("words", 10, each: .month)),
        ])
    private static let card = PaymentMethod(
        token: "other", brand: "amex", last4: "0005", expiry: CardExpiry(year: 2030, month: 1))

    /// With a page that is open.
    private static func desk(for plan: String?) throws -> Desk {
        var desk = Desk(pricing)
        try desk.create()
        var setup = SetupPayment(plan: plan.map { pricing.number(ofPlan: $0) })
        setup.effectID = "page"
        try desk.run(.setupPayment(setup))
        let effect = try #require(desk.customer.openEffect)
        #expect(effect.kind == .openCheckout && effect.order.due.minorUnits == 0)
        try desk.settle(.checkoutOpened(url: "https://example.com/page"))
        return desk
    }

    private static func complete(_ desk: inout Desk) throws -> AttachReply {
        let done = CompleteCheckout(session: "page", method: card, effectID: "charge")
        guard case .attach(let reply) = try desk.run(.completeCheckout(done)).reply else {
            preconditionFailure("a page replies with an attach")
        }
        return reply
    }

    private static func check(_ desk: Desk) {
        var replayed = CustomerState(id: "customer")
        replayed.apply(desk.facts)
        #expect(StateView(replayed) == StateView(desk.customer))
    }

    @Test("is put on file, and nothing is charged")
    func alone() throws {
        var desk = try Self.desk(for: nil)
        #expect(try Self.complete(&desk).outcome == .active)
        #expect(desk.customer.account.method == Self.card)
        #expect(desk.customer.account.invoices.isEmpty && desk.customer.account.checkout == nil)
        Self.check(desk)
    }

    @Test("setup_payment with plan: after the card is saved the plan is attached, 20")
    func plan() throws {
        var desk = try Self.desk(for: "pro")
        #expect(try Self.complete(&desk).outcome == .processing)
        #expect(desk.customer.openEffect?.id == "charge")
        #expect(try desk.settle(.paid).outcome == .active)
        #expect(desk.status(ofPlan: "pro") == .active && desk.paidTotals == [2000])
        #expect(desk.customer.account.invoices.first?.card == Self.card.label)
        Self.check(desk)
    }

    @Test("declined for the plan it stays on file")
    func declined() throws {
        var desk = try Self.desk(for: "pro")
        _ = try Self.complete(&desk)
        #expect(try desk.settle(.declined(code: "card_declined")).outcome == .declined)
        #expect(desk.customer.account.method == Self.card)
        #expect(desk.status(ofPlan: "pro") == nil)
    }

    @Test("a plan that the customer has got meanwhile is left out")
    func meanwhile() throws {
        var desk = try Self.desk(for: "pro")
        let order = try #require(desk.customer.account.checkout?.order)
        desk.saveMethod()
        try desk.buy("pro")
        #expect(desk.customer.account.checkout == nil, "a purchase gives the page up")
        desk.apply([.checkoutOpened(Checkout(session: "page", url: "x", order: order))])
        #expect(try Self.complete(&desk).outcome == .active)
        #expect(desk.customer.account.method == Self.card && desk.paidTotals == [2000])
    }

    @Test("the same page again for the same, another one for something else")
    func again() throws {
        var desk = try Self.desk(for: "pro")
        let same = SetupPayment(plan: Self.pricing.number(ofPlan: "pro"))
        let reply = try desk.run(.setupPayment(same)).reply
        guard case .attach(let open) = reply else { preconditionFailure("it is an attach") }
        #expect(open.paymentURL == "https://example.com/page")
        try desk.run(.setupPayment(SetupPayment()))
        #expect(desk.customer.account.checkout == nil && desk.customer.openEffect != nil)
        #expect(throws: Refusal.purchaseInProgress) { try desk.run(.saveMethod(Self.card)) }
    }

    @Test("another card tries at once what is owed, and costs no attempt of the schedule")
    func debt() throws {
        var desk = Desk(Self.pricing)
        try desk.create()
        try desk.buy("pro")
        desk.advance(to: .utc(2027, 2, 10))
        try desk.settle(.declined(code: "card_declined"))
        for day in 11...12 {
            desk.advance(to: .utc(2027, 2, Int64(day)))
            try desk.run(.saveMethod(Self.card))
            desk.advance(to: .utc(2027, 2, Int64(day)))
            try desk.settle(.declined(code: "card_declined"))
            let debt = try #require(desk.customer.account.debts.first)
            #expect(debt.attempts == 1 && debt.next == .utc(2027, 2, 13))
        }
        try desk.run(.saveMethod(Self.card))
        desk.advance(to: .utc(2027, 2, 12))
        try desk.settle(.paid)
        let invoice = try #require(desk.customer.account.invoices.last)
        #expect(invoice.status == .paid && invoice.card == Self.card.label)
        #expect(desk.status(ofPlan: "pro") == .active)
        Self.check(desk)
    }
}
