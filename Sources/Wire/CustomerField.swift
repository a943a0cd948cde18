package import Billing

/// The `customer_id` of a request, told from its bytes before they are read with care: field 1 of
/// every request about one customer. The last one would count, as for any reader.
package enum CustomerField {
    case none
    case one(CustomerID)
    /// The bytes are no message, or the id is none.
    case unreadable

    @inline(__always)
    package init(_ message: UnsafeRawBufferPointer) {
        self = .none
        var scan = FieldScan(message)
        while let field = scan.next() {
            guard field.number == 1 else { continue }
            guard case .bytes(let id) = field.value, let customer = CustomerID(id) else {
                self = .unreadable
                return
            }
            self = .one(customer)
        }
        if scan.failed { self = .unreadable }
    }
}
