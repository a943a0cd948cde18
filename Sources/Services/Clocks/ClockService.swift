package import Billing
package import Repository
package import Wire

/// Moves customer time, for tests.
package struct ClockService: Sendable {
    private let environment: TallyEnvironment

    package init(_ environment: TallyEnvironment) {
        self.environment = environment
    }

    /// Moves a clock, and waits for what that makes due. The wait ends with the caller's deadline;
    /// what is due goes on.
    package func advance(_ call: ClockCall) async throws(ExecuteFault) -> [UInt8] {
        try await environment.advanceClock(call)
    }

    /// - Parameter customer: nil: the environment's clock is meant.
    package func get(
        _ customer: CustomerID?, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        try environment.clockTime(of: customer, names: names, in: workspace)
    }
}
