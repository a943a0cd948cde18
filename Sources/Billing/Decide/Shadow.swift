/// A feature in shadow mode: its rules are evaluated and what they would have denied is recorded
/// with the usage, but nothing is denied.
extension EventLabel {
    /// The property that says of a usage why it would have been denied; callers can't set it.
    package static let shadowKey = "$shadow"
}

extension CheckReason {
    /// In words, as the event of a usage has it.
    package var text: String {
        switch self {
        case .included: "included"
        case .unlimited: "unlimited"
        case .overage: "overage"
        case .flag: "flag"
        case .planActive: "plan_active"
        case .planCanceling: "plan_canceling"
        case .planRenewing: "plan_renewing"
        case .planPastDue: "plan_past_due"
        case .nothingRequired: "nothing_required"
        case .notIncluded: "not_included"
        case .insufficientBalance: "insufficient_balance"
        case .maxPurchase: "max_purchase"
        case .planNotAttached: "plan_not_attached"
        case .planScheduled: "plan_scheduled"
        case .planEnded: "plan_ended"
        case .usageLimit: "usage_limit"
        case .spendLimit: "spend_limit"
        case .planUnpaid: "plan_unpaid"
        case .planPaused: "plan_paused"
        case .concurrencyLimit: "concurrency_limit"
        }
    }
}

/// Usage of one feature that is to be drawn.
struct Demand {
    var value: Quantity
    var feature: FeatureNumber
    var scope: Scope
    var overage: OverageBehavior
    var properties: [EventProperty]
    /// A hold needs to know what was drawn, step by step.
    var keepsReceipt = false
}

/// What usage draws.
struct Drawing {
    var deduction: Deduction
    var draws: [Draw]
    /// Why part of it would have been denied or dropped; nil: nothing would, or it was.
    var shadow: CheckReason?

    /// The whole of it happens.
    var isWhole: Bool { shadow != nil || deduction.rest <= .zero }
}

extension BucketSet {
    /// Draws usage as far as the rules let it; in shadow mode all of it, whatever they say.
    func draw(_ demand: Demand, _ pricing: PricingState, _ now: Timestamp) -> Drawing {
        var deduction = deduction(demand, demand.overage, pricing, now)
        let draws = deduction.run()
        guard deduction.rest > .zero, pricing.isShadow(demand.feature) else {
            return Drawing(deduction: deduction, draws: draws)
        }
        var unbound = self.deduction(demand, .overflow, pricing, now)
        unbound.isUnbound = true
        let all = unbound.run()
        return Drawing(
            deduction: unbound, draws: all, shadow: denial(of: demand, pricing, now))
    }

    private func deduction(
        _ demand: Demand, _ overage: OverageBehavior, _ pricing: PricingState, _ now: Timestamp
    ) -> Deduction {
        var deduction = Deduction(
            of: demand.value, feature: demand.feature, in: demand.scope, from: self,
            pricing: pricing, overage: overage, properties: demand.properties, now: now)
        deduction.keepsReceipt = demand.keepsReceipt
        return deduction
    }

    /// What a check says of it. Own balance and credits are compared one by one but drawn together,
    /// so it may allow what isn't there.
    private func denial(
        of demand: Demand, _ pricing: PricingState, _ now: Timestamp
    ) -> CheckReason {
        var query = CheckQuery(feature: demand.feature, required: demand.value)
        query.properties = demand.properties
        var answer = CheckAnswer(to: query)
        check(query, demand.scope, pricing, now, answering: &answer)
        return answer.reason.allows ? .insufficientBalance : answer.reason
    }
}
