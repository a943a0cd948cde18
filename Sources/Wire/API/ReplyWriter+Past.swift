package import Billing
internal import CTallyProto

extension ReplyWriter {
    /// The reply to `GetCustomerAsOf`.
    ///
    /// - Parameter entity: whose view it is; empty: the customer's.
    package func getCustomerAsOf(
        _ customer: borrowing CustomerState, entity id: InlineText
    ) throws(Refusal) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__get_customer_as_of_response__init)
        if id.isEmpty {
            message.pointee.customer = self.customer(customer)
        } else {
            guard let entity = customer.buckets.extras.entities.find(id) else {
                throw .entityNotFound(id.text)
            }
            message.pointee.entity = self.entity(
                entity, in: customer.usableBuckets(names.pricing))
        }
        return arena.pack(message)
    }
}
