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

    /// One bucket behind it.
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
    /// The balance of one feature, as it will be once the draws are applied; nil: the customer has
    /// no bucket of it.
    package func balance(of feature: FeatureNumber, after draws: [Draw] = []) -> BalanceView? {
        var view = BalanceView(feature: feature)
        return show(feature, after: draws, in: &view) ? view : nil
    }

    /// - Parameter view: an empty one, to be filled.
    func show(
        _ feature: FeatureNumber, after draws: [Draw] = [], in view: inout BalanceView
    ) -> Bool {
        view.parts.reserveCapacity(min(count, 4))
        var uncapped = false
        var most = Quantity.zero
        for index in 0..<count where self[index].feature == feature {
            var bucket = self[index]
            for draw in draws where draw.bucket == bucket.number {
                bucket.balance = bucket.balance - draw.amount
            }
            if bucket.flags.contains(.priced) {
                view.overageAllowed = true
                most = most + bucket.maxOverage
                if !bucket.flags.contains(.limited) { uncapped = true }
            }
            view.add(bucket)
        }
        guard !view.parts.isEmpty else { return false }
        if view.overageAllowed, !uncapped { view.maxPurchase = most }
        if view.unlimited { view.showUnlimited() }
        return true
    }

    /// The features there are buckets of, in order of their first bucket.
    package var features: [FeatureNumber] {
        var found: [FeatureNumber] = []
        for index in 0..<count where !found.contains(self[index].feature) {
            found.append(self[index].feature)
        }
        return found
    }
}

extension CustomerState {
    package func balance(of feature: FeatureNumber) -> BalanceView? {
        buckets.balance(of: feature)
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

    fileprivate mutating func add(_ bucket: Bucket) {
        granted = granted + bucket.granted
        remaining = remaining + bucket.remaining
        usage = usage + bucket.usage
        overage = overage + bucket.overage
        nextReset = min(nextReset, bucket.nextReset)
        let isUnlimited = bucket.flags.contains(.unlimited)
        if isUnlimited { unlimited = true }
        parts.append(
            Part(
                bucket: bucket.number, plan: bucket.plan, granted: bucket.granted,
                remaining: bucket.remaining, usage: bucket.usage, unlimited: isUnlimited,
                cycle: bucket.cycle, nextReset: bucket.nextReset, expires: bucket.expires))
    }
}
