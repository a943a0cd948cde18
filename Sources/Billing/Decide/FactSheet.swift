/// Collects facts and keeps a draft of the customer that has them applied, so that each step of a
/// decision sees what the steps before it did.
struct FactSheet {
    /// Seats in use, of the customer as a whole or of an entity.
    struct Seats: Hashable {
        var feature: FeatureNumber
        /// 0: the customer.
        var entity: UInt32
    }

    private(set) var customer: CustomerState
    private(set) var facts: [Fact] = []
    let pricing: PricingState
    let now: Timestamp

    /// Ended subscriptions and invoices kept in the state; the log has the older ones.
    static let keptSubscriptions = 16
    static let keptInvoices = 12

    init(_ customer: CustomerState, pricing: PricingState, now: Timestamp) {
        self.customer = customer
        self.pricing = pricing
        self.now = now
    }

    mutating func emit(_ fact: Fact) {
        facts.append(fact)
        customer.change(by: fact)
    }

    /// Does what paying an order does.
    @discardableResult
    mutating func fulfil(_ order: Order) -> Subscription? {
        switch order.purpose {
        case .purchase: return activate(order.plan)
        case .renewal:
            guard var subscription = customer.subscription(order.subscription) else { return nil }
            if subscription.status == .renewing || subscription.status == .pastDue {
                subscription.status = .active
                emit(.subscriptionChanged(subscription))
            }
            return subscription
        }
    }

    /// A declined renewal keeps access and marks the debt (billing §11.5).
    mutating func markPastDue(_ order: Order) {
        guard order.purpose == .renewal,
            var subscription = customer.subscription(order.subscription),
            subscription.status == .renewing || subscription.status == .active
        else { return }
        subscription.status = .pastDue
        emit(.subscriptionChanged(subscription))
    }

    @discardableResult
    mutating func invoice(_ order: Order, _ status: InvoiceStatus) -> Invoice {
        let invoice = Invoice(
            number: customer.lastInvoice + 1, status: status, lines: order.lines,
            total: order.total, time: now)
        if customer.account.invoices.count >= FactSheet.keptInvoices {
            emit(.invoiceDropped(number: customer.account.invoices[0].number))
        }
        emit(.invoiceRaised(invoice))
        return invoice
    }

    /// Starts a plan now. A main plan replaces its group's present one and whatever was scheduled.
    mutating func activate(_ reference: PlanReference) -> Subscription {
        let plan = pricing.plan(reference)
        var held: [Seats: Quantity] = [:]
        if plan.isMain {
            endScheduled(inGroup: plan.group)
            if let current = customer.mainSubscription(inGroup: plan.group, pricing) {
                held = end(current)
            }
        }
        let cycle = plan.billingCycle
        let subscription = Subscription(
            number: customer.lastSubscription + 1, plan: reference, status: .active,
            addOn: plan.addOn, start: now, anchor: now, periodStart: now,
            periodEnd: plan.isFree ? .never : cycle?.boundary(after: now, anchor: now) ?? .never)
        emit(.subscriptionChanged(subscription))
        grant(subscription, held: held)
        return subscription
    }

    /// Opens a subscription's buckets and sets its controls. Seats that are held stay held (billing
    /// §7).
    mutating func grant(_ subscription: Subscription, held: [Seats: Quantity]) {
        let plan = pricing.plan(subscription.plan)
        let controls = plan.controls.resolved(pricing)
        if !controls.isEmpty {
            emit(
                .controlsSet(
                    OwnedControls(
                        owner: .subscription(subscription.number), controls: controls)))
        }
        for item in plan.items {
            guard let feature = pricing.feature(id: item.featureID) else { continue }
            var bucket = bucket(item, feature, of: subscription, plan)
            guard let entityFeature = item.entityFeatureID else {
                if bucket.flags.contains(.allocated) {
                    let used = held[Seats(feature: feature, entity: 0)] ?? seats(of: feature)
                    bucket.balance = bucket.balance - used
                }
                emit(.bucketOpened(bucket))
                continue
            }
            guard let sliced = pricing.feature(id: entityFeature) else { continue }
            for entity in entities(of: sliced) {
                slice(bucket, for: entity, held[Seats(feature: feature, entity: entity)])
            }
        }
    }

