internal import Billing
internal import Wire

/// Makes an environment's folder one of the newest format, in place and without a server.
///
/// From format 1 to 2: each customers' log gets a file of keys, which says that what is personal is
/// sealed from there on. Nothing that is written already changes. The manifest comes last, at once:
/// cut short, the folder is of either format, and the upgrade can be run again.
package struct EnvironmentUpgrade {
    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    /// What is to be done, or was.
    package struct Plan: Sendable, Equatable {
        package var from: Int
        package var to = Manifest.currentFormat
        /// Of the customers' logs.
        package var records: UInt64 = 0

        package var isNeeded: Bool { from < to }
    }

    private struct Log {
        var folder: String
        var records: UInt64 = 0
        var last: UInt64 = 0
        /// Of its records, in milliseconds.
        var time: Int64
    }

    private let folder: String
    private let disk: any Disk

    package init(folder: String, disk: any Disk = PosixDisk()) {
        self.folder = folder
        self.disk = disk
    }

    /// Reads and checks everything, and changes nothing.
    ///
    /// - Parameter now: wall time in milliseconds.
    package func plan(now: Int64) throws -> Plan { try look(now).plan }

    /// Does it, the folder being locked meanwhile.
    package func run(now: Int64) throws -> Plan {
        let lock = try FolderLock(folder: folder, disk: disk)
        return try withExtendedLifetime(lock) {
            var (plan, manifest, logs) = try look(now)
            guard plan.isNeeded else { return plan }
            for (number, log) in logs.enumerated() {
                let header = CustomerKeyHeader(
                    identity: manifest.partitionIdentity(number), sealedAfter: log.last,
                    sealedSince: log.time)
                try CustomerKeyReader.make(header, in: log.folder, disk: disk)
            }
            manifest.format = plan.to
            try SmallFile.write(manifest.content, to: "\(folder)/\(Manifest.fileName)")
            return plan
        }
    }

    private func look(_ now: Int64) throws -> (plan: Plan, Manifest, [Log]) {
        let path = "\(folder)/\(Manifest.fileName)"
        guard let content = try SmallFile.read(path) else {
            throw Failure(description: "\(folder) is no environment: it has no MANIFEST")
        }
        let manifest = try Manifest(content, path: path)
        var plan = Plan(from: manifest.format)
        guard plan.isNeeded else { return (plan, manifest, []) }
        let logs = try (0..<manifest.partitions).map { number in
            try check("\(folder)/\(EnvironmentFolder.partition(number))", now)
        }
        plan.records = logs.reduce(0) { $0 + $1.records }
        return (plan, manifest, logs)
    }

    private func check(_ folder: String, _ now: Int64) throws -> Log {
        var log = Log(folder: folder, time: now)
        let verdict = try LogReader(folder: folder, disk: disk).verify { _, _, bytes in
            log.time = max(log.time, RecordHead(bytes)?.time.milliseconds ?? 0)
        }
        switch verdict {
        case .whole(let records, let last): (log.records, log.last) = (records, last)
        case .torn(let position, _):
            throw Failure(
                description: "\(folder) ends with a record that is cut off, at \(position); start "
                    + "tally serve once, which mends it, stop it, and upgrade then")
        case .damaged(let fault): throw Failure(description: "\(folder): \(fault)")
        }
        return log
    }
}
