package import Billing
internal import CTallyProto

/// Asks for a way into the customer's own pages.
package struct PortalCall: Sendable {
    package var customer: CustomerID
    /// Where they lead back to; empty: nowhere.
    package var returnURL: String
}

extension RequestReader {
    package func setupPayment(_ request: UnsafeRawBufferPointer) throws(CallFault) -> PurchaseCall {
        let message = try open(request, tally__v1__setup_payment_request__init).pointee
        var fields = FieldReader()
        let customer = fields.customerID(message.customer_id)
        let requestID = fields.requestID(message.request_id)
        let successURL = fields.webAddress(message.success_url, at: "success_url")
        var setup = SetupPayment()
        if !bytes(of: message.entity_id).isEmpty {
            setup.entity = fields.entityID(message.entity_id) ?? .empty
        }
        if !bytes(of: message.plan_id).isEmpty {
            setup.plan = try plan(message.plan_id, &fields)
        } else if !setup.entity.isEmpty {
            fields.fault("entity_id", "needs a plan_id: a card is always the customer's")
        }
        guard let customer, let successURL, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        setup.successURL = successURL
        var fingerprint = Fingerprint(key: fingerprintKey, method: .setupPayment)
        fingerprint.add(UInt64(setup.plan?.rawValue ?? 0))
        fingerprint.add(setup.entity)
        fingerprint.add(successURL)
        setup.request = mark(requestID, .setupPayment, fingerprint)
        return PurchaseCall(customer: customer, deed: .setup(setup))
    }

    package func openCustomerPortal(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> PortalCall {
        let message = try open(bytes, tally__v1__open_customer_portal_request__init).pointee
        var fields = FieldReader()
        let customer = fields.customerID(message.customer_id)
        let returnURL = fields.webAddress(message.return_url, at: "return_url")
        guard let customer, let returnURL, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        return PortalCall(customer: customer, returnURL: returnURL)
    }
}

extension ReplyWriter {
    package func portal(url: String, expires: Timestamp) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__open_customer_portal_response__init)
        message.pointee.url = arena.string(url)
        message.pointee.expire_time = time(expires)
        return arena.pack(message)
    }
}
