// Refunds, disputes and late payments, as facts change them.
extension Account {
    mutating func put(_ refund: Refund) {
        let index = refunds.firstIndex { $0.id == refund.id }
        if let index { refunds[index] = refund } else { refunds.append(refund) }
    }

    mutating func put(_ dispute: Dispute) {
        let index = disputes.firstIndex { $0.id == dispute.id }
        if let index { disputes[index] = dispute } else { disputes.append(dispute) }
    }

    mutating func put(_ returns: InvoiceReturns, of number: UInt32) {
        let index = invoices.firstIndex { $0.number == number }
        if let index { invoices[index].returns = returns }
    }

    /// The page is open no more, or a payment came for one that was closed before.
    mutating func closeCheckout(_ session: String, paid: Bool, payment: String, due: Money?) {
        if checkout?.session == session { checkout = nil }
        if let due {
            if closedCheckouts.count >= ClosedCheckout.keptLimit { closedCheckouts.removeFirst() }
            closedCheckouts.append(ClosedCheckout(session: session, due: due, isPaid: paid))
        }
        guard !payment.isEmpty,
            let index = closedCheckouts.firstIndex(where: { $0.session == session })
        else { return }
        closedCheckouts[index].payments.append(payment)
    }
}
