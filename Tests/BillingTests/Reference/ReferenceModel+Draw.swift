@testable import Billing

/// Spreads usage over buckets (§2.3, §2.4), noting each change of a bucket as it happens.
struct ReferenceSpread {
    typealias Amount = Int128
    typealias Balance = ReferenceModel.Balance

    /// In the order they are drawn from; their balances change as it goes.
    var buckets: [Balance]
    var receipts: [ReferenceModel.Receipt] = []
    /// Tracked units not placed.
    var rest: Amount

    let feature: UInt32
    let isCredits: Bool
    let behavior: OverageBehavior
    /// Raw credits for a unit, by credit system.
    let costs: [UInt32: Amount]
    let limits: [UInt32: ReferenceLimits]
    /// In shadow mode: spend limits don't hold either.
    var isUnbound = false
    /// Reserved, by bucket.
    var held: [UInt32: Amount] = [:]

    private static let costScale: Amount = 1_000_000_000_000

    // MARK: Conversion

    /// A cost of 0 is 1, except for what went over.
    private func cost(_ bucket: Balance) -> Amount? {
        guard bucket.feature != feature, let cost = costs[bucket.feature] else { return nil }
        return cost == 0 && !bucket.isRollover ? ReferenceSpread.costScale : cost
    }

    static func credits(_ units: Amount, _ cost: Amount) -> Amount {
        ReferenceModel.divided(units * cost, by: costScale)
    }

    private func own(_ units: Amount, _ bucket: Balance) -> Amount {
        cost(bucket).map { ReferenceSpread.credits(units, $0) } ?? units
    }

    private func tracked(_ own: Amount, _ bucket: Balance) -> Amount {
        cost(bucket).map { own * ReferenceSpread.costScale / $0 } ?? own
    }

    // MARK: The whole

    mutating func run() {
        if rest > 0 {
            let beyond = cutToWindow()
            rest -= beyond
            drawRollovers()
            drawToZero()
            drawOverage()
            if behavior == .overflow { land() }
            rest += beyond
        } else if rest < 0 {
            // What counts usage without a limit has no overage to pay down.
            let held = held
            lift { $0.isUnlimited ? nil : min(0, $0.granted - (held[$0.number] ?? 0)) }
            lift { $0.granted - (held[$0.number] ?? 0) }
            if behavior == .overflow { land() }
        }
    }

    var hasUnlimited: Bool { buckets.contains { $0.isUnlimited } }

    private mutating func take(_ own: Amount, _ units: Amount, at index: Int) {
        buckets[index].balance -= own
        rest -= units
        guard own != 0 || units != 0 else { return }
        let bucket = buckets[index]
        receipts.append(
            ReferenceModel.Receipt(
                bucket: bucket.number, entity: bucket.entity, feature: bucket.feature, own: own,
                units: units, cost: cost(bucket)))
    }

    /// Up to so much of the bucket; nil: all that is asked for.
    private mutating func take(upTo room: Amount?, at index: Int) {
        let bucket = buckets[index]
        let need = own(rest, bucket)
        if let room, need > room {
            if room > 0 { take(room, min(tracked(room, bucket), rest), at: index) }
        } else {
            take(need, rest, at: index)
        }
    }

    // MARK: Usage

    /// What limits on the tracked feature don't allow; an unlimited bucket bypasses them.
    private func cutToWindow() -> Amount {
        guard !isCredits, behavior != .overflow, !hasUnlimited,
            let headroom = limits[feature]?.headroom
        else { return 0 }
        return max(0, rest - max(0, headroom))
    }

    /// What limits on the bucket's credit system still allow.
    private func creditRoom(_ bucket: Balance) -> Amount? {
        guard behavior != .overflow, isCredits || bucket.feature != feature,
            let headroom = limits[bucket.feature]?.headroom
        else { return nil }
        return max(0, headroom - creditsTaken(bucket.feature))
    }

    /// Not counting what went over from before.
    func creditsTaken(_ system: UInt32) -> Amount {
        var sum: Amount = 0
        for receipt in receipts where receipt.feature == system {
            let bucket = buckets.first { $0.number == receipt.bucket }
            if bucket?.isRollover == false { sum += receipt.own }
        }
        return sum
    }

