package import Billing
internal import Wire

extension TallyEnvironment {
    /// Executes a command and waits until its reply may be shown.
    package func commit(
        _ command: Command, for id: CustomerID, request: RequestMark?
    ) async throws(ExecuteFault) -> (reply: Reply, message: [UInt8], replayed: Bool) {
        while true {
            let workspace = Workspace()
            let execution = try customers.execute(
                command, for: id, request: request, names: directory.current, in: workspace)
            switch execution {
            case .again(let sequence): try await reach(sequence)
            case .done(let outcome):
                let message = Array(outcome.message)
                try await reach(outcome.sequence)
                return (outcome.reply, message, outcome.replayed)
            }
        }
    }

    /// Waits for an effect's outcome; nil: it is no longer open, or the server is stopping.
    package func outcome(
        of effectID: String, customer: CustomerID
    ) async throws(ExecuteFault) -> [UInt8]? {
        let settled = await customers.settlements.outcome(of: effectID) {
            openEffect(of: customer)?.id == effectID
        }
        guard let settled else { return nil }
        try await reach(settled.sequence)
        return settled.message
    }

    package func openEffect(of customer: CustomerID) -> Effect? {
        let found = try? customers.read(
            customer, names: directory.current, in: Workspace()
        ) { customer, _ in customer.openEffect }
        return found?.answer
    }

    /// The open payment page with this id, and whose it is.
    package func checkout(
        _ session: String
    ) -> (customer: CustomerID, name: String, checkout: Checkout)? {
        guard let id = customers.settlements.customer(ofSession: session) else { return nil }
        let found = try? customers.read(id, names: directory.current, in: Workspace()) {
            customer, _ in (customer.account.name, customer.account.checkout)
        }
        guard let (name, checkout) = found?.answer, let checkout, checkout.session == session else {
            return nil
        }
        return (id, name, checkout)
    }

    private func reach(_ sequence: UInt64) async throws(ExecuteFault) {
        guard await durability.reach(sequence) else { throw .unavailable(.closed) }
    }

    /// A new effect's id: unguessable, never used before.
    package func newEffectID() -> String { Effects.newID() }
}
