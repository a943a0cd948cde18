/// What was drawn from one bucket, in the bucket's own units; negative when given back.
package struct Draw: Sendable, Equatable {
    package var bucket: UInt32
    package var feature: FeatureNumber
    package var amount: Quantity
}

/// Spreads usage over a customer's buckets (entitlements §2.3, §2.4).
struct Deduction {
    /// A bucket that may be drawn from, copied so that the customer stays untouched.
    private struct Candidate {
        var bucket: Bucket
        /// nil: the tracked feature's own bucket.
        var cost: UnitPrice?
        var drawn = Quantity.zero

        var balance: Quantity { bucket.balance - drawn }

        /// The bucket's own units for this many tracked units.
        func own(_ units: Quantity) -> Quantity { cost.map { units.credits(at: $0) } ?? units }

        /// Tracked units for this much of the bucket.
        func tracked(_ own: Quantity) -> Quantity { cost.map { own.units(at: $0) } ?? own }
    }

    private var candidates: [Candidate]
    /// Tracked units not placed yet.
    private(set) var rest: Quantity
    private let overage: OverageBehavior

    init(
        of value: Quantity, feature: FeatureNumber, from buckets: borrowing BucketSet,
        pricing: PricingState, overage: OverageBehavior
    ) {
        rest = value
        self.overage = overage
        candidates = []
        candidates.reserveCapacity(min(buckets.count, 4))
        let pools = pricing.pools(of: feature)
        for index in 0..<buckets.count {
            let bucket = buckets[index]
            if bucket.feature == feature {
                insert(Candidate(bucket: bucket, cost: nil))
            } else if let pool = pools.first(where: { $0.feature == bucket.feature }) {
                insert(Candidate(bucket: bucket, cost: pool.effectiveCost))
            }
        }
    }

    var isEmpty: Bool { candidates.isEmpty }

    /// Whether a balance would leave the range that can be stored.
    var overflows: Bool {
        candidates.contains { $0.balance.raw.magnitude > Quantity.balanceLimit.raw.magnitude }
    }

    /// What each bucket gives, in order; leaves in `rest` what no bucket took.
    mutating func run() -> [Draw] {
        if rest > .zero {
            drawDownToZero()
            drawOverage()
        } else if rest < .zero {
            giveBack { $0.bucket.flags.contains(.unlimited) ? nil : .zero }
            giveBack { $0.bucket.granted }
        }
        return candidates.compactMap { candidate in
            guard candidate.drawn != .zero else { return nil }
            return Draw(
                bucket: candidate.bucket.number, feature: candidate.bucket.feature,
                amount: candidate.drawn)
        }
    }

    /// Keeps the candidates sorted; there are few, and equal ones stay in order of creation.
    private mutating func insert(_ candidate: Candidate) {
        var index = candidates.count
        while index > 0, Deduction.precedes(candidate, candidates[index - 1]) { index -= 1 }
        candidates.insert(candidate, at: index)
    }

    /// Entitlements §2.3, most significant key first. Entities come with their own issue.
    private static func precedes(_ a: Candidate, _ b: Candidate) -> Bool {
        let unlimited = (a.bucket.flags.contains(.unlimited), b.bucket.flags.contains(.unlimited))
        if unlimited.0 != unlimited.1 { return unlimited.0 }
        if (a.cost == nil) != (b.cost == nil) { return a.cost == nil }
        let resets = (a.bucket.nextReset != .never, b.bucket.nextReset != .never)
        if resets.0 != resets.1 { return resets.0 }
        let lengths = (a.bucket.cycleMinutes, b.bucket.cycleMinutes)
        if lengths.0 != lengths.1 { return lengths.0 < lengths.1 }
        if a.bucket.expires != b.bucket.expires { return a.bucket.expires < b.bucket.expires }
        let addOns = (a.bucket.flags.contains(.addOn), b.bucket.flags.contains(.addOn))
        if addOns.0 != addOns.1 { return addOns.1 }
        let priced = (a.bucket.flags.contains(.priced), b.bucket.flags.contains(.priced))
        if priced.0 != priced.1 { return priced.1 }
        return a.bucket.created < b.bucket.created
    }

    /// Pass 1: each bucket down to 0; an unlimited one takes everything.
    private mutating func drawDownToZero() {
        for index in candidates.indices where rest > .zero {
            let candidate = candidates[index]
            let need = candidate.own(rest)
            if candidate.bucket.flags.contains(.unlimited) || need <= candidate.balance {
                take(need, covering: rest, at: index)
            } else if candidate.balance > .zero {
                let given = candidate.balance
                take(given, covering: min(candidate.tracked(given), rest), at: index)
            }
        }
    }

    /// Pass 2: those that may go below 0, as far as they may.
    private mutating func drawOverage() {
        for index in candidates.indices where rest > .zero {
            let candidate = candidates[index]
            let need = candidate.own(rest)
            guard let room = overageRoom(of: candidate) else {
                take(need, covering: rest, at: index)
                continue
            }
            if need <= room {
                take(need, covering: rest, at: index)
            } else if room > .zero {
                take(room, covering: min(candidate.tracked(room), rest), at: index)
            }
        }
    }

    /// nil: any amount. A free allocated bucket goes below 0 unless told to reject (§2.6).
    private func overageRoom(of candidate: Candidate) -> Quantity? {
        if candidate.bucket.flags.contains(.priced) {
            var room = candidate.bucket
            room.balance = candidate.balance
            return room.overageRoom
        }
        let isFreeSeat = candidate.bucket.flags.contains(.allocated)
        return isFreeSeat && overage == .cap ? nil : .zero
    }

    /// Lifts balances up to a ceiling, in order; what exceeds every ceiling stays in `rest`.
    private mutating func giveBack(upTo ceiling: (Candidate) -> Quantity?) {
        for index in candidates.indices where rest < .zero {
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
    }
}

extension Bucket {
    /// Minutes of its cycle, longest for those that never repeat.
    fileprivate var cycleMinutes: UInt64 {
        cycle.interval.nominalMinutes.map { $0 * UInt64(cycle.count) } ?? .max
    }
}

extension CreditPool {
    /// A cost of 0 counts as 1 (entitlements §2.4).
    fileprivate var effectiveCost: UnitPrice {
        cost == .zero ? UnitPrice(raw: UnitPrice.scale) : cost
    }
}
