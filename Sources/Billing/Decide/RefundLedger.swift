// What can still go back of what was paid: refunds and credits of a charge never exceed what was
// paid for it (billing §0.1, §8.1).

extension Invoice {
    /// What it charged, in minor units, before what it gave back of others.
    fileprivate var charged: Int64 {
        let asked = lines.reduce(0) { $0 + ($1.kind == .custom ? $1.total.minorUnits : 0) }
        return lines.reduce(max(asked, 0)) { sum, line in
            sum + (line.kind == .custom ? 0 : max(line.total.minorUnits, 0))
        }
    }

    /// What of that is tax, less what came back of it.
    fileprivate var keptTax: Int64 {
        let isAsked = lines.reduce(0) { $0 + ($1.kind == .custom ? $1.total.minorUnits : 0) } > 0
        let charged = lines.reduce(Int64(0)) { sum, line in
            guard line.kind == .custom ? isAsked : line.total.minorUnits > 0 else { return sum }
            return sum + (line.tax?.minorUnits ?? 0)
        }
        return max(charged - returns.tax, 0)
    }

    /// What is left of what it charged.
    fileprivate var kept: Int64 {
        max(charged - returns.credited - returns.refunded - returns.disputed, 0)
    }
}

extension CustomerState {
    package func invoice(_ number: UInt32) -> Invoice? {
        account.invoices.first { $0.number == number }
    }

    /// Minor units of an invoice that can go back to the card that paid it: what it paid and didn't
    /// get back, unless that has become credit.
    package func refundable(_ invoice: Invoice) -> Int64 {
        guard invoice.status == .paid, !invoice.payment.isEmpty else { return 0 }
        let paid = invoice.due.minorUnits - invoice.returns.refunded - invoice.returns.disputed
        return max(min(paid, kept(of: invoice)), 0)
    }

    /// What is left of what an invoice charged, without what comes back with the next one.
    fileprivate func kept(of invoice: Invoice) -> Int64 {
        let waiting = waiting(of: invoice).reduce(0) { $0 - $1.total.minorUnits }
        return max(invoice.kept - waiting, 0)
    }

    fileprivate func keptTax(of invoice: Invoice) -> Int64 {
        let waiting = waiting(of: invoice).reduce(0) { $0 - ($1.tax?.minorUnits ?? 0) }
        return max(invoice.keptTax - waiting, 0)
    }

    private func waiting(of invoice: Invoice) -> [InvoiceLine] {
        subscriptions.flatMap(\.pending)
            .filter { $0.kind == .credit && $0.invoice == invoice.number }
    }
}

/// What goes back to the card that paid one invoice.
struct CardReturn: Equatable {
    var invoice: UInt32
    var minorUnits: Int64
    /// What of it is tax.
    var tax: Int64 = 0
}

extension CustomerState {
    /// What comes back of a plan's charges when it ends, to cards as far as they paid it and the
    /// rest as credit, and what is still owed for it.
    func returns(
        of subscription: Subscription, _ mode: ChangeSubscription.Refund, at time: Timestamp
    ) -> (lines: [InvoiceLine], cards: [CardReturn]) {
        var owed = subscription.pending
        let waiting = subscription.charges.filter { charge in owed.contains { $0.willPay(charge) } }
        if mode == .full {
            owed.removeAll { line in waiting.contains { line.willPay($0) } }
        } else {
            var unpaid = waiting.compactMap { InvoiceLine.credit($0, at: time) }
            owed.shorten(by: &unpaid, of: waiting, at: time)
        }
        var lines: [InvoiceLine] = []
        var cards: [CardReturn] = []
        // What was paid late may be for a period that is over.
        for charge in subscription.charges
        where time < charge.period.upperBound && !waiting.contains(charge) {
            let unused = mode == .full ? charge.kept : charge.unused(at: time).minorUnits
            let tax = charge.tax(of: unused)
            let wanted = unused + (tax?.added ?? 0)
            let index = cards.firstIndex { $0.invoice == charge.invoice }
            let before = index.map { cards[$0].minorUnits } ?? 0
            let left = (invoice(charge.invoice).map { refundable($0) } ?? 0) - before
            let card = max(min(wanted, left), 0)
            let step = charge.paid.currency.chargeStep
            let cardTax = tax?.minorUnits.share(card, of: wanted, step) ?? 0
            if card > 0 {
                let new = CardReturn(invoice: charge.invoice, minorUnits: 0)
                let place = index ?? cards.endIndex
                if index == nil { cards.append(new) }
                cards[place].minorUnits += card
                cards[place].tax += cardTax
            }
            guard wanted > card else { continue }
            var rest = InvoiceLine.credit(charge, charge.paid, at: time)
            rest.tax = tax.map { LineTax(rate: $0.rate, minorUnits: cardTax - $0.minorUnits) }
            rest.subtotal.minorUnits = card - wanted - (rest.tax?.added ?? 0)
            lines.append(rest)
        }
        return ((lines + owed).map { $0.of(subscription.number) }, cards)
    }
}

