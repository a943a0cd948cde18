// Which plan is bought, when it starts, and when it ends.
extension CustomerState {
    /// The plan that is asked for: a version of it, or what is made of one for this customer.
    func offer(
        _ attach: AttachPlan, _ pricing: PricingState
    ) throws(Refusal) -> (PlanReference, CustomPlan?) {
        let base = try revision(attach.version, of: attach.plan, pricing)
        return try customPlan(attach.customize, of: base, pricing)
    }

    /// nil: the version that is sold now.
    func revision(
        _ version: UInt32?, at path: String = "version", of plan: PlanNumber,
        _ pricing: PricingState
    ) throws(Refusal) -> PlanReference {
        guard let version else { return pricing.latest(plan) }
        guard let reference = pricing.revision(ofVersion: version, plan) else {
            let latest = pricing.version(of: pricing.latest(plan))
            throw .invalid([
                Violation(path: path, message: "must be 1 to \(latest): there is no other")
            ])
        }
        return reference
    }

    /// What a patch makes of a plan; one that the customer has already isn't made again.
    func customPlan(
        _ patch: PlanPatch?, of base: PlanReference, _ pricing: PricingState
    ) throws(Refusal) -> (PlanReference, CustomPlan?) {
        guard let patch, patch.makesPlan else {
            if case .set(let trial) = patch?.trial { try check(trial, base, pricing) }
            return (base, nil)
        }
        let plan = try pricing.customized(base, patch)
        let published = account.customPlans.first { $0.reference == base }?.base ?? base
        if let known = account.customPlans.first(where: {
            $0.base == published && $0.plan == plan
        }) {
            return (known.reference, nil)
        }
        let custom = CustomPlan(
            number: (account.customPlans.map(\.number).max() ?? 0) + 1, base: published,
            plan: plan)
        return (custom.reference, custom)
    }

    /// A trial of a plan that is otherwise as it is.
    private func check(
        _ trial: FreeTrial, _ reference: PlanReference, _ pricing: PricingState
    ) throws(Refusal) {
        var patch = PlanPatch()
        patch.trial = .set(trial)
        _ = try pricing.customized(reference, patch)
    }

    /// Refuses starts and ends that make no sense (billing §5.4).
    func checkDates(
        _ attach: AttachPlan, _ plan: Plan, _ scope: PlanScope, _ pricing: PricingState,
        _ now: Timestamp
    ) throws(Refusal) {
        let start = attach.starts ?? now
        if let ends = attach.ends {
            if ends <= max(start, now) {
                throw .unfit("end_time", "must be after the start, and in the future")
            }
            if plan.isFree || plan.isOneOff {
                throw .unfit("end_time", "is for a plan that is billed again and again")
            }
        }
        guard let starts = attach.starts else { return }
        guard !plan.isFree, !plan.isOneOff else {
            throw .unfit("start_time", "is for a plan that is billed again and again")
        }
        if attach.schedule != .automatic || attach.startsCycle {
            throw .unfit(
                "start_time", "cannot be had together with plan_schedule or reset_billing_cycle")
        }
        if attach.carriesBalances != nil || attach.carriesUsages != nil {
            throw .unfit("start_time", "cannot be had together with carry_over_balances or _usages")
        }
        if hasTrial(of: plan, attach, in: scope, pricing) {
            throw .unfit("start_time", "cannot be had together with a trial")
        }
        if starts <= now { try checkPast(starts, plan, scope, pricing, now) }
    }

    /// What starts when the present plan's period ends, ends after that.
    func checkEnd(
        _ ends: Timestamp?, after current: Subscription?, _ pricing: PricingState, _ now: Timestamp
    ) throws(Refusal) {
        guard let ends, let current else { return }
        let start = pricing.plan(current.plan).paidEnd(after: now, anchor: current.anchor)
        guard ends <= start else { return }
        throw .unfit("end_time", "must be after the start, at the end of the present plan's period")
    }

    private func hasTrial(
        of plan: Plan, _ attach: AttachPlan, in scope: PlanScope, _ pricing: PricingState
    ) -> Bool {
        switch attach.customize?.trial ?? .kept {
        case .removed: false
        case .set: true
        case .kept: ownTrial(of: plan, attach.trialClaim, in: scope, pricing) != nil
        }
    }

