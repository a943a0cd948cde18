internal import Synchronization

/// How long a log's syncs took, and what waits for the next.
package struct LogMetrics: Sendable, Equatable {
    /// A bucket's upper bound is twice that of the one before, beginning with 16 µs; the last has
    /// none. Not cumulative.
    package static let bucketCount = 20

    package var buckets = [UInt64](repeating: 0, count: bucketCount)
    package var nanoseconds: UInt64 = 0
    /// Records that were appended and aren't durable yet.
    package var waiting: UInt64

    package init(waiting: UInt64 = 0) {
        self.waiting = waiting
    }

    /// In seconds; infinite for the last.
    package static func bound(bucket: Int) -> Double {
        bucket < bucketCount - 1 ? Double(UInt64(16) << UInt64(bucket)) / 1e6 : .infinity
    }

    package mutating func add(_ other: LogMetrics) {
        for index in buckets.indices { buckets[index] += other.buckets[index] }
        nanoseconds += other.nanoseconds
        waiting += other.waiting
    }
}

/// Written by a log's writer, read by whoever asks.
// Safety: the counters are this object's own memory, touched by atomic operations alone.
final class SyncMeter: @unchecked Sendable {
    private let buckets: UnsafeMutablePointer<Atomic<UInt64>>
    private let sum = Atomic<UInt64>(0)

    init() {
        buckets = .allocate(capacity: LogMetrics.bucketCount)
        for place in 0..<LogMetrics.bucketCount { (buckets + place).initialize(to: Atomic(0)) }
    }

    deinit {
        buckets.deinitialize(count: LogMetrics.bucketCount)
        buckets.deallocate()
    }

    func count(nanoseconds: Int64) {
        let elapsed = UInt64(max(0, nanoseconds))
        let units = (elapsed + 15_999) / 16_000
        let bucket = units > 1 ? 64 - (units - 1).leadingZeroBitCount : 0
        buckets[min(bucket, LogMetrics.bucketCount - 1)].add(1, ordering: .relaxed)
        sum.add(elapsed, ordering: .relaxed)
    }

    var metrics: LogMetrics {
        var metrics = LogMetrics()
        for place in 0..<LogMetrics.bucketCount {
            metrics.buckets[place] = buckets[place].load(ordering: .relaxed)
        }
        metrics.nanoseconds = sum.load(ordering: .relaxed)
        return metrics
    }
}
