internal import Billing
package import Wire

extension TallyEnvironment {
    /// How many have each plan. When it returns, all that it counts is durable. Takes as long as
    /// looking at every customer does: not for event loops.
    ///
    /// - Parameter checkpoint: called now and then; what it throws ends the question.
    package func countPlans(checkpoint: () throws -> Void) throws -> PlanCounts {
        var counts = PlanCounts()
        let repositories = partitions.map(\.customers)
        for repository in repositories {
            for shard in 0..<256 {
                try checkpoint()
                try repository.countPlans(ofShard: shard, into: &counts)
            }
        }
        for repository in repositories {
            try repository.log.waitUntilDurable(repository.log.end.sequence)
        }
        return counts
    }
}

extension CustomerRepository {
    /// Rows that are looked at under one hold of their shard's lock.
    private static let step = 64

    fileprivate func countPlans(
        ofShard number: Int, into counts: inout PlanCounts
    ) throws(ExecuteFault) {
        var (first, count) = (0, 1)
        while first < count {
            let now = now
            let part = withShard(number) { [counts] shard -> PlanCountStep in
                var part = PlanCountStep(counts: counts, rows: shard.rows.count)
                for row in first..<min(part.rows, first + Self.step) {
                    part.add(shard.rows.place(of: row), now: now)
                }
                return part
            }
            counts = part.counts
            for id in part.due { try open(id, into: &counts) }
            (first, count) = (first + Self.step, part.rows)
        }
    }

    /// As it stands once what is due has happened.
    private func open(
        _ id: CustomerID, into counts: inout PlanCounts
    ) throws(ExecuteFault) {
        do throws(ExecuteFault) {
            let plans = try read(id, names: directory.current, in: Workspace()) { customer, _ in
                customer.subscriptions.filter { $0.status != .ended }.map(\.plan)
            }.answer
            counts.begin()
            for plan in plans { counts.add(plan) }
        } catch .refused(.customerNotFound) {
            return
        }
    }
}

/// Some rows of a shard, counted.
private struct PlanCountStep: Sendable {
    var counts: PlanCounts
    /// That the shard has.
    let rows: Int
    /// Whose rows don't say how they stand now.
    var due: [CustomerID] = []

    init(counts: PlanCounts, rows: Int) {
        self.counts = counts
        self.rows = rows
    }

    mutating func add(_ row: UnsafeMutablePointer<CustomerRow>, now: Timestamp) {
        guard !row.pointee.isDeleted else { return }
        guard row.pointee.dueTime > now else { return due.append(row.pointee.id) }
        counts.begin()
        let isWhole = row.pointee.eachSubscription { counts.add($0) }
        assert(isWhole, "a row in memory was written by this process, or checked by it")
    }
}
