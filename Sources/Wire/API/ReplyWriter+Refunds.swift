internal import Billing
internal import CTallyProto

/// What went back to cards.
extension ReplyWriter {
    /// The reply to `RefundInvoice`.
    func refunded(_ reply: RefundReply) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__refund_invoice_response__init)
        message.pointee.refund = refund(reply.refund)
        message.pointee.invoice = invoice(reply.invoice)
        return arena.pack(message)
    }

    /// The reply to `ReportPaymentEvent`.
    func reported(_ invoice: Invoice?) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__report_payment_event_response__init)
        message.pointee.invoice = invoice.map { self.invoice($0) }
        return arena.pack(message)
    }

    func refund(_ refund: Refund) -> UnsafeMutablePointer<Tally__V1__Refund> {
        let message = arena.make(tally__v1__refund__init)
        message.pointee.refund_id = arena.string(refund.id)
        if refund.invoice != 0 {
            message.pointee.invoice_id = arena.numbered("inv_", refund.invoice)
        }
        message.pointee.amount = money(refund.amount)
        message.pointee.reason = Tally__V1__RefundReason(UInt32(refund.reason.rawValue))
        message.pointee.status = Tally__V1__RefundStatus(UInt32(refund.status.rawValue))
        message.pointee.failure_code = arena.string(refund.failureCode)
        message.pointee.create_time = time(refund.time)
        if refund.tax != 0 {
            message.pointee.tax_amount = money(
                Money(minorUnits: refund.tax, currency: refund.amount.currency))
        }
        return message
    }

    func dispute(_ dispute: Dispute) -> UnsafeMutablePointer<Tally__V1__Dispute> {
        let message = arena.make(tally__v1__dispute__init)
        message.pointee.dispute_id = arena.string(dispute.id)
        if dispute.invoice != 0 {
            message.pointee.invoice_id = arena.numbered("inv_", dispute.invoice)
        }
        message.pointee.amount = money(dispute.amount)
        message.pointee.status = Tally__V1__DisputeStatus(UInt32(dispute.status.rawValue))
        message.pointee.create_time = time(dispute.time)
        return message
    }
}