    private mutating func drawRollovers() {
        for index in buckets.indices where buckets[index].isRollover {
            guard rest > 0, buckets[index].balance > 0 else { continue }
            take(upTo: buckets[index].balance, at: index)
        }
    }

    private mutating func drawToZero() {
        for index in buckets.indices where !buckets[index].isRollover {
            let bucket = buckets[index]
            guard rest > 0 else { return }
            if bucket.isUnlimited {
                take(upTo: nil, at: index)
            } else {
                take(
                    upTo: [bucket.balance, creditRoom(bucket)].compactMap(\.self).min(), at: index)
            }
        }
    }

    private mutating func drawOverage() {
        for index in buckets.indices where !buckets[index].isRollover {
            let bucket = buckets[index]
            guard rest > 0 else { return }
            let room = [overageRoom(bucket), creditRoom(bucket)].compactMap(\.self).min()
            take(upTo: room, at: index)
        }
    }

    /// §2.6: at a price, or a free seat unless told to reject.
    private func isNative(_ bucket: Balance) -> Bool {
        bucket.isPriced || (bucket.isAllocated && behavior != .reject)
    }

    private func overage(_ feature: UInt32) -> Amount {
        buckets.filter { $0.feature == feature && !$0.isUnlimited }.reduce(0) { $0 + $1.overage }
    }

    /// nil: any amount.
    private func overageRoom(_ bucket: Balance) -> Amount? {
        let limits = limits[bucket.feature]
        let siblings = buckets.filter { $0.feature == bucket.feature }
        let mayRun: Bool
        switch limits?.permission {
        case nil: mayRun = isNative(bucket)
        case false: mayRun = false
        case true: mayRun = isNative(bucket) || !siblings.contains { isNative($0) }
        }
        guard mayRun else { return 0 }
        if let most = limits?.spend { return max(0, most - overage(bucket.feature)) }
        return bucket.most.map { max(0, $0 - bucket.overage) }
    }

    /// Floors and ceilings are gone; an enabled spend limit isn't, unless in shadow mode.
    private mutating func land() {
        let open = buckets.indices.filter { !buckets[$0].isRollover }
        let native = open.first { isNative(buckets[$0]) }
        guard rest != 0, let index = (rest > 0 ? native : nil) ?? open.first else { return }
        let bucket = buckets[index]
        if rest > 0 {
            let room = limits[bucket.feature]?.spend.map { max(0, $0 - overage(bucket.feature)) }
            take(upTo: isUnbound ? nil : room, at: index)
        } else {
            take(-own(-rest, bucket), rest, at: index)
        }
    }

    // MARK: Giving back

    private mutating func lift(_ ceiling: (Balance) -> Amount?) {
        for index in buckets.indices where !buckets[index].isRollover {
            let bucket = buckets[index]
            guard rest < 0, let ceiling = ceiling(bucket), bucket.balance < ceiling else {
                continue
            }
            let room = ceiling - bucket.balance
            let back = own(-rest, bucket)
            if back <= room {
                take(-back, rest, at: index)
            } else {
                take(-room, -min(tracked(room, bucket), -rest), at: index)
            }
        }
    }

    /// One for each bucket, in the order they are drawn from.
    var draws: [Draw] {
        buckets.compactMap { bucket in
            let own = receipts.filter { $0.bucket == bucket.number }.reduce(0) { $0 + $1.own }
            guard own != 0 else { return nil }
            return Draw(
                bucket: bucket.number, entity: bucket.entity,
                feature: FeatureNumber(rawValue: bucket.feature), amount: Quantity(raw: own))
        }
    }

    /// Beyond what can be stored.
    var overflows: Bool {
        let limit = 100_000_000_000_000_000 * ReferenceModel.unit
        return buckets.contains { abs($0.balance) > limit }
    }
}

// MARK: Order

