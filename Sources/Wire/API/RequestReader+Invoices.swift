package import Billing
internal import CTallyProto

/// What is to become of an invoice, ready to be decided.
package struct InvoiceCall: Sendable {
    package var customer: CustomerID
    package var command: InvoiceCommand
}

extension RequestReader {
    package func finalizeInvoice(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> InvoiceCall {
        let message = try open(bytes, tally__v1__finalize_invoice_request__init).pointee
        return try invoice(
            message.customer_id, message.invoice_id, message.request_id, .finalizeInvoice,
            .finalize)
    }

    package func markInvoicePaid(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> InvoiceCall {
        let message = try open(bytes, tally__v1__mark_invoice_paid_request__init).pointee
        return try invoice(
            message.customer_id, message.invoice_id, message.request_id, .markInvoicePaid,
            .markPaid)
    }

    package func voidInvoice(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> InvoiceCall {
        let message = try open(bytes, tally__v1__void_invoice_request__init).pointee
        return try invoice(
            message.customer_id, message.invoice_id, message.request_id, .voidInvoice, .void)
    }

    private func invoice(
        _ customerID: UnsafePointer<CChar>?, _ invoiceID: UnsafePointer<CChar>?,
        _ request: UnsafePointer<CChar>?, _ method: Method, _ deed: InvoiceCommand.Deed
    ) throws(CallFault) -> InvoiceCall {
        var fields = FieldReader()
        let customer = fields.customerID(customerID)
        let requestID = fields.requestID(request)
        let number = fields.invoice(invoiceID)
        guard let customer, let number, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: method)
        fingerprint.add(UInt64(number))
        return InvoiceCall(
            customer: customer,
            command: InvoiceCommand(
                number: number, deed, request: mark(requestID, method, fingerprint)))
    }
}

extension FieldReader {
    /// nil: it isn't paid by invoice, or a fault was noted.
    mutating func terms(_ message: Tally__V1__InvoiceMode) -> InvoiceTerms? {
        guard message.enabled != 0 else { return nil }
        guard message.net_terms_days <= InvoiceTerms.netDaysLimit else {
            fault(
                "invoice_mode.net_terms_days", "must be at most \(InvoiceTerms.netDaysLimit)")
            return nil
        }
        let isAbsent =
            message._finalize_case != TALLY__V1__INVOICE_MODE___FINALIZE_FINALIZE
        return InvoiceTerms(
            netDays: message.net_terms_days == 0
                ? InvoiceTerms.usualNetDays : message.net_terms_days,
            gives: message.enable_plan_immediately != 0,
            finalizes: isAbsent || message.finalize != 0)
    }
}

extension Fingerprint {
    /// Requests from before there were any keep their fingerprints.
    mutating func add(_ terms: InvoiceTerms) {
        add(UInt64(terms.netDays) << 2 | (terms.gives ? 2 : 0) | (terms.finalizes ? 1 : 0))
    }
}
