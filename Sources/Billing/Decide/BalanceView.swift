/// What a customer has of one feature, as it is shown (entitlements §4.2).
package struct BalanceView: Sendable, Equatable {
    package var feature: FeatureNumber
    package var granted = Quantity.zero
    package var remaining = Quantity.zero
    package var usage = Quantity.zero
    package var overage = Quantity.zero
    package var unlimited = false
    package var overageAllowed = false
    /// nil: no limit, or no overage.
    package var maxPurchase: Quantity?
    package var nextReset = Timestamp.never
    package var parts: [Part] = []
    /// What there is to say about some of the parts.
    package var details: [BucketDetail] = []

    /// One bucket behind it, or all slices of one item.
    package struct Part: Sendable, Equatable {
        package var bucket: UInt32
        /// nil: given outside a plan.
        package var plan: PlanNumber?
        package var granted: Quantity
        package var remaining: Quantity
        package var usage: Quantity
        package var unlimited: Bool
        package var cycle: Cycle
        package var nextReset: Timestamp
        package var expires: Timestamp
        package var flags: Bucket.Flags
        /// It is an entity's.
        package var isOfEntity: Bool
    }

    init(feature: FeatureNumber) {
        self.feature = feature
    }

    /// How much more may be drawn as overage; nil: any amount (entitlements §1.5, step 7).
    var overageRoom: Quantity? {
        guard overageAllowed else { return .zero }
        return maxPurchase.map { ($0 - overage).clampedToZero }
    }
}

extension BucketSet {
    /// The balance of one feature that a scope may use, as it will be once the draws are applied;
    /// nil: there is no bucket of it.
    package func balance(
        of feature: FeatureNumber, in scope: Scope = .customer, after draws: [Draw] = []
    ) -> BalanceView? {
        var view = BalanceView(feature: feature)
        return show(feature, in: scope, after: draws, in: &view) ? view : nil
    }

    /// - Parameter view: an empty one, to be filled.
    func show(
        _ feature: FeatureNumber, in scope: Scope = .customer, after draws: [Draw] = [],
        in view: inout BalanceView
    ) -> Bool {
        view.parts.reserveCapacity(min(count, 4))
        var caps = OverageCaps()
        if hasExtras {
            eachUsable(scope, of: { $0 == feature }) { bucket, entity in
                guard bucket.feature == feature else { return }
                view.add(bucket.after(draws, entity), of: entity, &caps)
            }
            let details = self.details
            if !details.isEmpty {
                view.details = details.filter { detail in
                    view.parts.contains { $0.bucket == detail.bucket }
                }
            }
        } else {
            each(of: feature) { view.add($0.after(draws, 0), of: 0, &caps) }
        }
        guard !view.parts.isEmpty else { return false }
        if hasExtras, view.isConcurrency { showSlots(in: &view, scope) }
        if view.overageAllowed, !caps.isOpen { view.maxPurchase = caps.most }
        if view.unlimited { view.showUnlimited() }
        return true
    }

    /// The same, less what is held open.
    private func showSlots(in view: inout BalanceView, _ scope: Scope) {
        let (feature, details) = (view.feature, view.details)
        view = BalanceView(feature: feature)
        view.details = details
        let slots = SlotCount(of: feature, self)
        var caps = OverageCaps()
        eachUsable(scope) { bucket, entity in
            guard bucket.feature == feature else { return }
            view.add(slots.free(bucket), of: entity, &caps)
        }
    }

    /// Adds what entities have of a feature and share with nobody: the customer as a whole is shown
    /// it in its totals, but can't use it (entitlements §1.3).
    private func addEntities(to view: inout BalanceView, after draws: [Draw]) -> Bool {
        guard !view.unlimited else { return false }
        var isThere = false
        let (entities, feature) = (self.entities, view.feature)
        guard entities.has(slices: false, of: { $0 == feature }) else { return false }
        var slots: SlotCount?
        for entity in entities.all {
            for bucket in entity.buckets
            where bucket.feature == view.feature
                && bucket.flags.isDisjoint(with: [.slice, .unlimited])
            {
                isThere = true
                guard bucket.flags.isConcurrency else {
                    view.addTotals(bucket.after(draws, entity.number))
                    continue
                }
                let found = slots ?? SlotCount(of: view.feature, self)
                view.addTotals(found.free(bucket))
                slots = found
            }
        }
        return isThere
    }

