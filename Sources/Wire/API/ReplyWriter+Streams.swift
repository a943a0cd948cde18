package import Billing
internal import CTallyProto

extension ReplyWriter {
    /// What `WatchCustomer` shows.
    package func watchCustomer(
        _ customer: borrowing CustomerState
    ) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__watch_customer_response__init)
        message.pointee.customer = self.customer(customer)
        message.pointee.resume_token = arena.string(String(customer.sequence, radix: 36))
        return arena.pack(message)
    }
}

/// An answer of `StreamTrack`: the report's id, and the reply that Track would have given.
package func streamTracked(_ requestID: String, reply: UnsafeRawBufferPointer) -> [UInt8] {
    var response = ProtoBytes()
    response.add(1, text: requestID)
    response.add(2, raw: reply)
    return response.bytes
}

/// An answer of `StreamTrack`: the report was refused.
package func streamRefused(
    _ requestID: String, code: Int, reason: String, message: String
) -> [UInt8] {
    var refusal = ProtoBytes()
    refusal.add(1, number: UInt64(code))
    refusal.add(2, text: reason)
    refusal.add(3, text: message)
    var response = ProtoBytes()
    response.add(1, text: requestID)
    response.add(3, message: refusal)
    return response.bytes
}
