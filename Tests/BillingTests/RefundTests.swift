import Stories
import Testing

@testable import Billing

/// Money that goes back, beyond what the stories tell: how it ends, and what comes too late.
@Suite("Refunds") struct RefundTests {
    private static func pricing(_ disputes: DisputeBehavior = .keep) -> PricingState {
        var draft = PricingDraft(
            currency: "usd", features: [.sample("words", .metered)],
            plans: [
                .sample("free", autoEnable: true, .sample("words", 5, each: .month)),
                .sample("pro", price: "20", .sample("words", 10, each: .month)),
                .sample("premium", price: "50"),
                .sample("extra", price: "5", each: .week, addOn: true),
            ])
        draft.settings = PricingSettings()
        draft.settings?.disputes = disputes
        precondition(draft.validate(onto: .empty).isEmpty)
        return PricingState.empty.publishing(draft)
    }

    /// On a plan that a card has paid.
    private func desk(_ disputes: DisputeBehavior = .keep) throws -> Desk {
        var desk = Desk(Self.pricing(disputes), at: .utc(2026, 4, 1))
        try desk.create()
        try desk.buy("pro")
        return desk
    }

    private func check(_ desk: Desk) {
        var replayed = CustomerState(id: "customer")
        replayed.apply(desk.facts)
        #expect(StateView(replayed) == StateView(desk.customer))
    }

    private func credit(_ desk: Desk) -> Int64 { desk.customer.account.credit?.minorUnits ?? 0 }

    @Test("one without an outcome keeps nobody from buying")
    func pending() throws {
        var desk = try desk()
        try desk.ask(refund: 1, 500)
        #expect(desk.customer.openEffect == nil && desk.customer.account.isBusy)
        try desk.buy("premium")
        #expect(desk.customer.account.refunds.map(\.status) == [.pending])
        #expect(desk.paidTotals == [2000, 3500])
        try desk.settleRefunds()
        #expect(!desk.customer.account.isBusy)
        check(desk)
    }

