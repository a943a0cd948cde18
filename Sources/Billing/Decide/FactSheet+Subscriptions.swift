// How subscriptions begin and end.
extension FactSheet {
    /// Starts what an order buys. A main plan replaces its group's present one and whatever was
    /// scheduled. The order's periods are those of the subscription afterwards: what a page sold
    /// begins when it is paid.
    ///
    /// - Parameter invoice: that it is paid with; nil: one of its own.
    mutating func activate(_ order: inout Order, on invoice: UInt32? = nil) -> Subscription {
        let plan = pricing.plan(order.plan)
        let scope = PlanScope(group: plan.group, entity: order.entity)
        let current = plan.isMain ? customer.mainSubscription(in: scope, pricing) : nil
        let isBackdated = order.starts != .never
        let anchor =
            isBackdated
            ? order.starts
            : customer.billingAnchor(
                of: plan, replacing: current, in: scope, startsCycle: order.startsCycle, pricing,
                now)
        var held: [Seats: Quantity] = [:]
        let carried = current.map { self.carried(from: $0, by: order) } ?? []
        if order.reverts {
            if let current { held = pause(current, for: customer.lastSubscription + 1) }
        } else if plan.isMain {
            endScheduled(in: scope, addOns: false)
            let isAnew = order.trialEnd != .never || anchor == now
            if let current { held = end(current, owing: isAnew ? now : order.time) }
        }
        if order.trialEnd != .never {
            let late = now.milliseconds - order.time.milliseconds
            let together = customer.billed(besides: current, in: scope, pricing)
            if together?.trialEnd != order.trialEnd {
                order.trialEnd = order.trialEnd.adding(milliseconds: late)
            }
        } else if anchor == now {
            order.begin(at: now, plan, pricing)
        }
        var subscription = Subscription(
            number: customer.lastSubscription + 1, plan: order.plan, status: .active,
            addOn: plan.addOn, start: isBackdated ? order.starts : now, anchor: anchor,
            periodStart: now,
            // A period that begins just now is the first one to be renewed.
            periodEnd: plan.nextBilling(
                after: isBackdated ? now.adding(milliseconds: -1) : now, anchor: anchor))
        subscription.entity = order.entity
        subscription.bought = order.bought
        subscription.discounts = order.discounts.settled
        subscription.netDays = order.netDays
        subscription.taxRate = order.taxRate
        redeem(order.discounts)
        if order.trialEnd != .never {
            subscription.trialEnd = order.trialEnd
            subscription.anchor = order.trialEnd
            subscription.periodEnd = order.trialEnd
        }
        subscription.pay(order, named: 0, on: invoice ?? invoiceNumber(of: order))
        // What it was to revert to is gone.
        if order.reverts, current == nil { order.ends = order.trialEnd }
        if order.ends != .never { subscription.end(at: order.ends, canceledAt: now) }
        emit(.subscriptionChanged(subscription))
        if order.ends != .never { scheduleDefault(after: subscription, in: scope) }
        grant(subscription, held: held)
        for part in carried { carry(part, to: subscription) }
        return subscription
    }

    /// Starts a plan that costs nothing now.
    ///
    /// - Parameter claim: of its trial. One that was had before, by the customer or by whoever has
    ///   the fingerprint, is not had again: nor is the plan then, as it costs something.
    mutating func give(_ reference: PlanReference, _ claim: TrialClaim? = nil) {
        guard pricing.sells(reference) else { return }
        let plan = pricing.plan(reference)
        let scope = PlanScope(group: plan.group, entity: 0)
        let trial = customer.ownTrial(of: plan, claim, in: scope, pricing)
        guard trial != nil || plan.isFree else { return }
        var order = Order(
            .purchase, reference, subscriptions: [], lines: [], time: now,
            currency: pricing.requiredCurrency)
        if let trial { order.trialEnd = trial.end(from: now, in: pricing.zone) }
        _ = activate(&order)
    }

