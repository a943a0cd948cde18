import Stories
import Testing

@testable import Billing

/// Billing §5.3, §6: buying a plan.
@Suite("Attach") struct AttachTests {
    static let pricing = PricingState.sample(
        [
            .sample("messages", .metered), .sample("seats", .allocated), .sample("sso", .boolean),
            .sample("credits", .creditSystem, costs: ["messages": "0.2"]),
        ],
        [
            .sample("free", autoEnable: true, .sample("messages", 50, each: .month)),
            .sample("pro", price: "20", .sample("messages", 200, each: .month), .sample("sso")),
            .sample(
                "premium", price: "50", .sample("messages", 500, each: .month),
                .sample("seats", 2, price: "10")),
            .sample("usage", group: "b", .sample("credits", each: .month, price: "0.10")),
            .sample("extra", price: "5", addOn: true, .sample("messages", 10, each: .month)),
            .sample("top_up", price: "10", each: .oneOff, .sample("credits", 100)),
            .sample("other", price: "7", group: "b"),
        ])

    @Test("§1.5: a new customer has the default plan")
    func create() throws {
        var desk = Desk(AttachTests.pricing)
        #expect(try desk.create().reply == .created(true))
        #expect(desk.subscription("free")?.status == .active)
        #expect(desk.subscription("free")?.periodEnd == .never)
        #expect(desk.balance("messages")?.remaining == 50)
        #expect(desk.balance("messages")?.nextReset == .utc(2027, 2, 10))
        let again = try desk.create()
        #expect(again.reply == .created(false))
        #expect(again.facts.isEmpty)
    }

    @Test("§8.2: creating again fills in what is blank and nothing else")
    func fillIn() throws {
        var desk = Desk(AttachTests.pricing)
        try desk.run(.create(CreateCustomer(name: "", email: "a@example.com")))
        try desk.run(.create(CreateCustomer(name: "Acme", email: "b@example.com")))
        #expect(desk.customer.account.name == "Acme")
        #expect(desk.customer.account.email == "a@example.com")
    }

    @Test("§5.3.4: a free plan starts at once")
    func free() throws {
        var desk = Desk(AttachTests.pricing)
        let reply = try desk.attach("free")
        #expect(reply.outcome == .active)
        #expect(reply.subscription == desk.subscription("free"))
        #expect(reply.invoice == nil)
        #expect(desk.customer.openEffect == nil)
    }

    @Test("§5.3.2: paid, no card: a payment page, and the plan once it is paid")
    func checkout() throws {
        var desk = Desk(AttachTests.pricing)
        try desk.create()
        let processing = try desk.attach("pro", successURL: "https://example.com/done")
        #expect(processing.outcome == .processing)
        let effect = try #require(desk.customer.openEffect)
        #expect(processing.effectID == effect.id)
        #expect(effect.kind == .openCheckout)
        #expect(effect.order.successURL == "https://example.com/done")
        #expect(desk.subscription("pro") == nil)

        let opened = try desk.settle(.checkoutOpened(url: "https://pay/1"))
        #expect(opened.outcome == .paymentRequired)
        #expect(opened.paymentURL == "https://pay/1")
        #expect(opened.invoice?.total.minorUnits == 2000)
        #expect(desk.customer.openEffect == nil)
        #expect(desk.subscription("free")?.status == .active)

        let paid = try desk.completeCheckout()
        #expect(paid.outcome == .active)
        #expect(paid.invoice?.status == .paid)
        #expect(desk.subscription("pro")?.status == .active)
        #expect(desk.subscription("pro")?.periodEnd == .utc(2027, 2, 10))
        #expect(desk.subscription("free")?.status == .ended)
        #expect(desk.customer.account.method == Desk.visa)
        #expect(desk.customer.account.checkout == nil)
        #expect(desk.balance("messages")?.granted == 200)
        #expect(desk.check("sso").reason == .flag)
        #expect(desk.paidTotals == [2000])
    }

