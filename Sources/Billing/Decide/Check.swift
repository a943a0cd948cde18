/// Why a check was answered as it was. Raw values are those of `tally.v1.CheckReason`.
package enum CheckReason: UInt8, Sendable {
    case included = 1
    case unlimited = 2
    case overage = 3
    case flag = 4
    case planActive = 5
    case planCanceling = 6
    case planRenewing = 7
    case planPastDue = 8
    case nothingRequired = 9
    case notIncluded = 20
    case insufficientBalance = 21
    case maxPurchase = 22
    case planNotAttached = 23
    case planScheduled = 24
    case planEnded = 25

    package var allows: Bool { rawValue < CheckReason.notIncluded.rawValue }
}

/// The answer to a check.
package struct CheckAnswer: Sendable, Equatable {
    package var reason: CheckReason
    /// What was compared; in credits when a credit system decided.
    package var required: Quantity
    package var balance: BalanceView?
    /// The flag's feature and plan.
    package var flag: FlagView?
    package var subscription: Subscription?

    package var allowed: Bool { reason.allows }

    init(_ reason: CheckReason, required: Quantity) {
        self.reason = reason
        self.required = required
    }

    /// That there is nothing of it.
    package init(to query: CheckQuery) {
        self.init(.notIncluded, required: query.required)
    }
}

/// A boolean feature that a customer has.
package struct FlagView: Sendable, Equatable {
    package var feature: FeatureNumber
    package var plan: PlanNumber?
}

extension BucketSet {
    /// Whether the customer may use this much of a feature (entitlements §1.4, §1.5). Everything
    /// due has been applied before.
    package func check(_ query: CheckQuery, pricing: PricingState) -> CheckAnswer {
        var answer = CheckAnswer(to: query)
        check(query, pricing: pricing, answering: &answer)
        return answer
    }

    /// - Parameter answer: that there is nothing.
    package func check(
        _ query: CheckQuery, pricing: PricingState, answering answer: inout CheckAnswer
    ) {
        if pricing.kind(of: query.feature) == .boolean {
            checkFlag(query, answering: &answer)
        } else {
            checkPools(query, pricing, answering: &answer)
        }
    }

    private func checkFlag(_ query: CheckQuery, answering answer: inout CheckAnswer) {
        for index in 0..<count where self[index].feature == query.feature {
            answer.reason = .flag
            answer.flag = FlagView(feature: query.feature, plan: self[index].plan)
            return
        }
    }

    /// The balance that decides, and the amount it is asked for (entitlements §1.4): the feature's
    /// own when it suffices alone, else the first credit system that would, else the first owned.
    private func checkPools(
        _ query: CheckQuery, _ pricing: PricingState, answering answer: inout CheckAnswer
    ) {
        var own = BalanceView(feature: query.feature)
        let isOwned = show(query.feature, in: &own)
        let reason = own.verdict(on: query.required)
        if isOwned, reason.allows || pricing.pools(of: query.feature).isEmpty {
            answer.reason = reason
            answer.balance = own
            return
        }
        for pool in pricing.pools(of: query.feature) {
            guard let view = balance(of: pool.feature) else { continue }
            // The reference compares the unconverted amount here; so do we.
            let allows = view.verdict(on: query.required).allows
            guard allows || answer.balance == nil else { continue }
            answer.required = query.required.credits(at: pool.cost)
            answer.reason = view.verdict(on: answer.required)
            answer.balance = view
            if allows { return }
        }
        guard answer.balance == nil, isOwned else { return }
        answer.reason = reason
        answer.balance = own
    }
}

extension CustomerState {
    package func check(_ query: CheckQuery, pricing: PricingState) -> CheckAnswer {
        buckets.check(query, pricing: pricing)
    }

    /// Whether the customer has a plan.
    package func check(plan: PlanNumber) -> CheckAnswer {
        let mine = subscriptions.filter { $0.plan.plan == plan }
        // The one that says most: in use, else coming, else gone.
        let found =
            mine.last { $0.status.grantsAccess } ?? mine.last { $0.status == .scheduled }
            ?? mine.last
        guard let found else { return CheckAnswer(.planNotAttached, required: .zero) }
        let reason: CheckReason =
            switch found.status {
            case .active: .planActive
            case .canceling: .planCanceling
            case .renewing: .planRenewing
            case .pastDue: .planPastDue
            case .scheduled: .planScheduled
            case .ended: .planEnded
            }
        var answer = CheckAnswer(reason, required: .zero)
        answer.subscription = found
        return answer
    }
}

extension BalanceView {
    /// Entitlements §1.5, in its order.
    fileprivate func verdict(on required: Quantity) -> CheckReason {
        if unlimited { return .unlimited }
        if required < .zero { return .nothingRequired }
        if remaining >= required { return .included }
        guard overageAllowed else { return .insufficientBalance }
        guard let room = overageRoom else { return .overage }
        return remaining + room >= required ? .overage : .maxPurchase
    }
}
