/// What was drawn from one bucket, in the bucket's own units; negative when given back.
package struct Draw: Sendable, Equatable {
    package var bucket: UInt32
    /// The bucket's; 0: it is the customer's own.
    package var entity: UInt32
    package var feature: FeatureNumber
    package var amount: Quantity

    package init(
        bucket: UInt32, entity: UInt32 = 0, feature: FeatureNumber, amount: Quantity
    ) {
        self.bucket = bucket
        self.entity = entity
        self.feature = feature
        self.amount = amount
    }
}

/// Spreads usage over the buckets that a scope may draw from (entitlements §2.3, §2.4).
struct Deduction {
    /// A bucket that may be drawn from, copied so that the customer stays untouched.
    private struct Candidate {
        var bucket: Bucket
        var entity: UInt32
        /// nil: the tracked feature's own bucket.
        var cost: UnitPrice?
        var drawn = Quantity.zero
        /// What is reserved of it, and so can't be given back.
        var held = Quantity.zero

        var balance: Quantity { bucket.balance - drawn }
        var overage: Quantity { (-balance).clampedToZero }
        var isRollover: Bool { bucket.flags.contains(.rollover) }
        /// As far as giving back lifts it (entitlements §2.4).
        var ceiling: Quantity { bucket.granted - held }

        /// The bucket's own units for this many tracked units.
        func own(_ units: Quantity) -> Quantity { cost.map { units.credits(at: $0) } ?? units }

        /// Tracked units for this much of the bucket.
        func tracked(_ own: Quantity) -> Quantity { cost.map { own.units(at: $0) } ?? own }
    }

    private let feature: FeatureNumber
    private let scope: Scope
    private let overage: OverageBehavior
    private let order: DeductionOrder
    /// A credit system itself is tracked.
    private let isCredits: Bool
    private var candidates: [Candidate] = []
    /// Tracked units not placed yet.
    private(set) var rest: Quantity
    /// Of the tracked feature first; empty: nothing limits.
    private var limits: [FeatureLimits] = []
    private var taken = Quantity.zero
    /// Spend limits don't hold either.
    var isUnbound = false
    /// Whether `shares` is wanted afterwards.
    var keepsReceipt = false
    /// What a hold remembers of the run: each change of a bucket, in the order they were made, so
    /// that overage is given back before what was drawn ahead of it (entitlements §3).
    private(set) var shares: [Hold.Share] = []

    init(
        of value: Quantity, feature: FeatureNumber, in scope: Scope = .customer,
        from buckets: borrowing BucketSet, pricing: PricingState, overage: OverageBehavior,
        properties: [EventProperty] = [], now: Timestamp
    ) {
        rest = value
        self.feature = feature
        self.scope = scope
        self.overage = overage
        order = pricing.order
        isCredits = pricing.kind(of: feature) == .creditSystem
        candidates.reserveCapacity(min(buckets.count, 4))
        let pools = pricing.pools(of: feature)
        func isWanted(_ wanted: FeatureNumber) -> Bool {
            wanted == feature || pools.contains { $0.feature == wanted }
        }
        guard buckets.hasExtras else {
            for index in 0..<buckets.count where isWanted(buckets.feature(at: index)) {
                insert(buckets[index], of: 0, pools)
            }
            return
        }
        buckets.eachUsable(scope, of: isWanted) { insert($0, of: $1, pools) }
        if value < .zero { reserve(buckets.extras) }
        if buckets.hasControls(scope) {
            limits = [
                FeatureLimits(
                    of: feature, in: scope, buckets, order, properties: properties, now: now)
            ]
            for pool in pools where pool.feature != feature {
                limits.append(
                    FeatureLimits(
                        of: pool.feature, in: scope, buckets, order, properties: properties,
                        now: now))
            }
        }
    }

    /// From these buckets and no others, whatever limits usage: how balances are corrected.
    init(
        correcting value: Quantity, _ buckets: [(bucket: Bucket, entity: UInt32)], scope: Scope,
        order: DeductionOrder
    ) {
        rest = value
        feature = buckets.first?.bucket.feature ?? FeatureNumber(rawValue: 0)
        self.scope = scope
        self.order = order
        overage = .overflow
        isCredits = false
        for (bucket, entity) in buckets { insert(bucket, of: entity, []) }
    }

    var isEmpty: Bool { candidates.isEmpty }

    /// The feature that there is without a limit.
    var unlimited: FeatureNumber? {
        candidates.first { $0.bucket.flags.contains(.unlimited) }?.bucket.feature
    }

    /// Whether a balance would leave the range that can be stored.
    var overflows: Bool {
        candidates.contains { $0.balance.raw.magnitude > Quantity.balanceLimit.raw.magnitude }
    }

