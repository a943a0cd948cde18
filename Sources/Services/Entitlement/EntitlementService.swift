internal import Billing
package import Repository
package import Wire

/// Decides whether a customer may.
package struct EntitlementService: Sendable {
    private let environment: TallyEnvironment

    package init(_ environment: TallyEnvironment) {
        self.environment = environment
    }

    /// A plain check reads; with `deduct` it commits when it is allowed.
    package func check(
        _ call: CheckCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        switch call.subject {
        case .feature(let feature) where call.deduct:
            return try environment.customers.execute(
                .checkAndDeduct(.init(feature: feature, required: call.required)),
                for: call.customer, request: call.request, names: names, in: workspace)
        case .feature(let feature):
            return try read(call, names: names, in: workspace) { customer, names in
                customer.check(
                    .init(feature: feature, required: call.required), pricing: names.pricing)
            }
        case .plan(let plan):
            return try read(call, names: names, in: workspace) { customer, _ in
                customer.check(plan: plan)
            }
        }
    }

    private func read(
        _ call: CheckCall, names: PricingNames, in workspace: Workspace,
        _ decide: (borrowing CustomerState, PricingNames) -> CheckAnswer
    ) throws(ExecuteFault) -> Execution {
        let (outcome, sequence) = try environment.customers.read(
            call.customer, names: names, in: workspace
        ) { customer, names in
            let answer = decide(customer, names)
            return Outcome(
                reply: .check(answer),
                message: ReplyWriter(arena: workspace.arena, names: names).check(answer),
                sequence: 0)
        }
        var shown = outcome
        shown.sequence = sequence
        return .done(shown)
    }
}
