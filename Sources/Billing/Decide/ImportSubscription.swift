// Plans that are brought in as they stand: nothing is charged for what runs.
extension FactSheet {
    mutating func take(
        _ asked: ImportedSubscription, of whole: ImportCustomer, at path: String
    ) throws(Refusal) -> ImportReply.Part {
        let entity = try customer.buckets.scope(of: asked.entity).entity
        let known = customer.account.takeover(asked.source)
        if let present = present(asked, entity, known) {
            return ImportReply.Part(
                source: asked.source, plan: asked.plan, number: present, isUnchanged: true)
        }
        // What it became here has ended since, and been forgotten.
        if let known, !whole.subscriptions.isNew(asked.source, known) {
            return ImportReply.Part(
                source: asked.source, plan: asked.plan, number: 0, isUnchanged: true)
        }
        let subscription = try start(asked, entity, at: path)
        emit(.subscriptionChanged(subscription))
        let scope = PlanScope(group: pricing.plan(subscription.plan).group, entity: entity)
        if subscription.end != .never { scheduleDefault(after: subscription, in: scope) }
        grant(subscription, held: [:])
        noteTakeover(asked, subscription)
        return ImportReply.Part(
            source: asked.source, plan: asked.plan, number: subscription.number,
            isUnchanged: false)
    }

    /// The subscription that it is here.
    private func present(
        _ asked: ImportedSubscription, _ entity: UInt32, _ known: Takeover?
    ) -> UInt32? {
        let same = customer.subscriptions.filter {
            $0.plan.plan == asked.plan && $0.entity == entity
        }
        if let known { return same.first { known.subscriptions.contains($0.number) }?.number }
        // Brought in under another name, or bought: what the provider runs is another one.
        guard !asked.takesOver else { return nil }
        return same.first { $0.status.grantsAccess }?.number
    }

    private mutating func start(
        _ asked: ImportedSubscription, _ entity: UInt32, at path: String
    ) throws(Refusal) -> Subscription {
        let reference = try reference(asked, at: path)
        let plan = pricing.plan(reference)
        try pricing.requireSold(reference, at: "\(path).plan_id")
        let scope = PlanScope(group: plan.group, entity: entity)
        if plan.isMain, let current = customer.mainSubscription(in: scope, pricing) {
            guard pricing.plan(current.plan).isFree else {
                throw .unfit(
                    "\(path).plan_id",
                    "can't be had beside \(pricing.plan(current.plan).id), which the customer has")
            }
            endScheduled(in: scope, addOns: false)
            end(current)
        }
        var subscription = Subscription(
            number: customer.lastSubscription + 1, plan: reference,
            status: asked.isPastDue ? .pastDue : .active, addOn: plan.addOn, start: asked.start,
            anchor: asked.anchor,
            periodStart: asked.periodStart
                ?? plan.billingCycles.first.map {
                    $0.period(around: now, anchor: asked.anchor).lowerBound
                } ?? asked.start,
            periodEnd: asked.periodEnd
                ?? (asked.countsPeriods
                    ? plan.nextBilling(after: now, anchor: asked.anchor) : .never))
        subscription.entity = entity
        subscription.trialEnd = asked.trialEnd
        subscription.discounts = asked.discounts
        subscription.netDays = asked.netDays
        subscription.bought = try bought(asked, plan, at: path)
        try check(subscription, plan, at: path)
        if asked.canceled != .never {
            guard subscription.periodEnd != .never else {
                throw .unfit("\(path).cancel_time", "needs period_end_time, when it ends")
            }
            subscription.end(at: subscription.periodEnd, canceledAt: asked.canceled)
        }
        return subscription
    }

    private func reference(
        _ asked: ImportedSubscription, at path: String
    ) throws(Refusal) -> PlanReference {
        let latest = pricing.latest(asked.plan)
        guard let version = asked.version else { return latest }
        guard 1...latest.revision ~= version else {
            throw .unfit("\(path).version", "is no version of the plan: 1 to \(latest.revision)")
        }
        return PlanReference(plan: asked.plan, revision: version)
    }

