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
            reply = facts.settle(effect.order)
        case .declined(let code):
            facts.emit(.effectSettled(id: effect.id, outcome: .declined(code: code)))
            reply = AttachReply(.declined)
            reply.declineCode = code
            if effect.kind == .collect { reply.invoice = facts.decline(effect.order) }
        }
        return decision(facts, reply: reply, request: effect.request)
    }

    /// A payment page was paid with this method.
    func decideCompleteCheckout(
        _ paid: CompleteCheckout, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard let checkout = account.checkout, checkout.session == paid.session else {
            throw .checkoutNotFound
        }
        // A renewal's outcome must not meet a plan that this purchase has just ended.
        guard openEffect == nil else { throw .purchaseInProgress }
        var facts = FactSheet(self, pricing: pricing, now: now)
        facts.emit(.methodSaved(paid.method))
        facts.emit(.checkoutClosed(session: checkout.session, paid: true))
        facts.hastenDebts()
        let reply = facts.settle(checkout.order)
        return decision(facts, reply: reply, request: nil)
    }
}

extension FactSheet {
    /// An order is paid.
    fileprivate mutating func settle(_ order: Order) -> AttachReply {
        var order = order
        var reply = AttachReply(.active)
        reply.invoice = order.invoice == 0 ? nil : payDebt(order)
        reply.subscription = fulfil(&order)
        if order.invoice == 0 {
            reply.invoice = invoice(order, .paid, of: &reply.subscription)
        }
        return reply
    }
}
