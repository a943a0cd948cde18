import NIOCore

/// Calls counted by method and status, and how long they took. Plain arrays; those of several
/// loops add up.
package struct CallMetrics: Sendable, Equatable {
    /// A bucket's upper bound is twice that of the one before, beginning with 16 µs; the last
    /// bucket has none.
    package static let bucketCount = 22
    private static let codeCount = RPCCode.allCases.count
    private static let firstBoundMicroseconds: UInt64 = 16

    /// The methods' paths, in the order of their numbers.
    package let methods: [String]
    /// One row a method, and one for those that don't exist.
    private var counts: [UInt64]
    private var buckets: [UInt64]
    private var nanoseconds: [UInt64]
    private(set) package var requestBytes: UInt64 = 0
    private(set) package var responseBytes: UInt64 = 0

    package init(methods: [String]) {
        self.methods = methods
        let rows = methods.count + 1
        counts = Array(repeating: 0, count: rows * Self.codeCount)
        buckets = Array(repeating: 0, count: rows * Self.bucketCount)
        nanoseconds = Array(repeating: 0, count: rows)
    }

    mutating func add(_ call: borrowing EndedCall) {
        let row = methods.indices.contains(call.method) ? call.method : methods.count
        let elapsed = UInt64(max(0, call.latency.nanoseconds))
        counts[row * Self.codeCount + call.code.rawValue] &+= 1
        buckets[row * Self.bucketCount + Self.bucket(nanoseconds: elapsed)] &+= 1
        nanoseconds[row] &+= elapsed
        requestBytes &+= UInt64(call.requestBytes)
        responseBytes &+= UInt64(call.responseBytes)
    }

    /// `other` is of the same methods.
    package mutating func add(_ other: CallMetrics) {
        precondition(methods == other.methods)
        for index in counts.indices { counts[index] &+= other.counts[index] }
        for index in buckets.indices { buckets[index] &+= other.buckets[index] }
        for index in nanoseconds.indices { nanoseconds[index] &+= other.nanoseconds[index] }
        requestBytes &+= other.requestBytes
        responseBytes &+= other.responseBytes
    }

    /// `method`: a number, or `methods.count` for those that don't exist.
    package func count(method: Int, code: RPCCode) -> UInt64 {
        counts[method * Self.codeCount + code.rawValue]
    }

    /// Not cumulative; in the order of the bounds.
    package func latencies(method: Int) -> ArraySlice<UInt64> {
        buckets[(method * Self.bucketCount)..<((method + 1) * Self.bucketCount)]
    }

    package func seconds(method: Int) -> Double { Double(nanoseconds[method]) / 1e9 }

    /// In seconds; infinite for the last.
    package static func bound(bucket: Int) -> Double {
        guard bucket < bucketCount - 1 else { return .infinity }
        return Double(firstBoundMicroseconds << UInt64(bucket)) / 1e6
    }

    /// The first whose bound isn't below.
    package static func bucket(nanoseconds: UInt64) -> Int {
        let units = (nanoseconds + 15_999) / 16_000
        guard units > 1 else { return 0 }
        return min(bucketCount - 1, 64 - (units - 1).leadingZeroBitCount)
    }
}

/// Counts the calls of one loop.
package final class CallMeter: CallInterceptor {
    package private(set) var metrics: CallMetrics

    package init(methods: [String]) {
        metrics = CallMetrics(methods: methods)
    }

    package func callEnded(_ call: borrowing EndedCall) { metrics.add(call) }
}
