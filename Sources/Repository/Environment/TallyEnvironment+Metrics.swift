internal import Synchronization

/// What an operator wants to see grow.
extension TallyEnvironment {
    /// Of all partitions' logs.
    package var logMetrics: LogMetrics {
        var metrics = LogMetrics()
        for partition in partitions { metrics.add(partition.customers.log.metrics) }
        return metrics
    }

    /// Charges, refunds and pages to close that have no outcome yet.
    package var openEffects: Int {
        partitions.reduce(0) {
            $0 + $1.customers.settlements.openCount.load(ordering: .relaxed)
        }
    }
}
