package import Billing
internal import Synchronization

/// Counts calls in windows of a second or a minute, for customers and for keys.
///
/// In a table of fixed size without a lock: a place holds whose count it is (20 bits of a hash),
/// when its window ends (20 bits of seconds) and the count. Four places are looked at; when all of
/// them count others in this very window, the smallest count makes room, so that a crowd larger
/// than the table is counted too low and never too high. One in 260,000 shares its place with
/// somebody else.
// Safety: the table's memory is this object's own and is touched by atomic operations alone.
package final class RateLimits: @unchecked Sendable {
    package struct Settings: Sendable {
        /// What isn't in it isn't limited.
        package var groups: [RateGroup: RateLimit]
        /// Of one key, all its calls together; nil: as many as it likes.
        package var perKey: RateLimit?

        package init(groups: [RateGroup: RateLimit], perKey: RateLimit? = nil) {
            self.groups = groups
            self.perKey = perKey
        }
    }

    private static let ways = 4
    /// Of four places of eight bytes: a megabyte in all.
    private static let sets = 1 << 15
    private static let fieldMask: UInt64 = 0xF_FFFF
    private static let countMask: UInt64 = 0xFF_FFFF

    private let groups: [RateLimit?]
    private let perKey: RateLimit?
    private let now: @Sendable () -> Int64
    private let table: UnsafeMutablePointer<Atomic<UInt64>>
    private let seed: UInt64

    /// - Parameter now: milliseconds, of a clock that never goes back.
    package init(
        _ settings: Settings, seed: UInt64 = 0,
        now: @escaping @Sendable () -> Int64 = { SystemClock.monotonic }
    ) {
        groups = RateGroup.allCases.map { settings.groups[$0] }
        perKey = settings.perKey
        self.seed = seed
        self.now = now
        let count = RateLimits.sets * RateLimits.ways
        table = .allocate(capacity: count)
        for place in 0..<count { (table + place).initialize(to: Atomic(0)) }
    }

    deinit {
        table.deinitialize(count: RateLimits.sets * RateLimits.ways)
        table.deallocate()
    }

    /// Counts a call; nil: nothing limits it.
    ///
    /// - Parameter customer: whom it is about; nil: nobody, or several.
    package func admit(
        _ group: RateGroup?, of caller: Access, about customer: CustomerID?
    ) -> RateVerdict? {
        let now = now()
        let environment = UInt64(caller.environment)
        let key = UInt64(truncatingIfNeeded: caller.rawValue) & ~0xFF_FFFF
        var verdict: RateVerdict?
        if let perKey {
            verdict = take(perKey, hash: mixed(key | environment, 0xFF), now)
            if verdict?.isAllowed == false { return verdict }
        }
        guard let group, let limit = groups[group.rawValue] else { return verdict }
        var subject = key | environment
        if group.isOfCustomer, let customer { subject = customer.hash(seed: seed &+ environment) }
        let own = take(limit, hash: mixed(subject, UInt64(group.rawValue)), now)
        guard let other = verdict, own.isAllowed, other.remaining < own.remaining else {
            return own
        }
        return other
    }

    private func mixed(_ subject: UInt64, _ group: UInt64) -> UInt64 {
        var hash = subject ^ (group &+ 1) &* 0x9E37_79B9_7F4A_7C15 ^ seed
        hash = (hash ^ hash >> 30) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ hash >> 27) &* 0x94D0_49BB_1331_11EB
        return hash ^ hash >> 31
    }

    private func take(_ limit: RateLimit, hash: UInt64, _ now: Int64) -> RateVerdict {
        let second = now / 1000
        let end = (second / Int64(limit.seconds) + 1) * Int64(limit.seconds)
        let count = counted(
            hash: hash, end: UInt64(end) & RateLimits.fieldMask,
            second: UInt64(second) & RateLimits.fieldMask, limit: UInt64(limit.count))
        return RateVerdict(
            isAllowed: count != nil, limit: limit,
            remaining: count.map { limit.count - Int($0) } ?? 0, reset: Int(end - second))
    }

    /// The count with this call; nil: there is no room for it.
    private func counted(hash: UInt64, end: UInt64, second: UInt64, limit: UInt64) -> UInt64? {
        let places = table + Int(hash % UInt64(RateLimits.sets)) * RateLimits.ways
        // 0 is an empty place.
        let mark = (hash >> 44 | 1) << 44 | end << 24
        while true {
            var victim = 0
            var least = UInt64.max
            for way in 0..<RateLimits.ways {
                let value = places[way].load(ordering: .relaxed)
                if value & ~RateLimits.countMask == mark {
                    let count = value & RateLimits.countMask
                    guard count < limit else { return nil }
                    let (done, _) = places[way].compareExchange(
                        expected: value, desired: value + 1, ordering: .relaxed)
                    if done { return count + 1 }
                    victim = -1
                    break
                }
                let weight = isOver(value, second) ? 0 : value & RateLimits.countMask
                if weight < least { (victim, least) = (way, weight) }
            }
            guard victim >= 0 else { continue }
            let value = places[victim].load(ordering: .relaxed)
            // Somebody may have begun to count the same meanwhile.
            guard value & ~RateLimits.countMask != mark else { continue }
            let (done, _) = places[victim].compareExchange(
                expected: value, desired: mark | 1, ordering: .relaxed)
            if done { return 1 }
        }
    }

    /// The window of a place has ended. Times are of 20 bits: what lies in the further half was.
    private func isOver(_ value: UInt64, _ second: UInt64) -> Bool {
        let end = value >> 24 & RateLimits.fieldMask
        let ahead = (end &- second) & RateLimits.fieldMask
        return value == 0 || ahead == 0 || ahead > RateLimits.fieldMask / 2
    }
}
