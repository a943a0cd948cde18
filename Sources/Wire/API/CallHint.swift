package import Billing

/// What a call will look for, told from its bytes before they are read with care. It may be wrong:
/// good for nothing but speed.
package struct CallHint {
    package let method: Method
    package let customer: CustomerID
    package private(set) var request: InlineText?

    /// nil: nothing can be told of this method, or this message.
    package init?(_ method: Method, _ message: UnsafeRawBufferPointer) {
        guard let requestField = CallHint.requestField(of: method) else { return nil }
        var scan = FieldScan(message)
        // Writers write the fields in order; others get no hint.
        guard let first = scan.next(), first.number == 1, case .bytes(let id) = first.value,
            let customer = CustomerID(id)
        else { return nil }
        self.method = method
        self.customer = customer
        while let field = scan.next() {
            // The last one would count.
            guard field.number != 1 else { return nil }
            guard field.number == requestField, case .bytes(let id) = field.value else { continue }
            request = InlineText(id)
        }
    }

    /// The number of `request_id` in the methods that are called often.
    private static func requestField(of method: Method) -> UInt32? {
        switch method {
        case .check: 6
        case .track: 4
        case .attach, .getOrCreateCustomer, .eraseCustomer, .updateCustomer, .deleteCustomer: nil
        }
    }
}
