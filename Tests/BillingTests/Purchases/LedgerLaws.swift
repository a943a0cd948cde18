import Stories
import Testing

@testable import Billing

/// Whatever is bought, changed, given up, paid late or not paid: a naive account of the invoices
/// finds nothing that is paid for twice, and no money that is lost. A failure prints its seed and
/// what led to it.
///
/// `TALLY_PURCHASE_SEEDS=5000` runs more; `TALLY_PURCHASE_SEED=17` repeats one.
@Suite("Paid once") struct LedgerLaws {
    @Test("the account adds up", arguments: PurchaseSeeds.batches(80))
    func account(seeds: [UInt64]) {
        for seed in seeds {
            var dice = Dice(seed: seed)
            let pricing = Shop.catalog(&dice)
            var market = Market(shopper: Shopper(pricing, dice))
            for _ in 0..<60 where market.ledger.fault == nil { market.step() }
            if let fault = market.ledger.fault {
                Issue.record("\(market.shopper.story(seed, fault))")
                return
            }
            var replayed = CustomerState(id: market.shopper.desk.customer.id)
            replayed.apply(market.shopper.desk.facts)
            #expect(
                StateView(replayed) == StateView(market.shopper.desk.customer), "seed \(seed)")
        }
    }

    @Test("so it does where packs are bought by themselves", arguments: PurchaseSeeds.batches(60))
    func topUps(seeds: [UInt64]) {
        for seed in seeds {
            var dice = Dice(seed: seed)
            let pricing = Shop.catalog(&dice)
            var market = Market(shopper: Shopper(pricing, dice))
            for _ in 0..<60 where market.ledger.fault == nil { market.stepUsingPacks() }
            if let fault = market.ledger.fault ?? market.shopper.desk.topUpFault {
                Issue.record("\(market.shopper.story(seed, fault))")
                return
            }
            var replayed = CustomerState(id: market.shopper.desk.customer.id)
            replayed.apply(market.shopper.desk.facts)
            #expect(
                StateView(replayed) == StateView(market.shopper.desk.customer), "seed \(seed)")
        }
    }
}

/// A customer who buys, changes, pays and doesn't, and an account of it.
struct Market {
    var shopper: Shopper
    var ledger: PaidLedger
    private var seen = 0
    private var ended: [(subscription: Subscription, isForfeit: Bool)] = []

    init(shopper: Shopper) {
        self.shopper = shopper
        ledger = PaidLedger(shopper.desk.pricing)
        look()
    }

    private var desk: Desk { shopper.desk }
    /// With the customer's own plans.
    private var pricing: PricingState { desk.pricing.with(plansOf: desk.customer) }

    mutating func step() {
        pass()
        switch shopper.dice.roll(1...15) {
        case 1...3: attach()
        case 4...6: change()
        case 7: use()
        case 8: payPage()
        case 9: refund()
        case 13:
            shopper.reward()
            if shopper.dice.chance(20) { shopper.changeTaxRate() }
        case 14: attachSeveral()
        case 15: invoice()
        default: settle()
        }
        look()
        ledger.check(desk.customer, at: desk.now)
    }

    /// Plans are bought, packs used and bought by themselves, charges answered.
    mutating func stepUsingPacks() {
        pass()
        switch shopper.dice.roll(1...8) {
        case 1, 2: attach()
        case 3...5: shopper.topUp()
        case 6: payPage()
        default: settle()
        }
        look()
        ledger.check(desk.customer, at: desk.now)
    }

    /// Plans are bought in phases, and otherwise; charges answered, some of them given back.
    mutating func stepInPhases() {
        pass()
        switch shopper.dice.roll(1...12) {
        case 1...3: schedule()
        case 4: attach()
        case 5: change()
        case 6: use()
        case 7: payPage()
        case 8: refund()
        case 9: invoice()
        default: settle()
        }
        look()
        ledger.check(desk.customer, at: desk.now)
    }

    private mutating func schedule() {
        let schedule = shopper.schedule()
        shopper.note(schedule.words)
        run(.createSchedule(schedule)) { customer, pricing, now in
            schedule.phases.isEmpty
                ? nil : try? customer.quote(schedule, pricing: pricing, now: now).order
        }
    }

