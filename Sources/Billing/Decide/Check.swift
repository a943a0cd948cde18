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
    case usageLimit = 26
    case spendLimit = 27
    case planUnpaid = 28
    /// Another one is tried in its place.
    case planPaused = 29
    /// As many are held open as may be.
    case concurrencyLimit = 33

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
    package var subscription: Subscription? {
        get { rest?.subscription }
        set { rest = Rest(newValue, preview) }
    }
    /// The reason is a denial, and it is allowed all the same: the feature is in shadow mode.
    package var isShadow = false
    /// What would help, if it was denied and asked for.
    package var preview: CheckPreview? {
        get { rest?.preview }
        set { rest = Rest(subscription, newValue) }
    }
    private var rest: Rest?

    package var allowed: Bool { reason.allows || isShadow }

    init(_ reason: CheckReason, required: Quantity) {
        self.reason = reason
        self.required = required
    }

    /// That there is nothing of it.
    package init(to query: CheckQuery) {
        self.init(.notIncluded, required: query.required)
    }
}

extension CheckAnswer {
    /// What few answers have, on the heap: the others are made and copied for each call.
    private final class Rest: Sendable, Equatable {
        let subscription: Subscription?
        let preview: CheckPreview?

        /// nil: there is nothing.
        init?(_ subscription: Subscription?, _ preview: CheckPreview?) {
            guard subscription != nil || preview != nil else { return nil }
            self.subscription = subscription
            self.preview = preview
        }

        static func == (one: Rest, other: Rest) -> Bool {
            one.subscription == other.subscription && one.preview == other.preview
        }
    }
}

/// A boolean feature that a customer has.
package struct FlagView: Sendable, Equatable {
    package var feature: FeatureNumber
    package var plan: PlanNumber?
}

extension BucketSet {
    /// Who is asked about (entitlements §1.2).
    package func scope(of entity: InlineText) throws(Refusal) -> Scope {
        guard !entity.isEmpty else { return .customer }
        guard hasExtras, let found = entities.find(entity) else {
            throw .entityNotFound(entity.text)
        }
        return Scope(entity: found.number)
    }

