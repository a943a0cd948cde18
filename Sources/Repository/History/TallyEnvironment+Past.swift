package import Billing
package import Wire

extension TallyEnvironment {
    /// A customer as a read at a moment in the past would have shown it, and the catalog of then.
    /// Reads the customer's records one by one: not for event loops.
    ///
    /// - Parameters:
    ///   - time: customer time.
    ///   - limit: records to go through at most.
    ///   - checkpoint: called now and then; what it throws ends the question.
    package func past(
        of customer: CustomerID, at time: Timestamp, limit: Int = CustomerChain.usualLimit,
        checkpoint: () throws -> Void = {}
    ) throws -> (customer: CustomerState, names: PricingNames) {
        let partition = partition(of: customer)
        let directory = try directory.history()
        return try withoutActuallyEscaping(checkpoint) { checkpoint in
            try CustomerPast(
                id: customer, time: time, repository: partition.customers,
                snapshots: partition.snapshotFolder, directory: directory, limit: limit,
                checkpoint: checkpoint
            ).customer()
        }
    }
}
