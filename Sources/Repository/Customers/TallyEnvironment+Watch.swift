package import Billing

extension TallyEnvironment {
    /// A nudge for each change of the customer, several in a row perhaps as one; ends when the
    /// server stops.
    package func changes(of customer: CustomerID) -> AsyncStream<Void> {
        customers(of: customer).watchers.watch(customer)
    }

    /// Waits until what is committed of the customer now is durable; false: the server is stopping.
    package func settled(_ customer: CustomerID) async -> Bool {
        let read = try? customers(of: customer).read(
            customer, names: directory.current, in: Workspace()
        ) { _, _ in }
        // Without one, its deletion may not be durable yet.
        let customers = customers(of: customer)
        let point = read?.point ?? customers.point(customers.log.end.sequence)
        return await reach(point)
    }
}
