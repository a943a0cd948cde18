internal import Billing
internal import CTallyProto

/// Invoices of other systems.
extension RecordWriter {
    func externalInvoice(
        _ invoice: ExternalInvoice
    ) -> UnsafeMutablePointer<Tally__Disk__V1__ExternalInvoice> {
        let message = arena.make(tally__disk__v1__external_invoice__init)
        message.pointee.processor = UInt32(invoice.processor.rawValue)
        message.pointee.id = arena.string(invoice.id)
        message.pointee.status = UInt32(invoice.status.rawValue)
        message.pointee.currency = arena.string(invoice.total.currency.code)
        message.pointee.total = invoice.total.minorUnits
        message.pointee.paid = invoice.paid ?? 0
        message.pointee.tells_paid = invoice.paid == nil ? 0 : 1
        message.pointee.refunded = invoice.refunded
        message.pointee.time = invoice.time.milliseconds
        (message.pointee.n_plan_ids, message.pointee.plan_ids) =
            arena.list(invoice.planIDs) { arena.string($0) }
        message.pointee.url = arena.string(invoice.url)
        return message
    }
}

extension RecordDecoder {
    func externalInvoice(
        _ message: Tally__Disk__V1__ExternalInvoice
    ) throws(RecordFault) -> ExternalInvoice {
        var invoice = ExternalInvoice(
            try known(message.processor, ExternalInvoice.Processor.self), text(message.id),
            try known(message.status, InvoiceStatus.self),
            total: try money(message.total, message.currency),
            time: Timestamp(milliseconds: message.time))
        invoice.paid = message.tells_paid == 0 ? nil : message.paid
        invoice.refunded = message.refunded
        for index in 0..<message.n_plan_ids {
            invoice.planIDs.append(text(message.plan_ids?[index]))
        }
        invoice.url = text(message.url)
        return invoice
    }
}
