package import Billing

/// What ties a customer's record to the one before it, read without the rest.
package struct RecordLink {
    package let customer: CustomerID
    /// Raw log position; 0: it is the first.
    package let previousPosition: UInt64

    package init(_ record: UnsafeRawBufferPointer) throws(RecordFault) {
        var customer = CustomerID.empty
        var previous: UInt64 = 0
        var scan = FieldScan(record)
        while let field = scan.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let id)): customer = CustomerID(id) ?? .empty
            case (4, .number(let number)): previous = number
            default: break
            }
        }
        guard !scan.failed, !customer.isEmpty else { throw .malformed }
        self.customer = customer
        previousPosition = previous
    }
}