    /// What each bucket gives, in order; leaves in `rest` what no bucket took.
    mutating func run() -> [Draw] {
        let asked = rest
        if rest > .zero {
            let beyond = cutToWindows()
            drawRollovers()
            drawDownToZero()
            drawOverage()
            if overage == .overflow { land() }
            rest = rest + beyond
            taken = asked - rest
        } else if rest < .zero {
            giveBack { $0.bucket.flags.contains(.unlimited) ? nil : min(.zero, $0.ceiling) }
            giveBack { $0.ceiling }
            if overage == .overflow { land() }
        }
        return candidates.compactMap { candidate in
            guard candidate.drawn != .zero else { return nil }
            return Draw(
                bucket: candidate.bucket.number, entity: candidate.entity,
                feature: candidate.bucket.feature, amount: candidate.drawn)
        }
    }

    /// The buckets in the order they are drawn from, with what the run took of each; the units that
    /// it covers are told only with a receipt.
    var parts: [CheckExplanation.Part] {
        var covered: [UInt32: Quantity] = [:]
        for share in shares {
            covered[share.draw.bucket] = (covered[share.draw.bucket] ?? .zero) + share.units
        }
        return candidates.map { candidate in
            CheckExplanation.Part(
                bucket: candidate.bucket, entity: candidate.entity, cost: candidate.cost,
                gives: candidate.drawn, covers: covered[candidate.bucket.number] ?? .zero)
        }
    }

    /// What the run adds to the counts of usage limits (entitlements §2.5): units of the tracked
    /// feature, credits of a credit system, but not those that went over from before.
    var counted: [Hold.Counted] {
        guard !limits.isEmpty, taken > .zero, !hasUnlimited else { return [] }
        return limits.flatMap { limits -> [Hold.Counted] in
            let isTracked = limits.feature == feature && !isCredits
            let amount = isTracked ? taken : creditsTaken(of: limits.feature)
            guard amount > .zero else { return [] }
            return limits.windows.map { Hold.Counted(window: $0.current.key, amount: amount) }
        }
    }

    /// The windows as they are with what the run adds.
    var countedWindows: [UsageWindow] {
        counted.compactMap { counted in
            let found = limits.lazy.flatMap(\.windows).first { $0.current.key == counted.window }
            guard var window = found?.current else { return nil }
            window.used = window.used + counted.amount
            return window
        }
    }

    // MARK: Order

    /// Keeps the candidates sorted; there are few, and equal ones stay in order of creation.
    private mutating func insert(_ bucket: Bucket, of entity: UInt32, _ pools: [CreditPool]) {
        var candidate = Candidate(bucket: bucket, entity: entity)
        if bucket.feature != feature {
            guard let pool = pools.first(where: { $0.feature == bucket.feature }) else { return }
            // A cost of 0 counts as 1, except for what went over (entitlements §2.4).
            let isFree = pool.cost == .zero && !candidate.isRollover
            candidate.cost = isFree ? UnitPrice(raw: UnitPrice.scale) : pool.cost
        }
        var index = candidates.count
        while index > 0, precedes(candidate, candidates[index - 1]) { index -= 1 }
        candidates.insert(candidate, at: index)
    }

    /// Entitlements §2.3, most significant key first; before it, what went over.
    private func precedes(_ a: Candidate, _ b: Candidate) -> Bool {
        if a.isRollover != b.isRollover { return a.isRollover }
        if a.isRollover { return a.bucket.expires < b.bucket.expires }
        let unlimited = (a.bucket.flags.contains(.unlimited), b.bucket.flags.contains(.unlimited))
        if unlimited.0 != unlimited.1 { return unlimited.0 }
        if (a.entity == 0) != (b.entity == 0) { return (a.entity == 0) != scope.isEntity }
        if (a.cost == nil) != (b.cost == nil) { return a.cost == nil }
        return order.precedes(a.bucket, b.bucket)
    }

    // MARK: Use

    /// Takes what usage limits of the tracked feature don't allow out of `rest`, and gives it.
    private mutating func cutToWindows() -> Quantity {
        guard let first = limits.first, !isCredits, overage != .overflow, !hasUnlimited,
            let headroom = first.headroom?.clampedToZero, rest > headroom
        else { return .zero }
        defer { rest = headroom }
        return rest - headroom
    }

    /// What went over is drawn from before anything else is (corrections, 4).
    private mutating func drawRollovers() {
        for index in candidates.indices where rest > .zero && candidates[index].isRollover {
            let candidate = candidates[index]
            guard candidate.balance > .zero else { continue }
            let need = candidate.own(rest)
            if need <= candidate.balance {
                take(need, covering: rest, at: index)
            } else {
                let given = candidate.balance
                take(given, covering: min(candidate.tracked(given), rest), at: index)
            }
        }
    }

    /// Pass 1: each bucket down to 0; an unlimited one takes everything.
    private mutating func drawDownToZero() {
        for index in candidates.indices where rest > .zero && !candidates[index].isRollover {
            let candidate = candidates[index]
            let need = candidate.own(rest)
            guard !candidate.bucket.flags.contains(.unlimited) else {
                take(need, covering: rest, at: index)
                continue
            }
            takeUp(to: candidate.balance, of: need, at: index)
        }
    }

    /// Pass 2: those that may go below 0, as far as they may.
    private mutating func drawOverage() {
        for index in candidates.indices where rest > .zero && !candidates[index].isRollover {
            takeUp(
                to: overageRoom(of: candidates[index]), of: candidates[index].own(rest), at: index)
        }
    }