    /// The most periods that are charged at once.
    static let pastPeriodLimit = 120

    private func checkPast(
        _ starts: Timestamp, _ plan: Plan, _ scope: PlanScope, _ pricing: PricingState,
        _ now: Timestamp
    ) throws(Refusal) {
        let isBilled = subscriptions.contains {
            $0.status == .scheduled || $0.status.grantsAccess && $0.isBilled
        }
        if isBilled {
            throw .unfit(
                "start_time", "cannot be in the past beside a plan that is paid for or scheduled")
        }
        if let end = paidUntil(in: scope, plan, pricing), starts < end {
            throw .unfit(
                "start_time", "cannot be before the plan ended that was paid for in its place")
        }
        if account.method == nil {
            throw .unfit("start_time", "cannot be in the past without a payment method on file")
        }
        let periods = plan.billingCycles.map { $0.boundaries(by: now, anchor: starts) }.max() ?? 0
        if periods > CustomerState.pastPeriodLimit {
            throw .unfit(
                "start_time",
                "is more than \(CustomerState.pastPeriodLimit) billing periods in the past")
        }
    }
}

extension CustomerState {
    /// When the latest of the plans ended that this one would have replaced; nil: nothing was paid
    /// for in its place.
    private func paidUntil(
        in scope: PlanScope, _ plan: Plan, _ pricing: PricingState
    ) -> Timestamp? {
        let ended = subscriptions.filter { $0.status == .ended }
        var rivals: [Subscription] = []
        if plan.isMain {
            rivals = ended.filter {
                let other = pricing.plan($0.plan)
                return $0.entity == scope.entity && other.isMain && other.group == scope.group
                    && !other.isFree
            }
        }
        // What ended longest ago isn't known any more.
        let isCut = ended.count >= FactSheet.keptSubscriptions
        let latest = rivals.map(\.end).max()
        return latest ?? (isCut && plan.isMain ? ended.map(\.end).min() : nil)
    }
}

extension Refusal {
    static func unfit(_ path: String, _ message: String) -> Refusal {
        .invalid([Violation(path: path, message: message)])
    }
}

extension PricingState {
    func with(_ plan: CustomPlan?) -> PricingState {
        plan.map { with(customPlans + [$0]) } ?? self
    }
}

extension InvoiceLine {
    /// Every period that has begun since a moment in the past, in full (billing §8.4).
    static func charges(
        _ prices: [AdvancePrice], since start: Timestamp, now: Timestamp, currency: Currency
    ) -> [InvoiceLine] {
        prices.flatMap { price -> [InvoiceLine] in
            guard price.cycle.interval != .oneOff else {
                return [.charge(price, from: start, anchor: start, currency: currency)]
            }
            var lines: [InvoiceLine] = []
            var begin = start
            while begin < now || lines.isEmpty {
                let line = InvoiceLine.charge(price, from: begin, anchor: start, currency: currency)
                guard let period = line.period else { break }
                lines.append(line)
                begin = period.upperBound
            }
            return lines
        }.filter { $0.subtotal.minorUnits != 0 }
    }
}

extension FactSheet {
    /// Notes a plan that was made for a purchase, and forgets those that nothing needs.
    mutating func note(_ custom: CustomPlan?) { note(custom.map { [$0] } ?? []) }

    /// - Parameter order: may also need some that there were before.
    mutating func note(_ custom: [CustomPlan], for order: Order? = nil) {
        guard !custom.isEmpty else { return }
        for known in customer.account.customPlans
        where !customer.needs(known) && order?.refers(to: known.reference) != true {
            emit(.customPlanDropped(number: known.number))
        }
        for plan in custom { emit(.customPlanSet(plan)) }
    }
}

extension CustomerState {
    fileprivate func needs(_ custom: CustomPlan) -> Bool {
        let reference = custom.reference
        return subscriptions.contains { $0.plan == reference }
            || account.effects.contains { $0.order.refers(to: reference) }
            || account.debts.contains { $0.order.refers(to: reference) }
            || account.receivables.contains { $0.order.refers(to: reference) }
            || account.checkout?.order.refers(to: reference) ?? false
    }
}