    private func bought(
        _ asked: ImportedSubscription, _ plan: Plan, at path: String
    ) throws(Refusal) -> [BoughtUnits] {
        var bought: [BoughtUnits] = []
        for (index, units) in asked.quantities.enumerated() {
            let id = pricing.feature(units.feature).id
            guard let item = plan.prepaidItem(of: id), let prepaid = item.prepaidPrice else {
                throw .unfit(
                    "\(path).quantities[\(index)].feature_id", "isn't sold in packs by the plan")
            }
            let packs = prepaid.packs(for: units.total, included: item.included)
            if let most = prepaid.maxPurchase, packs > most {
                throw .unfit(
                    "\(path).quantities[\(index)].quantity", "is more than the plan sells")
            }
            if packs > .zero { bought.append(BoughtUnits(feature: units.feature, units: packs)) }
        }
        return bought.sorted { $0.feature.rawValue < $1.feature.rawValue }
    }

    /// Periods go on here as they would have there.
    private func check(
        _ subscription: Subscription, _ plan: Plan, at path: String
    ) throws(Refusal) {
        guard !plan.isFree, !plan.billingCycles.isEmpty else {
            guard subscription.periodEnd == .never else {
                throw .unfit("\(path).period_end_time", "is of no use: the plan costs nothing")
            }
            return
        }
        let end = subscription.periodEnd
        guard end != .never else {
            throw .unfit("\(path).period_end_time", "is required: the plan is charged for")
        }
        guard end > now else {
            throw .unfit("\(path).period_end_time", "must be in the future")
        }
        if subscription.isTrialing(at: now) {
            guard end == subscription.trialEnd else {
                throw .unfit("\(path).period_end_time", "must be that of the trial, which runs")
            }
            return
        }
        let before = end.adding(milliseconds: -1)
        guard plan.nextBilling(after: before, anchor: subscription.anchor) == end else {
            throw .unfit(
                "\(path).period_end_time",
                "is no end of one of the plan's periods, as counted from anchor_time")
        }
    }

    private mutating func noteTakeover(
        _ asked: ImportedSubscription, _ subscription: Subscription
    ) {
        var takeover =
            customer.account.takeover(asked.source)
            ?? Takeover(source: asked.source, status: .done)
        takeover.subscriptions.append(subscription.number)
        if asked.takesOver {
            takeover.until = subscription.periodEnd
            // What is cancelled ends there by itself.
            takeover.status = asked.canceled == .never ? .pending : .done
        }
        emit(.takeoverSet(takeover))
    }

    /// With what it will cost.
    func described(_ part: ImportReply.Part) -> ImportReply.Part {
        var part = part
        let takeover = customer.account.takeover(part.source)
        if let takeover, takeover.until != .epoch { part.state = takeover.status }
        guard let subscription = customer.subscription(part.number),
            subscription.status.grantsAccess, subscription.periodEnd != .never,
            subscription.end == .never
        else { return part }
        let plan = pricing.plan(subscription.plan)
        let then = FactSheet(customer, pricing: pricing, now: subscription.periodEnd)
        part.renewal = then.total(then.advanceLines(of: subscription, plan))
        part.renewalTime = subscription.periodEnd
        part.recurring = recurring(of: subscription, plan)
        return part
    }

    private func total(_ lines: [InvoiceLine]) -> Money {
        var lines = lines
        lines.lower(by: customer.discounts(on: lines, at: now))
        return Money(
            minorUnits: lines.reduce(0) { $0 + $1.total.minorUnits },
            currency: pricing.requiredCurrency)
    }

    private func recurring(
        of subscription: Subscription, _ plan: Plan
    ) -> [ImportReply.Recurring] {
        let prices = plan.advancePrices(subscription.plan, bought: subscription.bought, pricing)
        var lasting = FactSheet(customer, pricing: pricing, now: now)
        var held = subscription
        held.discounts.removeAll { $0.once || $0.end != .never }
        lasting.emit(.subscriptionChanged(held))
        return plan.billingCycles.reduce(into: []) { found, cycle in
            guard !found.contains(where: { $0.cycle.isAsLong(as: cycle) }) else { return }
            let lines = prices.filter { $0.cycle.isAsLong(as: cycle) }.map { price in
                InvoiceLine(
                    .charge, price.part, subscription: subscription.number,
                    quantity: price.quantity,
                    subtotal: Money(price.amount, currency: pricing.requiredCurrency))
            }
            found.append(ImportReply.Recurring(money: lasting.total(lines), cycle: cycle))
        }
    }
}

extension [ImportedSubscription] {
    /// A second plan of a subscription whose first one has just come in.
    fileprivate func isNew(_ source: String, _ known: Takeover) -> Bool {
        known.subscriptions.count < count { $0.source == source }
    }
}
