/// A refund that was made at the provider, and all that went back of its payment.
package struct ReportedRefund: Sendable {
    /// The provider's, or ours where we had asked for it.
    package var id: String
    package var payment: String
    package var amount: Money
    /// Minor units that the provider has given back of the payment, by whomever, this included. So
    /// one that was counted long ago, and isn't remembered any more, isn't counted again.
    package var total: Int64
    /// Those that we had asked for and are in `total`.
    package var ours: [String]

    package init(
        id: String, payment: String, amount: Money, total: Int64, ours: [String] = []
    ) {
        self.id = id
        self.payment = payment
        self.amount = amount
        self.total = total
        self.ours = ours
    }
}

/// A dispute, as it stands at the provider.
package struct ReportedDispute: Sendable {
    package var id: String
    package var payment: String
    package var amount: Money
    package var status: Dispute.Status

    package init(id: String, payment: String, amount: Money, status: Dispute.Status) {
        self.id = id
        self.payment = payment
        self.amount = amount
        self.status = status
    }
}

// What starts at the provider: it has happened, so it is never refused, but it waits for a charge
// that may give back some of the same. Told twice it counts once.
extension CustomerState {
    private func invoice(paidBy payment: String) -> Invoice? {
        payment.isEmpty ? nil : account.invoices.first { $0.payment == payment }
    }

    func decideReport(
        _ reported: ReportedRefund, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard openEffect == nil else { throw .purchaseInProgress }
        var facts = FactSheet(self, pricing: pricing, now: now)
        let invoice = invoice(paidBy: reported.payment)
        if let counted = uncounted(reported, of: invoice) {
            // It is never pending, not for a moment: that would ask the provider for it once more.
            if let invoice {
                _ = facts.refund(counted, of: invoice, id: reported.id, .provider, .succeeded)
                if invoice.isFound { facts.takeBack(counted, of: invoice) }
            } else {
                var refund = Refund(
                    id: reported.id, payment: reported.payment, invoice: 0,
                    amount: reported.amount, reason: .provider, time: now)
                refund.status = .succeeded
                facts.keep(refund)
            }
        }
        return reply(facts, invoice)
    }

    /// Minor units of a refund that aren't counted yet; nil: all of it is, whether or not it is
    /// among those that are remembered.
    private func uncounted(_ reported: ReportedRefund, of invoice: Invoice?) -> Int64? {
        guard !account.refunds.contains(where: { $0.id == reported.id }) else { return nil }
        guard let invoice else {
            // It changes no money here: only to be looked at, and none is forgotten for it.
            let isShown = account.refunds.count < Refund.keptLimit
            return isShown && !reported.ours.contains(reported.id) ? 0 : nil
        }
        // What was asked for and hasn't come there yet is counted here, and isn't in the total.
        let underway = account.refunds.reduce(Int64(0)) { sum, refund in
            let isUnderway =
                refund.payment == reported.payment && refund.status == .pending
                && !reported.ours.contains(refund.id)
            return sum + (isUnderway ? refund.amount.minorUnits : 0)
        }
        let counted = invoice.returns.refunded - underway
        let left = min(reported.amount.minorUnits, reported.total - counted)
        return left > 0 ? left : nil
    }

    func decideReport(
        _ reported: ReportedDispute, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard openEffect == nil else { throw .purchaseInProgress }
        var facts = FactSheet(self, pricing: pricing, now: now)
        let invoice = invoice(paidBy: reported.payment)
        let before = account.disputes.first { $0.id == reported.id }
        var dispute =
            before
            ?? Dispute(
                id: reported.id, payment: reported.payment, invoice: invoice?.number ?? 0,
                amount: reported.amount, status: reported.status, time: now)
        dispute.status = reported.status
        dispute.amount = reported.amount
        // What is over doesn't open again, should an older report come late.
        let isLate = before.map { $0.status != .open } ?? false
        if dispute != before, !isLate {
            if before == nil, account.disputes.count >= Dispute.keptLimit {
                facts.emit(.disputeDropped(id: account.disputes[0].id))
            }
            facts.emit(.disputeSet(dispute))
            if let invoice { facts.dispute(dispute, before: before, invoice) }
        }
        return reply(facts, invoice)
    }

    private func reply(_ facts: FactSheet, _ invoice: Invoice?) -> Decision {
        Decision(
            facts: facts.facts,
            reply: .reported(invoice.flatMap { facts.customer.invoice($0.number) }))
    }
}

extension FactSheet {
    /// It was credit here.
    fileprivate mutating func takeBack(_ minorUnits: Int64, of invoice: Invoice) {
        guard var returns = customer.invoice(invoice.number)?.returns else { return }
        returns.credited -= minorUnits
        emit(.invoiceReturned(number: invoice.number, returns))
        emit(
            .creditChanged(
                Money(minorUnits: balance - minorUnits, currency: invoice.total.currency)))
    }

    /// What the bank took back comes back no other way, unless the dispute is won.
    fileprivate mutating func dispute(
        _ dispute: Dispute, before: Dispute?, _ invoice: Invoice
    ) {
        var invoice = invoice
        invoice.returns.disputed += dispute.taken - (before?.taken ?? 0)
        emit(.invoiceReturned(number: invoice.number, invoice.returns))
        // Those that it paid for, before one of them ends.
        let numbers = customer.subscriptions.filter { subscription in
            subscription.charges.contains { $0.invoice == invoice.number }
        }.map(\.number)
        spreadDisputes(over: invoice)
        for number in numbers {
            guard let subscription = customer.subscription(number) else { continue }
            if dispute.status == .won {
                restore(subscription)
            } else if before == nil {
                follow(subscription)
            }
        }
    }

    /// The catalog says what becomes of a plan whose payment is disputed.
    private mutating func follow(_ subscription: Subscription) {
        guard subscription.status.grantsAccess else { return }
        switch pricing.settings.disputes {
        case .keep: break
        case .pastDue:
            guard subscription.status == .active || subscription.status == .canceling else {
                return
            }
            var marked = subscription
            marked.status = .pastDue
            emit(.subscriptionChanged(marked))
        case .revoke:
            let plan = pricing.plan(subscription.plan)
            let scope = PlanScope(group: plan.group, entity: subscription.entity)
            var canceled = subscription
            canceled.canceled = now
            if plan.isMain { endScheduled(in: scope) }
            end(canceled)
            if plan.isMain { giveDefault(in: scope) }
        }
    }

    /// It is past due for another reason, or goes on as before.
    private mutating func restore(_ subscription: Subscription) {
        guard subscription.status == .pastDue, !customer.isOwing(subscription.number)
        else { return }
        var restored = subscription
        restored.status = subscription.end == .never ? .active : .canceling
        emit(.subscriptionChanged(restored))
    }
}

extension Dispute {
    /// Minor units that are gone, as far as is known.
    fileprivate var taken: Int64 { status == .won ? 0 : amount.minorUnits }
}
