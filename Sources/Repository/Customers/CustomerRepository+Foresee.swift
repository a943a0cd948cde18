package import Billing
package import Wire

extension CustomerRepository {
    /// Asks memory for where a customer's row will be found, and its request's answer; to be
    /// followed by `foreseeRow` with what this gives, a little later.
    package func foresee(_ hint: CallHint) -> UInt64 {
        let hash = hash(of: hint.customer)
        let fingerprint = hint.request.map {
            requestFingerprint(
                RequestMark(id: $0, method: hint.method.rawValue, fingerprint: 0), customer: hash)
        }
        withShard(Int(hash & 0xFF)) { $0.prefetchIndex(hash, request: fingerprint) }
        return hash
    }

    /// Asks memory for the row of the customer with this hash; its number, nil: there is none.
    package func foreseeRow(_ hash: UInt64) -> Int? {
        withShard(Int(hash & 0xFF)) { $0.prefetchRow(hash) }
    }

    /// Asks memory for the features of a row's far buckets, a little after the row; false: it has
    /// none. Rows stay where they are, so that a number found before is good.
    package func foreseeFarFeatures(_ hash: UInt64, row: Int) -> Bool {
        withShard(Int(hash & 0xFF)) { $0.rows.prefetchFarFeatures(row) }
    }

    /// Asks memory for a row's far bucket of a feature, a little after the features.
    package func foreseeFarBucket(_ hash: UInt64, row: Int, of feature: FeatureNumber) {
        withShard(Int(hash & 0xFF)) { $0.rows.prefetchFarBucket(row, of: feature) }
    }
}
