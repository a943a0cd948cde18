/// A payment that a provider has taken for us, and that nobody here knows: an older backup was
/// restored after it was recorded.
package struct FoundMoney: Sendable {
    /// The provider's name for it.
    package var payment: String
    package var amount: Money
    /// Minor units of it that went back since.
    package var refunded: Int64

    package init(payment: String, amount: Money, refunded: Int64) {
        self.payment = payment
        self.amount = amount
        self.refunded = refunded
    }
}

extension CustomerState {
    /// What it was paid for can't be known: what is left of it becomes credit, which pays for it
    /// first when it is charged again. An invoice without lines remembers it, so that it is found
    /// once only.
    func decideFound(
        _ found: FoundMoney, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        let currency = account.credit?.currency ?? account.currency ?? pricing.requiredCurrency
        let left = found.amount.minorUnits - found.refunded
        guard !knows(payment: found.payment), left > 0, found.amount.currency == currency
        else { return Decision() }
        // A charge that is under way may be for the same.
        guard openEffect == nil else { throw .purchaseInProgress }
        var facts = FactSheet(self, pricing: pricing, now: now)
        facts.dropOldestInvoice()
        var invoice = Invoice(
            number: lastInvoice + 1, status: .paid, lines: [], total: found.amount, time: now)
        invoice.payment = found.payment
        invoice.returns = InvoiceReturns(refunded: found.refunded, credited: left)
        facts.emit(.invoiceRaised(invoice))
        facts.emit(
            .creditChanged(Money(minorUnits: facts.balance + left, currency: currency)))
        facts.hastenDebts()
        return Decision(facts: facts.facts, reply: .none)
    }

    /// It was recorded, as far as is remembered.
    package func knows(payment: String) -> Bool {
        account.invoices.contains { $0.payment == payment }
            || account.closedCheckouts.contains { $0.payments.contains(payment) }
    }
}

extension Invoice {
    /// It stands for money whose purpose nobody knows.
    var isFound: Bool { lines.isEmpty && !payment.isEmpty }
}
