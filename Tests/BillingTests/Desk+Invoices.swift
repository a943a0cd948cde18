@testable import Billing

/// Invoices that wait to be paid.
extension Desk {
    static let card = PaymentMethod(token: "tok", brand: "visa", last4: "4242")

    mutating func payInvoice(_ number: UInt32) throws(Refusal) {
        try run(
            .invoice(
                InvoiceCommand(
                    number: number, .charge(Desk.card, effectID: "effect-i\(facts.count)"))))
        try settle(.paid)
    }
}
