internal import Billing
internal import CTallyProto

/// Invoices of other systems that are on record.
extension ReplyWriter {
    /// The reply to `RecordExternalInvoices`.
    func recorded(_ invoices: [ExternalInvoice]) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__record_external_invoices_response__init)
        (message.pointee.n_invoices, message.pointee.invoices) =
            arena.list(invoices) { externalInvoice($0) }
        return arena.pack(message)
    }

    /// Newest first; of the same moment, the one that was recorded last.
    func externalInvoices(
        of customer: borrowing CustomerState, to message: UnsafeMutablePointer<Tally__V1__Customer>
    ) {
        let all = customer.account.externalInvoices
        guard !all.isEmpty else { return }
        let order = all.indices.sorted { (all[$0].time, $0) > (all[$1].time, $1) }
        (message.pointee.n_external_invoices, message.pointee.external_invoices) =
            arena.list(order) { externalInvoice(all[$0]) }
    }

    private func externalInvoice(
        _ invoice: ExternalInvoice
    ) -> UnsafeMutablePointer<Tally__V1__ExternalInvoice> {
        let message = arena.make(tally__v1__external_invoice__init)
        message.pointee.external_id = arena.string(invoice.id)
        message.pointee.processor = Tally__V1__InvoiceProcessor(
            UInt32(invoice.processor.rawValue))
        message.pointee.status = Tally__V1__InvoiceStatus(UInt32(invoice.status.rawValue))
        message.pointee.total = money(invoice.total)
        let currency = invoice.total.currency
        message.pointee.amount_paid = invoice.paid.map {
            money(Money(minorUnits: $0, currency: currency))
        }
        if invoice.refunded != 0 {
            message.pointee.amount_refunded = money(
                Money(minorUnits: invoice.refunded, currency: currency))
        }
        message.pointee.create_time = time(invoice.time)
        (message.pointee.n_plan_ids, message.pointee.plan_ids) =
            arena.list(invoice.planIDs) { arena.string($0) }
        message.pointee.url = arena.string(invoice.url)
        return message
    }
}
