internal import Billing
internal import CChecksum
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
            let now = environmentTime
            var due: [CustomerID] = []
            count = withShard(number) { shard in
                let rows = first..<min(shard.rows.count, first + Self.step)
                shard.rows.prefetch(from: first, limit: Self.step, rests: false)
                for row in rows { shard.rows.place(of: row).pointee.prefetchRest() }
                for row in rows {
                    let row = shard.rows.place(of: row)
                    guard !row.pointee.marks.contains(.isDeleted) else { continue }
                    // It doesn't say how it stands now.
                    guard row.pointee.dueTime > now else {
                        due.append(row.pointee.id)
                        continue
                    }
                    counts.begin()
                    let isWhole = row.pointee.eachSubscription { counts.add($0) }
                    assert(isWhole, "a row in memory was written or checked by this process")
                }
                return shard.rows.count
            }
            for id in due { try open(id, into: &counts) }
            first += Self.step
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

extension CustomerRow {
    /// Asks for what is read next.
    fileprivate func prefetchRest() {
        tail.withUnsafeBytes { tail in
            guard let start = tail.baseAddress else { return }
            for offset in stride(from: 0, to: min(tail.count, 512), by: 64) {
                tally_prefetch(start + offset)
            }
        }
    }
}
