package import Billing

/// What a call will look for, told from its bytes before they are read with care. It may be wrong:
/// good for nothing but speed.
package struct CallHint {
    package let method: Method
    package let customer: CustomerID
    package private(set) var request: InlineText?
    package private(set) var feature = Feature()

    /// A feature's id, where it lies in the message.
    package struct Feature {
        fileprivate var id = UnsafeRawBufferPointer(start: nil, count: 0)

        /// nil: none of these. The message must still be there.
        package func number(_ names: PricingNames) -> FeatureNumber? { names.feature(id) }
    }

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
            guard case .bytes(let id) = field.value else { continue }
            switch field.number {
            case CallHint.featureField: feature.id = id
            case requestField: request = InlineText(id)
            default: break
            }
        }
    }

    /// The number of `feature_id` in all of them.
    private static let featureField: UInt32 = 2

    /// The number of `request_id` in the methods that are called often.
    private static func requestField(of method: Method) -> UInt32? {
        switch method {
        case .check: 6
        case .track: 4
        default: nil
        }
    }
}
