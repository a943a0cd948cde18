import Stories
import Testing

@testable import Billing

/// What a payment provider tells beside payments (billing §12.4): twice, or late, it is the same.
@Suite("News of a provider") struct ProviderNewsTests {
    private static let pricing = PricingState.sample(
        [.sample("words", .metered)],
        [.sample("pro", price: "20", .sample("words", 10, each: .month))])
    private static let card = PaymentMethod(
        token: "pm_1", brand: "visa", last4: "4242", expiry: CardExpiry(year: 2030, month: 1))

    private static func desk() throws -> Desk {
        var desk = Desk(pricing)
        try desk.create()
        desk.apply([.methodSaved(card)])
        return desk
    }

    private static func check(_ desk: Desk) {
        var replayed = CustomerState(id: "customer")
        replayed.apply(desk.facts)
        #expect(StateView(replayed) == StateView(desk.customer))
    }

    @Test("a customer has one name there, the first that it was given")
    func registered() throws {
        var desk = try Self.desk()
        try desk.run(.provider(.registered(reference: "cus_1")))
        try desk.run(.provider(.registered(reference: "cus_2")))
        try desk.run(.provider(.registered(reference: "")))
        #expect(desk.customer.account.payer == "cus_1")
        Self.check(desk)
    }

    @Test("a customer whom it has forgotten has no card and no page")
    func forgotten() throws {
        var desk = try Self.desk()
        try desk.run(.provider(.registered(reference: "cus_1")))
        try desk.run(.provider(.forgotten(reference: "cus_2")))
        #expect(desk.customer.account.payer == "cus_1" && desk.customer.account.method != nil)
        let order = try Self.order(&desk)
        desk.apply([.checkoutOpened(Checkout(session: "page", url: "x", order: order))])
        for _ in 0..<2 { try desk.run(.provider(.forgotten(reference: "cus_1"))) }
        #expect(desk.customer.account.payer.isEmpty && desk.customer.account.method == nil)
        #expect(desk.customer.account.checkout == nil)
        #expect(desk.customer.account.closedCheckouts.map(\.session) == ["page"])
        Self.check(desk)
    }

    private static func order(_ desk: inout Desk) throws -> Order {
        Order(
            purpose: .purchase,
            plan: PlanReference(plan: pricing.number(ofPlan: "pro"), revision: 1),
            subscriptions: [], lines: [],
            total: Money(minorUnits: 2000, currency: try #require(Currency(code: "usd"))),
            time: desk.now)
    }

    @Test("a card's new expiry is taken, of the card on file alone")
    func changed() throws {
        var desk = try Self.desk()
        var renewed = Self.card
        renewed.expiry = CardExpiry(year: 2034, month: 2)
        try desk.run(.provider(.methodChanged(renewed)))
        #expect(desk.customer.account.method == renewed)
        let count = desk.facts.count
        try desk.run(.provider(.methodChanged(renewed)))
        var other = renewed
        other.token = "pm_2"
        try desk.run(.provider(.methodChanged(other)))
        #expect(desk.customer.account.method == renewed && desk.facts.count == count)
        Self.check(desk)
    }

    @Test("a card that is removed is off file; another one stays")
    func removed() throws {
        var desk = try Self.desk()
        try desk.run(.provider(.methodRemoved(token: "pm_2")))
        #expect(desk.customer.account.method == Self.card)
        for _ in 0..<2 { try desk.run(.provider(.methodRemoved(token: "pm_1"))) }
        #expect(desk.customer.account.method == nil)
        Self.check(desk)
    }

    @Test("a charge that is under way is of the card that is there")
    func underWay() throws {
        var desk = try Self.desk()
        let plan = Self.pricing.number(ofPlan: "pro")
        try desk.run(.provider(.registered(reference: "cus_1")))
        try desk.run(.attach(AttachPlan(plan: plan, effectID: "charge")))
        #expect(desk.customer.openEffect?.kind == .collect)
        var renewed = Self.card
        renewed.expiry = nil
        let waiting: [ProviderNews] = [
            .methodRemoved(token: "pm_1"), .methodChanged(renewed), .forgotten(reference: "cus_1"),
        ]
        for news in waiting {
            #expect(throws: Refusal.purchaseInProgress) { try desk.run(.provider(news)) }
        }
        try desk.settle(.paid)
        try desk.run(.provider(waiting[0]))
        #expect(desk.customer.account.method == nil && desk.paidTotals == [2000])
        // What is due then is declined, as without any card.
        Self.check(desk)
    }

    @Test("a page that has expired is closed; what comes for it all the same goes back")
    func expired() throws {
        var desk = Desk(Self.pricing)
        try desk.create()
        let plan = Self.pricing.number(ofPlan: "pro")
        try desk.run(.attach(AttachPlan(plan: plan, effectID: "page")))
        try desk.settle(.checkoutOpened(url: "https://example.com/page"))
        try desk.run(.provider(.pageClosed(session: "other")))
        #expect(desk.customer.account.checkout != nil)
        for _ in 0..<2 { try desk.run(.provider(.pageClosed(session: "page"))) }
        #expect(desk.customer.account.checkout == nil)
        let late = CompleteCheckout(session: "page", method: Self.card, payment: "pi_1")
        try desk.run(.completeCheckout(late))
        #expect(desk.customer.account.refunds.map(\.payment) == ["pi_1"])
        #expect(desk.status(ofPlan: "pro") == nil)
        Self.check(desk)
    }
}
