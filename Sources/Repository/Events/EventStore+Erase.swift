internal import Billing

extension EventStore {
    /// Takes the properties of a customer's events out of every file and out of memory. The key
    /// that they were sealed with is destroyed, so that what is derived later has none.
    ///
    /// One file at a time, while no question is answered: between two files they are.
    ///
    /// - Parameters:
    ///   - partition: the customer's.
    ///   - position: raw position of the last record whose properties go.
    ///   - progress: told how many files are left.
    func erase(
        _ customer: CustomerID, of partition: Int, through position: UInt64,
        progress: @Sendable (Int) -> Void
    ) async throws {
        let derivation = derivations[partition]
        let parts = try await alone { _ in try derivation.partsToErase() }
        for (place, part) in parts.enumerated() {
            progress(parts.count - place)
            try await alone { isCancelled in
                try derivation.erase(
                    customer, through: position, from: part, checkpoint: isCancelled.check)
            }
        }
        progress(0)
    }
}
