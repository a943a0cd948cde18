/// Resets, and what goes over from cycle to cycle (entitlements §5).
///
/// Each cycle ends with a reset, whether or not anybody looks at that moment: what there is depends
/// on the time alone. Where nobody has looked for many cycles, those are taken at once whose
/// outcome is known.
extension FactSheet {
    /// Priced buckets reset when their overage is billed.
    mutating func resetBuckets(upTo end: Timestamp) {
        var due: [(bucket: Bucket, entity: UInt32)] = []
        customer.buckets.each { bucket, entity in
            guard bucket.nextReset <= now, !bucket.flags.contains(.priced),
                !customer.isPastDue(bucket.subscription)
            else { return }
            due.append((bucket, entity))
        }
        if !due.isEmpty { reset(due, upTo: end) }
    }

    /// Resets buckets that are due, and passes over their cycles up to `end` as far as it can.
    mutating func reset(_ due: [(bucket: Bucket, entity: UInt32)], upTo end: Timestamp) {
        let quiet = quiet(upTo: end)
        var over = steady(due.map(\.bucket), upTo: quiet)
        for carried in over {
            emit(carried.bucket.reset(cycles: carried.cycles, debt: .zero, of: carried.entity))
        }
        let done = Set(over.map(\.bucket.number))
        for (bucket, entity) in due where !done.contains(bucket.number) {
            let rollover = rollover(of: bucket)
            let bucket = dropAdjustment(of: bucket, entity: entity)
            let debt =
                pricing.settings.keepsFreeOverage && !bucket.flags.contains(.priced)
                ? bucket.overage : .zero
            var count = bucket.cyclesDue(by: quiet)
            if rollover != nil { count = min(count, bucket.cyclesToPay(debt)) }
            emit(bucket.reset(cycles: count, debt: debt, of: entity))
            if let rollover {
                over.append(Carried(bucket: bucket, entity: entity, rollover: rollover, cycles: 1))
            }
        }
        carryOver(over)
    }

    /// Cycles are passed over only as long as nothing else happens: what a hold gives back lapses
    /// at the end of the cycle that it is given back in, and fewer packs are fewer from a renewal
    /// on.
    private func quiet(upTo end: Timestamp) -> Timestamp {
        var end = end
        for subscription in customer.subscriptions
        where subscription.bought.contains(where: { $0.next != nil }) {
            end = min(end, max(now, subscription.periodEnd.adding(milliseconds: -1)))
        }
        guard customer.buckets.hasExtras else { return end }
        return customer.buckets.extras.holds.reduce(end) {
            min($0, $1.expires.adding(milliseconds: -1))
        }
    }

    /// What was added to a grant was added until now.
    private mutating func dropAdjustment(of bucket: Bucket, entity: UInt32) -> Bucket {
        guard customer.buckets.hasExtras,
            var detail = customer.buckets.extras.detail(of: bucket.number),
            detail.adjustment != .zero
        else { return bucket }
        var bucket = bucket
        bucket.granted = bucket.granted - detail.adjustment
        emit(.bucketChanged(bucket, entity: entity))
        detail.adjustment = .zero
        emit(.detailSet(detail))
        return bucket
    }

    private func rollover(of bucket: Bucket) -> Rollover? {
        let detail =
            customer.buckets.hasExtras
            ? customer.buckets.extras.detail(of: bucket.number) : nil
        return detail?.rollover ?? item(of: bucket)?.rollover
    }

    private func item(of bucket: Bucket) -> PlanItem? {
        guard !bucket.flags.contains(.rollover),
            let subscription = customer.subscription(bucket.subscription)
        else { return nil }
        let id = pricing.feature(bucket.feature).id
        return pricing.plan(subscription.plan).item(of: bucket, featureID: id)
    }
}

// MARK: Rollovers

/// A bucket before its reset, of which something may go over.
private struct Carried {
    var bucket: Bucket
    var entity: UInt32
    var rollover: Rollover
    /// How many of its cycles end, one like the other.
    var cycles: Int64

    var most: Quantity? {
        switch rollover.cap {
        case .none: nil
        case .units(let units): units
        case .percentage(let part): bucket.granted.percent(part).wholeUnits
        }
    }

    /// When what goes over at the end of the cycle with this number lapses.
    func expiry(cycle: Int64) -> Timestamp {
        rollover.months == 0
            ? .never : bucket.due(inCycles: cycle).adding(months: Int64(rollover.months))
    }

