// A subscription goes on with another version of its plan, or with one of the customer's own.
extension FactSheet {
    /// What was bought of it is paid for.
    mutating func `switch`(_ subscription: Subscription, _ order: inout Order) -> Subscription {
        let plan = pricing.plan(order.plan)
        var changed = subscription
        if order.startsCycle {
            order.begin(at: now, plan, pricing, of: subscription.number)
            changed.anchor = now
            changed.periodStart = now
        }
        changed.plan = order.plan
        changed.bought = order.bought
        changed.discounts = changed.discounts.merged(with: order.discounts.settled)
        if !order.taxRate.isEmpty { changed.taxRate = order.taxRate }
        redeem(order.discounts)
        changed.settle(order, since: subscription, on: invoiceNumber(of: order))
        changed.charges = changed.charges.map { $0.moved(to: order.plan) }
        changed.pending = changed.pending.map { $0.moved(to: order.plan) }
        if order.trialEnd != .never {
            if order.trialEnd != subscription.trialEnd {
                changed.trialEnd = order.trialEnd
                changed.anchor = order.trialEnd
            }
            changed.periodEnd = order.trialEnd
        } else if subscription.status != .scheduled {
            if subscription.isTrialing(at: now) { changed.trialEnd = now }
            changed.periodEnd = plan.nextBilling(after: now, anchor: changed.anchor)
        }
        let isPlanned = customer.account.schedules.contains { $0.concerns(changed.number) }
        if changed.end != .never, changed.periodEnd == .never, !isPlanned,
            subscription.status != .scheduled
        {
            changed.stay()
        }
        emit(.subscriptionChanged(changed))
        if subscription.status.grantsAccess {
            regrant(changed, from: subscription)
        }
        return changed
    }

    /// Moves to another version without a charge: the next period costs what that one costs, and
    /// what was used beyond the old grant is billed with it at the old price (billing §3).
    mutating func migrate(_ subscription: Subscription, to reference: PlanReference) {
        var changed = subscription
        let (old, new) = (pricing.plan(subscription.plan), pricing.plan(reference))
        let grantsAccess = subscription.status.grantsAccess
        let owed =
            grantsAccess && !subscription.isTrialing(at: now)
            ? overageLines(of: subscription, ending: true, seats: false) : []
        changed.plan = reference
        changed.charges = changed.charges.map { $0.moved(to: reference) }
        changed.pending =
            (changed.pending + owed.map { $0.described(pricing) }).map { $0.moved(to: reference) }
        changed.bought = subscription.bought.filter {
            new.prepaidItem(of: pricing.feature($0.feature).id) != nil
        }
        if grantsAccess, !subscription.isTrialing(at: now) {
            if old.isFree, !new.isFree { changed.anchor = now }
            changed.periodEnd = new.nextBilling(after: now, anchor: changed.anchor)
        }
        emit(.subscriptionChanged(changed))
        if grantsAccess {
            regrant(changed, from: subscription, billed: Set(owed.compactMap(\.part.feature)))
        }
    }
}

// MARK: Grants

extension FactSheet {
    /// Opens, changes and closes buckets so that they are those of the subscription's plan, with
    /// what was used of each feature taken from what the new ones grant.
    ///
    /// - Parameter billed: of these features the overage is paid or owed already.
    private mutating func regrant(
        _ subscription: Subscription, from former: Subscription,
        billed: Set<FeatureNumber> = []
    ) {
        let plan = pricing.plan(subscription.plan)
        setControls(of: subscription, plan)
        var present: [OwnedBucket] = []
        var carried: [OwnedBucket] = []
        customer.buckets.each { bucket, entity in
            guard bucket.subscription == subscription.number else { return }
            let owned = OwnedBucket(bucket: bucket, entity: entity)
            if bucket.flags.contains(.rollover) {
                carried.append(owned)
            } else {
                present.append(owned)
            }
        }
        present.removeAll { owned in
            guard let kept = boughtForGood(owned.bucket, by: former),
                !plan.sellsForGood(owned.bucket.feature, pricing)
            else { return false }
            emit(.bucketClosed(bucket: owned.bucket.number, entity: owned.entity))
            emit(.bucketOpened(kept, entity: owned.entity))
            return true
        }
        var wanted = plan.items.flatMap { wantedBuckets($0, of: subscription, plan) }
        var moves: [UInt32: UInt32] = [:]
        // Those that go on as they are come first: what remains takes the others' usage.
        for index in wanted.indices {
            let goesOn = present.firstIndex { $0.isContinued(by: wanted[index]) }
            guard let goesOn else { continue }
            wanted[index].take(present.remove(at: goesOn))
        }
        for index in wanted.indices where wanted[index].before == nil {
            let same = present.firstIndex { $0.isSucceeded(by: wanted[index]) }
            guard let same else { continue }
            wanted[index].take(present.remove(at: same))
        }
        for left in present {
            let heir = wanted.firstIndex { left.isSucceeded(by: $0) }
            if let heir { wanted[heir].used = wanted[heir].used + left.usage }
            emit(.bucketClosed(bucket: left.bucket.number, entity: left.entity))
        }
        for part in wanted { grant(part, of: subscription, billed, &moves) }
        keepCarried(carried, plan, moves)
    }

