internal import Billing
internal import CTallyProto

/// What came with taxes. Older binaries would leave it out, and must refuse it.
extension RecordWriter {
    /// False: there is no tax in it, and it is written as before there was any.
    func taxFact(
        _ fact: Fact, _ message: UnsafeMutablePointer<Tally__Disk__V1__Fact>
    ) -> Bool {
        switch fact {
        case .taxRateSet(let id):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_TAX_RATE_SET
            message.pointee.tax_rate_set = arena.make(tally__disk__v1__tax_rate_set__init)
            message.pointee.tax_rate_set.pointee.tax_rate_id = arena.string(id)
        case .taxesFound(let found):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_TAXES_FOUND
            message.pointee.taxes_found = taxFinding(found)
        case .subscriptionChanged(let subscription) where subscription.isTaxed:
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_TAXED_SUBSCRIPTION_CHANGED
            message.pointee.taxed_subscription_changed = self.subscription(subscription)
        case .invoiceRaised(let invoice) where invoice.lines.isTaxed:
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_TAXED_INVOICE_RAISED
            message.pointee.taxed_invoice_raised = self.invoice(invoice)
        case .invoiceChanged(let invoice) where invoice.lines.isTaxed:
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_TAXED_INVOICE_CHANGED
            message.pointee.taxed_invoice_changed = self.invoice(invoice)
        case .invoiceReturned(let number, let returns) where returns.tax != 0:
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_TAXED_INVOICE_RETURNED
            message.pointee.taxed_invoice_returned = returned(number, returns)
        case .refundSet(let refund) where refund.tax != 0:
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_TAXED_REFUND_SET
            message.pointee.taxed_refund_set = self.refund(refund)
        default: return false
        }
        return true
    }

    func taxFinding(_ found: TaxFinding) -> UnsafeMutablePointer<Tally__Disk__V1__TaxFinding> {
        let message = arena.make(tally__disk__v1__tax_finding__init)
        message.pointee.status = UInt32(found.status.rawValue)
        message.pointee.rate = found.rate.map { CatalogWriter(arena: arena).taxRate($0) }
        message.pointee.code = arena.string(found.code)
        message.pointee.time = found.time.milliseconds
        return message
    }

    func lineTax(_ tax: LineTax) -> UnsafeMutablePointer<Tally__Disk__V1__LineTax> {
        let message = arena.make(tally__disk__v1__line_tax__init)
        message.pointee.rate = CatalogWriter(arena: arena).taxRate(tax.rate)
        message.pointee.minor_units = tax.minorUnits
        return message
    }

    func chargeTax(_ tax: ChargeTax) -> UnsafeMutablePointer<Tally__Disk__V1__ChargeTax> {
        let message = arena.make(tally__disk__v1__charge_tax__init)
        message.pointee.rate = CatalogWriter(arena: arena).taxRate(tax.rate)
        message.pointee.charged = tax.charged
        message.pointee.returned = tax.returned
        message.pointee.disputed = tax.disputed
        return message
    }
}

extension Order {
    /// Is added to the purpose of what has to do with taxes.
    static let taxed: UInt32 = 1000

    var isTaxed: Bool {
        !taxRate.isEmpty || lines.isTaxed || custom.isTaxed || pending.isTaxed
            || parts.contains(where: \.isTaxed)
    }
}

/// What was written above.
extension RecordDecoder {
    /// nil: it is about something else.
    func taxFact(_ message: Tally__Disk__V1__Fact) throws(RecordFault) -> Fact? {
        switch message.kind_case {
        case TALLY__DISK__V1__FACT__KIND_TAX_RATE_SET:
            .taxRateSet(id: text(try need(message.tax_rate_set).tax_rate_id))
        case TALLY__DISK__V1__FACT__KIND_TAXES_FOUND:
            .taxesFound(try taxFinding(try need(message.taxes_found)))
        case TALLY__DISK__V1__FACT__KIND_TAXED_SUBSCRIPTION_CHANGED:
            .subscriptionChanged(
                try subscription(try need(message.taxed_subscription_changed)))
        case TALLY__DISK__V1__FACT__KIND_TAXED_INVOICE_RAISED:
            .invoiceRaised(try invoice(try need(message.taxed_invoice_raised)))
        case TALLY__DISK__V1__FACT__KIND_TAXED_INVOICE_CHANGED:
            .invoiceChanged(try invoice(try need(message.taxed_invoice_changed)))
        case TALLY__DISK__V1__FACT__KIND_TAXED_INVOICE_RETURNED:
            returned(try need(message.taxed_invoice_returned))
        case TALLY__DISK__V1__FACT__KIND_TAXED_REFUND_SET:
            .refundSet(try refund(try need(message.taxed_refund_set)))
        default: nil
        }
    }

    func taxFinding(
        _ message: Tally__Disk__V1__TaxFinding
    ) throws(RecordFault) -> TaxFinding {
        TaxFinding(
            try known(message.status, TaxFinding.Status.self),
            message.rate == nil ? nil : try taxRate(message.rate), code: text(message.code),
            time: Timestamp(milliseconds: message.time))
    }

    func lineTax(
        _ message: UnsafeMutablePointer<Tally__Disk__V1__LineTax>?
    ) throws(RecordFault) -> LineTax? {
        guard let message = message?.pointee else { return nil }
        return LineTax(rate: try taxRate(message.rate), minorUnits: message.minor_units)
    }

    func chargeTax(
        _ message: UnsafeMutablePointer<Tally__Disk__V1__ChargeTax>?
    ) throws(RecordFault) -> ChargeTax? {
        guard let message = message?.pointee else { return nil }
        return ChargeTax(
            rate: try taxRate(message.rate), charged: message.charged,
            returned: message.returned, disputed: message.disputed)
    }

    private func taxRate(
        _ message: UnsafeMutablePointer<Tally__V1__TaxRate>?
    ) throws(RecordFault) -> TaxRate {
        var reader = DraftReader(prefix: "")
        let rate = reader.taxRate(try need(message), at: "rate")
        if let fault = reader.fields.violations.first {
            throw RecordFault("a tax is damaged: \(fault.path) \(fault.message)")
        }
        return rate
    }
}