extension FactSheet {
    /// The invoice that an order is on once it is paid; 0: none.
    func invoiceNumber(of order: Order) -> UInt32 {
        if order.invoice != 0 { return order.invoice }
        return order.isInvoiced ? customer.lastInvoice + 1 : 0
    }

    /// What an order gives back of what earlier invoices charged doesn't come back once more.
    mutating func noteCredits(of order: Order) {
        for line in order.lines where line.kind == .credit {
            guard let invoice = customer.invoice(line.invoice) else { continue }
            var returns = invoice.returns
            returns.credited -= line.total.minorUnits
            returns.tax -= line.tax?.minorUnits ?? 0
            emit(.invoiceReturned(number: invoice.number, returns))
        }
    }

    /// Money goes back to the card that paid an invoice, and doesn't come back another way.
    ///
    /// - Parameter tax: what of it is tax, where a plan ends, which takes its own charges with it;
    ///   nil: it comes out of all that the invoice charged.
    mutating func refund(
        _ minorUnits: Int64, tax known: Int64? = nil, of invoice: Invoice, id: String,
        _ reason: Refund.Reason, _ status: Refund.Status = .pending
    ) -> Refund {
        let tax = known ?? spread(minorUnits, over: invoice)
        var returns = invoice.returns
        returns.refunded += minorUnits
        returns.tax += tax
        emit(.invoiceReturned(number: invoice.number, returns))
        var refund = Refund(
            id: id, payment: invoice.payment, invoice: invoice.number,
            amount: Money(minorUnits: minorUnits, currency: invoice.total.currency),
            reason: reason, time: now)
        refund.status = status
        refund.tax = tax
        keep(refund)
        return refund
    }

    /// Keeps the state bounded: of those with an outcome the oldest goes.
    mutating func keep(_ refund: Refund) {
        let refunds = customer.account.refunds
        if refunds.count >= Refund.keptLimit,
            let oldest = refunds.first(where: { $0.status != .pending })
        {
            emit(.refundDropped(id: oldest.id))
        }
        emit(.refundSet(refund))
    }

    /// Takes an amount off what is left of an invoice's charges, in proportion to it; what they
    /// don't take was paid for what is over. Gives what of it is tax.
    private mutating func spread(_ minorUnits: Int64, over invoice: Invoice) -> Int64 {
        let kept = customer.kept(of: invoice)
        let keptTax = customer.keptTax(of: invoice)
        let charges = charges(of: invoice)
        let rest = kept - charges.reduce(0) { $0 + $1.keptWithTax }
        let restTax = keptTax - charges.reduce(0) { $0 + ($1.tax?.kept ?? 0) }
        var tax: Int64 = 0
        let given = change(chargesOf: invoice, by: minorUnits, of: kept, \.keptWithTax) {
            tax += $0.giveBack(withTax: $1)
        }
        let others = min(minorUnits, kept) - given
        guard others > 0, rest > 0, restTax > 0 else { return tax }
        return tax + restTax.share(others, of: rest, invoice.total.currency.chargeStep)
    }

    private func charges(of invoice: Invoice) -> [PaidCharge] {
        customer.subscriptions.flatMap(\.charges).filter { $0.invoice == invoice.number }
    }

    /// What a dispute takes off the charges is worked out anew each time, so that it can be undone.
    mutating func spreadDisputes(over invoice: Invoice) {
        let kept = customer.kept(of: invoice) + invoice.returns.disputed
        let taken = min(invoice.returns.disputed, kept)
        change(chargesOf: invoice, by: taken, of: kept, \.unreturnedWithTax) {
            $0.dispute(withTax: $1)
        }
    }

    /// Gives what the charges take of it.
    @discardableResult
    private mutating func change(
        chargesOf invoice: Invoice, by minorUnits: Int64, of kept: Int64,
        _ left: (PaidCharge) -> Int64, _ take: (inout PaidCharge, Int64) -> Void
    ) -> Int64 {
        let charges = charges(of: invoice)
        let whole = max(kept, charges.reduce(0) { $0 + left($1) })
        let minorUnits = min(minorUnits, whole)
        let step = Int128(invoice.total.currency.chargeStep)
        var (seen, given): (Int64, Int64) = (0, 0)
        for var subscription in customer.subscriptions {
            let before = subscription.charges
            for index in before.indices where before[index].invoice == invoice.number {
                seen += left(before[index])
                // Sums are rounded, not parts, so that they add up.
                let sum =
                    whole == 0
                    ? 0 : Int64(Int128(minorUnits) * Int128(seen) / (Int128(whole) * step) * step)
                take(&subscription.charges[index], sum - given)
                given = sum
            }
            guard subscription.charges != before else { continue }
            closeCheckout(concerning: subscription.number)
            emit(.subscriptionChanged(subscription))
        }
        return given
    }
}