    /// The balance as a scope is shown it; nil: there is no bucket of it at all.
    package func shownBalance(
        of feature: FeatureNumber, in scope: Scope = .customer, after draws: [Draw] = []
    ) -> BalanceView? {
        var view = BalanceView(feature: feature)
        let isUsable = show(feature, in: scope, after: draws, in: &view)
        guard hasExtras else { return isUsable ? view : nil }
        let isThere = complete(&view, in: scope, after: draws)
        return isUsable || isThere ? view : nil
    }

    /// Adds to what a scope may use what else it is shown; true: there is something.
    @discardableResult
    func complete(
        _ view: inout BalanceView, in scope: Scope, after draws: [Draw] = []
    ) -> Bool {
        showPermission(in: &view, scope)
        return scope.isEntity ? false : addEntities(to: &view, after: draws)
    }

    /// Whether a control allows overage or forbids it, whatever the buckets say (entitlements
    /// §2.6).
    private func showPermission(in view: inout BalanceView, _ scope: Scope) {
        guard !view.unlimited, hasControls(scope),
            let isAllowed = ControlLevels(extras, scope).overagePermission(of: view.feature)
        else { return }
        view.overageAllowed = isAllowed
        if !isAllowed { view.maxPurchase = nil }
    }

    /// The features there are buckets of, in order of their first bucket.
    package func features(in scope: Scope) -> [FeatureNumber] {
        var found: [FeatureNumber] = []
        func note(_ bucket: Bucket) {
            if !found.contains(bucket.feature) { found.append(bucket.feature) }
        }
        if scope.isEntity {
            eachUsable(scope) { bucket, _ in note(bucket) }
        } else {
            each { bucket, _ in note(bucket) }
        }
        return found
    }
}

extension CustomerState {
    package func balance(of feature: FeatureNumber) -> BalanceView? {
        buckets.shownBalance(of: feature)
    }
}

extension BalanceView {
    /// Without a limit only usage means anything (entitlements §4.2).
    fileprivate mutating func showUnlimited() {
        granted = .zero
        remaining = .zero
        overage = .zero
        overageAllowed = false
        maxPurchase = nil
    }

    fileprivate mutating func add(_ bucket: Bucket, of entity: UInt32, _ caps: inout OverageCaps) {
        if bucket.flags.contains(.priced) {
            overageAllowed = true
            caps.add(bucket)
        }
        addTotals(bucket)
        let isUnlimited = bucket.flags.contains(.unlimited)
        if isUnlimited { unlimited = true }
        let part = Part(
            bucket: bucket.number, plan: bucket.plan, granted: bucket.granted,
            remaining: bucket.remaining, usage: bucket.usage, unlimited: isUnlimited,
            cycle: bucket.cycle, nextReset: bucket.nextReset, expires: bucket.expires,
            flags: bucket.flags, isOfEntity: entity != 0)
        if bucket.flags.contains(.slice), let index = parts.firstIndex(where: part.isSibling) {
            parts[index].add(part)
        } else {
            parts.append(part)
        }
    }

    fileprivate mutating func addTotals(_ bucket: Bucket) {
        granted = granted + bucket.granted
        remaining = remaining + bucket.remaining
        usage = usage + bucket.usage
        overage = overage + bucket.overage
        nextReset = min(nextReset, bucket.nextReset)
    }
}

extension BalanceView.Part {
    /// Both are slices of one plan's item.
    fileprivate func isSibling(_ other: BalanceView.Part) -> Bool {
        other.flags == flags && other.plan == plan && other.cycle == cycle
            && other.expires == expires
    }

    fileprivate mutating func add(_ other: BalanceView.Part) {
        granted = granted + other.granted
        remaining = remaining + other.remaining
        usage = usage + other.usage
        nextReset = min(nextReset, other.nextReset)
    }
}

extension Bucket {
    @inline(__always)
    fileprivate func after(_ draws: [Draw], _ entity: UInt32) -> Bucket {
        guard !draws.isEmpty else { return self }
        var bucket = self
        for draw in draws where draw.bucket == number && draw.entity == entity {
            bucket.balance = bucket.balance - draw.amount
        }
        return bucket
    }
}

/// The most overage of priced buckets together.
private struct OverageCaps {
    var most = Quantity.zero
    /// One of them has no limit.
    var isOpen = false

    mutating func add(_ bucket: Bucket) {
        most = most + bucket.maxOverage
        if !bucket.flags.contains(.limited) { isOpen = true }
    }
}
