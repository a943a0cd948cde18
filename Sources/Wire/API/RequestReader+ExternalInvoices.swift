package import Billing
internal import CTallyProto

/// Invoices of another system, ready to be put on record.
package struct RecordInvoicesCall: Sendable {
    package var customer: CustomerID
    package var record: RecordInvoices
}

extension RequestReader {
    package func recordExternalInvoices(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> RecordInvoicesCall {
        let message = try open(bytes, tally__v1__record_external_invoices_request__init).pointee
        var fields = FieldReader()
        let customer = fields.customerID(message.customer_id)
        let requestID = fields.requestID(message.request_id)
        if !(1...ExternalInvoice.countLimit ~= message.n_invoices) {
            fields.fault("invoices", "must be 1 to \(ExternalInvoice.countLimit)")
        }
        guard let customer, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        var invoices: [ExternalInvoice] = []
        for (index, invoice) in elements(message.n_invoices, message.invoices).enumerated() {
            var part = FieldReader()
            let read = part.externalInvoice(invoice.pointee)
            if let read, invoices.contains(where: { $0.isSame(as: read) }) {
                part.fault("external_id", "appears twice")
            }
            part.move(to: "invoices[\(index)]")
            fields.add(part)
            if let read { invoices.append(read) }
        }
        guard fields.violations.isEmpty else { throw .invalid(fields.violations) }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .recordExternalInvoices)
        for invoice in invoices { fingerprint.add(invoice) }
        return RecordInvoicesCall(
            customer: customer,
            record: RecordInvoices(
                invoices, request: mark(requestID, .recordExternalInvoices, fingerprint)))
    }
}

extension FieldReader {
    /// nil: a fault was noted.
    fileprivate mutating func externalInvoice(
        _ message: Tally__V1__ExternalInvoice
    ) -> ExternalInvoice? {
        let id = source(message.external_id, at: "external_id")
        let processor = word(
            message.processor.rawValue, ExternalInvoice.Processor.stripe, at: "processor")
        if message.status.rawValue == 0 { fault("status", "is required") }
        let status = word(message.status.rawValue, InvoiceStatus.open, at: "status")
        guard let shown = message.total?.pointee else {
            fault("total", "is required")
            return nil
        }
        let total = externalMoney(shown, at: "total")
        let paid = message.amount_paid.flatMap { part($0.pointee, of: total, at: "amount_paid") }
        let refunded = message.amount_refunded.flatMap {
            part($0.pointee, of: total, at: "amount_refunded")
        }
        let time = optionalInstant(message.create_time, at: "create_time")
        if message.create_time == nil { fault("create_time", "is required") }
        if message.n_plan_ids > ExternalInvoice.planLimit {
            fault("plan_ids", "must be at most \(ExternalInvoice.planLimit)")
        }
        let url = webAddress(message.url, at: "url")
        guard violations.isEmpty, let total, let time, let url else { return nil }
        var invoice = ExternalInvoice(processor, id, status, total: total, time: time)
        (invoice.paid, invoice.refunded, invoice.url) = (paid, refunded ?? 0, url)
        for index in 0..<message.n_plan_ids {
            let plan = bytes(of: message.plan_ids?[index])
            guard identifier(plan, at: "plan_ids[\(index)]") else { return nil }
            invoice.planIDs.append(String(decoding: plan, as: UTF8.self))
        }
        return invoice
    }

    /// What other systems charge needn't be what is charged here: any amount is right.
    private mutating func externalMoney(_ message: Tally__V1__Money, at path: String) -> Money? {
        let code = String(decoding: bytes(of: message.currency), as: UTF8.self)
        guard let currency = Currency(code: code) else {
            fault("\(path).currency", "must be an ISO 4217 code in lower case, such as \"usd\"")
            return nil
        }
        return Money(minorUnits: message.minor_units, currency: currency)
    }

    private mutating func part(
        _ message: Tally__V1__Money, of total: Money?, at path: String
    ) -> Int64? {
        guard let money = externalMoney(message, at: path) else { return nil }
        if let total, total.currency != money.currency {
            fault("\(path).currency", "must be the total's, \"\(total.currency.code)\"")
        }
        if money.minorUnits < 0 { fault("\(path).minor_units", "must not be below 0") }
        return money.minorUnits
    }
}

extension Fingerprint {
    fileprivate mutating func add(_ invoice: ExternalInvoice) {
        add(UInt64(invoice.processor.rawValue) << 8 | UInt64(invoice.status.rawValue))
        add(invoice.id)
        add(invoice.total.currency.code)
        add(UInt64(bitPattern: invoice.total.minorUnits))
        add(invoice.paid == nil ? 0 : 1)
        add(UInt64(bitPattern: invoice.paid ?? 0))
        add(UInt64(bitPattern: invoice.refunded))
        add(invoice.time)
        add(UInt64(invoice.planIDs.count))
        for plan in invoice.planIDs { add(plan) }
        add(invoice.url)
    }
}
