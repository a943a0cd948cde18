package import Billing
package import Wire

/// What a call will look at, found in three steps, each a little after what the step before found
/// was fetched. Rows stay where they are, so that a number found before is good.
extension CustomerRepository {
    /// Adds where a customer's row will be found, and its request's answer; gives what the next
    /// steps go by.
    package func foresee(_ hint: CallHint, _ places: inout MemoryPlaces) -> UInt64 {
        let hash = hash(of: hint.customer)
        let fingerprint = hint.request.map {
            requestFingerprint(
                RequestMark(id: $0, method: hint.method.rawValue, fingerprint: 0), customer: hash)
        }
        withShard(Int(hash & 0xFF)) { $0.addIndex(hash, request: fingerprint, to: &places) }
        return hash
    }

    /// Adds the row of the customer with this hash; its number, nil: there is none.
    package func foreseeRow(_ hash: UInt64, _ places: inout MemoryPlaces) -> Int? {
        withShard(Int(hash & 0xFF)) { $0.addRow(hash, to: &places) }
    }

    /// Adds what a row has of a feature far from it, on the heap.
    ///
    /// - Parameter feature: asked for if there is anything; nil: of none.
    package func foreseeFar(
        _ hash: UInt64, row: Int, _ places: inout MemoryPlaces, of feature: () -> FeatureNumber?
    ) {
        withShard(Int(hash & 0xFF)) { $0.rows.addFar(row, of: feature, to: &places) }
    }
}