    /// Notes a plan that starts when another one ends, and keeps that one's billing anchor (billing
    /// §6): what began on 31 January goes on at 28 February and renews on 31 March.
    @discardableResult
    mutating func schedule(
        _ reference: PlanReference, after ending: Subscription, bought: [BoughtUnits] = [],
        discounts: [HeldDiscount] = [], ends: Timestamp = .never, netDays: UInt32 = 0,
        taxRate: String = ""
    ) -> Subscription {
        var subscription = Subscription(
            number: customer.lastSubscription + 1, plan: reference, status: .scheduled,
            addOn: false, start: ending.end, anchor: ending.anchor, periodStart: ending.end,
            periodEnd: .never)
        subscription.entity = ending.entity
        subscription.bought = bought
        subscription.discounts = discounts.settled
        redeem(discounts)
        subscription.end = ends
        subscription.netDays = netDays
        subscription.taxRate = taxRate
        emit(.subscriptionChanged(subscription))
        return subscription
    }

    /// - Parameter addOns: with those of the group.
    mutating func endScheduled(in scope: PlanScope, addOns: Bool = true) {
        for scheduled in customer.scheduledSubscriptions(in: scope, pricing)
        where addOns || pricing.plan(scheduled.plan).isMain {
            end(scheduled)
        }
    }

    /// Ends a subscription and its grants, and says how many seats it held. What was bought for
    /// good and isn't used up stays (billing §7).
    ///
    /// - Parameter time: until when an invoice that is sent is owed for; nil: until now. Earlier
    ///   where what takes its place is paid for from then on.
    @discardableResult
    mutating func end(
        _ subscription: Subscription, owing time: Timestamp? = nil
    ) -> [Seats: Quantity] {
        var held: [Seats: Quantity] = [:]
        closeCheckout(concerning: subscription.number)
        let tried = endTrial(inPlaceOf: subscription)
        let paused = customer.paused(by: subscription.number)
        unplan(subscription.number)
        var ended = subscription
        ended.status = .ended
        ended.pausedBy = 0
        ended.end = now
        ended.charges = []
        ended.pending = []
        emit(.subscriptionChanged(ended))
        dropDebts(of: ended.number)
        lowerReceivables(of: ended.number, at: time ?? now)
        var closing: [(bucket: Bucket, entity: UInt32)] = []
        customer.buckets.each { bucket, entity in
            if bucket.subscription == subscription.number { closing.append((bucket, entity)) }
        }
        for (bucket, entity) in closing {
            if bucket.flags.contains(.allocated) {
                let seats = Seats(feature: bucket.feature, entity: entity)
                held[seats] = (held[seats] ?? .zero) + bucket.usage
            }
            let kept = boughtForGood(bucket, by: subscription)
            emit(.bucketClosed(bucket: bucket.number, entity: entity))
            if let kept { emit(.bucketOpened(kept, entity: entity)) }
        }
        let owner = ControlOwner.subscription(subscription.number)
        if customer.buckets.hasExtras,
            customer.buckets.extras.controls.contains(where: { $0.owner == owner })
        {
            emit(.controlsSet(OwnedControls(owner: owner, controls: .none)))
        }
        held.merge(tried) { $1 }
        if let paused { goOn(paused, held: held) }
        dropOldest(except: subscription.number)
        return held
    }

    /// An entity goes, and its plans with it; what was paid for them doesn't come back (billing
    /// §14.1).
    mutating func endPlans(of entity: UInt32) {
        if customer.account.checkout?.order.concerns(entity: entity) ?? false { closeCheckout() }
        voidWaiting { $0.concerns(entity: entity) }
        for number in customer.subscriptions.map(\.number) {
            // A trial ends with what it would revert to.
            guard var canceled = customer.subscription(number), canceled.entity == entity,
                canceled.status != .ended
            else { continue }
            canceled.canceled = now
            end(canceled)
        }
    }

    /// What is left of one-off packs, as a balance of its own.
    func boughtForGood(_ bucket: Bucket, by subscription: Subscription) -> Bucket? {
        let featureID = pricing.feature(bucket.feature).id
        guard bucket.cycle.interval == .oneOff, !bucket.flags.contains(.allocated),
            let item = pricing.plan(subscription.plan).item(of: bucket, featureID: featureID),
            item.prepaidPrice?.cycle.interval == .oneOff
        else { return nil }
        let left = min(bucket.remaining, subscription.units(of: bucket.feature))
        guard left > .zero else { return nil }
        return Bucket(
            number: customer.lastBucket + 1, feature: bucket.feature, subscription: 0,
            granted: left, balance: left, cycle: Cycle(.oneOff), anchor: now, nextReset: .never,
            created: now, flags: [])
    }

