package import Billing
internal import CTallyProto

/// A customer or an entity, to be shown as it was.
package struct PastCall: Sendable {
    package var customer: CustomerID
    /// Empty: the customer's own view.
    package var entity: InlineText
    /// Customer time.
    package var time: Timestamp
}

extension RequestReader {
    package func getCustomerAsOf(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> PastCall {
        let message = try open(bytes, tally__v1__get_customer_as_of_request__init).pointee
        var fields = FieldReader()
        let customer = fields.customerID(message.customer_id)
        var entity: InlineText? = .empty
        if !Wire.bytes(of: message.entity_id).isEmpty {
            entity = fields.entityID(message.entity_id)
        }
        if message.as_of_time == nil { fields.fault("as_of_time", "is required") }
        let time = message.as_of_time.flatMap { fields.instant($0.pointee, at: "as_of_time") }
        guard let customer, let entity, let time, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        return PastCall(customer: customer, entity: entity, time: time)
    }
}
