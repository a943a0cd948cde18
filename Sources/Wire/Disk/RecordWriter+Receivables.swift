internal import Billing
internal import CTallyProto

/// What is paid by invoice.
extension RecordWriter {
    func receivableFact(
        _ fact: Fact, _ message: UnsafeMutablePointer<Tally__Disk__V1__Fact>
    ) {
        switch fact {
        case .receivableSet(let receivable):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_RECEIVABLE_SET
            message.pointee.receivable_set = self.receivable(receivable)
        case .invoiceOverdue(let invoice):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_INVOICE_OVERDUE
            message.pointee.invoice_overdue = self.invoice(invoice)
        default:
            preconditionFailure("written by the caller")
        }
    }

    /// Older binaries would take it for one that a card is charged for, and must refuse it.
    func sentInvoice(
        _ fact: Fact, _ invoice: Invoice, _ message: UnsafeMutablePointer<Tally__Disk__V1__Fact>
    ) {
        if case .invoiceRaised = fact {
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_SENT_INVOICE_RAISED
            message.pointee.sent_invoice_raised = self.invoice(invoice)
        } else {
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_SENT_INVOICE_CHANGED
            message.pointee.sent_invoice_changed = self.invoice(invoice)
        }
    }

    func receivable(
        _ receivable: Receivable
    ) -> UnsafeMutablePointer<Tally__Disk__V1__Receivable> {
        let message = arena.make(tally__disk__v1__receivable__init)
        message.pointee.invoice = receivable.invoice
        message.pointee.order = order(receivable.order)
        message.pointee.net_days = receivable.netDays
        message.pointee.given = receivable.isGiven ? 1 : 0
        message.pointee.overdue = receivable.isOverdue ? 1 : 0
        message.pointee.next = stored(receivable.next)
        message.pointee.expires = stored(receivable.expires)
        return message
    }
}

extension RecordDecoder {
    /// nil: it is about something else.
    func receivableFact(_ message: Tally__Disk__V1__Fact) throws(RecordFault) -> Fact? {
        switch message.kind_case {
        case TALLY__DISK__V1__FACT__KIND_RECEIVABLE_SET:
            .receivableSet(try receivable(try need(message.receivable_set)))
        case TALLY__DISK__V1__FACT__KIND_INVOICE_OVERDUE:
            .invoiceOverdue(try invoice(try need(message.invoice_overdue)))
        case TALLY__DISK__V1__FACT__KIND_SENT_INVOICE_RAISED:
            .invoiceRaised(try invoice(try need(message.sent_invoice_raised)))
        case TALLY__DISK__V1__FACT__KIND_SENT_INVOICE_CHANGED:
            .invoiceChanged(try invoice(try need(message.sent_invoice_changed)))
        case TALLY__DISK__V1__FACT__KIND_INVOICED_SUBSCRIPTION_CHANGED:
            .subscriptionChanged(
                try subscription(try need(message.invoiced_subscription_changed)))
        default: nil
        }
    }

    func receivable(
        _ message: Tally__Disk__V1__Receivable
    ) throws(RecordFault) -> Receivable {
        Receivable(
            invoice: message.invoice, order: try order(try need(message.order)),
            netDays: message.net_days, isGiven: message.given != 0,
            isOverdue: message.overdue != 0, next: time(message.next),
            expires: time(message.expires))
    }
}
