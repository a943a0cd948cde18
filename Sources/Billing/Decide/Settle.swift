extension CustomerState {
    /// The provider's answer turns an order into a plan in use.
    func decideSettle(
        _ settle: SettleEffect, pricing: PricingState, now: Timestamp
    ) -> Decision {
        // Settled before, by another worker or before a crash: nothing is left to do.
        guard let effect = openEffect, effect.id == settle.effectID else { return Decision() }
        var facts = FactSheet(self, pricing: pricing, now: now)
        var reply: AttachReply
        switch settle.answer {
        case .checkoutOpened(let url):
            facts.emit(.effectSettled(id: effect.id, outcome: .done))
            facts.emit(
                .checkoutOpened(Checkout(session: effect.id, url: url, order: effect.order)))
            reply = AttachReply(.paymentRequired)
            reply.paymentURL = url
            reply.invoice = effect.order.offer
        case .paid:
            facts.emit(.effectSettled(id: effect.id, outcome: .done))
            reply = facts.settle(effect.order, settle.payment)
            if effect.order.purpose == .topUp { facts.settleTopUp(effect.order) }
        case .taxes(let answer, let address):
            facts.emit(.effectSettled(id: effect.id, outcome: .done))
            facts.note(answer, at: address)
            return Decision(facts: facts.facts, reply: .none)
        case .declined(let code):
            facts.emit(.effectSettled(id: effect.id, outcome: .declined(code: code)))
            reply = AttachReply(.declined)
            reply.declineCode = code
            if effect.kind == .collect { reply.invoice = facts.decline(effect.order) }
            if effect.order.purpose == .topUp {
                facts.settleTopUp(effect.order, declined: code)
            }
        }
        return decision(facts, reply: reply, request: effect.request)
    }

    /// A payment page was paid with this method.
    func decideCompleteCheckout(
        _ paid: CompleteCheckout, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard let checkout = account.checkout, checkout.session == paid.session else {
            return try decideLatePayment(paid, pricing: pricing, now: now)
        }
        // A renewal's outcome must not meet a plan that this purchase has just ended.
        guard openEffect == nil else { throw .purchaseInProgress }
        var facts = FactSheet(self, pricing: pricing, now: now)
        facts.emit(.methodSaved(paid.method))
        facts.emit(checkout.closed(by: paid.payment))
        facts.hastenDebts()
        if checkout.order.purpose == .setup {
            return try completeSetup(facts, checkout.order, paid)
        }
        let reply = facts.settle(checkout.order, paid.payment)
        return decision(facts, reply: reply, request: nil)
    }

    /// The page was closed before, by another purchase, by time, or by another payment: this one
    /// goes back. A page that nobody remembers is none of ours.
    private func decideLatePayment(
        _ paid: CompleteCheckout, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard let page = account.closedCheckouts.first(where: { $0.session == paid.session })
        else {
            // Long ago, and told again.
            let isKnown = account.invoices.contains { $0.payment == paid.payment }
            if isKnown, !paid.payment.isEmpty { return Decision() }
            throw .checkoutNotFound
        }
        // Told before, or paid in a version that kept no names of payments.
        let isPaid = page.payments.first == paid.payment && page.isPaid
        if isPaid || page.isPaid && page.payments.isEmpty { return Decision() }
        guard !page.payments.contains(paid.payment) else {
            return Decision(facts: [], reply: .paidLate)
        }
        try checkRefundCount(1)
        var facts = FactSheet(self, pricing: pricing, now: now)
        facts.giveBack(paid, for: page)
        return Decision(facts: facts.facts, reply: .paidLate)
    }
}

extension FactSheet {
    /// An order is paid, or needs no payment.
    mutating func settle(_ order: Order, _ payment: String = "") -> AttachReply {
        var order = order
        var reply = AttachReply(.active)
        if let receivable = customer.account.receivable(order.invoice) {
            let paid = pay(receivable, payment, card: payingCard(of: order))
            (reply.invoice, reply.subscription) = (paid.invoice, paid.subscription)
            return reply
        }
        reply.invoice = order.invoice == 0 ? nil : payDebt(order, payment)
        if order.purpose == .several || order.purpose == .schedule {
            let begun = order.purpose == .schedule ? begin(&order) : start(&order)
            let numbers = begun.map(\.number)
            reply.invoice = invoice(order, .paid, payment)
            reply.note(numbers.compactMap { customer.subscription($0) })
            return reply
        }
        reply.subscription = fulfil(&order)
        if order.invoice == 0 {
            reply.invoice = invoice(order, .paid, payment, of: &reply.subscription)
        }
        return reply
    }
}
