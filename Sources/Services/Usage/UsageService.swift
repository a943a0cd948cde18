internal import Billing
package import Repository
package import Wire

/// Records what was used.
package struct UsageService: Sendable {
    let environment: TallyEnvironment

    package init(_ environment: TallyEnvironment) {
        self.environment = environment
    }

    /// Draws from the customer's balances, in one commit.
    package func track(
        _ call: TrackCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        try environment.customers(of: call.customer).execute(
            .track(call.usage), for: call.customer, request: call.request, names: names,
            in: workspace)
    }

    /// Draws what calls to models cost now, in one commit.
    package func trackTokens(
        _ call: TokensCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        try environment.customers(of: call.customer).execute(
            call.command(at: environment.prices.current), for: call.customer,
            request: call.request, names: names, in: workspace)
    }

    /// Several usages of a customer, in one commit.
    package func trackAll(
        _ call: ChangeCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        try environment.customers(of: call.customer).execute(
            call.command, for: call.customer, request: call.request, names: names, in: workspace)
    }
}
