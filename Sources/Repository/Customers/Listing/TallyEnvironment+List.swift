package import Billing
package import Wire

extension TallyEnvironment {
    /// A page of customers; see `[CustomerRepository].list`. When it returns, all that it shows is
    /// durable, and so is whatever it doesn't show any more.
    package func list(
        _ call: ListCustomersCall, checkpoint: () throws -> Void,
        show: (borrowing CustomerState, PricingNames) -> Bool
    ) throws -> CustomerCursor? {
        let repositories = partitions.map(\.customers)
        let next = try repositories.list(call, checkpoint: checkpoint, show: show)
        for repository in repositories {
            try repository.log.waitUntilDurable(repository.log.end.sequence)
        }
        return next
    }
}

extension [CustomerRepository] {
    /// A page of customers, in order, each shown as it stands: what is due has happened. Takes as
    /// long as looking through all of them does: not for event loops.
    ///
    /// - Parameters:
    ///   - checkpoint: called now and then; what it throws ends the question.
    ///   - show: takes a customer; false: there is no room for another one.
    /// - Returns: where the next page goes on; nil: there is none.
    package func list(
        _ call: ListCustomersCall, checkpoint: () throws -> Void = {},
        show: (borrowing CustomerState, PricingNames) -> Bool
    ) throws -> CustomerCursor? {
        var merge = try CustomerMerge(self, call, checkpoint)
        let workspace = Workspace()
        var shown = 0
        while let (cursor, repository) = try merge.next(checkpoint) {
            workspace.reset()
            if let filter = call.filter, !repository.mayMatch(cursor.id, filter) {
                try checkpoint()
                continue
            }
            let isFull = try repository.show(cursor.id, call.filter, workspace, show)
            guard let isFull else { continue }
            shown += 1
            if isFull || shown == call.limit { return cursor }
        }
        return nil
    }
}

extension CustomerRepository {
    /// False: it isn't asked for, as it stands now.
    fileprivate func mayMatch(_ id: CustomerID, _ filter: SubscriptionFilter) -> Bool {
        let hash = self.hash(of: id)
        let row = withShard(Int(hash & 0xFF)) { shard in
            shard.find(id, hash: hash).map { shard.rows[$0] }
        }
        guard let row else { return false }
        // What is due may change it.
        return row.dueTime <= environmentTime || row.mayMatch(filter)
    }

    /// Whether it was the last that there is room for; nil: it isn't asked for, or gone meanwhile.
    fileprivate func show(
        _ id: CustomerID, _ filter: SubscriptionFilter?, _ workspace: Workspace,
        _ show: (borrowing CustomerState, PricingNames) -> Bool
    ) throws(ExecuteFault) -> Bool? {
        do throws(ExecuteFault) {
            return try read(id, names: directory.current, in: workspace) {
                customer, names -> Bool? in
                guard filter?.matches(customer.subscriptions) ?? true else { return nil }
                return !show(customer, names)
            }.answer
        } catch .refused(.customerNotFound) {
            return nil
        }
    }
}
