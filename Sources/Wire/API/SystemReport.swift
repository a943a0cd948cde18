package import Billing

/// How the server stands, and an environment in it.
package struct SystemReport: Sendable {
    package enum Provider: UInt32, Sendable {
        case none = 1
        case sandbox = 2
        case stripe = 3
    }

    package struct Calls: Sendable {
        package var count: UInt64 = 0
        package var errors: UInt64 = 0
        /// Seconds.
        package var median = 0.0
        package var nearlyAll = 0.0
        package var perSecond = 0.0

        package init() {}
    }

    package struct Log: Sendable {
        package var records: UInt64 = 0
        package var waiting: UInt64 = 0
        package var bytes: UInt64 = 0
        /// Seconds.
        package var median = 0.0
        package var nearlyAll = 0.0

        package init() {}
    }

    package var environment: String
    package var hasTestClock = false
    package var customers = 0
    package var log = Log()
    package var snapshot = Timestamp.never
    /// nil: nothing follows.
    package var backup: (lagMilliseconds: Int64, records: UInt64)?
    /// What is wrong; empty: nothing.
    package var conditions: [(name: String, words: String)] = []
    package var provider = Provider.none
    package var openEffects = 0
    package var version = ""
    package var start = Timestamp.never
    package var calls = Calls()

    package init(environment: String) {
        self.environment = environment
    }
}

/// What a histogram says of a share of all that it counted.
package enum Quantile {
    /// Where the share ends, within its bucket in proportion; 0: nothing was counted. Of the last
    /// bucket, which has no end, where it begins.
    ///
    /// - Parameters:
    ///   - buckets: not cumulative.
    ///   - bound: a bucket's end.
    package static func of(
        _ share: Double, _ buckets: some Sequence<UInt64>, bound: (Int) -> Double
    ) -> Double {
        let buckets = Array(buckets)
        let wanted = Double(buckets.reduce(0, +)) * share
        guard wanted > 0 else { return 0 }
        var (before, start) = (0.0, 0.0)
        for (index, count) in buckets.enumerated() {
            let end = bound(index)
            let after = before + Double(count)
            if after >= wanted {
                let part = (wanted - before) / Double(count)
                return end.isFinite ? start + (end - start) * part : start
            }
            (before, start) = (after, end)
        }
        return start
    }
}