    /// Its cycles of which something is left after the last, and the last. As what lapses soonest
    /// goes first, that depends on those alone that lapse later. At most the latest thousand: a
    /// record must end somewhere.
    var cyclesLeft: ArraySlice<Int64> {
        guard cycles > 1 else { return [0] }
        let end = bucket.due(inCycles: cycles - 1)
        var left = (firstLeft(at: end)..<cycles).map { ($0, expiry(cycle: $0)) }
        left.removeAll { $0.1 <= end }
        if let most {
            left.sort { ($0.1, $0.0) > ($1.1, $1.0) }
            let kept = min(most.clampedToZero.raw / bucket.balance.raw + 1, Int128(left.count))
            left.removeSubrange(Int(kept)...)
        }
        if !left.contains(where: { $0.0 == cycles - 1 }) { left.append((cycles - 1, .never)) }
        return left.map(\.0).sorted().suffix(1_000)
    }

    /// The first cycle of which something may be left then.
    private func firstLeft(at end: Timestamp) -> Int64 {
        var (first, last) = (Int64(0), cycles - 1)
        if let most {
            let kept = most.clampedToZero.raw / bucket.balance.raw + 1
            first = Int64(max(0, Int128(cycles) - kept))
        }
        while first < last {
            let middle = first + (last - first) / 2
            if expiry(cycle: middle) > end { last = middle } else { first = middle + 1 }
        }
        // At the end of a month a later cycle's may lapse sooner: up to three days become one.
        let start = end.adding(milliseconds: -3 * 86_400_000)
        let (cycle, anchor) = (bucket.cycle, bucket.anchor)
        let close =
            cycle.boundaries(by: end, anchor: anchor) - cycle.boundaries(by: start, anchor: anchor)
        return max(0, first - close - 1)
    }

    /// How many of its cycles end up to then.
    func ended(by time: Timestamp) -> Int64 {
        time < bucket.nextReset ? 0 : min(cycles, bucket.cyclesDue(by: time))
    }
}

extension FactSheet {
    /// Buckets of which all goes over at each reset, as nobody uses them, and how often up to
    /// `quiet`; none unless that is so of all that are due now.
    ///
    /// What goes over gets numbers, in the order in which it does: so it ends before anything else
    /// gets some.
    private func steady(_ due: [Bucket], upTo quiet: Timestamp) -> [Carried] {
        guard due.contains(where: { rollover(of: $0) != nil && $0.due(inCycles: 1) <= quiet })
        else { return [] }
        var end = min(quiet, nextBilling)
        var steady: [Carried] = []
        customer.buckets.each { bucket, entity in
            let waits =
                bucket.flags.contains(.priced)
                ? customer.openEffect != nil : customer.isPastDue(bucket.subscription)
            guard !waits, bucket.nextReset <= end, let rollover = rollover(of: bucket)
            else { return }
            if isSteady(bucket) {
                end = min(end, bucket.expires.adding(milliseconds: -1))
                steady.append(
                    Carried(bucket: bucket, entity: entity, rollover: rollover, cycles: 1))
            } else {
                end = min(end, bucket.nextReset.adding(milliseconds: -1))
            }
        }
        guard end > now else { return [] }
        steady.removeAll { $0.bucket.nextReset > end }
        for place in steady.indices {
            steady[place].cycles = steady[place].bucket.cyclesDue(by: end)
        }
        return steady
    }

    private func isSteady(_ bucket: Bucket) -> Bool {
        bucket.balance == bucket.granted && bucket.granted > .zero
            && !bucket.flags.contains(.priced)
            && (customer.buckets.extras.detail(of: bucket.number)?.adjustment ?? .zero) == .zero
    }

    /// When subscriptions change next by themselves.
    private var nextBilling: Timestamp {
        guard customer.openEffect == nil else { return .never }
        var next = Timestamp.never
        for subscription in customer.subscriptions {
            switch subscription.status {
            case .scheduled: next = min(next, subscription.start)
            case .active, .canceling, .renewing, .pastDue:
                next = min(next, subscription.periodEnd, subscription.end)
            case .ended, .paused: break
            }
        }
        return next
    }