extension ReferenceModel {
    /// The spread of a track, not run yet.
    func spread(
        _ value: Amount, of feature: UInt32, _ scope: UInt32, _ behavior: OverageBehavior,
        _ properties: [EventProperty]
    ) -> ReferenceSpread {
        let pools = pools(feature)
        let touched = [feature] + pools.map(\.feature)
        var limits: [UInt32: ReferenceLimits] = [:]
        for one in touched { limits[one] = self.limits(of: one, scope, properties) }
        var held: [UInt32: Amount] = [:]
        for receipt in holds.flatMap(\.receipts) where receipt.own > 0 {
            held[receipt.bucket, default: 0] += receipt.own
        }
        return ReferenceSpread(
            buckets: ordered(
                usable(scope).filter { touched.contains($0.feature) }, for: feature, scope),
            rest: value, feature: feature, isCredits: kind(feature) == .creditSystem,
            behavior: behavior, costs: Dictionary(uniqueKeysWithValues: pools.map { ($0.0, $0.1) }),
            limits: limits, held: held)
    }

    /// The spread of a track, run; of a feature in shadow mode the whole of it lands, and it says
    /// why it should not.
    func ran(
        _ value: Amount, of feature: UInt32, _ scope: UInt32, _ behavior: OverageBehavior,
        _ properties: [EventProperty]
    ) -> (spread: ReferenceSpread, denial: CheckReason?) {
        var usual = spread(value, of: feature, scope, behavior, properties)
        usual.run()
        guard usual.rest > 0, features[Int(feature) - 1].isShadow else { return (usual, nil) }
        var unbound = spread(value, of: feature, scope, .overflow, properties)
        unbound.isUnbound = true
        unbound.run()
        let reason = check(feature, value, properties, scope).reason
        return (unbound, reason.allows ? .insufficientBalance : reason)
    }

    /// The spread of a correction: wherever there is room, and in the end where there is none.
    func correction(_ value: Amount, _ targets: [Balance], _ scope: UInt32) -> ReferenceSpread {
        let feature = targets.first?.feature ?? 0
        return ReferenceSpread(
            buckets: ordered(targets, for: feature, scope), rest: value, feature: feature,
            isCredits: false, behavior: .overflow, costs: [:], limits: [:])
    }

    /// §2.3, what went over before everything else (corrections, 4).
    private func ordered(
        _ found: [Balance], for feature: UInt32, _ scope: UInt32
    ) -> [Balance] {
        sorted(found) { balance in
            if balance.isRollover { return [0, balance.expires ?? .max] }
            let isOwn = balance.feature == feature
            return [1, balance.isUnlimited ? 0 : 1, closeness(balance, scope), isOwn ? 0 : 1]
                + ownKey(balance, scope)
        }
    }

    /// The same without the keys that depend on what is tracked.
    func ordered(_ found: [Balance], _ scope: UInt32) -> [Balance] {
        sorted(found) { [closeness($0, scope)] + ownKey($0, scope) }
    }

    /// Equal ones stay as they are.
    private func sorted(_ found: [Balance], by key: (Balance) -> [Int64]) -> [Balance] {
        found.enumerated().map { (balance: $1, key: key($1) + [Int64($0)]) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.balance)
    }

    /// The first key: the entity's own before the customer's, or the other way.
    private func closeness(_ balance: Balance, _ scope: UInt32) -> Int64 {
        (balance.entity != 0) == (scope != 0) ? 0 : 1
    }

    /// The keys from the fifth on.
    private func ownKey(_ balance: Balance, _ scope: UInt32) -> [Int64] {
        let length = balance.interval.nominalMinutes.map { Int64($0) * Int64(balance.count) }
        let cycle: [Int64] = [balance.nextReset == nil ? 1 : 0, length ?? .max]
        return cycle.map { reversesOrder ? -$0 : $0 } + [
            balance.expires ?? .max,
            balance.isAddOn ? 1 : 0, balance.isPriced ? 1 : 0, grantTime(balance),
            // Slices of one item stay together, in the order of their entities.
            scope == 0 && balance.isSlice ? Int64(balance.subscription) : 0,
        ]
    }

    /// An item is granted when its plan is, however late an entity joins.
    private func grantTime(_ balance: Balance) -> Int64 {
        guard balance.isSlice else { return balance.created }
        return contracts.first { $0.number == balance.subscription }?.anchor ?? balance.created
    }
}
