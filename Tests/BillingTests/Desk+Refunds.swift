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
        let report = ReportedRefund(
            id: id, payment: payment(invoice), amount: cents(amount))
        try run(.refund(.reported(report)))
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
