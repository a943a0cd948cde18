package import Billing
package import Wire

/// Test clocks. Moving one sets what it shows; what falls due on the way follows customer by
/// customer, whoever comes by first, in `advance(steppingTo:)`. Here it is waited for.
extension TallyEnvironment {
    /// Its clock can be moved.
    package var hasTestClock: Bool { name == "sandbox" }

    /// Customers whose time is caught up with at once.
    private static let clockWidth = 64

    /// Anywhere else customer time is the machine's.
    private func requireTestClock() throws(ExecuteFault) {
        guard hasTestClock else { throw .refused(.clockNotOfTest) }
    }

    /// Moves a clock, and waits for what that makes due.
    package func advanceClock(_ call: ClockCall) async throws(ExecuteFault) -> [UInt8] {
        try requireTestClock()
        if let customer = call.customer {
            let answer = try await commit(
                .moveClock(call.move), for: customer, request: call.request)
            try await catchUp(customer)
            return answer.message
        }
        let (time, replayed) = try directory.clock.move(
            call.move, request: call.request, wall: now
        ) { (record) throws(ExecuteFault) in try directory.commit(record) }
        try await catchUp()
        let workspace = Workspace()
        // The bytes are the workspace's.
        let message = withExtendedLifetime(workspace) {
            Array(
                ReplyWriter(arena: workspace.arena, names: directory.current).movedClock(to: time))
        }
        return message + (replayed ? replayedMark(of: .advanceTestClock) : [])
    }

    /// What a clock shows.
    ///
    /// - Parameter customer: nil: the environment's.
    package func clockTime(
        of customer: CustomerID?, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        try requireTestClock()
        let wall = now
        var time = wall.adding(milliseconds: directory.clock.offset)
        var point = CommitPoint.now
        if let customer {
            let environment = time
            (time, point) = try customers(of: customer).read(
                customer, names: names, in: workspace
            ) { customer, _ in customer.buckets.clock.time(at: environment) }
        }
        let message = ReplyWriter(arena: workspace.arena, names: names).clock(
            showing: time, ahead: time.milliseconds - wall.milliseconds)
        return .done(Outcome(message: message, point: point))
    }

    /// Until everybody has come as far as their clocks.
    private func catchUp() async throws(ExecuteFault) {
        let behind = partitions.flatMap { $0.customers.behindClock() }
        let fault = await withTaskGroup(of: ExecuteFault?.self) { group in
            var fault: ExecuteFault?
            for (index, id) in behind.enumerated() where fault == nil {
                if index >= TallyEnvironment.clockWidth { fault = await group.next() ?? nil }
                group.addTask {
                    do throws(ExecuteFault) {
                        try await self.catchUp(id)
                        return nil
                    } catch .refused(.customerNotFound) {
                        // Deleted meanwhile.
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            for await other in group { fault = fault ?? other }
            return fault
        }
        if let fault { throw fault }
    }

    /// Until the customer has come as far as its clock, durably.
    private func catchUp(_ id: CustomerID) async throws(ExecuteFault) {
        let customers = customers(of: id)
        while true {
            // A read does what is due first, up to a charge.
            let (effect, point) = try customers.read(
                id, names: directory.current, in: Workspace()
            ) { customer, _ in customer.openEffect }
            // Without a provider nothing is ever charged.
            guard let effect, provider != nil else { return try await arrive(at: point) }
            let expectation = customers.settlements.expect(effect.id)
            defer { customers.settlements.forget(effect.id, expectation) }
            // Asked again now that the outcome can't be missed.
            guard openEffect(of: id)?.id == effect.id else { continue }
            guard await expectation.outcome != nil else { throw .unavailable(.closed) }
        }
    }
}

extension CustomerRepository {
    /// Those who aren't as far as their clocks, or may wait for a charge.
    fileprivate func behindClock() -> [CustomerID] {
        let time = environmentTime
        var found: [CustomerID] = []
        eachShard { shard in
            for row in 0..<shard.rows.count {
                let place = shard.rows.place(of: row)
                guard !place.pointee.marks.contains(.isDeleted) else { continue }
                if place.pointee.marks.contains(.isBusy) || place.pointee.dueTime <= time {
                    found.append(place.pointee.id)
                }
            }
        }
        return found
    }
}
