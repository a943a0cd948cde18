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

/// Money that a provider has taken for us, after an older backup was restored (billing §12.5).
@Suite("Found money") struct FoundMoneyTests {
    private static let pricing = PricingState.sample(
        [.sample("words", .metered)],
        [
            .sample("free", autoEnable: true), .sample("pro", price: "20"),
            .sample("premium", price: "50"),
        ])

    private static func found(
        _ cents: Int64, _ payment: String = "pi_1", _ code: String = "usd", refunded: Int64 = 0
    ) throws -> Command {
        let currency = try #require(Currency(code: code))
        return .provider(
            .found(
                FoundMoney(
                    payment: payment, amount: Money(minorUnits: cents, currency: currency),
                    refunded: refunded)))
    }

    private static func desk() throws -> Desk {
        var desk = Desk(pricing)
        try desk.create()
        return desk
    }

    private func credit(_ desk: Desk) -> Int64 { desk.customer.account.credit?.minorUnits ?? 0 }

    private func check(_ desk: Desk) {
        var replayed = CustomerState(id: "customer")
        replayed.apply(desk.facts)
        #expect(StateView(replayed) == StateView(desk.customer))
    }

    @Test("it is credit, once, and pays for what is bought again")
    func once() throws {
        var desk = try Self.desk()
        for _ in 0..<3 { try desk.run(try Self.found(2000)) }
        #expect(credit(desk) == 2000 && desk.customer.account.invoices.map(\.payment) == ["pi_1"])
        try desk.buy("pro")
        #expect(credit(desk) == 0 && desk.paidTotals == [2000, 2000])
        #expect(desk.customer.account.invoices.map(\.due.minorUnits) == [2000, 0])
        check(desk)
    }

    @Test("what went back of it isn't credit, and goes back no other way")
    func refunded() throws {
        var desk = try Self.desk()
        try desk.run(try Self.found(2000, refunded: 2000))
        #expect(desk.customer.account.invoices.isEmpty)
        try desk.run(try Self.found(2000, refunded: 500))
        #expect(credit(desk) == 1500)
        #expect(throws: Refusal.self) { try desk.ask(refund: 1, 100) }
        // At the provider it can go back all the same: then it is credit no more.
        desk.books["pi_1"] = ProviderBook(own: ["re_0": 500])
        try desk.tell("re_0", of: "pi_1")
        #expect(credit(desk) == 1500, "it was counted")
        for _ in 0..<2 { try desk.reportRefund("re_1", of: 1, 300) }
        #expect(credit(desk) == 1200)
        #expect(desk.customer.account.invoices[0].returns.refunded == 800)
        check(desk)
    }

    @Test("what is known is known, and another currency is none of the customer's")
    func known() throws {
        var desk = try Self.desk()
        try desk.buy("pro")
        let payment = desk.customer.account.invoices[0].payment
        let before = StateView(desk.customer)
        try desk.run(try Self.found(2000, payment))
        try desk.run(try Self.found(2000, "pi_2", "eur"))
        #expect(StateView(desk.customer) == before)
    }
}
