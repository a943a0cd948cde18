/// Whose usage it is: of the customer as a whole, or of one of its entities.
package struct Scope: Sendable, Equatable {
    /// 0: none.
    package var entity: UInt32

    package static let customer = Scope(entity: 0)

    package init(entity: UInt32) {
        self.entity = entity
    }

    package var isEntity: Bool { entity != 0 }
}

/// What of a customer's controls limits one feature, for one scope, at one moment (entitlements
/// §7.2).
struct FeatureLimits {
    /// A usage limit's window, and what was used in it.
    struct Window {
        var limit: UsageLimit
        var current: UsageWindow

        var headroom: Quantity { limit.limit - current.used }
    }

    var feature: FeatureNumber
    /// nil: the plans decide whether it may be used beyond what was granted.
    var allowsOverage: Bool?
    /// The most overage, in place of what plans allow; nil: none is set.
    var overageLimit: Quantity?
    var windows: [Window] = []

    static func none(of feature: FeatureNumber) -> FeatureLimits { FeatureLimits(feature: feature) }

    private init(feature: FeatureNumber) {
        self.feature = feature
    }

    /// What may still be used in every window; nil: any amount.
    var headroom: Quantity? { windows.map(\.headroom).min() }
}

extension FeatureLimits {
    /// - Parameters:
    ///   - properties: of the usage; limits with filters concern some usage only.
    ///   - counted: counts that take the place of the customer's.
    init(
        of feature: FeatureNumber, in scope: Scope, _ buckets: borrowing BucketSet,
        _ order: DeductionOrder, properties: [EventProperty], now: Timestamp,
        counted: [UsageWindow] = []
    ) {
        self.feature = feature
        guard buckets.hasControls(scope) else { return }
        let levels = ControlLevels(buckets.extras, scope)
        allowsOverage = levels.overagePermission(of: feature)
        if let limit = levels.spendLimit(of: feature), limit.isEnabled {
            overageLimit = limit.bound(of: feature, for: buckets, scope)
        }
        let limits = levels.usageLimits(of: feature).filter {
            $0.limit.isEnabled && $0.limit.concerns(properties)
        }
        guard !limits.isEmpty else { return }
        windows = limits.map { found in
            // A count that all entities share goes by one cycle, whoever adds to it.
            let owner = found.entity == 0 ? .customer : scope
            let period = found.limit.window(
                at: now, anchor: buckets.cycleAnchor(of: feature, owner, order))
            let key = WindowKey(
                feature: feature, entity: found.entity, interval: found.limit.interval,
                filter: found.limit.filter)
            func used(in windows: [UsageWindow]) -> Quantity? {
                windows.first {
                    $0.key == key && $0.start == period.lowerBound && $0.end == period.upperBound
                }?.used
            }
            return Window(
                limit: found.limit,
                current: UsageWindow(
                    key: key, start: period.lowerBound, end: period.upperBound,
                    used: used(in: counted) ?? used(in: buckets.extras.windows) ?? .zero))
        }
    }
}

/// The controls that count in a scope, the closest first: an entity's, the customer's, the plans'.
struct ControlLevels {
    private let entity: (number: UInt32, controls: Controls)?
    private let customer: Controls
    /// The newest plan's last.
    private let plans: [OwnedControls]

    init(_ extras: Extras, _ scope: Scope) {
        let found = scope.isEntity ? extras.entities.entity(scope.entity) : nil
        entity = found.map { ($0.number, $0.controls) }
        customer = extras.controls.first { $0.owner == .customer }?.controls ?? .none
        plans = extras.controls.filter { $0.owner != .customer }
    }

    /// The closest first.
    var all: [OwnedControls] {
        var all = plans
        all.insert(OwnedControls(owner: .customer, controls: customer), at: 0)
        if let entity {
            all.insert(
                OwnedControls(owner: .entity(entity.number), controls: entity.controls), at: 0)
        }
        return all
    }

    func overagePermission(of feature: FeatureNumber) -> Bool? {
        func at(_ controls: Controls) -> Bool? {
            controls.overagePermissions.first { $0.feature == feature }?.isEnabled
        }
        if let found = entity.flatMap({ at($0.controls) }) ?? at(customer) { return found }
        let found = plans.compactMap { at($0.controls) }
        return found.isEmpty ? nil : found.allSatisfy { $0 }
    }

    func spendLimit(of feature: FeatureNumber) -> SpendLimit? {
        func at(_ controls: Controls) -> SpendLimit? {
            controls.spendLimits.first { $0.feature == feature }
                ?? controls.spendLimits.first { $0.feature == nil }
        }
        if let found = entity.flatMap({ at($0.controls) }) ?? at(customer) { return found }
        return plans.compactMap { at($0.controls) }.reduce(nil) { strictest, next in
            guard let strictest else { return next }
            return next.isStricter(than: strictest) ? next : strictest
        }
    }