    @Test("one that fails becomes credit, once")
    func failed() throws {
        var desk = try desk()
        try desk.ask(refund: 1, 500)
        let id = desk.customer.account.refunds[0].id
        for _ in 0..<2 {
            try desk.run(.refund(.settle(SettleRefund(id: id, failureCode: "expired"))))
        }
        #expect(credit(desk) == 500)
        #expect(desk.customer.account.refunds[0].failureCode == "expired")
        #expect(
            desk.customer.account.invoices[0].returns == InvoiceReturns(refunded: 0, credited: 500))
        // What became credit isn't given back once more.
        try desk.change(Change(cancel: .now))
        #expect(credit(desk) == 2000)
        #expect(throws: Refusal.refundTooLarge(left: Money(minorUnits: 0, currency: Self.usd))) {
            try desk.ask(refund: 1, nil)
        }
        check(desk)
    }

    private static var usd: Currency { pricing().requiredCurrency }

    @Test("one that fails after a success becomes credit all the same")
    func failedLater() throws {
        var desk = try desk()
        try desk.refund(1, 500)
        let id = desk.customer.account.refunds[0].id
        try desk.run(.refund(.settle(SettleRefund(id: id, failureCode: "returned"))))
        #expect(credit(desk) == 500)
        check(desk)
    }

    @Test("one that fails because the bank has taken the money back is no credit")
    func failedForDispute() throws {
        var desk = try desk()
        try desk.ask(refund: 1, 500)
        try desk.reportDispute("d", of: 1, 2000, .open)
        try desk.settleRefunds("charge_disputed")
        #expect(credit(desk) == 0)
        try desk.change(Change(cancel: .now))
        #expect(credit(desk) == 0)
        check(desk)
    }

    /// Twenty-five of one payment, each a cent more than the one before it.
    private static let many: [(id: String, cents: Int64)] = (1...25).map { ("re_\($0)", $0) }

    @Test(
        "12.4: those made at the provider count once, however many there are, and told as often",
        arguments: ["in order", "reversed", "at random", "each time all of them"])
    func toldAgain(how: String) throws {
        var desk = try desk()
        let payment = desk.customer.account.invoices[0].payment
        var given: Int64 = 0
        for (id, cents) in Self.many {
            try desk.reportRefund(id, of: 1, cents)
            given += cents
            if how == "each time all of them" {
                for (id, _) in Self.many where desk.books[payment]?.own[id] != nil {
                    try desk.tell(id, of: payment)
                }
            }
            #expect(desk.customer.account.invoices[0].returns.refunded == given)
        }
        // Ours are among them, and older than any that is remembered.
        try desk.refund(1, 100)
        for _ in 0..<25 { try desk.refund(1, 1) }
        let before = StateView(desk.customer)
        var dice = SeededGenerator(seed: 7)
        var ids = Self.many.map(\.id) + (desk.books[payment]?.ours.keys.sorted() ?? [])
        #expect(ids.count == 51)
        if how == "reversed" { ids.reverse() }
        if how == "at random" { ids.shuffle(using: &dice) }
        for id in ids + ids { try desk.tell(id, of: payment) }
        #expect(StateView(desk.customer) == before)
        #expect(desk.customer.account.invoices[0].returns.refunded == 325 + 125)
        try desk.change(Change(cancel: .now))
        #expect(credit(desk) == 2000 - 450)
        check(desk)
    }

    @Test("12.4: one that was made at the provider is never asked for there")
    func neverAsked() throws {
        var desk = try desk()
        desk.note()
        try desk.reportRefund("re_1", of: 1, 300)
        try desk.reportRefund("re_2", of: 9, 300)
        let statuses = desk.facts[desk.noted.facts...].compactMap { fact in
            if case .refundSet(let refund) = fact { refund.status } else { nil }
        }
        #expect(statuses == [.succeeded, .succeeded])
    }

    @Test("12.4: one that was made before an older backup counts as what is missing")
    func toldAfterRestore() throws {
        var desk = try desk()
        let backup = desk
        try desk.reportRefund("re_1", of: 1, 300)
        try desk.refund(1, 200)
        let ours = desk.customer.account.refunds[1].id
        var restored = backup
        restored.books = desk.books
        let payment = desk.customer.account.invoices[0].payment
        for id in [ours, "re_1", ours, "re_1"] { try restored.tell(id, of: payment) }
        #expect(restored.customer.account.invoices[0].returns.refunded == 500)
        try restored.change(Change(cancel: .now))
        #expect(credit(restored) == 1500)
        check(restored)
    }

    @Test("12.4: ours that is on its way isn't in what the provider has given back")
    func toldMeanwhile() throws {
        var desk = try desk()
        try desk.ask(refund: 1, 400)
        try desk.reportRefund("re_1", of: 1, 300)
        #expect(desk.customer.account.invoices[0].returns.refunded == 700)
        try desk.settleRefunds()
        try desk.reportRefund("re_2", of: 1, 100)
        for id in ["re_1", "re_2"] {
            try desk.tell(id, of: desk.customer.account.invoices[0].payment)
        }
        #expect(desk.customer.account.invoices[0].returns.refunded == 800)
        check(desk)
    }

    @Test("12.4: one of a payment that nobody knows is shown while there is room, and forgets none")
    func toldOfNobody() throws {
        var desk = try desk()
        for (id, cents) in Self.many { try desk.reportRefund(id, of: 9, cents) }
        #expect(desk.customer.account.refunds.count == Refund.keptLimit)
        let before = StateView(desk.customer)
        for (id, _) in Self.many { try desk.tell(id, of: "unknown") }
        #expect(StateView(desk.customer) == before && credit(desk) == 0)
        check(desk)
    }

    @Test("so many are without an outcome at a time, and so many are kept")
    func bounded() throws {
        var desk = try desk()
        for _ in 0..<Refund.openLimit { try desk.ask(refund: 1, 10) }
        #expect(throws: Refusal.tooMany("refunds without an outcome", limit: Refund.openLimit)) {
            try desk.ask(refund: 1, 10)
        }
        #expect(throws: Refusal.tooMany("refunds without an outcome", limit: Refund.openLimit)) {
            try desk.change(Change(cancel: .now, refund: .full))
        }
        #expect(throws: Refusal.purchaseInProgress) { try desk.run(.delete) }
        try desk.settleRefunds()
        for _ in 0..<30 { try desk.refund(1, 10) }
        #expect(desk.customer.account.refunds.count == Refund.keptLimit)
        #expect(desk.customer.account.invoices[0].returns.refunded == 380)
        check(desk)
    }

    @Test("waits for a charge that may give back some of the same, and closes its page")
    func waits() throws {
        var desk = try desk()
        try desk.attach("premium")
        #expect(throws: Refusal.purchaseInProgress) { try desk.ask(refund: 1, nil) }
        #expect(throws: Refusal.purchaseInProgress) { try desk.reportRefund("r", of: 1, 5) }
        #expect(throws: Refusal.purchaseInProgress) {
            try desk.reportDispute("d", of: 1, 5, .open)
        }
        try desk.settle(.declined(code: "card_declined"))
        var attach = AttachPlan(plan: desk.pricing.number(ofPlan: "premium"), effectID: "page")
        attach.redirect = .always
        try desk.run(.attach(attach))
        try desk.settle(.checkoutOpened(url: "https://example.com/pay"))
        try desk.refund(1, nil)
        #expect(desk.customer.account.checkout == nil)
        check(desk)
    }

    @Test("the provider's reports count once, and one that is over stays so")
    func reportedTwice() throws {
        var desk = try desk()
        for _ in 0..<2 { try desk.reportRefund("r", of: 1, 500) }
        for _ in 0..<2 { try desk.reportDispute("d", of: 1, 500, .open) }
        #expect(
            desk.customer.account.invoices[0].returns
                == InvoiceReturns(refunded: 500, disputed: 500))
        try desk.reportDispute("d", of: 1, 500, .won)
        try desk.reportDispute("d", of: 1, 500, .open)
        #expect(desk.customer.account.disputes.map(\.status) == [.won])
        #expect(desk.customer.account.invoices[0].returns.disputed == 0)
        // Of a payment that nobody remembers it is kept for people.
        try desk.reportDispute("old", of: 9, 700, .open)
        try desk.reportRefund("older", of: 9, 700)
        #expect(desk.customer.account.disputes.map(\.invoice) == [1, 0])
        #expect(desk.customer.account.refunds.map(\.invoice) == [1, 0])
        check(desk)
    }

    @Test("a dispute makes a plan past due, by setting, until it is won")
    func pastDue() throws {
        var desk = try desk(.pastDue)
        try desk.buy("extra")
        try desk.reportDispute("d", of: 1, 2000, .open)
        #expect(desk.status(ofPlan: "pro") == .pastDue && desk.status(ofPlan: "extra") == .active)
        try desk.reportDispute("d", of: 1, 2000, .won)
        #expect(desk.status(ofPlan: "pro") == .active)
        try desk.reportDispute("e", of: 1, 2000, .open)
        try desk.reportDispute("e", of: 1, 2000, .lost)
        #expect(desk.status(ofPlan: "pro") == .pastDue)
        try desk.wait(until: .utc(2026, 5, 1))
        #expect(desk.status(ofPlan: "pro") == .active)
        check(desk)
    }

    @Test("a dispute ends a plan, by setting, without credit")
    func revoke() throws {
        var desk = try desk(.revoke)
        try desk.reportDispute("d", of: 1, 500, .open)
        #expect(desk.status(ofPlan: "pro") == .ended && desk.status(ofPlan: "free") == .active)
        #expect(desk.paidTotals == [2000] && credit(desk) == 0)
        try desk.reportDispute("d", of: 1, 500, .won)
        #expect(desk.status(ofPlan: "pro") == .ended)
        check(desk)
    }

    // MARK: Old tabs

    /// A page is open, and no card is on file.
    private func shopper() throws -> (Desk, session: String) {
        var desk = Desk(Self.pricing(), at: .utc(2026, 4, 1))
        try desk.create()
        try desk.attach("pro")
        try desk.settle(.checkoutOpened(url: "https://example.com/1"))
        return (desk, try #require(desk.customer.account.checkout).session)
    }

    private func pay(_ desk: inout Desk, _ session: String, _ payment: String) throws -> Reply {
        try desk.run(
            .completeCheckout(
                CompleteCheckout(session: session, method: Desk.visa, payment: payment))
        ).reply
    }

    private func refunds(_ desk: Desk) -> [String] {
        desk.customer.account.refunds.map { "\($0.payment) \($0.amount.minorUnits)" }
    }

    @Test("two tabs pay one checkout: one payment stands, the other goes back, however often told")
    func twoTabs() throws {
        var (desk, session) = try shopper()
        for _ in 0..<2 { _ = try pay(&desk, session, "first") }
        for _ in 0..<2 { #expect(try pay(&desk, session, "second") == .paidLate) }
        #expect(desk.paidTotals == [2000] && refunds(desk) == ["second 2000"])
        #expect(desk.customer.account.invoices[0].payment == "first")
        try desk.settleRefunds()
        #expect(credit(desk) == 0)
        check(desk)
    }

    @Test("a page that a second purchase has closed is closed at the provider first")
    func replaced() throws {
        var (desk, session) = try shopper()
        try desk.attach("premium")
        #expect(desk.customer.openEffect?.closesPage == session)
        // While the new page opens, and after it has.
        #expect(try pay(&desk, session, "late") == .paidLate)
        try desk.settle(.checkoutOpened(url: "https://example.com/2"))
        #expect(try pay(&desk, session, "later") == .paidLate)
        try desk.completeCheckout()
        #expect(desk.paidTotals == [5000])
        #expect(refunds(desk) == ["late 2000", "later 2000"])
        check(desk)
    }

    @Test("a page that is paid when what it sells is over gives the money back")
    func expired() throws {
        var desk = try desk()
        var attach = AttachPlan(plan: desk.pricing.number(ofPlan: "extra"), effectID: "page")
        attach.redirect = .always
        try desk.run(.attach(attach))
        try desk.settle(.checkoutOpened(url: "https://example.com/pay"))
        desk.now = .utc(2026, 4, 9)
        #expect(try pay(&desk, "page", "late") == .paidLate)
        #expect(refunds(desk) == ["late 500"] && desk.status(ofPlan: "extra") == nil)
        check(desk)
    }

    @Test("a late payment that can't go back becomes credit")
    func lateFails() throws {
        var (desk, session) = try shopper()
        _ = try pay(&desk, session, "first")
        _ = try pay(&desk, session, "second")
        try desk.settleRefunds("expired_or_canceled_card")
        #expect(credit(desk) == 2000)
        check(desk)
    }
}
