internal import Billing
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

    /// Asks memory for the row of the customer with this hash.
    package func foreseeRow(_ hash: UInt64) {
        withShard(Int(hash & 0xFF)) { $0.prefetchRow(hash) }
    }
}