    /// Whether the customer may use this much of a feature (entitlements §1.4, §1.5). Everything
    /// due has been applied before.
    package func check(
        _ query: CheckQuery, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> CheckAnswer {
        var answer = CheckAnswer(to: query)
        try check(query, pricing: pricing, now: now, answering: &answer)
        return answer
    }

    /// - Parameters:
    ///   - answer: that there is nothing.
    ///   - trace: notes how the answer comes about; nil, as almost always: nobody asks.
    package func check(
        _ query: CheckQuery, pricing: PricingState, now: Timestamp,
        answering answer: inout CheckAnswer, _ trace: CheckTrace? = nil
    ) throws(Refusal) {
        let scope = try scope(of: query.entity)
        if pricing.kind(of: query.feature) == .boolean {
            checkFlag(query, scope, answering: &answer, trace)
        } else {
            check(query, scope, pricing, now, answering: &answer, trace)
            complete(&answer, in: scope)
        }
        if !answer.reason.allows, pricing.isShadow(query.feature) { answer.isShadow = true }
    }

    /// The balance as the scope is shown it.
    func complete(_ answer: inout CheckAnswer, in scope: Scope) {
        guard hasExtras, var shown = answer.balance else { return }
        complete(&shown, in: scope)
        answer.balance = shown
    }

    private func checkFlag(
        _ query: CheckQuery, _ scope: Scope, answering answer: inout CheckAnswer,
        _ trace: CheckTrace?
    ) {
        answer.flag = flag(query.feature, in: scope)
        trace?.look(at: BalanceView(feature: query.feature), isOwned: answer.flag != nil, query)
        if answer.flag != nil {
            trace?.tried(.flag, query.required)
            answer.reason = .flag
        }
        trace?.decided(answer.reason)
    }

    /// A boolean feature, if there is one.
    package func flag(_ feature: FeatureNumber, in scope: Scope) -> FlagView? {
        var found: FlagView?
        eachUsable(scope, of: { $0 == feature }) { bucket, _ in
            guard bucket.feature == feature, found == nil else { return }
            found = FlagView(feature: feature, plan: bucket.plan)
        }
        return found
    }

    /// The balance that decides, and the amount it is asked for (entitlements §1.4): the feature's
    /// own when it suffices alone, else the first credit system that would, else the first owned.
    func check(
        _ query: CheckQuery, _ scope: Scope, _ pricing: PricingState, _ now: Timestamp,
        answering answer: inout CheckAnswer, _ trace: CheckTrace? = nil,
        after: borrowing Aftermath = .none
    ) {
        var own = BalanceView(feature: query.feature)
        let isOwned = show(query.feature, in: scope, after: after.draws, in: &own)
        let limits =
            hasExtras ? limits(of: query.feature, scope, query, pricing, now, after.windows) : nil
        trace?.look(at: own, isOwned: isOwned, query, limits)
        let reason =
            isOwned
            ? own.verdict(on: query.required, limits, headroom: limits?.headroom, trace)
            : .notIncluded
        trace?.decided(reason)
        if isOwned, reason.allows || pricing.pools(of: query.feature).isEmpty {
            answer.reason = reason
            answer.balance = own
            return
        }
        for pool in pricing.pools(of: query.feature) {
            guard let view = balance(of: pool.feature, in: scope, after: after.draws) else {
                trace?.look(at: BalanceView(feature: pool.feature), isOwned: false, query, at: pool)
                continue
            }
            let credits =
                hasExtras
                ? self.limits(of: pool.feature, scope, query, pricing, now, after.windows) : nil
            trace?.look(at: view, isOwned: true, query, credits, at: pool)
            let headroom = limits?.headroom.map { $0.credits(at: pool.cost) }
            let room = [headroom, credits?.headroom].compactMap(\.self).min()
            // The reference compares the unconverted amount here; so do we.
            let allows = view.verdict(on: query.required, credits, headroom: room, trace).allows
            trace?.hasChosen()
            guard allows || answer.balance == nil else { continue }
            answer.required = query.required.credits(at: pool.cost)
            answer.reason = view.verdict(on: answer.required, credits, headroom: room, trace)
            trace?.decided(answer.reason)
            answer.balance = view
            if allows { return }
        }
        guard answer.balance == nil, isOwned else { return }
        answer.reason = reason
        answer.balance = own
    }

    private func limits(
        of feature: FeatureNumber, _ scope: Scope, _ query: CheckQuery, _ pricing: PricingState,
        _ now: Timestamp, _ counted: [UsageWindow]
    ) -> FeatureLimits {
        FeatureLimits(
            of: feature, in: scope, self, pricing.order, properties: query.properties, now: now,
            counted: counted)
    }
}

extension CustomerState {
    package func check(
        _ query: CheckQuery, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> CheckAnswer {
        var answer = try usableBuckets(pricing).check(query, pricing: pricing, now: now)
        addPreview(to: &answer, for: query, pricing)
        return answer
    }

    /// Whether the customer has a plan.
    package func check(plan: PlanNumber, pricing: PricingState) -> CheckAnswer {
        let mine = subscriptions.filter { $0.plan.plan == plan }
        // The one that says most: in use, else coming, else gone.
        let found =
            mine.last(where: \.grantsAccess) ?? mine.last(where: \.isPaused)
            ?? mine.last { $0.status == .scheduled } ?? mine.last
        guard let found else { return CheckAnswer(.planNotAttached, required: .zero) }
        let reason: CheckReason =
            switch found.shownStatus {
            case .paused: .planPaused
            case .active: .planActive
            case .canceling: .planCanceling
            case .renewing: .planRenewing
            case .pastDue: pricing.settings.includesPastDue ? .planPastDue : .planUnpaid
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
    ///
    /// - Parameter headroom: what usage limits still allow; nil: any amount.
    fileprivate func verdict(
        on required: Quantity, _ limits: FeatureLimits?, headroom: Quantity?, _ trace: CheckTrace?
    ) -> CheckReason {
        trace?.tried(.unlimited, required)
        if unlimited { return .unlimited }
        trace?.tried(.negative, required)
        if required < .zero { return .nothingRequired }
        if let headroom {
            trace?.tried(.usageLimit, required, against: headroom.clampedToZero)
            if required > headroom.clampedToZero { return .usageLimit }
        }
        trace?.tried(.remaining, required, against: remaining)
        if remaining >= required { return .included }
        trace?.tried(.overage, required)
        guard limits?.allowsOverage ?? overageAllowed else {
            return isConcurrency ? .concurrencyLimit : .insufficientBalance
        }
        if let limit = limits?.overageLimit {
            let room = (limit - overage).clampedToZero
            trace?.tried(.spendLimit, required, against: remaining + room)
            return remaining + room >= required ? .overage : .spendLimit
        }
        // What a control allows by itself has no bound.
        let room = overageAllowed ? overageRoom : nil
        trace?.tried(.maxPurchase, required, against: room.map { remaining + $0 })
        guard let room else { return .overage }
        return remaining + room >= required ? .overage : .maxPurchase
    }
}
