package import Billing
internal import Wire

extension TallyEnvironment {
    /// Executes a command and waits until its reply may be shown.
    package func commit(
        _ command: Command, for id: CustomerID, request: RequestMark?
    ) async throws(ExecuteFault) -> (reply: Reply, message: [UInt8], replayed: Bool) {
        while true {
            let workspace = Workspace()
            let execution = try customers(of: id).execute(
                command, for: id, request: request, names: directory.current, in: workspace)
            switch execution {
            case .again(let point): try await arrive(at: point)
            case .awaiting(let charge): try await charge.settled()
            case .done(let outcome):
                // The bytes are the workspace's.
                let message = withExtendedLifetime(workspace) { Array(outcome.message) }
                try await arrive(at: outcome.point)
                return (workspace.reply, message, outcome.replayed)
            }
        }
    }

    /// Executes a command that may request this effect. When it does, waits for the effect's
    /// outcome, whose message is the reply.
    package func commit(
        _ command: Command, requesting effectID: String, for id: CustomerID, request: RequestMark?
    ) async throws(ExecuteFault) -> (message: [UInt8], replayed: Bool) {
        let settlements = customers(of: id).settlements
        let expectation = settlements.expect(effectID)
        defer { settlements.forget(effectID, expectation) }
        let (reply, message, replayed) = try await commit(command, for: id, request: request)
        guard case .attach(let attach) = reply, attach.outcome == .processing,
            let settled = await expectation.outcome
        else { return (message, replayed) }
        try await arrive(at: settled.point)
        return (settled.message, false)
    }

    /// Waits while the customer has an effect open; false: there was none.
    package func waitForOpenEffect(of id: CustomerID) async -> Bool {
        guard let open = openEffect(of: id) else { return false }
        let settlements = customers(of: id).settlements
        let expectation = settlements.expect(open.id)
        defer { settlements.forget(open.id, expectation) }
        // Asked again now that the outcome can't be missed.
        guard openEffect(of: id)?.id == open.id else { return true }
        _ = await expectation.outcome
        return true
    }

    package func openEffect(of customer: CustomerID) -> Effect? {
        let found = try? customers(of: customer).read(
            customer, names: directory.current, in: Workspace()
        ) { customer, _ in customer.openEffect }
        return found?.answer
    }

    /// The open payment page with this id, whose it is, and what time it is there.
    package func checkout(
        _ session: String
    ) -> (customer: CustomerID, name: String, checkout: Checkout, time: Timestamp)? {
        let owner = partitions.lazy.compactMap {
            $0.customers.settlements.customer(ofSession: session)
        }.first
        guard let id = owner else { return nil }
        let customers = customers(of: id)
        let time = customers.environmentTime
        let found = try? customers.read(id, names: directory.current, in: Workspace()) {
            customer, _ in
            (
                customer.account.name, customer.account.checkout,
                customer.buckets.clock.time(at: time)
            )
        }
        guard let (name, checkout, time) = found?.answer, let checkout,
            checkout.session == session
        else { return nil }
        return (id, name, checkout, time)
    }

    func arrive(at point: CommitPoint) async throws(ExecuteFault) {
        guard await reach(point) else { throw .unavailable(.closed) }
    }

    /// A new effect's id: unguessable, never used before.
    package func newEffectID() -> String { Effects.newID() }
}