    /// One for each filter, and whose count it is: 0, the customer's.
    func usageLimits(of feature: FeatureNumber) -> [(limit: UsageLimit, entity: UInt32)] {
        func at(_ controls: Controls) -> [UsageLimit] {
            controls.usageLimits.filter { $0.feature == feature }
        }
        var found: [(limit: UsageLimit, entity: UInt32)] = []
        if let entity { found = at(entity.controls).map { ($0, entity.number) } }
        for limit in at(customer) where !found.contains(where: { $0.limit.isRival(of: limit) }) {
            found.append((limit, 0))
        }
        var ofPlans: [UsageLimit] = []
        for limit in plans.flatMap({ at($0.controls) }) {
            if let index = ofPlans.firstIndex(where: { $0.isRival(of: limit) }) {
                if limit.isStricter(than: ofPlans[index]) { ofPlans[index] = limit }
            } else if !found.contains(where: { $0.limit.isRival(of: limit) }) {
                ofPlans.append(limit)
            }
        }
        return found + ofPlans.map { ($0, 0) }
    }

    func usageAlerts(of feature: FeatureNumber) -> [UsageAlert] {
        func at(_ controls: Controls) -> [UsageAlert] {
            controls.usageAlerts.filter { $0.feature == feature || $0.feature == nil }
        }
        if let own = entity.map({ at($0.controls) }), !own.isEmpty { return own }
        let own = at(customer)
        return own.isEmpty ? plans.reversed().flatMap { at($0.controls) } : own
    }
}

extension SpendLimit {
    /// Enabled beats disabled, a smaller limit a larger one (entitlements §7.2).
    fileprivate func isStricter(than other: SpendLimit) -> Bool {
        if isEnabled != other.isEnabled { return isEnabled }
        switch (bound, other.bound) {
        case (.units(let a), .units(let b)), (.percentage(let a), .percentage(let b)): return a < b
        case (.units, .percentage), (.units, .absent), (.percentage, .absent): return true
        case (.percentage, .units), (.absent, _): return false
        }
    }

    /// In units; nil: a percentage of nothing limits nothing.
    fileprivate func bound(
        of feature: FeatureNumber, for buckets: borrowing BucketSet, _ scope: Scope
    ) -> Quantity? {
        switch bound {
        case .absent: return nil
        case .units(let units): return units
        case .percentage(let percentage):
            var base = Quantity.zero
            let details = buckets.extras.details
            buckets.eachUsable(scope, of: { $0 == feature }) { bucket, _ in
                guard bucket.feature == feature, bucket.plan != nil, bucket.nextReset != .never,
                    bucket.flags.isDisjoint(with: [.addOn, .rollover])
                else { return }
                let detail = details.first { $0.bucket == bucket.number }
                base = base + bucket.granted
                if let detail { base = base - detail.adjustment - detail.prepaid }
            }
            guard base > .zero else { return nil }
            return base.percent(percentage)
        }
    }
}

extension UsageLimit {
    /// Enabled beats disabled, a lower rate a higher one, the calendar a billing cycle.
    fileprivate func isStricter(than other: UsageLimit) -> Bool {
        if isEnabled != other.isEnabled { return isEnabled }
        let isSameInterval = interval == other.interval
        let (a, b) = isSameInterval ? (limit, other.limit) : (daily, other.daily)
        return a != b ? a < b : anchor == .utc && other.anchor != .utc
    }
}

extension BucketSet {
    /// Every bucket that a scope may draw from, with its entity's number (entitlements §1.3): all
    /// of the customer's own; of entities, in one's scope everything it has, else what an item
    /// grants to each of them.
    ///
    /// - Parameter isWanted: of which features. Others may come too, but no entity is asked when
    ///   none has what is wanted: there are many.
    func eachUsable(
        _ scope: Scope, of isWanted: (FeatureNumber) -> Bool = { _ in true },
        _ body: (Bucket, _ entity: UInt32) -> Void
    ) {
        if !scope.isEntity || !isPoolingDisabled {
            for index in 0..<count where isWanted(feature(at: index)) { body(self[index], 0) }
        }
        guard hasExtras else { return }
        if scope.isEntity {
            for bucket in entities.entity(scope.entity)?.buckets ?? [] {
                body(bucket, scope.entity)
            }
            return
        }
        let entities = self.entities
        guard entities.has(slices: true, of: isWanted) else { return }
        for entity in entities.all {
            for bucket in entity.buckets where bucket.flags.contains(.slice) {
                body(bucket, entity.number)
            }
        }
    }

    /// What usage limits count by: the cycle of the balance that is drawn from first.
    func cycleAnchor(
        of feature: FeatureNumber, _ scope: Scope, _ order: DeductionOrder
    ) -> Timestamp? {
        var first: (bucket: Bucket, entity: UInt32)?
        eachUsable(scope, of: { $0 == feature }) { bucket, entity in
            guard bucket.feature == feature, bucket.nextReset != .never else { return }
            if let first, !order.precedes((bucket, entity), first, in: scope) { return }
            first = (bucket, entity)
        }
        return first?.bucket.anchor
    }
}

extension Quantity {
    /// So many per cent of it, rounded half to even.
    func percent(_ percentage: Quantity) -> Quantity {
        Quantity(
            raw: FixedPoint.multiply(raw, percentage.raw, dividingBy: Quantity.scale * 100))
    }
}
