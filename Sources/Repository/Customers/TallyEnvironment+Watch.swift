package import Billing

extension TallyEnvironment {
    /// A nudge for each change of the customer, several in a row perhaps as one; ends when the
    /// server stops.
    package func changes(of customer: CustomerID) -> AsyncStream<Void> {
        customers.watchers.watch(customer)
    }

    /// Waits until what is committed of the customer now is durable; false: the server is stopping.
    package func settled(_ customer: CustomerID) async -> Bool {
        let read = try? customers.read(customer, names: directory.current, in: Workspace()) {
            customer, _ in customer.sequence
        }
        guard let sequence = read?.answer else { return true }
        return await durability.reach(sequence)
    }
}
