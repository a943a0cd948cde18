/// What is asked or told about money that goes back.
package enum RefundCommand: Sendable {
    case invoice(RefundInvoice)
    case settle(SettleRefund)
    /// The provider did it of its own.
    case reported(ReportedRefund)
    case disputed(ReportedDispute)
}

/// Sends money of a paid invoice back to the card.
package struct RefundInvoice: Sendable {
    package var number: UInt32
    /// nil: all that is left.
    package var amount: Money?
    /// Of the refund: unguessable, never used before.
    package var effectID: String
    package var request: RequestMark?

    package init(
        number: UInt32, amount: Money? = nil, effectID: String = "", request: RequestMark? = nil
    ) {
        self.number = number
        self.amount = amount
        self.effectID = effectID
        self.request = request
    }
}

/// What became of a refund.
package struct SettleRefund: Sendable {
    package var id: String
    /// The provider's reason; nil: it succeeded.
    package var failureCode: String?

    package init(id: String, failureCode: String? = nil) {
        self.id = id
        self.failureCode = failureCode
    }
}

/// A refund of an invoice, as somebody is told who asked for it.
package struct RefundReply: Sendable, Equatable {
    package var refund: Refund
    package var invoice: Invoice
}

extension CustomerState {
    func decideRefund(
        _ command: RefundCommand, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        switch command {
        case .invoice(let refund): try decideRefund(refund, pricing: pricing, now: now)
        case .settle(let settle): decideSettle(settle, pricing: pricing, now: now)
        case .reported(let reported): try decideReport(reported, pricing: pricing, now: now)
        case .disputed(let reported): try decideReport(reported, pricing: pricing, now: now)
        }
    }

    /// An operator gives money back. Not while a charge has no outcome yet: it may give back some
    /// of the same.
    private func decideRefund(
        _ refund: RefundInvoice, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard openEffect == nil else { throw .purchaseInProgress }
        guard let invoice = invoice(refund.number) else { throw .invoiceNotFound(refund.number) }
        let currency = invoice.total.currency
        let left = refundable(invoice)
        let amount = refund.amount ?? Money(minorUnits: left, currency: currency)
        guard amount.currency == currency else {
            throw .invalid([
                Violation(
                    path: "amount.currency",
                    message: "must be the invoice's: \"\(currency.code)\"")
            ])
        }
        let step = currency.chargeStep
        guard amount.minorUnits % step == 0 else {
            throw .invalid([
                Violation(
                    path: "amount.minor_units",
                    message: "must be a multiple of \(step) in \"\(currency.code)\"")
            ])
        }
        guard amount.minorUnits <= left, left > 0 else {
            throw .refundTooLarge(left: Money(minorUnits: left, currency: currency))
        }
        try checkRefundCount(1)
        var facts = FactSheet(self, pricing: pricing, now: now)
        let made = facts.refund(
            amount.minorUnits, of: invoice, id: refund.effectID, .requested)
        var decision = Decision()
        decision.facts = facts.facts
        decision.reply = .refunded(
            RefundReply(refund: made, invoice: facts.customer.invoice(refund.number) ?? invoice))
        decision.settlesRequest = refund.request
        return decision
    }

    /// So many more can be open.
    func checkRefundCount(_ count: Int) throws(Refusal) {
        let open = account.refunds.count { $0.status == .pending }
        guard count == 0 || open + count <= Refund.openLimit else {
            throw .tooMany("refunds without an outcome", limit: Refund.openLimit)
        }
    }

    /// What a card could not take is the customer's all the same: it becomes credit, unless the
    /// bank has taken it back meanwhile.
    private func decideSettle(
        _ settle: SettleRefund, pricing: PricingState, now: Timestamp
    ) -> Decision {
        // A success may still turn out to be none; a failure is final.
        guard var refund = account.refunds.first(where: { $0.id == settle.id }),
            refund.status == .pending || refund.status == .succeeded && settle.failureCode != nil,
            refund.reason != .provider
        else { return Decision() }
        var facts = FactSheet(self, pricing: pricing, now: now)
        refund.status = settle.failureCode == nil ? .succeeded : .failed
        refund.failureCode = settle.failureCode ?? ""
        facts.emit(.refundSet(refund))
        if refund.status == .failed { facts.becomeCredit(refund) }
        return Decision(facts: facts.facts, reply: .none)
    }
}

extension FactSheet {
    fileprivate mutating func becomeCredit(_ refund: Refund) {
        var amount = refund.amount.minorUnits
        if let invoice = customer.invoice(refund.invoice) {
            var returns = invoice.returns
            let taken = returns.disputed + returns.refunded - invoice.due.minorUnits
            amount = max(amount - max(taken, 0), 0)
            returns.refunded -= refund.amount.minorUnits
            returns.credited += amount
            emit(.invoiceReturned(number: invoice.number, returns))
        }
        guard amount > 0 else { return }
        emit(
            .creditChanged(
                Money(minorUnits: balance + amount, currency: refund.amount.currency)))
    }

    /// - Parameter effectID: of the command; those of several refunds are told apart by a number.
    mutating func refund(_ cards: [CardReturn], effectID: String) {
        for (index, card) in cards.enumerated() {
            guard let invoice = customer.invoice(card.invoice) else { continue }
            _ = refund(
                card.minorUnits, tax: card.tax, of: invoice,
                id: index == 0 ? effectID : "\(effectID)_\(index + 1)", .canceled)
        }
    }

    /// A payment came for a page that was closed, or paid already: it goes back.
    mutating func giveBack(_ paid: CompleteCheckout, for page: ClosedCheckout) {
        emit(.checkoutClosed(session: page.session, paid: false, payment: paid.payment))
        guard page.due.minorUnits > 0 else { return }
        keep(
            Refund(
                id: "refund_\(paid.payment)", payment: paid.payment, invoice: 0, amount: page.due,
                reason: .closedPage, time: now))
    }
}
