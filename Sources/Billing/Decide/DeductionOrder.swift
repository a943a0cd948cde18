/// The order in which buckets are drawn from (entitlements §2.3), as far as it doesn't depend on
/// what is tracked.
struct DeductionOrder: Sendable {
    /// What never resets goes before what does, longer cycles before shorter ones.
    var isReversed = false

    /// Of buckets with their entities' numbers.
    func precedes(
        _ a: (bucket: Bucket, entity: UInt32), _ b: (bucket: Bucket, entity: UInt32),
        in scope: Scope
    ) -> Bool {
        if (a.entity == 0) != (b.entity == 0) { return (a.entity == 0) != scope.isEntity }
        return precedes(a.bucket, b.bucket)
    }

    /// The keys that are the bucket's own.
    func precedes(_ a: Bucket, _ b: Bucket) -> Bool {
        let resets = (a.nextReset != .never, b.nextReset != .never)
        if resets.0 != resets.1 { return resets.0 != isReversed }
        let lengths = (a.cycleMinutes, b.cycleMinutes)
        if lengths.0 != lengths.1 { return (lengths.0 < lengths.1) != isReversed }
        if a.expires != b.expires { return a.expires < b.expires }
        let addOns = (a.flags.contains(.addOn), b.flags.contains(.addOn))
        if addOns.0 != addOns.1 { return addOns.1 }
        let priced = (a.flags.contains(.priced), b.flags.contains(.priced))
        if priced.0 != priced.1 { return priced.1 }
        // Slices of one item follow in the order of their entities, in which they come; those of
        // another were granted when its plan was, however late an entity joined.
        if a.flags.contains(.slice), b.flags.contains(.slice) {
            return a.subscription < b.subscription
        }
        return a.created < b.created
    }
}

extension Bucket {
    /// Minutes of its cycle, longest for those that never repeat.
    fileprivate var cycleMinutes: UInt64 {
        cycle.interval.nominalMinutes.map { $0 * UInt64(cycle.count) } ?? .max
    }
}
