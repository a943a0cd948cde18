// Trials that revert (billing §9): what is paid for pauses while another plan is tried in its
// place, and goes on afterwards. A trial ends with what it would revert to, whatever ends that.
//
// Nothing changes of what is paid for: it renews, is retried, and is cancelled as if it were in
// use, and its balances reset at their times, as each period that is paid grants them anew. They
// can neither be used nor seen meanwhile.
extension CustomerState {
    /// What a trial reverts to; nil: it is none of this kind.
    func paused(by number: UInt32) -> Subscription? {
        subscriptions.first { $0.pausedBy == number && number != 0 }
    }

    /// It is a trial that reverts.
    package func isReverting(_ subscription: Subscription) -> Bool {
        paused(by: subscription.number) != nil
    }

    /// Whether buying a plan begins a trial that reverts.
    func reverts(
        _ attach: AttachPlan, _ plan: Plan, replacing current: Subscription?,
        in scope: PlanScope, _ pricing: PricingState, _ now: Timestamp
    ) throws(Refusal) -> Bool {
        let (trial, path): (FreeTrial?, String) =
            switch attach.customize?.trial ?? .kept {
            case .removed: (nil, "")
            case .set(let trial): (trial, "customize.free_trial.on_end")
            case .kept: (ownTrial(of: plan, attach.trialClaim, in: scope, pricing), "plan_id")
            }
        guard trial?.onEnd == .revert else { return false }
        // Where the settings say so, what is unpaid isn't in use.
        let isPaidFor =
            current.map {
                $0.isBilled && !$0.isTrialing(at: now) && !unpaid(pricing).contains($0.number)
            } ?? false
        guard isPaidFor else {
            throw .unfit(
                path,
                "begins a trial that reverts to the plan that is paid for, and there is none: "
                    + "buy one before, or leave out the trial")
        }
        try attach.checkReverting()
        return true
    }
}

extension AttachPlan {
    /// What makes no sense for a while.
    fileprivate func checkReverting() throws(Refusal) {
        let asked: [(String, Bool)] = [
            ("end_time", ends != nil), ("plan_schedule", schedule == .endOfCycle),
            ("reset_billing_cycle", startsCycle), ("invoice_mode", terms != nil),
            ("carry_over_balances", carriesBalances != nil),
            ("carry_over_usages", carriesUsages != nil), ("discounts", !discounts.isEmpty),
        ]
        guard let path = asked.first(where: \.1)?.0 else { return }
        throw .unfit(path, "cannot be had with a trial that reverts to the present plan")
    }
}

extension FactSheet {
    /// A trial takes the place of what is paid for.
    ///
    /// - Parameter number: the trial's.
    /// - Returns: the seats that are held.
    mutating func pause(_ subscription: Subscription, for number: UInt32) -> [Seats: Quantity] {
        var paused = subscription
        paused.pausedBy = number
        emit(.subscriptionChanged(paused))
        var held = seats(in: subscription.number)
        if let earlier = customer.subscription(subscription.pausedBy) {
            held.merge(end(earlier)) { $1 }
        }
        setControls(of: paused, pricing.plan(paused.plan))
        return held
    }

    /// What was paused can be used again. Seats that were taken and given back meanwhile are
    /// counted in it from then on.
    mutating func goOn(_ paused: Subscription, held: [Seats: Quantity]) {
        var subscription = paused
        subscription.pausedBy = 0
        emit(.subscriptionChanged(subscription))
        setControls(of: subscription, pricing.plan(subscription.plan))
        let before = seats(in: subscription.number)
        var counting: [(bucket: Bucket, entity: UInt32)] = []
        customer.buckets.each { bucket, entity in
            guard bucket.subscription == subscription.number, bucket.flags.contains(.allocated)
            else { return }
            counting.append((bucket, entity))
        }
        var moved: Set<Seats> = []
        for (bucket, entity) in counting {
            let seats = Seats(feature: bucket.feature, entity: entity)
            guard let held = held[seats], moved.insert(seats).inserted else { continue }
            let added = held - (before[seats] ?? .zero)
            guard added != .zero else { continue }
            emit(.deducted(bucket: bucket.number, amount: added, entity: entity))
        }
    }

    /// The trial that runs in a subscription's place ends with it.
    ///
    /// - Returns: the seats that it counted.
    mutating func endTrial(inPlaceOf subscription: Subscription) -> [Seats: Quantity] {
        guard subscription.isPaused, let trial = customer.subscription(subscription.pausedBy),
            trial.status != .ended
        else { return [:] }
        var released = subscription
        released.pausedBy = 0
        emit(.subscriptionChanged(released))
        return end(trial)
    }

    private func seats(in number: UInt32) -> [Seats: Quantity] {
        var held: [Seats: Quantity] = [:]
        customer.buckets.each { bucket, entity in
            guard bucket.subscription == number, bucket.flags.contains(.allocated) else { return }
            let seats = Seats(feature: bucket.feature, entity: entity)
            held[seats] = (held[seats] ?? .zero) + bucket.usage
        }
        return held
    }
}
