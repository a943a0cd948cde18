internal import Billing
internal import Glibc
internal import Payments
package import Wire

extension TallyEnvironment {
    /// How it stands; what is the server's is left to the caller. Reads the headers of snapshots.
    package var status: SystemReport {
        var report = SystemReport(environment: name)
        report.hasTestClock = hasTestClock
        report.customers = customerCount
        report.log = logStatus
        // One that has none would have to read all of its log.
        let snapshots = partitions.map { $0.snapshotFolder.newest ?? .min }
        if let oldest = snapshots.min(), oldest != .min {
            report.snapshot = Timestamp(milliseconds: oldest)
        }
        if let lag = backupWatch.lagMilliseconds {
            report.backup = (lag, backupWatch.lagRecords ?? 0)
        }
        let words = conditions.current
        report.conditions = Conditions.Kind.allCases.map { ($0.rawValue, words[$0] ?? "") }
        if provider is Stripe { report.provider = .stripe }
        if provider is Sandbox { report.provider = .sandbox }
        report.openEffects = openEffects
        return report
    }

    private var logStatus: SystemReport.Log {
        let metrics = logMetrics
        var log = SystemReport.Log()
        log.waiting = metrics.waiting
        log.median = Quantile.of(0.5, metrics.buckets, bound: LogMetrics.bound(bucket:))
        log.nearlyAll = Quantile.of(0.99, metrics.buckets, bound: LogMetrics.bound(bucket:))
        for partition in partitions {
            log.records += partition.customers.log.end.sequence
            log.bytes += partition.snapshotFolder.segmentBytes
        }
        return log
    }
}

extension SnapshotFolder {
    /// When the newest snapshot was taken; nil: there is none that can be read.
    fileprivate var newest: Int64? {
        guard let names = try? names() else { return nil }
        return names.lazy.compactMap { header(of: $0)?.time }.first
    }

    /// What the log's segments take.
    fileprivate var segmentBytes: UInt64 {
        guard let names = try? disk.list(folder) else { return 0 }
        return names.reduce(0) { sum, name in
            guard SegmentName.segment(name) != nil || SegmentName.compressed(name) != nil else {
                return sum
            }
            var status = stat()
            return stat("\(folder)/\(name)", &status) == 0 ? sum + UInt64(status.st_size) : sum
        }
    }
}
