/// Latencies in buckets that are at most 1/64 of their value wide: 0.8 % at most are lost.
struct LatencyHistogram {
    private static let bits = 6
    private var counts = [UInt64](repeating: 0, count: 64 << LatencyHistogram.bits)
    private(set) var total: UInt64 = 0
    /// Nanoseconds, exact.
    private(set) var longest: Int64 = 0

    mutating func add(nanoseconds: Int64) {
        let value = UInt64(max(0, nanoseconds))
        counts[Self.index(value)] += 1
        total += 1
        longest = max(longest, nanoseconds)
    }

    /// The least latency that this part of all don't exceed, in milliseconds.
    func milliseconds(quantile: Double) -> Double {
        let wanted = UInt64((Double(total) * quantile).rounded(.up))
        var seen: UInt64 = 0
        for (index, count) in counts.enumerated() {
            seen += count
            if seen >= wanted, seen > 0 {
                return min(Double(Self.value(index)), Double(longest)) / 1e6
            }
        }
        return 0
    }

    /// The bucket: the position of the highest bit, then the six bits after it.
    private static func index(_ value: UInt64) -> Int {
        let shift = max(0, 63 - bits - value.leadingZeroBitCount)
        return (shift << bits) + Int(value >> UInt64(shift))
    }

    /// The highest value of the bucket.
    private static func value(_ index: Int) -> UInt64 {
        guard index >= 2 << bits else { return UInt64(index) }
        let shift = (index >> bits) - 1
        let lowest = UInt64(index - (shift << bits)) << UInt64(shift)
        return lowest + (1 << UInt64(shift)) - 1
    }
}
