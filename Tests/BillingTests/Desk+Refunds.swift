import Testing

@testable import Billing

/// Money that goes back.
extension Desk {
    private func cents(_ amount: Int64) -> Money {
        Money(minorUnits: amount, currency: pricing.requiredCurrency)
    }

    /// The provider sends back what it was asked to.
    mutating func settleRefunds(_ failureCode: String? = nil) throws(Refusal) {
        for refund in customer.account.refunds where refund.status == .pending {
            try run(.refund(.settle(SettleRefund(id: refund.id, failureCode: failureCode))))
            if failureCode == nil {
                books[refund.payment, default: ProviderBook()].ours[refund.id] =
                    refund.amount.minorUnits
            }
        }
    }

    mutating func ask(refund invoice: UInt32, _ amount: Int64?) throws(Refusal) {
        try run(
            .refund(
                .invoice(
                    RefundInvoice(
                        number: invoice, amount: amount.map { cents($0) },
                        effectID: "refund-\(facts.count)"))))
    }

    mutating func refund(_ invoice: UInt32, _ amount: Int64?) throws(Refusal) {
        try ask(refund: invoice, amount)
        try settleRefunds()
    }

    private func payment(_ invoice: UInt32) -> String {
        customer.invoice(invoice)?.payment ?? "unknown"
    }

    mutating func reportRefund(
        _ id: String, of invoice: UInt32, _ amount: Int64
    ) throws(Refusal) {
        let payment = payment(invoice)
        books[payment, default: ProviderBook()].own[id] = amount
        try tell(id, of: payment)
    }

    /// As the provider tells of one of its refunds, the first time or again.
    mutating func tell(_ id: String, of payment: String) throws(Refusal) {
        let book = books[payment] ?? ProviderBook()
        try run(
            .refund(
                .reported(
                    ReportedRefund(
                        id: id, payment: payment, amount: cents(book.own[id] ?? book.ours[id] ?? 0),
                        total: book.total, ours: book.ours.keys.sorted()))))
    }

    mutating func reportDispute(
        _ id: String, of invoice: UInt32, _ amount: Int64, _ status: Dispute.Status
    ) throws(Refusal) {
        let report = ReportedDispute(
            id: id, payment: payment(invoice), amount: cents(amount), status: status)
        try run(.refund(.disputed(report)))
    }

    var refundedTaxes: [Int64] {
        customer.account.refunds.filter { $0.status == .succeeded }.map(\.tax)
    }

    /// Of paid invoices, oldest first.
    var paidTaxes: [Int64] {
        customer.account.invoices.filter { $0.status == .paid }.map(\.tax.minorUnits)
    }

    var refundedCents: [Int64] {
        customer.account.refunds.filter { $0.status == .succeeded }.map(\.amount.minorUnits)
    }
}

/// What a provider has given back of one payment, by id.
struct ProviderBook {
    /// Of its own.
    var own: [String: Int64] = [:]
    /// As it was asked to.
    var ours: [String: Int64] = [:]

    var total: Int64 { (own.values.reduce(0, +)) + ours.values.reduce(0, +) }
}
