extension CustomerState {
    /// What has fallen due by `now`, in order of its due moments (billing §11): resets, renewals,
    /// ends, scheduled starts. Empty when nothing is due.
    ///
    /// - Parameter effectID: id for the charge, should one be due; at most one is opened.
    package func advance(
        to now: Timestamp, pricing: PricingState, effectID: @autoclosure () -> String
    ) -> [Fact] {
        var draft = self
        var facts: [Fact] = []
        // Each round does everything due at one moment and so moves nextDue on; a charge holds
        // back what is billed after it until its outcome is known.
        while draft.nextDue <= now {
            let moment = draft.nextDue
            var sheet = FactSheet(draft, pricing: pricing, now: moment)
            sheet.advance(now: now, effectID: effectID)
            precondition(!sheet.facts.isEmpty, "what is due changes something")
            facts += sheet.facts
            draft = sheet.customer
            draft.refreshNextDue()
        }
        return facts
    }
}

extension FactSheet {
    /// Everything due at the sheet's moment.
    fileprivate mutating func advance(now: Timestamp, effectID: () -> String) {
        releaseHolds()
        expireBuckets()
        resetBuckets(upTo: now)
        guard customer.openEffect == nil else { return }
        for subscription in customer.subscriptions where customer.openEffect == nil {
            guard subscription.status.grantsAccess else { continue }
            if subscription.end <= self.now {
                finish(subscription, effectID: effectID)
            } else {
                bill(subscription, effectID: effectID)
            }
        }
        for subscription in customer.subscriptions
        where subscription.status == .scheduled && subscription.start <= self.now
            && customer.openEffect == nil
        {
            start(subscription, held: [:], overage: [], effectID: effectID)
        }
    }

    private mutating func expireBuckets() {
        var expired: [(number: UInt32, entity: UInt32)] = []
        customer.buckets.each { bucket, entity in
            if bucket.expires <= now { expired.append((bucket.number, entity)) }
        }
        for (number, entity) in expired { emit(.bucketClosed(bucket: number, entity: entity)) }
    }

    /// What nobody settled in time is given back.
    private mutating func releaseHolds() {
        guard customer.buckets.hasExtras else { return }
        for hold in customer.buckets.extras.holds where hold.expires <= now {
            for fact in customer.buckets.releaseFacts(of: hold, pricing: pricing, now: now) {
                emit(fact)
            }
        }
    }

    /// Renews what has come to its period's end, and charges overage whose cycle is over.
    private mutating func bill(_ subscription: Subscription, effectID: () -> String) {
        var subscription = subscription
        let plan = pricing.plan(subscription.plan)
        let renews = subscription.periodEnd <= now
        var lines = overageLines(of: subscription, seats: renews)
        let reset = resetPriced(of: subscription)
        guard renews || reset else { return }
        if renews {
            lines = plan.baseLines(subscription.plan, pricing) + lines
            subscription.periodStart = subscription.periodEnd
            subscription.periodEnd =
                plan.billingCycle?.boundary(after: now, anchor: subscription.anchor) ?? .never
        }
        collect(lines, for: subscription, effectID: effectID)
    }

    /// Puts the subscription on record, waiting for the charge when there is one.
    private mutating func collect(
        _ lines: [InvoiceLine], for subscription: Subscription, effectID: () -> String
    ) {
        var subscription = subscription
        let order = Order(
            purpose: .renewal, plan: subscription.plan, subscription: subscription.number,
            lines: lines, currency: pricing.requiredCurrency)
        if order.total.minorUnits > 0 {
            if subscription.status == .active { subscription.status = .renewing }
            emit(.subscriptionChanged(subscription))
            emit(
                .effectRequested(
                    Effect(id: effectID(), kind: .collect, order: order, request: nil)))
        } else {
            emit(.subscriptionChanged(subscription))
        }
    }

    /// Ends a cancelled subscription; what was scheduled after it starts at the same moment, and
    /// pays the overage that is left together with its first price.
    private mutating func finish(_ subscription: Subscription, effectID: () -> String) {
        let plan = pricing.plan(subscription.plan)
        let overage = overageLines(of: subscription, ending: true, seats: true)
        let held = end(subscription)
        let next = customer.scheduledSubscription(inGroup: plan.group, pricing)
        if let next, next.start <= now {
            start(next, held: held, overage: overage, effectID: effectID)
        } else if !overage.isEmpty, let ended = customer.subscription(subscription.number) {
            collect(overage, for: ended, effectID: effectID)
        }
    }

    private mutating func start(
        _ scheduled: Subscription, held: [Seats: Quantity], overage: [InvoiceLine],
        effectID: () -> String
    ) {
        let plan = pricing.plan(scheduled.plan)
        var subscription = scheduled
        subscription.status = .active
        if !plan.isFree, let cycle = plan.billingCycle {
            subscription.periodEnd = cycle.boundary(after: now, anchor: subscription.anchor)
        }
        collect(
            plan.baseLines(scheduled.plan, pricing) + overage, for: subscription,
            effectID: effectID)
        grant(subscription, held: held)
    }

    /// One line for each priced item that is overdrawn: those whose cycle is over, and held seats
    /// at the period's end.
    ///
    /// - Parameter ending: the subscription ends, so cycles that are under way count too.
    func overageLines(
        of subscription: Subscription, ending: Bool = false, seats: Bool
    ) -> [InvoiceLine] {
        let plan = pricing.plan(subscription.plan)
        // Of an item for each entity: what all of them used beyond their grants.
        var used: [(feature: FeatureNumber, overage: Quantity)] = []
        customer.buckets.each { bucket, _ in
            guard bucket.subscription == subscription.number, bucket.overage > .zero,
                bucket.flags.contains(.allocated) ? seats : ending || bucket.nextReset <= now
            else { return }
            if let index = used.firstIndex(where: { $0.feature == bucket.feature }) {
                used[index].overage = used[index].overage + bucket.overage
            } else {
                used.append((bucket.feature, bucket.overage))
            }
        }
        return used.compactMap { number, overage in
            let feature = pricing.feature(number)
            guard let item = plan.items.first(where: { $0.featureID == feature.id }),
                let price = item.usagePrice
            else { return nil }
            let money = price.charge(
                for: overage, beyond: item.included, currency: pricing.requiredCurrency)
            guard money.minorUnits > 0 else { return nil }
            let units = DecimalText.text(overage.raw, digits: 10)
            return InvoiceLine(
                description: "\(plan.name) - \(units) \(feature.name)",
                minorUnits: money.minorUnits, plan: subscription.plan.plan, feature: number)
        }
    }

    private mutating func resetPriced(of subscription: Subscription) -> Bool {
        var due: [(bucket: Bucket, entity: UInt32)] = []
        customer.buckets.each { bucket, entity in
            guard bucket.subscription == subscription.number, bucket.flags.contains(.priced),
                bucket.nextReset <= now
            else { return }
            due.append((bucket, entity))
        }
        reset(due, upTo: now)
        return !due.isEmpty
    }
}
