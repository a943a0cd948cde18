package import Billing
package import RPC
internal import Repository
internal import Synchronization
internal import Wire

/// What the server as a whole says of itself: handed in by who puts it together, as calls are
/// counted by all loops.
package final class ServerFigures: Sendable {
    /// Calls that had ended at a moment.
    private struct Sample {
        var time: Int64
        var count: UInt64
    }

    private static let spanMilliseconds: Int64 = 60_000

    package let version: String
    package let start: Timestamp
    private let metrics: @Sendable () async -> CallMetrics?
    /// The oldest first, about a minute of them.
    private let samples: Mutex<[Sample]>

    /// - Parameter metrics: of all loops together; nil: they aren't counted yet.
    package init(
        version: String, start: Timestamp, metrics: @escaping @Sendable () async -> CallMetrics?
    ) {
        self.version = version
        self.start = start
        self.metrics = metrics
        samples = Mutex([Sample(time: SystemClock.monotonic, count: 0)])
    }

    func calls() async -> SystemReport.Calls {
        var calls = SystemReport.Calls()
        guard let metrics = await metrics() else { return calls }
        var buckets = [UInt64](repeating: 0, count: CallMetrics.bucketCount)
        for method in 0...metrics.methods.count {
            for code in RPCCode.allCases {
                let count = metrics.count(method: method, code: code)
                calls.count += count
                if code != .ok { calls.errors += count }
            }
            for (index, count) in metrics.latencies(method: method).enumerated() {
                buckets[index] += count
            }
        }
        calls.median = Quantile.of(0.5, buckets, bound: CallMetrics.bound(bucket:))
        calls.nearlyAll = Quantile.of(0.99, buckets, bound: CallMetrics.bound(bucket:))
        calls.perSecond = rate(calls.count, now: SystemClock.monotonic)
        return calls
    }

    /// Calls a second since the newest sample that is a minute old, or the oldest there is. One a
    /// second is kept.
    private func rate(_ count: UInt64, now: Int64) -> Double {
        samples.withLock { samples in
            while samples.count > 1, samples[1].time <= now - Self.spanMilliseconds {
                samples.removeFirst()
            }
            let first = samples[0]
            if let last = samples.last, now - last.time >= 1000 {
                samples.append(Sample(time: now, count: count))
            }
            let elapsed = max(1, now - first.time)
            return Double(count - min(first.count, count)) * 1000 / Double(elapsed)
        }
    }
}
