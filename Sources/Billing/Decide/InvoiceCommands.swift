/// What is asked of an invoice that waits to be paid.
package struct InvoiceCommand: Sendable {
    package enum Deed: Sendable {
        /// A draft is sent.
        case finalize
        /// It was paid where no card is involved, as by bank transfer.
        case markPaid
        /// It isn't to be paid any more.
        case void
        /// The card on file is charged, which is this one from then on.
        case charge(PaymentMethod, effectID: String)
    }

    package var number: UInt32
    package var deed: Deed
    package var request: RequestMark?

    package init(number: UInt32, _ deed: Deed, request: RequestMark? = nil) {
        self.number = number
        self.deed = deed
        self.request = request
    }
}

extension CustomerState {
    /// Not while a charge has no outcome yet: it may pay this very invoice.
    func decideInvoice(
        _ command: InvoiceCommand, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard openEffect == nil else { throw .purchaseInProgress }
        guard invoice(command.number) != nil else { throw .invoiceNotFound(command.number) }
        guard let receivable = account.receivable(command.number) else {
            throw .invoiceNotSent(command.number)
        }
        var facts = FactSheet(self, pricing: pricing, now: now)
        switch command.deed {
        case .finalize: try facts.finalize(receivable)
        case .markPaid:
            guard receivable.next != .never else { throw .invoiceNotFinal(command.number) }
            _ = facts.pay(receivable, "", card: nil)
        case .void: _ = facts.giveUp(receivable, .void)
        case .charge(let method, let effectID):
            guard receivable.next != .never else { throw .invoiceNotFinal(command.number) }
            return charge(receivable, method, effectID, facts)
        }
        var decision = Decision(
            facts: facts.facts,
            reply: .invoice(
                facts.customer.invoice(command.number), facts.customer.account.customPlans))
        decision.settlesRequest = command.request
        return decision
    }

    private func charge(
        _ receivable: Receivable, _ method: PaymentMethod, _ effectID: String, _ facts: FactSheet
    ) -> Decision {
        var facts = facts
        facts.emit(.methodSaved(method))
        facts.hastenDebts()
        var order = receivable.order
        order.invoice = receivable.invoice
        facts.emit(
            .effectRequested(Effect(id: effectID, kind: .collect, order: order, request: nil)))
        var reply = AttachReply(.processing)
        reply.effectID = effectID
        return Decision(facts: facts.facts, reply: .attach(reply))
    }

    /// Sells by invoice: what is bought is given now or, decided as it is, once it is paid.
    func bill(
        _ order: Order, _ terms: InvoiceTerms, token: String, request: RequestMark?,
        _ facts: FactSheet
    ) throws(Refusal) -> Decision {
        if !terms.gives, let same = account.waiting(like: order, terms) {
            var reply = AttachReply(.paymentRequired)
            reply.invoice = invoice(same.invoice)
            reply.customPlans = account.customPlans
            return Decision(facts: [], reply: .attach(reply))
        }
        var facts = facts
        facts.closeCheckout()
        let known = facts.pricing
        facts.voidWaiting { $0.isRival(of: order, known) }
        guard facts.customer.account.receivables.count < Receivable.countLimit else {
            throw .tooMany("unpaid invoices", limit: Receivable.countLimit)
        }
        var reply = AttachReply(terms.gives ? .active : .paymentRequired)
        if terms.gives {
            reply.invoice = facts.give(order, terms, token: token, started: &reply.subscription)
        } else {
            reply.invoice = facts.raise(
                order, terms, token: token,
                expires: min(order.startsCycle ? .never : order.soldUntil, order.ends))
        }
        return decision(facts, reply: reply, request: request)
    }
}

extension Account {
    fileprivate func waiting(like order: Order, _ terms: InvoiceTerms) -> Receivable? {
        receivables.first {
            !$0.isGiven && $0.order.buysSame(as: order) && $0.netDays == terms.netDays
                && !$0.isOverdue && ($0.next == .never) != terms.finalizes
        }
    }
}

extension FactSheet {
    fileprivate mutating func finalize(_ receivable: Receivable) throws(Refusal) {
        guard receivable.next == .never, var invoice = customer.invoice(receivable.invoice) else {
            throw .invoiceFinal(receivable.invoice)
        }
        invoice.status = .open
        invoice.dueTime = InvoiceTerms.due(receivable.netDays, from: now)
        emit(.invoiceChanged(invoice))
        var sent = receivable
        sent.next = invoice.dueTime
        emit(.receivableSet(sent))
    }
}

extension Order {
    /// Only one of them can be carried out: they replace the same, or buy the same plan.
    func isRival(of other: Order, _ pricing: PricingState) -> Bool {
        if subscriptions.contains(where: { other.subscriptions.contains($0) }) { return true }
        guard purpose == .purchase, other.purpose == .purchase, entity == other.entity else {
            return false
        }
        let (plan, rival) = (pricing.plan(plan), pricing.plan(other.plan))
        return self.plan.plan == other.plan.plan
            || plan.isMain && rival.isMain && plan.group == rival.group
    }
}
