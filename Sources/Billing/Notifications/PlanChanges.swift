/// What the facts of one commit did to a customer's plans. They say how a subscription stands after
/// it; how it stood before follows from what they say beside that, or is asked for.
package struct PlanChanges {
    /// Each as it stands at the end, in the order in which they are first named.
    private var subscriptions: [Subscription] = []
    /// Those that began.
    private var begun: Set<UInt32> = []
    private var isSettled = false

    package init(_ facts: [Fact], at time: Timestamp, pricing: PricingState) {
        var granted: Set<UInt32> = []
        let makesEntities = facts.contains(where: \.makesEntity)
        for fact in facts {
            if case .subscriptionChanged(let subscription) = fact {
                put(subscription)
            } else if case .bucketOpened(let bucket, let entity) = fact {
                // An entity that is new gets its part of what began long ago.
                if bucket.flags.contains(.rollover) || entity != 0 && makesEntities { continue }
                granted.insert(bucket.subscription)
            } else if case .effectSettled(_, .done) = fact {
                isSettled = true
            }
        }
        let ends = subscriptions.filter { $0.status == .ended && $0.hasBegun }.map(\.end)
        for subscription in subscriptions where subscription.status.grantsAccess {
            // A plan that grants nothing begins with the commit, or when the one before it ends.
            let beginsSilently =
                subscription.canceled == .never
                && (subscription.start == time || ends.contains(subscription.start))
                && pricing.plan(subscription.plan).grantsNothing
            if granted.contains(subscription.number) || beginsSilently {
                begun.insert(subscription.number)
            }
        }
    }

    private mutating func put(_ subscription: Subscription) {
        if let index = subscriptions.firstIndex(where: { $0.number == subscription.number }) {
            subscriptions[index] = subscription
        } else {
            subscriptions.append(subscription)
        }
    }

    /// The subscriptions of which it matters how they stood before.
    package var wanted: [UInt32] {
        subscriptions.filter { !begun.contains($0.number) && $0.status.isTold }.map(\.number)
    }

    // MARK: customer.products.updated

    /// What happened, and to which plan.
    func scenarios(
        before: [Subscription], _ pricing: PricingState
    ) -> [(PlanScenario, Subscription)] {
        var told: [(PlanScenario, Subscription)] = []
        for subscription in subscriptions {
            let former = before.first { $0.number == subscription.number }
            let scenario: PlanScenario? =
                if begun.contains(subscription.number) {
                    subscriptions.contains { isReplaced($0, by: subscription, pricing) }
                        ? .upgrade : .new
                } else {
                    self.scenario(subscription, former, pricing)
                }
            if let scenario { told.append((scenario, subscription)) }
        }
        return told
    }

    private func scenario(
        _ subscription: Subscription, _ former: Subscription?, _ pricing: PricingState
    ) -> PlanScenario? {
        switch subscription.status {
        case .ended:
            let isReplaced = subscriptions.contains {
                self.isReplaced(subscription, by: $0, pricing)
            }
            return subscription.hasBegun && !isReplaced ? .expired : nil
        case .scheduled:
            return rival(of: subscription, pricing) { $0.status == .canceling } == nil
                ? .scheduled : nil
        case .canceling:
            if let next = rival(of: subscription, pricing, where: { $0.status == .scheduled }) {
                return pricing.plan(next.plan).isFree ? .cancel : .downgrade
            }
            return former?.status == .canceling ? nil : .cancel
        case .pastDue: return former?.status == .pastDue ? nil : .pastDue
        case .active: return goingOn(subscription, former, pricing)
        case .renewing, .paused: return nil
        }
    }

    private func goingOn(
        _ subscription: Subscription, _ former: Subscription?, _ pricing: PricingState
    ) -> PlanScenario? {
        guard let former else {
            let revoked = rival(of: subscription, pricing) { $0.status == .ended && !$0.hasBegun }
            return revoked != nil ? .renew : isSettled ? .active : nil
        }
        // Tried, another one has had its place.
        if former.isPaused != subscription.isPaused { return former.isPaused ? .active : nil }
        if former.status == .canceling { return .renew }
        if former.status == .pastDue { return .active }
        if former.bought != subscription.bought { return .updatePrepaidQuantity }
        return former.plan != subscription.plan ? .upgrade : nil
    }

    /// A plan that takes another one's place at once: neither at the end of what was paid for, nor
    /// because that one was cancelled.
    private func isReplaced(
        _ old: Subscription, by new: Subscription, _ pricing: PricingState
    ) -> Bool {
        guard old.status == .ended, old.hasBegun, begun.contains(new.number) else { return false }
        let (from, to) = (pricing.plan(old.plan), pricing.plan(new.plan))
        guard from.isMain, to.isMain, from.group == to.group, old.entity == new.entity else {
            return false
        }
        let isOver = old.canceled != .never && old.end >= old.periodEnd
        return !isOver && old.canceled != old.end && (from.isFree || !to.isFree)
    }

    /// Another one of the same group.
    private func rival(
        of subscription: Subscription, _ pricing: PricingState,
        where fits: (Subscription) -> Bool
    ) -> Subscription? {
        let group = pricing.plan(subscription.plan).group
        return subscriptions.first { other in
            let plan = pricing.plan(other.plan)
            return other.number != subscription.number && plan.isMain && plan.group == group
                && other.entity == subscription.entity && fits(other)
        }
    }

    // MARK: billing.updated

    func changes(before: [Subscription]) -> [PlanChange] {
        subscriptions.compactMap { subscription in
            if begun.contains(subscription.number) { return PlanChange(.activated, subscription) }
            switch subscription.status {
            case .ended: return PlanChange(.expired, subscription)
            case .scheduled: return PlanChange(.scheduled, subscription)
            case .renewing, .paused: return nil
            case .active, .canceling, .pastDue:
                let former = before.first { $0.number == subscription.number }
                if let former, !subscription.differs(from: former) { return nil }
                // A renewal is no change of plan.
                if former == nil, subscription.status == .active, !isSettled { return nil }
                return PlanChange(.updated, subscription, before: former)
            }
        }
    }
}

extension SubscriptionStatus {
    /// What becomes of it depends on what it was.
    fileprivate var isTold: Bool {
        switch self {
        case .active, .canceling, .pastDue: true
        case .scheduled, .renewing, .ended, .paused: false
        }
    }
}

extension Subscription {
    /// False: it was scheduled, and never came to be.
    fileprivate var hasBegun: Bool { start <= end }

    /// In what receivers are told of a plan; the next period and a charge that is under way don't
    /// count.
    fileprivate func differs(from former: Subscription) -> Bool {
        plan != former.plan || bought != former.bought || trialEnd != former.trialEnd
            || canceled != former.canceled || end != former.end || pausedBy != former.pausedBy
            || (status == .pastDue) != (former.status == .pastDue)
            || (status == .canceling) != (former.status == .canceling)
    }
}

extension Plan {
    /// To the customer itself, so that no fact tells that it began.
    fileprivate var grantsNothing: Bool { items.allSatisfy { $0.entityFeatureID != nil } }
}

extension Fact {
    fileprivate var makesEntity: Bool {
        if case .entityCreated = self { return true }
        if case .entityClaimed = self { return true }
        return false
    }
}