    /// Entities of the feature, unless another bucket counts them already (entitlements §0).
    func seats(of feature: FeatureNumber) -> Quantity {
        let buckets = customer.buckets
        let isCounted = (0..<buckets.count).contains { buckets[$0].feature == feature }
        return isCounted ? .zero : Quantity(units: entities(of: feature).count)
    }

    /// An entity's share of every item that is for each entity of its kind.
    mutating func grantSlices(to entity: UInt32, of feature: FeatureNumber) {
        let id = pricing.feature(feature).id
        for subscription in customer.subscriptions where subscription.status.grantsAccess {
            let plan = pricing.plan(subscription.plan)
            for item in plan.items where item.entityFeatureID == id {
                guard let number = pricing.feature(id: item.featureID) else { continue }
                slice(bucket(item, number, of: subscription, plan), for: entity, nil)
            }
        }
    }

    private func entities(of feature: FeatureNumber) -> [UInt32] {
        guard customer.buckets.hasExtras else { return [] }
        return customer.buckets.extras.entities.all.filter { $0.feature == feature }.map(\.number)
    }

    private mutating func slice(_ bucket: Bucket, for entity: UInt32, _ held: Quantity?) {
        var slice = bucket
        slice.balance = slice.balance - (held ?? .zero)
        slice.number = customer.lastBucket + 1
        slice.flags.insert(.slice)
        emit(.bucketOpened(slice, entity: entity))
    }

    private func bucket(
        _ item: PlanItem, _ feature: FeatureNumber, of subscription: Subscription, _ plan: Plan
    ) -> Bucket {
        let kind = pricing.feature(feature).kind
        var flags: Bucket.Flags = plan.addOn ? .addOn : []
        if kind == .boolean { flags.insert(.boolean) }
        if kind == .allocated { flags.insert(.allocated) }
        if kind == .concurrency { flags.formUnion(.concurrency) }
        if item.unlimited { flags.insert(.unlimited) }
        if item.usagePrice != nil { flags.insert(.priced) }
        if item.usagePrice?.maxPurchase != nil { flags.insert(.limited) }
        let cycle = item.reset ?? Cycle(.oneOff)
        return Bucket(
            number: customer.lastBucket + 1, feature: feature, subscription: subscription.number,
            plan: subscription.plan.plan, granted: item.included,
            balance: item.included,
            maxOverage: item.usagePrice?.maxPurchase ?? .zero, cycle: cycle,
            anchor: subscription.anchor,
            nextReset: cycle.boundary(after: now, anchor: subscription.anchor), created: now,
            flags: flags)
    }

    /// Notes a plan that starts when another one ends, and keeps that one's billing anchor (billing
    /// §6): what began on 31 January goes on at 28 February and renews on 31 March.
    mutating func schedule(_ reference: PlanReference, after ending: Subscription) -> Subscription {
        let subscription = Subscription(
            number: customer.lastSubscription + 1, plan: reference, status: .scheduled,
            addOn: false, start: ending.end, anchor: ending.anchor, periodStart: ending.end,
            periodEnd: .never)
        emit(.subscriptionChanged(subscription))
        return subscription
    }

    mutating func endScheduled(inGroup group: String) {
        while let scheduled = customer.scheduledSubscription(inGroup: group, pricing) {
            end(scheduled)
        }
    }

    /// Ends a subscription and its grants, and says how many seats it held.
    @discardableResult
    mutating func end(_ subscription: Subscription) -> [Seats: Quantity] {
        var held: [Seats: Quantity] = [:]
        var ended = subscription
        ended.status = .ended
        ended.end = now
        emit(.subscriptionChanged(ended))
        var closing: [(bucket: Bucket, entity: UInt32)] = []
        customer.buckets.each { bucket, entity in
            if bucket.subscription == subscription.number { closing.append((bucket, entity)) }
        }
        for (bucket, entity) in closing {
            if bucket.flags.contains(.allocated) {
                let seats = Seats(feature: bucket.feature, entity: entity)
                held[seats] = (held[seats] ?? .zero) + bucket.usage
            }
            emit(.bucketClosed(bucket: bucket.number, entity: entity))
        }
        let owner = ControlOwner.subscription(subscription.number)
        if customer.buckets.hasExtras,
            customer.buckets.extras.controls.contains(where: { $0.owner == owner })
        {
            emit(.controlsSet(OwnedControls(owner: owner, controls: .none)))
        }
        dropOldest(except: subscription.number)
        return held
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