    /// A page or an invoice that sells a change of what has just changed sells nothing that there
    /// is.
    mutating func closeCheckout(concerning number: UInt32) {
        voidWaiting { $0.subscriptions.contains(number) }
        guard let open = customer.account.checkout, open.order.subscriptions.contains(number)
        else { return }
        emit(open.closed())
    }

    /// Another main plan starts in a scope than what is offered for it took into account.
    mutating func closeCheckout(in scope: PlanScope) {
        let known = pricing
        voidWaiting { $0.startsMain(in: scope, known) }
        guard let open = customer.account.checkout, open.order.startsMain(in: scope, known)
        else { return }
        emit(open.closed())
    }

    /// Keeps the state bounded: what ended longest ago goes, never what has only just ended.
    private mutating func dropOldest(except number: UInt32) {
        let gone = customer.subscriptions.filter { $0.status == .ended && $0.number != number }
        guard gone.count >= FactSheet.keptSubscriptions,
            let oldest = gone.min(by: { $0.end < $1.end })
        else { return }
        emit(.subscriptionDropped(number: oldest.number))
    }
}

extension Order {
    /// Paying it starts a main plan there.
    fileprivate func startsMain(in scope: PlanScope, _ pricing: PricingState) -> Bool {
        switch purpose {
        case .several, .schedule: return parts.contains { $0.startsMain(in: scope, pricing) }
        case .purchase, .setup:
            guard plan != .none else { return false }
            let plan = pricing.plan(plan)
            return plan.isMain && PlanScope(group: plan.group, entity: entity) == scope
        case .renewal, .change, .switch, .topUp: return false
        }
    }
}

/// Where plans replace each other: a group, of the customer or of one of its entities.
struct PlanScope: Equatable {
    var group: String
    /// 0: the customer.
    var entity: UInt32
}

extension CustomerState {
    /// The main plan, in use or paused: a trial that reverts takes its place for a while, and
    /// changes nothing of what is paid for.
    func mainSubscription(in scope: PlanScope, _ pricing: PricingState) -> Subscription? {
        subscriptions.first { subscription in
            guard subscription.entity == scope.entity, subscription.status.grantsAccess,
                !isReverting(subscription)
            else { return false }
            let plan = pricing.plan(subscription.plan)
            return plan.isMain && plan.group == scope.group
        }
    }

    func scheduledSubscription(in scope: PlanScope, _ pricing: PricingState) -> Subscription? {
        scheduledSubscriptions(in: scope, pricing).first
    }

    func scheduledSubscriptions(in scope: PlanScope, _ pricing: PricingState) -> [Subscription] {
        subscriptions.filter {
            $0.status == .scheduled && $0.entity == scope.entity
                && pricing.plan($0.plan).group == scope.group
        }
    }

    /// The main plan that takes another one's place by a moment.
    func successor(
        by time: Timestamp, in scope: PlanScope, _ pricing: PricingState
    ) -> Subscription? {
        scheduledSubscriptions(in: scope, pricing).first {
            $0.start <= time && pricing.plan($0.plan).isMain
        }
    }

    /// What a plan's periods are counted from (billing §6): those of the plan that it replaces, or
    /// of what the customer pays for already; now, if there is nothing of the kind.
    func billingAnchor(
        of plan: Plan, replacing current: Subscription?, in scope: PlanScope, startsCycle: Bool,
        _ pricing: PricingState, _ now: Timestamp
    ) -> Timestamp {
        if startsCycle { return now }
        if let current {
            // What was only tried begins when it is paid for.
            if current.isTrialing(at: now) { return now }
            if current.isBilled || plan.isFree { return current.anchor }
        }
        guard !plan.isFree, !plan.billingCycles.isEmpty else { return now }
        return billed(besides: current, in: scope, pricing)?.anchor ?? now
    }

    /// The subscription that another one is billed together with: one of the same entity before a
    /// main one before any.
    func billed(
        besides current: Subscription?, in scope: PlanScope, _ pricing: PricingState
    ) -> Subscription? {
        let others = subscriptions.filter {
            $0.isBilled && $0.status.grantsAccess && $0.number != current?.number
                && !isReverting($0)
        }
        return others.first { $0.entity == scope.entity && pricing.plan($0.plan).isMain }
            ?? others.first { pricing.plan($0.plan).isMain } ?? others.first
    }
}
