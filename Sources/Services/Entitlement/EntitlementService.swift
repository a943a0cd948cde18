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
            let query = CheckQuery(feature: feature, required: call.required)
            let (outcome, sequence) = try environment.customers.readBuckets(
                call.customer, names: names, in: workspace
            ) { buckets, names in
                shown(buckets.check(query, pricing: names.pricing), names, workspace)
            }
            return .done(outcome.shown(at: sequence))
        case .plan(let plan):
            let (outcome, sequence) = try environment.customers.read(
                call.customer, names: names, in: workspace
            ) { customer, names in shown(customer.check(plan: plan), names, workspace) }
            return .done(outcome.shown(at: sequence))
        }
    }

    private func shown(
        _ answer: CheckAnswer, _ names: PricingNames, _ workspace: Workspace
    ) -> Outcome {
        Outcome(
            reply: .check(answer),
            message: ReplyWriter(arena: workspace.arena, names: names).check(answer), sequence: 0)
    }
}

extension Outcome {
    /// A read's outcome, which may be shown once what it read is durable.
    fileprivate func shown(at sequence: UInt64) -> Outcome {
        var outcome = self
        outcome.sequence = sequence
        return outcome
    }
}
