package import Billing
package import Repository
package import Wire

/// Knows the customers.
package struct CustomersService: Sendable {
    private let environment: TallyEnvironment

    package init(_ environment: TallyEnvironment) {
        self.environment = environment
    }

    package func getOrCreate(
        _ call: CreateCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        try environment.customers(of: call.customer).execute(
            .create(call.create), for: call.customer, request: call.request, names: names,
            in: workspace)
    }

    package func get(
        _ customer: CustomerID, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        let (message, point) = try environment.customers(of: customer).read(
            customer, names: names, in: workspace
        ) { customer, names in
            ReplyWriter(arena: workspace.arena, names: names).getCustomer(customer)
        }
        return .done(Outcome(message: message, point: point))
    }
}