    /// Up to some months, or no time at all. What falls due on the way is asked for at most once.
    private mutating func pass() {
        let span = Int64(shopper.dice.roll(0...(1 << shopper.dice.roll(0...32))))
        let time = desk.now.adding(milliseconds: span)
        shopper.note("\(time.milliseconds): step")
        shopper.desk.advance(to: time)
        look()
    }

    /// Tells the account of what has happened.
    ///
    /// - Parameter lines: what was settled without an invoice.
    mutating func look(_ lines: [InvoiceLine] = [], isForfeit: Bool = false) {
        let facts = Array(desk.facts.dropFirst(seen))
        seen = desk.facts.count
        ledger.waiting = desk.customer.subscriptions.flatMap(\.pending)
            .filter { $0.kind == .credit }
        ledger.add(facts, pricing, at: desk.now)
        // Who doesn't pay for what was given loses it.
        let isForfeit = isForfeit || ledger.givesUp(facts)
        ledger.add(lines, at: desk.now)
        for case .subscriptionChanged(let subscription) in facts
        where subscription.status == .ended { ended.append((subscription, isForfeit)) }
        // What comes back may wait until the rest of its invoice is paid.
        guard desk.customer.openEffect == nil else { return }
        for (subscription, wasForfeit) in ended {
            ledger.end(
                subscription.number, at: subscription.end, isForfeit: isForfeit || wasForfeit)
        }
        ended = []
    }

    private mutating func attach() {
        let attach = shopper.purchase()
        shopper.note(attach.words)
        run(.attach(attach)) { customer, pricing, now in
            let several = attach.withRemovals
            return several.map { try? customer.quote($0, pricing: pricing, now: now).order }
                ?? (try? customer.quote(attach, pricing: pricing, now: now).order)
        }
    }

    private mutating func attachSeveral() {
        let several = shopper.purchases()
        shopper.note(several.words)
        run(.attachSeveral(several)) { customer, pricing, now in
            try? customer.quote(several, pricing: pricing, now: now).order
        }
    }

    private mutating func change() {
        guard let change = shopper.change() else { return }
        shopper.note(change.words)
        let rest = change.number.map { ledger.rest(of: $0, at: desk.now) } ?? 0
        // What goes back to cards is on no invoice.
        let isForfeit = !change.prorates || change.refund != nil
        let reply = run(.changeSubscription(change), isForfeit: isForfeit) {
            customer, pricing, now in
            try? customer.quote(change, pricing: pricing, now: now).order
        }
        guard let reply else { return }
        if change.refund != nil { compare(reply, rest) }
        if !change.quantities.isEmpty { giveUp(change.number) }
    }

    /// Nothing that a cancelled plan paid is lost.
    private mutating func compare(_ reply: AttachReply, _ rest: Double) {
        let back = reply.refund?.minorUnits ?? 0
        // What waited for the next invoice is owed beside it.
        let credit =
            reply.invoice?.lines.reduce(0) { $0 + max(-$1.total.minorUnits, 0) } ?? 0
        // What waited for the next invoice may be owed, and is of the rest.
        guard reply.invoice == nil || credit > 0, rest > Double(back + credit) + ledger.slack
        else { return }
        ledger.note("\(back) and \(credit) came back of \(rest)")
    }

    /// Seats that are taken may be paid for first, by a card that pays.
    private mutating func use() {
        let paid = desk.paidForSeats
        shopper.use()
        ledger.cards += desk.paidForSeats - paid
        look()
        // What is given back may be on what is being charged.
        guard desk.customer.openEffect == nil else { return }
        for subscription in desk.customer.subscriptions where subscription.status.grantsAccess {
            for item in pricing.plan(subscription.plan).items where item.isPerSeat {
                ledger.giveUp(
                    pricing.number(ofFeature: item.featureID), of: subscription, at: desk.now)
            }
        }
    }

