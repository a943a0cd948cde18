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
    mutating func advance(now: Timestamp, effectID: () -> String) {
        releaseHolds()
        expireBuckets()
        resetBuckets(now: now)
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

    /// Missed cycles collapse into one reset (entitlements §5.2). Priced buckets reset when their
    /// overage is billed.
    private mutating func resetBuckets(now: Timestamp) {
        var due: [(bucket: Bucket, entity: UInt32)] = []
        customer.buckets.each { bucket, entity in
            guard bucket.nextReset <= self.now, !bucket.flags.contains(.priced),
                !customer.isPastDue(bucket.subscription)
            else { return }
            due.append((bucket, entity))
        }
        for (bucket, entity) in due { reset(bucket, of: entity, now: now) }
    }

    private mutating func reset(_ bucket: Bucket, of entity: UInt32, now: Timestamp) {
        let detail =
            customer.buckets.hasExtras
            ? customer.buckets.extras.detail(of: bucket.number) : nil
        let bucket = dropAdjustment(of: bucket, entity: entity)
        var start = bucket.granted
        if pricing.settings.keepsFreeOverage, !bucket.flags.contains(.priced) {
            start = start - bucket.overage
        }
        emit(
            .bucketReset(
                bucket: bucket.number, balance: start,
                nextReset: bucket.cycle.boundary(
                    after: nextRelease(upTo: now), anchor: bucket.anchor),
                entity: entity))
        if let rollover = detail?.rollover ?? item(of: bucket)?.rollover {
            rollOver(bucket, of: entity, rollover)
        }
    }

    /// Cycles are passed over only as long as nothing else happens: what a hold gives back lapses
    /// at the end of the cycle that it is given back in, whoever looks when.
    private func nextRelease(upTo now: Timestamp) -> Timestamp {
        guard customer.buckets.hasExtras else { return now }
        return customer.buckets.extras.holds.reduce(now) { min($0, $1.expires) }
    }

    /// What was added to a grant was added until now.
    private mutating func dropAdjustment(of bucket: Bucket, entity: UInt32) -> Bucket {
        guard customer.buckets.hasExtras,
            var detail = customer.buckets.extras.detail(of: bucket.number),
            detail.adjustment != .zero
        else { return bucket }
        var bucket = bucket
        bucket.granted = bucket.granted - detail.adjustment
        emit(.bucketChanged(bucket, entity: entity))
        detail.adjustment = .zero
        emit(.detailSet(detail))
        return bucket
    }

    private func item(of bucket: Bucket) -> PlanItem? {
        guard let subscription = customer.subscription(bucket.subscription) else { return nil }
        let id = pricing.feature(bucket.feature).id
        return pricing.plan(subscription.plan).items.first { $0.featureID == id }
    }

    /// What is left goes over into the next cycle; of all that did, as much as the cap allows, what
    /// expires soonest going first (entitlements §5.3).
    private mutating func rollOver(_ bucket: Bucket, of entity: UInt32, _ rollover: Rollover) {
        if bucket.balance > .zero {
            let number = customer.lastBucket + 1
            let expires =
                rollover.months == 0
                ? Timestamp.never : bucket.nextReset.adding(months: Int64(rollover.months))
            emit(
                .bucketOpened(
                    Bucket(
                        number: number, feature: bucket.feature,
                        subscription: bucket.subscription, plan: bucket.plan,
                        granted: bucket.balance, balance: bucket.balance, cycle: Cycle(.oneOff),
                        anchor: self.now, nextReset: .never, expires: expires, created: self.now,
                        flags: bucket.flags.intersection([.addOn, .slice]).union(.rollover)),
                    entity: entity))
            emit(.detailSet(BucketDetail(bucket: number, parent: bucket.number)))
        }
        let most: Quantity? =
            switch rollover.cap {
            case .none: nil
            case .units(let units): units
            case .percentage(let part): bucket.granted.percent(part).wholeUnits
            }
        trim(bucket.number, of: entity, to: most)
    }

    /// - Parameter most: nil: any amount; only what is used up goes.
    private mutating func trim(_ parent: UInt32, of entity: UInt32, to most: Quantity?) {
        let details = customer.buckets.extras.details
        var rows: [Bucket] = []
        customer.buckets.each { bucket, owner in
            guard owner == entity, bucket.flags.contains(.rollover),
                details.contains(where: { $0.bucket == bucket.number && $0.parent == parent })
            else { return }
            rows.append(bucket)
        }
        let sum = rows.reduce(.zero) { $0 + $1.remaining }
        var excess = (sum - (most ?? sum)).clampedToZero
        rows.sort { ($0.expires, $0.number) < ($1.expires, $1.number) }
        for var row in rows {
            let cut = min(excess, row.remaining)
            excess = excess - cut
            if cut == row.remaining {
                emit(.bucketClosed(bucket: row.number, entity: entity))
            } else if cut > .zero {
                row.granted = row.granted - cut
                row.balance = row.balance - cut
                emit(.bucketChanged(row, entity: entity))
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
        for (bucket, entity) in due { reset(bucket, of: entity, now: now) }
        return !due.isEmpty
    }
}
