internal import Billing
internal import CTallyProto

/// What went back, and what may come late.
extension RecordWriter {
    func refundFact(
        _ fact: Fact, _ message: UnsafeMutablePointer<Tally__Disk__V1__Fact>
    ) {
        switch fact {
        case .refundSet(let refund):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_REFUND_SET
            message.pointee.refund_set = self.refund(refund)
        case .refundDropped(let id):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_REFUND_DROPPED
            message.pointee.refund_dropped = arena.make(tally__disk__v1__refund_dropped__init)
            message.pointee.refund_dropped.pointee.refund_id = arena.string(id)
        case .invoiceReturned(let number, let returns):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_INVOICE_RETURNED
            message.pointee.invoice_returned = returned(number, returns)
        case .disputeSet(let dispute):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_DISPUTE_SET
            message.pointee.dispute_set = self.dispute(dispute)
        case .disputeDropped(let id):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_DISPUTE_DROPPED
            message.pointee.dispute_dropped = arena.make(tally__disk__v1__dispute_dropped__init)
            message.pointee.dispute_dropped.pointee.dispute_id = arena.string(id)
        default:
            preconditionFailure("written by the caller")
        }
    }

    func returned(
        _ number: UInt32, _ returns: InvoiceReturns
    ) -> UnsafeMutablePointer<Tally__Disk__V1__InvoiceReturned> {
        let message = arena.make(tally__disk__v1__invoice_returned__init)
        message.pointee.number = number
        message.pointee.refunded = returns.refunded
        message.pointee.credited = returns.credited
        message.pointee.disputed = returns.disputed
        message.pointee.tax = returns.tax
        return message
    }

    func refund(_ refund: Refund) -> UnsafeMutablePointer<Tally__Disk__V1__Refund> {
        let message = arena.make(tally__disk__v1__refund__init)
        message.pointee.refund_id = arena.string(refund.id)
        message.pointee.payment_id = arena.string(refund.payment)
        message.pointee.invoice = refund.invoice
        message.pointee.currency = arena.string(refund.amount.currency.code)
        message.pointee.amount = refund.amount.minorUnits
        message.pointee.reason = UInt32(refund.reason.rawValue)
        message.pointee.status = UInt32(refund.status.rawValue)
        message.pointee.failure_code = arena.string(refund.failureCode)
        message.pointee.time = refund.time.milliseconds
        message.pointee.tax = refund.tax
        return message
    }

    func dispute(_ dispute: Dispute) -> UnsafeMutablePointer<Tally__Disk__V1__Dispute> {
        let message = arena.make(tally__disk__v1__dispute__init)
        message.pointee.dispute_id = arena.string(dispute.id)
        message.pointee.payment_id = arena.string(dispute.payment)
        message.pointee.invoice = dispute.invoice
        message.pointee.currency = arena.string(dispute.amount.currency.code)
        message.pointee.amount = dispute.amount.minorUnits
        message.pointee.status = UInt32(dispute.status.rawValue)
        message.pointee.time = dispute.time.milliseconds
        return message
    }

    func closed(
        _ checkout: ClosedCheckout
    ) -> UnsafeMutablePointer<Tally__Disk__V1__ClosedCheckout> {
        let message = arena.make(tally__disk__v1__closed_checkout__init)
        message.pointee.session_id = arena.string(checkout.session)
        message.pointee.currency = arena.string(checkout.due.currency.code)
        message.pointee.amount = checkout.due.minorUnits
        message.pointee.paid = checkout.isPaid ? 1 : 0
        (message.pointee.n_payment_ids, message.pointee.payment_ids) = arena.list(
            checkout.payments
        ) { arena.string($0) }
        return message
    }
}