    /// An operator gives something back, and the provider answers, or not yet.
    private mutating func refund() {
        let invoices = desk.customer.account.invoices
        guard !invoices.isEmpty else { return }
        let invoice = shopper.dice.pick(invoices)
        let left = desk.customer.refundable(invoice)
        // Now and then more than there is.
        let part = left * Int64(shopper.dice.roll(0...1000)) / 1000
        let step = invoice.total.currency.chargeStep
        let amount = shopper.dice.chance(20) ? left + step : (1 + part / step) * step
        shopper.note("refund \(amount) of \(invoice.number), \(left) left")
        do { try shopper.desk.ask(refund: invoice.number, amount) } catch {
            shopper.note("\(error.word)")
        }
        if shopper.dice.chance(70) {
            try? shopper.desk.settleRefunds(shopper.dice.chance(30) ? "expired_card" : nil)
        }
        look()
    }

    /// Fewer packs are there, perhaps.
    mutating func giveUp(_ number: UInt32?) {
        guard let subscription = number.flatMap({ desk.customer.subscription($0) }) else { return }
        for item in pricing.plan(subscription.plan).items where item.prepaidPrice != nil {
            ledger.giveUp(
                pricing.number(ofFeature: item.featureID), of: subscription, at: desk.now)
        }
    }

    /// - Parameter order: whose lines are settled without an invoice if they come to 0.
    @discardableResult
    private mutating func run(
        _ command: Command, isForfeit: Bool = false,
        _ order: (CustomerState, PricingState, Timestamp) -> Order?
    ) -> AttachReply? {
        let priced = order(desk.customer, pricing, desk.now)
        guard case .attach(let reply)? = try? shopper.desk.run(command).reply else {
            shopper.note("refused")
            return nil
        }
        shopper.note("\(reply.outcome): \(reply.invoice?.words ?? "")")
        let isSettled = reply.outcome == .active && reply.invoice == nil
        look(isSettled ? priced?.lines(begunBy: reply) ?? [] : [], isForfeit: isForfeit)
        return reply
    }

    private mutating func payPage() {
        guard let page = desk.customer.account.checkout, desk.customer.openEffect == nil
        else { return }
        shopper.note("the page is paid: \(page.order.offer.words)")
        guard let reply = try? shopper.desk.completeCheckout() else { return }
        let isOver = page.order.lines.contains { line in
            guard line.kind == .charge, let end = line.period?.upperBound else { return false }
            return page.order.time < end && end <= desk.now
        }
        if isOver { ledger.note("what was paid for was over") }
        ledger.cards += page.order.due.minorUnits
        let isOnInvoice = page.order.total.minorUnits != 0 || page.order.lines.isDiscounted
        look(isOnInvoice ? [] : page.order.lines(begunBy: reply))
        if page.order.purpose == .change || page.order.purpose == .switch {
            giveUp(page.order.subscriptions.first)
        }
    }

    /// The provider's answer.
    private mutating func settle() {
        guard let effect = desk.customer.openEffect else { return }
        if effect.kind == .findTaxes { return shopper.answerTaxes() }
        var answer = SettleEffect.Answer.paid
        if effect.kind == .openCheckout {
            answer = .checkoutOpened(url: "https://example.com/pay")
        } else if shopper.dice.chance(20) {
            answer = .declined(code: "card_declined")
        } else {
            ledger.cards += effect.order.due.minorUnits
        }
        shopper.note("\(answer): \(effect.order.offer.words)")
        do { try shopper.desk.settle(answer) } catch { shopper.note("\(error)") }
        if case .declined = answer { look(isForfeit: true) }
        look()
        let purpose = effect.order.purpose
        if purpose == .change || purpose == .switch || effect.order.invoice != 0 {
            giveUp(effect.order.subscriptions.first)
        }
    }
}

extension Order {
    /// Its lines with the numbers of what began with them.
    fileprivate func lines(begunBy reply: AttachReply) -> [InvoiceLine] {
        guard purpose == .several || purpose == .schedule else { return lines }
        var order = self
        order.name(
            (reply.subscription.map { [$0.number] } ?? []) + reply.others.map(\.subscription.number)
        )
        return order.lines
    }
}
