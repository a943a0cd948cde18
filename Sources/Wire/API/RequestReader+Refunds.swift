package import Billing
internal import CTallyProto

/// Money that is to go back, ready to be decided.
package struct RefundCall: Sendable {
    package var customer: CustomerID
    package var refund: RefundInvoice

    /// - Parameter effectID: of the refund.
    package func command(effectID: String) -> Command {
        var refund = refund
        refund.effectID = effectID
        return .refund(.invoice(refund))
    }
}

/// Something that the sandbox's provider is to do with a payment.
package struct PaymentEventCall: Sendable {
    package enum Event: Sendable {
        case refund(id: String, Money)
        case dispute(id: String, Money, Dispute.Status)
    }

    package var customer: CustomerID
    package var invoice: UInt32
    package var event: Event
}

extension RequestReader {
    package func refundInvoice(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> RefundCall {
        let message = try open(bytes, tally__v1__refund_invoice_request__init).pointee
        var fields = FieldReader()
        let customer = fields.customerID(message.customer_id)
        let requestID = fields.requestID(message.request_id)
        let number = fields.invoice(message.invoice_id)
        let amount = message.amount.flatMap { fields.payment($0.pointee, at: "amount") }
        guard let customer, let number, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .refundInvoice)
        fingerprint.add(UInt64(number))
        fingerprint.add(amount?.currency.code ?? "")
        fingerprint.add(UInt64(bitPattern: amount?.minorUnits ?? 0))
        return RefundCall(
            customer: customer,
            refund: RefundInvoice(
                number: number, amount: amount,
                request: mark(requestID, .refundInvoice, fingerprint)))
    }

    package func paymentEvent(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> PaymentEventCall {
        let message = try open(bytes, tally__v1__report_payment_event_request__init).pointee
        var fields = FieldReader()
        let customer = fields.customerID(message.customer_id)
        let number = fields.invoice(message.invoice_id)
        let event = fields.event(message)
        guard let customer, let number, let event, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        return PaymentEventCall(customer: customer, invoice: number, event: event)
    }
}

extension FieldReader {
    /// "inv_" and a number; nil: a fault was noted.
    mutating func invoice(_ text: UnsafePointer<CChar>?) -> UInt32? {
        let id = String(decoding: bytes(of: text), as: UTF8.self)
        guard id.hasPrefix("inv_"), let number = UInt32(id.dropFirst(4)) else {
            fault("invoice_id", "must be one of the customer's, such as \"inv_1\"")
            return nil
        }
        return number
    }

    /// More than nothing; nil: a fault was noted.
    fileprivate mutating func payment(_ message: Tally__V1__Money, at path: String) -> Money? {
        guard let money = money(message, at: path) else { return nil }
        guard money.minorUnits > 0 else {
            fault("\(path).minor_units", "must be more than 0")
            return nil
        }
        return money
    }

    /// Above or below 0; nil: a fault was noted.
    mutating func money(_ message: Tally__V1__Money, at path: String) -> Money? {
        let code = String(decoding: bytes(of: message.currency), as: UTF8.self)
        guard let currency = Currency(code: code) else {
            fault("\(path).currency", "must be an ISO 4217 code in lower case, such as \"usd\"")
            return nil
        }
        // Currencies with thousandths are charged in steps of ten, and given back so.
        guard currency.minorDigits < 3 || message.minor_units % 10 == 0 else {
            fault("\(path).minor_units", "must be a multiple of 10 in \"\(code)\"")
            return nil
        }
        return Money(minorUnits: message.minor_units, currency: currency)
    }

    fileprivate mutating func event(
        _ message: Tally__V1__ReportPaymentEventRequest
    ) -> PaymentEventCall.Event? {
        switch message.event_case {
        case TALLY__V1__REPORT_PAYMENT_EVENT_REQUEST__EVENT_REFUND:
            guard let refund = message.refund?.pointee else { return nil }
            let id = eventID(refund.refund_id, at: "refund.refund_id")
            let amount = amount(refund.amount?.pointee, at: "refund.amount")
            guard let id, let amount else { return nil }
            return .refund(id: id, amount)
        case TALLY__V1__REPORT_PAYMENT_EVENT_REQUEST__EVENT_DISPUTE:
            guard let dispute = message.dispute?.pointee else { return nil }
            let id = eventID(dispute.dispute_id, at: "dispute.dispute_id")
            let amount = amount(dispute.amount?.pointee, at: "dispute.amount")
            let status = word(
                dispute.status.rawValue, Dispute.Status.open, at: "dispute.status")
            guard let id, let amount else { return nil }
            return .dispute(id: id, amount, status)
        default:
            fault("refund", "give a refund or a dispute")
            return nil
        }
    }

    private mutating func amount(_ message: Tally__V1__Money?, at path: String) -> Money? {
        guard let message else {
            fault(path, "is required")
            return nil
        }
        return payment(message, at: path)
    }

    private mutating func eventID(_ text: UnsafePointer<CChar>?, at path: String) -> String? {
        let id = bytes(of: text)
        return identifier(id, at: path) ? String(decoding: id, as: UTF8.self) : nil
    }
}
