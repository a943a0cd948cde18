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
            return .done(
                try environment.customers.readBuckets(
                    call.customer, names: names, in: workspace
                ) { buckets, names in
                    shown(buckets.check(query, pricing: names.pricing), names, workspace)
                })
        case .plan(let plan):
            let (answer, sequence) = try environment.customers.read(
                call.customer, names: names, in: workspace
            ) { customer, names in shown(customer.check(plan: plan), names, workspace) }
            var outcome = answer
            outcome.sequence = sequence
            return .done(outcome)
        }
    }

    /// Shown at once, until the reader of the row says otherwise.
    private func shown(
        _ answer: CheckAnswer, _ names: PricingNames, _ workspace: Workspace
    ) -> Outcome {
        Outcome(
            reply: .check(answer),
            message: ReplyWriter(arena: workspace.arena, names: names).check(answer), sequence: 0)
    }
}
