extension FactSheet {
    /// Opens a subscription's buckets and sets its controls. Seats that are held stay held (billing
    /// §7).
    mutating func grant(_ subscription: Subscription, held: [Seats: Quantity]) {
        let plan = pricing.plan(subscription.plan)
        setControls(of: subscription, plan)
        for item in plan.items {
            guard let feature = pricing.feature(id: item.featureID) else { continue }
            var bucket = bucket(item, feature, of: subscription, plan)
            guard let entityFeature = item.entityFeatureID else {
                if bucket.flags.contains(.allocated) {
                    let owner = Seats(feature: feature, entity: subscription.entity)
                    let counted = subscription.entity == 0 ? seats(of: feature) : .zero
                    bucket.balance = bucket.balance - (held[owner] ?? counted)
                }
                emit(.bucketOpened(bucket, entity: subscription.entity))
                guard item.packPrice != nil else { continue }
                let units = subscription.units(of: feature)
                emit(.detailSet(BucketDetail(bucket: bucket.number, prepaid: units)))
                continue
            }
            guard let sliced = pricing.feature(id: entityFeature) else { continue }
            for entity in entities(of: sliced) {
                slice(bucket, for: entity, held[Seats(feature: feature, entity: entity)])
            }
        }
    }

    /// Those of its plan, where they aren't so already; none while it is paused.
    mutating func setControls(of subscription: Subscription, _ plan: Plan) {
        let owner = ControlOwner.subscription(subscription.number)
        let controls = subscription.isPaused ? .none : plan.controls.resolved(pricing)
        let present =
            customer.buckets.hasExtras
            ? customer.buckets.extras.controls.first { $0.owner == owner }?.controls : nil
        guard controls != present ?? .none else { return }
        emit(.controlsSet(OwnedControls(owner: owner, controls: controls)))
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

    func entities(of feature: FeatureNumber) -> [UInt32] {
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

    func bucket(
        _ item: PlanItem, _ feature: FeatureNumber, of subscription: Subscription, _ plan: Plan
    ) -> Bucket {
        let kind = pricing.feature(feature).kind
        var flags: Bucket.Flags = plan.addOn ? .addOn : []
        if kind == .boolean { flags.insert(.boolean) }
        if kind == .allocated { flags.insert(.allocated) }
        if kind == .concurrency { flags.formUnion(.concurrency) }
        if item.unlimited { flags.insert(.unlimited) }
        if item.sellsOverage { flags.insert(.priced) }
        let most = item.isPerSeat ? item.prepaidPrice?.maxPurchase : item.usagePrice?.maxPurchase
        if most != nil { flags.insert(.limited) }
        let cycle = item.reset ?? Cycle(.oneOff)
        let granted =
            item.included + (item.packPrice == nil ? .zero : subscription.units(of: feature))
        // A trial and the first period that is paid for are one cycle (billing §9).
        let started = subscription.isTrialing(at: now) ? subscription.trialEnd : now
        return Bucket(
            number: customer.lastBucket + 1, feature: feature, subscription: subscription.number,
            plan: subscription.plan.plan, granted: granted, balance: granted,
            maxOverage: most ?? .zero, cycle: cycle,
            anchor: subscription.anchor,
            nextReset: cycle.boundary(after: started, anchor: subscription.anchor), created: now,
            flags: flags)
    }
}
