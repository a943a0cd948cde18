internal import Billing
internal import CTallyProto

extension RecordDecoder {
    /// nil: it is about something else.
    func refundFact(_ message: Tally__Disk__V1__Fact) throws(RecordFault) -> Fact? {
        switch message.kind_case {
        case TALLY__DISK__V1__FACT__KIND_REFUND_SET:
            .refundSet(try refund(try need(message.refund_set)))
        case TALLY__DISK__V1__FACT__KIND_REFUND_DROPPED:
            .refundDropped(id: text(try need(message.refund_dropped).refund_id))
        case TALLY__DISK__V1__FACT__KIND_INVOICE_RETURNED:
            returned(try need(message.invoice_returned))
        case TALLY__DISK__V1__FACT__KIND_DISPUTE_SET:
            .disputeSet(try dispute(try need(message.dispute_set)))
        case TALLY__DISK__V1__FACT__KIND_DISPUTE_DROPPED:
            .disputeDropped(id: text(try need(message.dispute_dropped).dispute_id))
        default: nil
        }
    }

    func returned(_ message: Tally__Disk__V1__InvoiceReturned) -> Fact {
        .invoiceReturned(
            number: message.number,
            InvoiceReturns(
                refunded: message.refunded, credited: message.credited,
                disputed: message.disputed, tax: message.tax))
    }

    func refund(_ message: Tally__Disk__V1__Refund) throws(RecordFault) -> Refund {
        var refund = Refund(
            id: text(message.refund_id), payment: text(message.payment_id),
            invoice: message.invoice, amount: try money(message.amount, message.currency),
            reason: try known(message.reason, Refund.Reason.self),
            time: Timestamp(milliseconds: message.time))
        refund.status = try known(message.status, Refund.Status.self)
        refund.failureCode = text(message.failure_code)
        refund.tax = message.tax
        return refund
    }

    func dispute(_ message: Tally__Disk__V1__Dispute) throws(RecordFault) -> Dispute {
        Dispute(
            id: text(message.dispute_id), payment: text(message.payment_id),
            invoice: message.invoice, amount: try money(message.amount, message.currency),
            status: try known(message.status, Dispute.Status.self),
            time: Timestamp(milliseconds: message.time))
    }

    func closed(
        _ message: Tally__Disk__V1__ClosedCheckout
    ) throws(RecordFault) -> ClosedCheckout {
        ClosedCheckout(
            session: text(message.session_id), due: try money(message.amount, message.currency),
            isPaid: message.paid != 0,
            payments: elements(message.n_payment_ids, message.payment_ids).map { text($0) })
    }
}
