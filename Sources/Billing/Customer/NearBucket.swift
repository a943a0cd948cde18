/// A bucket as a customer's first four lie in its row, in 68 bytes.
///
/// Not every bucket fits: see `init`. Those that don't are kept as they are, farther away.
struct NearBucket: Sendable {
    /// The lower 32 and the upper 16 bits of milliseconds since the epoch: anchor, next reset, end,
    /// creation.
    private var lows: InlineArray<4, UInt32>
    private var highs: InlineArray<4, UInt16>
    private var packedGranted: PackedQuantity
    private var packedBalance: PackedQuantity
    private(set) var number: UInt32
    private(set) var feature: FeatureNumber
    private var subscription: UInt32
    private var plan: UInt32
    private var cycle: Cycle
    private(set) var flags: Bucket.Flags

    /// All bits of a time: none other has them before the year 10889.
    private static let never: Int64 = 1 << 48 - 1

    /// Where there is no bucket.
    init() {
        lows = InlineArray(repeating: 0)
        highs = InlineArray(repeating: 0)
        packedGranted = PackedQuantity(.zero)
        packedBalance = PackedQuantity(.zero)
        number = 0
        feature = FeatureNumber(rawValue: 0)
        subscription = 0
        plan = 0
        cycle = Cycle(.oneOff)
        flags = []
    }

    /// nil: it doesn't fit, as it has a limit of its overage, or a time before 1970.
    init?(_ bucket: Bucket) {
        guard !bucket.flags.contains(.limited), bucket.maxOverage == .zero else { return nil }
        self.init()
        let times: InlineArray<4, Timestamp> = [
            bucket.anchor, bucket.nextReset, bucket.expires, bucket.created,
        ]
        for index in 0..<4 {
            let time = times[index]
            guard time == .never || 0..<NearBucket.never ~= time.milliseconds else { return nil }
            let packed = time == .never ? NearBucket.never : time.milliseconds
            lows[index] = UInt32(truncatingIfNeeded: packed)
            highs[index] = UInt16(truncatingIfNeeded: packed >> 32)
        }
        packedGranted = PackedQuantity(bucket.granted)
        packedBalance = PackedQuantity(bucket.balance)
        number = bucket.number
        feature = bucket.feature
        subscription = bucket.subscription
        plan = bucket.plan?.rawValue ?? 0
        cycle = bucket.cycle
        flags = bucket.flags
    }

    @inline(__always)
    private func time(_ index: Int) -> Timestamp {
        let packed = Int64(highs[index]) << 32 | Int64(lows[index])
        return packed == NearBucket.never ? .never : Timestamp(milliseconds: packed)
    }

    @inline(__always)
    var bucket: Bucket {
        Bucket(
            number: number, feature: feature, subscription: subscription,
            plan: plan == 0 ? nil : PlanNumber(rawValue: plan), granted: packedGranted.quantity,
            balance: balance, cycle: cycle, anchor: time(0), nextReset: time(1), expires: time(2),
            created: time(3), flags: flags)
    }

    var balance: Quantity {
        get { packedBalance.quantity }
        set { packedBalance = PackedQuantity(newValue) }
    }
}