    /// What is left goes over into the next cycle; of all that did, as much as the cap allows, what
    /// expires soonest going first (entitlements §5.3).
    private mutating func carryOver(_ over: [Carried]) {
        let rolling = over.filter { $0.bucket.balance > .zero }
        let last = Int64(customer.lastBucket)
        var rows: [(moment: Timestamp, place: Int, cycle: Int64)] = []
        for (place, carried) in rolling.enumerated() {
            rows += carried.cyclesLeft.map {
                (max(now, carried.bucket.due(inCycles: $0)), place, $0)
            }
        }
        rows.sort { $0 < $1 }
        let isInStep = rolling.allSatisfy { $0.isInStep(with: rolling[0]) }
        for (moment, place, cycle) in rows {
            let before =
                isInStep
                ? cycle * Int64(rolling.count) + Int64(place)
                : rolling.indices.reduce(0) {
                    let end = $1 < place ? moment : moment.adding(milliseconds: -1)
                    return $0 + ($1 == place ? cycle : rolling[$1].ended(by: end))
                }
            carry(rolling[place], cycle: cycle, at: moment, as: UInt32(last + before + 1))
        }
        for carried in over { trim(carried) }
    }

    private mutating func carry(
        _ carried: Carried, cycle: Int64, at moment: Timestamp, as number: UInt32
    ) {
        let bucket = carried.bucket
        emit(
            .bucketOpened(
                Bucket(
                    number: number, feature: bucket.feature, subscription: bucket.subscription,
                    plan: bucket.plan, granted: bucket.balance, balance: bucket.balance,
                    cycle: Cycle(.oneOff), anchor: moment, nextReset: .never,
                    expires: carried.expiry(cycle: cycle), created: moment,
                    flags: bucket.flags.intersection([.addOn, .slice]).union(.rollover)),
                entity: carried.entity))
        emit(.detailSet(BucketDetail(bucket: number, parent: bucket.number)))
    }

    private mutating func trim(_ carried: Carried) {
        let carriedOver = Set(
            customer.buckets.extras.details.lazy
                .filter { $0.parent == carried.bucket.number }.map(\.bucket))
        var rows: [Bucket] = []
        customer.buckets.each { bucket, owner in
            guard owner == carried.entity, bucket.flags.contains(.rollover),
                carriedOver.contains(bucket.number)
            else { return }
            rows.append(bucket)
        }
        let sum = rows.reduce(.zero) { $0 + $1.remaining }
        var excess = (sum - (carried.most ?? sum)).clampedToZero
        rows.sort { ($0.expires, $0.number) < ($1.expires, $1.number) }
        for var row in rows {
            let cut = min(excess, row.remaining)
            excess = excess - cut
            if cut == row.remaining {
                emit(.bucketClosed(bucket: row.number, entity: carried.entity))
            } else if cut > .zero {
                row.granted = row.granted - cut
                row.balance = row.balance - cut
                emit(.bucketChanged(row, entity: carried.entity))
            }
        }
    }
}

extension Carried {
    /// Its cycles end when those of the other one do.
    fileprivate func isInStep(with other: Carried) -> Bool {
        cycles == other.cycles && bucket.nextReset == other.bucket.nextReset
            && bucket.cycle == other.bucket.cycle && bucket.anchor == other.bucket.anchor
    }
}

extension Bucket {
    /// So many of its cycles end, and their grants pay a debt.
    fileprivate func reset(cycles: Int64, debt: Quantity, of entity: UInt32) -> Fact {
        let rest = Quantity(raw: debt.raw - Int128(cycles - 1) * granted.raw)
        return .bucketReset(
            bucket: number, balance: granted - rest.clampedToZero,
            nextReset: due(inCycles: cycles), entity: entity)
    }

    /// When it is due so many cycles after the moment at which it is due next.
    fileprivate func due(inCycles count: Int64) -> Timestamp {
        guard count > 0 else { return nextReset }
        return cycle.boundary(
            cycle.boundaries(by: nextReset, anchor: anchor) + count - 1, anchor: anchor)
    }

    /// How many of its cycles are over by then, that which is due included.
    fileprivate func cyclesDue(by time: Timestamp) -> Int64 {
        1 + cycle.boundaries(by: time, anchor: anchor)
            - cycle.boundaries(by: nextReset, anchor: anchor)
    }

    /// In how many cycles a debt is paid with their grants, and something left; at least 1.
    fileprivate func cyclesToPay(_ debt: Quantity) -> Int64 {
        guard granted > .zero else { return .max }
        return Int64(min(debt.raw / granted.raw + 1, Int128(Int64.max)))
    }
}