    /// nil: any amount.
    private mutating func takeUp(to room: Quantity?, of need: Quantity, at index: Int) {
        var room = room
        let candidate = candidates[index]
        if let headroom = creditHeadroom(of: candidate.bucket.feature) {
            room = room.map { min($0, headroom) } ?? headroom
        }
        guard let room, need > room else {
            take(need, covering: rest, at: index)
            return
        }
        if room > .zero { take(room, covering: min(candidate.tracked(room), rest), at: index) }
    }

    /// How much more overage a bucket takes; nil: any amount (entitlements §2.6).
    private func overageRoom(of candidate: Candidate) -> Quantity? {
        let limits = limits(of: candidate.bucket.feature)
        let isNative = self.isNative(candidate)
        if let allows = limits?.allowsOverage {
            guard allows else { return .zero }
            let others = candidates.contains {
                $0.bucket.feature == candidate.bucket.feature && self.isNative($0)
            }
            guard isNative || !others else { return .zero }
        } else if !isNative {
            return .zero
        }
        // A spend limit takes the place of the most that may be bought (corrections, 1).
        if let limit = limits?.overageLimit {
            return (limit - overage(of: candidate.bucket.feature)).clampedToZero
        }
        guard candidate.bucket.flags.contains(.limited) else { return nil }
        return (candidate.bucket.maxOverage - candidate.overage).clampedToZero
    }

    /// It may go below 0 by itself: at a price, or as a free seat unless told to reject.
    private func isNative(_ candidate: Candidate) -> Bool {
        candidate.bucket.flags.contains(.priced)
            || (candidate.bucket.flags.contains(.allocated) && overage != .reject)
    }

    private func overage(of feature: FeatureNumber) -> Quantity {
        candidates.reduce(.zero) { sum, candidate in
            candidate.bucket.feature == feature && !candidate.bucket.flags.contains(.unlimited)
                ? sum + candidate.overage : sum
        }
    }

    /// The whole rest lands in one bucket, whatever its floor or ceiling; only a spend limit holds,
    /// unless nothing does.
    private mutating func land() {
        guard rest != .zero else { return }
        let open = candidates.indices.filter { !candidates[$0].isRollover }
        let native = rest > .zero ? open.first { isNative(candidates[$0]) } : nil
        guard let landing = native ?? open.first else { return }
        let candidate = candidates[landing]
        let need = rest > .zero ? candidate.own(rest) : -candidate.own(-rest)
        if rest > .zero, !isUnbound,
            let limit = limits(of: candidate.bucket.feature)?.overageLimit
        {
            let room = (limit - overage(of: candidate.bucket.feature)).clampedToZero
            guard need <= room else {
                if room > .zero {
                    take(room, covering: min(candidate.tracked(room), rest), at: landing)
                }
                return
            }
        }
        take(need, covering: rest, at: landing)
    }

    // MARK: Giving back

    private mutating func reserve(_ extras: Extras) {
        guard !extras.holds.isEmpty else { return }
        for index in candidates.indices {
            candidates[index].held = extras.held(of: candidates[index].bucket.number)
        }
    }

    /// Lifts balances up to a ceiling, in order; what exceeds every ceiling stays in `rest`.
    private mutating func giveBack(upTo ceiling: (Candidate) -> Quantity?) {
        for index in candidates.indices where rest < .zero && !candidates[index].isRollover {
            let candidate = candidates[index]
            guard let ceiling = ceiling(candidate), candidate.balance < ceiling else { continue }
            let room = ceiling - candidate.balance
            let back = candidate.own(-rest)
            if back <= room {
                take(-back, covering: rest, at: index)
            } else {
                take(-room, covering: max(-candidate.tracked(room), rest), at: index)
            }
        }
    }

    private mutating func take(_ own: Quantity, covering units: Quantity, at index: Int) {
        candidates[index].drawn = candidates[index].drawn + own
        rest = rest - units
        guard keepsReceipt, own != .zero || units != .zero else { return }
        let candidate = candidates[index]
        let draw = Draw(
            bucket: candidate.bucket.number, entity: candidate.entity,
            feature: candidate.bucket.feature, amount: own)
        shares.append(Hold.Share(draw: draw, units: units, cost: candidate.cost))
    }

    // MARK: Limits

    private var hasUnlimited: Bool { unlimited != nil }

    private func limits(of feature: FeatureNumber) -> FeatureLimits? {
        limits.first { $0.feature == feature }
    }

    /// What usage limits of a credit system still allow; nil: any amount.
    private func creditHeadroom(of pool: FeatureNumber) -> Quantity? {
        guard overage != .overflow, pool != feature || isCredits,
            let headroom = limits(of: pool)?.headroom
        else { return nil }
        return (headroom - creditsTaken(of: pool)).clampedToZero
    }

    private func creditsTaken(of pool: FeatureNumber) -> Quantity {
        candidates.reduce(.zero) { sum, candidate in
            candidate.bucket.feature == pool && !candidate.isRollover ? sum + candidate.drawn : sum
        }
    }
}