    @Test("§5.3: a page is paid once, however often it is told")
    func paidOnce() throws {
        var desk = Desk(AttachTests.pricing)
        try desk.attach("pro")
        try desk.settle(.checkoutOpened(url: "https://pay/1"))
        let session = try #require(desk.customer.account.checkout).session
        try desk.completeCheckout()
        let told = try desk.run(
            .completeCheckout(CompleteCheckout(session: session, method: Desk.visa)))
        #expect(told.facts.isEmpty && told.reply == .none)
        #expect(throws: Refusal.checkoutNotFound) {
            try desk.run(.completeCheckout(CompleteCheckout(session: "other", method: Desk.visa)))
        }
    }

    @Test("§5.3.4: paid, with a card: charged, then active")
    func collect() throws {
        var desk = Desk(AttachTests.pricing)
        try desk.create()
        desk.saveMethod()
        let processing = try desk.attach("pro")
        #expect(processing.outcome == .processing)
        let effect = try #require(desk.customer.openEffect)
        #expect(effect.kind == .collect)
        #expect(effect.order.total.text == "20.00 USD")
        #expect(effect.order.lines.map(\.description) == ["pro - Base Price"])
        #expect(desk.subscription("free")?.status == .active)
        let paid = try desk.settle(.paid)
        #expect(paid.outcome == .active)
        #expect(paid.subscription == desk.subscription("pro"))
        #expect(paid.invoice?.total.minorUnits == 2000)
        #expect(desk.subscription("free")?.status == .ended)
    }

    @Test("§12.2: paid, with a card that is declined: nothing changes hands")
    func declined() throws {
        var desk = Desk(AttachTests.pricing)
        try desk.create()
        desk.saveMethod()
        try desk.attach("pro")
        let reply = try desk.settle(.declined(code: "insufficient_funds"))
        #expect(reply.outcome == .declined)
        #expect(reply.declineCode == "insufficient_funds")
        #expect(desk.subscription("pro") == nil)
        #expect(desk.subscription("free")?.status == .active)
        #expect(desk.customer.account.invoices.map(\.status) == [.uncollectible])
        #expect(desk.customer.openEffect == nil)
        try desk.buy("pro")
        #expect(desk.subscription("pro")?.status == .active)
    }

    @Test("§6: the plan in use is refused", arguments: ["free", "pro"])
    func attachedAlready(planID: String) throws {
        var desk = Desk(AttachTests.pricing)
        try desk.buy(planID)
        #expect(throws: Refusal.planAlreadyAttached(planID: planID)) { try desk.attach(planID) }
    }

    @Test("§6: refused even when canceling")
    func attachedAlreadyCanceling() throws {
        var desk = Desk(AttachTests.pricing)
        try desk.buy("pro")
        try desk.attach("free")
        #expect(desk.subscription("pro")?.status == .canceling)
        #expect(throws: Refusal.planAlreadyAttached(planID: "pro")) { try desk.attach("pro") }
    }

    @Test("design §4: one open effect at a time")
    func oneEffect() throws {
        var desk = Desk(AttachTests.pricing)
        try desk.attach("pro")
        #expect(throws: Refusal.purchaseInProgress) { try desk.attach("premium") }
        #expect(throws: Refusal.purchaseInProgress) { try desk.attach("free") }
        #expect(desk.customer.account.effects.count == 1)
        // Checks and tracks never wait.
        try desk.track("messages", 1)
    }

    @Test("an effect is settled once")
    func settledOnce() throws {
        var desk = Desk(AttachTests.pricing)
        desk.saveMethod()
        try desk.attach("pro")
        let id = try #require(desk.customer.openEffect).id
        try desk.settle(.paid)
        let before = StateView(desk.customer)
        let again = try desk.run(.settle(SettleEffect(effectID: id, answer: .paid)))
        #expect(again.facts.isEmpty && again.reply == .none)
        try desk.run(.settle(SettleEffect(effectID: "unknown", answer: .paid)))
        #expect(StateView(desk.customer) == before)
    }

    @Test("§5.3: the same purchase gets the same page")
    func samePage() throws {
        var desk = Desk(AttachTests.pricing)
        try desk.attach("pro")
        try desk.settle(.checkoutOpened(url: "https://pay/1"))
        let facts = desk.facts.count
        let again = try desk.attach("pro")
        #expect(again.outcome == .paymentRequired)
        #expect(again.paymentURL == "https://pay/1")
        #expect(desk.facts.count == facts)
    }

    @Test("§5.3: another purchase closes the page", arguments: ["premium", "pro", "free"])
    func otherPage(planID: String) throws {
        var desk = Desk(AttachTests.pricing)
        try desk.attach("pro")
        try desk.settle(.checkoutOpened(url: "https://pay/1"))
        let page = try #require(desk.customer.account.checkout)
        let reply = try desk.attach(planID, successURL: "https://elsewhere")
        #expect(desk.customer.account.checkout == nil)
        #expect(desk.facts.contains(page.closed()))
        guard reply.outcome == .processing else { return }
        try desk.settle(.checkoutOpened(url: "https://pay/2"))
        #expect(desk.customer.account.checkout?.url == "https://pay/2")
    }

    @Test("§5.3: with a card on file meanwhile the page is closed and the card charged")
    func cardMeanwhile() throws {
        var desk = Desk(AttachTests.pricing)
        try desk.attach("pro")
        try desk.settle(.checkoutOpened(url: "https://pay/1"))
        desk.saveMethod()
        try desk.attach("pro")
        #expect(desk.customer.openEffect?.kind == .collect)
        #expect(desk.customer.account.checkout == nil)
    }

    @Test("usage only: a page for the card, nothing to pay")
    func usageOnly() throws {
        var desk = Desk(AttachTests.pricing)
        try desk.attach("usage")
        let opened = try desk.settle(.checkoutOpened(url: "https://pay/1"))
        #expect(opened.invoice == nil)
        #expect(try desk.completeCheckout().invoice == nil)
        #expect(desk.subscription("usage")?.periodEnd == .utc(2027, 2, 10))
        #expect(desk.check("messages", 10).reason == .overage)

        var other = Desk(AttachTests.pricing)
        other.saveMethod()
        #expect(try other.attach("usage").outcome == .active)
    }

    @Test("§6: add-ons and one-offs stack")
    func stacking() throws {
        var desk = Desk(AttachTests.pricing)
        try desk.buy("pro")
        for planID in ["extra", "extra", "top_up", "top_up"] { try desk.buy(planID) }
        #expect(desk.subscription("pro")?.status == .active)
        #expect(desk.balance("messages")?.granted == 220)
        #expect(desk.balance("messages")?.parts.count == 3)
        #expect(desk.balance("credits")?.remaining == 200)
        #expect(desk.subscription("top_up")?.periodEnd == .never)
        #expect(desk.subscription("extra")?.addOn == true)
        #expect(desk.paidTotals == [2000, 500, 500, 1000, 1000])
    }

    @Test("§6: another group is independent")
    func groups() throws {
        var desk = Desk(AttachTests.pricing)
        try desk.buy("pro")
        try desk.buy("other")
        #expect(desk.subscription("pro")?.status == .active)
        #expect(desk.subscription("other")?.status == .active)
    }
}