    private mutating func grant(
        _ part: WantedBucket, of subscription: Subscription, _ billed: Set<FeatureNumber>,
        _ moves: inout [UInt32: UInt32]
    ) {
        var bucket = part.bucket
        let detail = part.before.flatMap {
            customer.buckets.hasExtras ? customer.buckets.extras.detail(of: $0.number) : nil
        }
        let added = part.goesOn ? detail?.adjustment ?? .zero : .zero
        bucket.granted = bucket.granted + added
        if bucket.flags.isDisjoint(with: [.unlimited, .boolean]) {
            bucket.balance = bucket.granted - part.used - seatsFound(by: part)
            if billed.contains(bucket.feature) { bucket.balance = bucket.balance.clampedToZero }
        }
        if let before = part.before, part.goesOn {
            bucket.number = before.number
            if bucket != before { emit(.bucketChanged(bucket, entity: part.entity)) }
        } else {
            if let before = part.before {
                emit(.bucketClosed(bucket: before.number, entity: part.entity))
            }
            bucket.number = customer.lastBucket + 1
            emit(.bucketOpened(bucket, entity: part.entity))
            if let before = part.before { moves[before.number] = bucket.number }
        }
        let units = part.isPrepaid ? subscription.units(of: bucket.feature) : .zero
        var present = BucketDetail(bucket: bucket.number, adjustment: added, prepaid: units)
        present.rollover = part.goesOn ? detail?.rollover : nil
        let shown =
            customer.buckets.hasExtras
            ? customer.buckets.extras.detail(of: bucket.number) : nil
        if present != shown ?? BucketDetail(bucket: bucket.number) { emit(.detailSet(present)) }
    }

    /// Entities that are there already, where nothing has counted them yet (entitlements §0).
    private func seatsFound(by part: WantedBucket) -> Quantity {
        guard part.before == nil, part.used == .zero, part.entity == 0,
            part.bucket.flags.contains(.allocated)
        else { return .zero }
        return seats(of: part.bucket.feature)
    }

    /// What went over from earlier cycles stays where the plan lets things go over (billing §7).
    private mutating func keepCarried(
        _ carried: [OwnedBucket], _ plan: Plan, _ moves: [UInt32: UInt32]
    ) {
        for owned in carried {
            let feature = pricing.feature(owned.bucket.feature).id
            let goesOver = plan.items.contains { $0.featureID == feature && $0.rollover != nil }
            guard goesOver else {
                emit(.bucketClosed(bucket: owned.bucket.number, entity: owned.entity))
                continue
            }
            guard var detail = customer.buckets.extras.detail(of: owned.bucket.number),
                let parent = moves[detail.parent]
            else { continue }
            detail.parent = parent
            emit(.detailSet(detail))
        }
    }

    /// The buckets that an item is to have: one, or one for each entity.
    private func wantedBuckets(
        _ item: PlanItem, of subscription: Subscription, _ plan: Plan
    ) -> [WantedBucket] {
        guard let feature = pricing.feature(id: item.featureID) else { return [] }
        let bucket = bucket(item, feature, of: subscription, plan)
        let isPrepaid = item.packPrice != nil
        guard let entityFeature = item.entityFeatureID else {
            return [
                WantedBucket(bucket: bucket, entity: subscription.entity, isPrepaid: isPrepaid)
            ]
        }
        guard let sliced = pricing.feature(id: entityFeature) else { return [] }
        var slice = bucket
        slice.flags.insert(.slice)
        return entities(of: sliced).map {
            WantedBucket(bucket: slice, entity: $0, isPrepaid: isPrepaid)
        }
    }
}

/// A bucket with its owner.
private struct OwnedBucket {
    var bucket: Bucket
    /// 0: the customer.
    var entity: UInt32

    var usage: Quantity { bucket.flags.contains(.unlimited) ? .zero : bucket.usage }

    func isSucceeded(by wanted: WantedBucket) -> Bool {
        bucket.feature == wanted.bucket.feature && entity == wanted.entity
    }

    /// The same grant, of another size.
    func isContinued(by wanted: WantedBucket) -> Bool {
        isSucceeded(by: wanted) && wanted.before == nil && bucket.cycle == wanted.bucket.cycle
            && bucket.anchor == wanted.bucket.anchor
            && bucket.flags.contains(.priced) == wanted.bucket.flags.contains(.priced)
    }
}

/// A bucket as the new plan has it.
private struct WantedBucket {
    var bucket: Bucket
    var entity: UInt32
    var isPrepaid: Bool
    /// The one whose place it takes.
    var before: Bucket?
    var used = Quantity.zero
    /// It keeps its number, and when it resets.
    var goesOn = false

    init(bucket: Bucket, entity: UInt32, isPrepaid: Bool) {
        self.bucket = bucket
        self.entity = entity
        self.isPrepaid = isPrepaid
    }

    mutating func take(_ owned: OwnedBucket) {
        goesOn = owned.isContinued(by: self)
        before = owned.bucket
        used = used + owned.usage
        guard goesOn else { return }
        bucket.nextReset = owned.bucket.nextReset
        bucket.created = owned.bucket.created
        bucket.expires = owned.bucket.expires
    }
}

// MARK: What is paid keeps its place

extension PaidCharge {
    fileprivate func moved(to reference: PlanReference) -> PaidCharge {
        var charge = self
        charge.part.plan = reference
        return charge
    }
}

extension InvoiceLine {
    fileprivate func moved(to reference: PlanReference) -> InvoiceLine {
        var line = self
        line.part.plan = reference
        return line
    }
}

extension Subscription {
    /// It isn't billed any more, so there is no end to wait for.
    fileprivate mutating func stay() {
        if status == .canceling { status = .active }
        canceled = .never
        end = .never
    }
}
