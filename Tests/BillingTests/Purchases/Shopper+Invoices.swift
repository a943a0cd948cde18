import Stories

@testable import Billing

extension Shopper {
    /// Whoever got it pays it, without a card.
    mutating func payOutOfBand(_ number: UInt32) {
        _ = try? desk.run(.invoice(InvoiceCommand(number: number, .finalize)))
        _ = try? desk.run(.invoice(InvoiceCommand(number: number, .markPaid)))
    }
}

extension Market {
    /// Something is done with an invoice that waits.
    mutating func invoice() {
        let waiting = shopper.desk.customer.account.receivables
        guard !waiting.isEmpty else { return }
        let receivable = shopper.dice.pick(waiting)
        let number = receivable.invoice
        let deed: InvoiceCommand.Deed =
            switch shopper.dice.roll(1...10) {
            case 1...2: .finalize
            case 3...6: .markPaid
            case 7: .void
            default: .charge(Desk.card, effectID: shopper.nextEffectID())
            }
        shopper.note("invoice \(number): \(deed)")
        do {
            try shopper.desk.run(.invoice(InvoiceCommand(number: number, deed)))
        } catch { return shopper.note("\(error.word)") }
        if case .markPaid = deed { ledger.cards += receivable.order.due.minorUnits }
        look()
        if case .markPaid = deed { giveUp(receivable.order.subscriptions.first) }
    }
}
