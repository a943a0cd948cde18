package import Billing
package import Logging
package import Payments
internal import Synchronization

/// One environment, `sandbox` or `live`: its own folder, lock, logs, catalog, keys and clock.
/// Nothing is shared with another. What lies where: see `EnvironmentFolder`.
package final class TallyEnvironment: Sendable {
    package let name: String
    /// Names the data folder, for good: what is made for it elsewhere is known by it.
    package let home: String
    /// Its folder's folder for cursors of webhooks.
    package let webhooksFolder: String
    package let directory: Directory
    /// At least one. Each customer belongs to one of them.
    package let partitions: [Partition]
    package let events: EventStore
    package let keys: KeyRing
    /// Of the dashboard.
    package let members: MemberList
    package let sessions: Sessions
    package let audit: AuditTrail
    /// Secret of request fingerprints.
    package let fingerprintKey: UInt64
    /// nil: nothing that costs money can be bought here.
    package let provider: (any PaymentProvider)?
    package let prices: PriceList
    let portalLinks: PortalLinks
    /// Where its pages are.
    let address: @Sendable () -> String
    /// Of all partitions, in the time that all took.
    package let recovery: RecoveryReport
    /// What an operator should look at.
    package let conditions = Conditions()
    package let backupWatch: BackupWatch
    /// Closed after a restore, until the provider's books were compared.
    let gate: EffectGate
    let restoredMark: String
    let reconcileHours: Int
    let reconciled = Mutex<ReconciliationStatus?>(nil)
    let logger: Logger
    let historyDays: Int
    private let customerSeed: UInt64
    private let scrubber: Scrubber
    private let lock: FolderLock
    private let onFault: @Sendable (LogFault) -> Void

    /// What an environment needs from outside.
    package struct Settings: Sendable {
        package var time: any TimeSource = SystemTime()
        /// Of a new folder; one that is there must have as many. nil: as many as it has, or one.
        package var partitions: Int?
        package var provider: (any PaymentProvider)?
        /// Where pages for customers are, "https://localhost:7443"; empty: nowhere. Asked for each
        /// page, because the port may not be known before the server listens.
        package var address: @Sendable () -> String = { "" }
        package var prices = PriceList()
        /// How long an answered request is remembered at least.
        package var requestWindowHours = 24
        /// Bytes that remembered requests may take; what is over is forgotten, the oldest first.
        package var requestMemory = 320 << 20
        package var segmentSize = 64 << 20
        /// Between two readings of everything that is on disk; 0: never.
        package var scrubHours = 24
        package var snapshots = SnapshotSettings()
        /// Between two comparisons of the provider's books with what is on record; 0: none by
        /// itself, but after a restore.
        package var reconcileHours = 24
        /// Threads that share a recovery.
        package var recoveryThreads = 1
        /// Called once when the log failed: the process should stop.
        package var onFault: @Sendable (LogFault) -> Void = { _ in }

        package init() {}
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Opens the environment's folder inside the data folder, making it first when there is none,
    /// and replays its logs.
    package init(
        _ name: String, in dataFolder: String, settings: Settings, logger: Logger
    ) throws {
        let path = "\(dataFolder)/\(name)"
        try SmallFile.makeFolder(path)
        lock = try FolderLock(folder: path)
        let folder = try EnvironmentFolder(
            path, environment: name, partitions: settings.partitions)
        let manifest = folder.manifest
        self.name = name
        home = manifest.folderID
        webhooksFolder = "\(path)/\(EnvironmentFolder.webhooks)"
        self.logger = logger
        fingerprintKey = manifest.seed
        customerSeed = manifest.customerSeed
        provider = settings.provider
        prices = settings.prices
        address = settings.address
        reconcileHours = settings.reconcileHours
        restoredMark = "\(path)/\(EnvironmentFolder.restored)"
        gate = EffectGate(
            isClosed: settings.provider != nil && SmallFile.version(restoredMark) != nil)
        historyDays = settings.snapshots.historyDays
        onFault = settings.onFault
        keys = try KeyRing(folder: path, environment: name)
        members = try MemberList(folder: path, environment: name)
        sessions = try Sessions(folder: path, keys: keys, members: members)
        audit = AuditTrail(folder: path)
        portalLinks = try PortalLinks(folder: path, environment: name)
        backupWatch = BackupWatch(folder: path, conditions: conditions, logger: logger)
        scrubber = Scrubber(
            folders: folder.logs.map { "\(path)/\($0)" },
            intervalMilliseconds: settings.scrubHours * 3_600_000, conditions: conditions,
            logger: logger)
        let directory = try TallyEnvironment.directory(folder, settings, logger)
        self.directory = directory
        let began = SystemClock.monotonic
        partitions = try PartitionOpening { number, threads in
            try Partition(
                number, in: folder, directory: directory, settings: settings, threads: threads,
                logger: logger)
        }.run(count: manifest.partitions, threads: settings.recoveryThreads)
        recovery = RecoveryReport(partitions.map(\.recovery), took: SystemClock.monotonic - began)
        events = EventStore(partitions.map(\.events), logger: logger)
        try refuseEarlierClock()
        for partition in partitions { try partition.start() }
        try endKeysOfNobody()
        if settings.scrubHours > 0 { try scrubber.start() }
    }

    /// Its log is small.
    private static func directory(
        _ folder: EnvironmentFolder, _ settings: Settings, _ logger: Logger
    ) throws -> Directory {
        var logSettings = LogSettings()
        logSettings.segmentSize = 4 << 20
        logSettings.bufferSize = 2 << 20
        return try Directory(
            log: FlatFileLog(
                folder: "\(folder.path)/\(EnvironmentFolder.directory)",
                identity: folder.manifest.directoryIdentity, settings: logSettings,
                listener: LogListener(onFault: settings.onFault), logger: logger),
            address: settings.address)
    }

    /// Starting with a clock far behind the last commit would stamp new commits with old times.
    private func refuseEarlierClock() throws {
        let clock = partitions[0].customers.time.now()
        let last = now
        guard last.milliseconds - clock.milliseconds <= 60_000 else {
            throw Failure(
                description: "the clock is \((last.milliseconds - clock.milliseconds) / 1000) s "
                    + "behind the last commit of \(name); set it right, then start again")
        }
    }

    /// The customers among whom this one is, or would be.
    package func customers(of id: CustomerID) -> CustomerRepository {
        partition(of: id).customers
    }

    package func partition(of id: CustomerID) -> Partition {
        guard partitions.count > 1 else { return partitions[0] }
        let hash = id.hash(seed: customerSeed)
        return partitions[Partition.number(ofHash: hash, of: partitions.count)]
    }

    /// Customers can be sent to pages.
    package var hasPages: Bool { !address().isEmpty }

    /// How many customers there are.
    package var customerCount: Int { partitions.reduce(0) { $0 + $1.customers.count } }

    /// Bytes that lists and searches of customers go by.
    package var rosterBytes: Int { partitions.reduce(0) { $0 + $1.customers.rosterBytes } }

    /// The machine's clock, but never before the last commit.
    package var now: Timestamp {
        partitions.lazy.map(\.customers.now).reduce(.epoch, max)
    }

    /// Customer time, of those whose own clock no test has moved.
    package var customerTime: Timestamp { now.adding(milliseconds: directory.clock.offset) }

    /// How far back every answered request is remembered, milliseconds; nil: none was forgotten.
    package var requestWindow: Int64? {
        let since = partitions.map(\.customers.requestsRememberedSince).reduce(.epoch, max)
        return since > .epoch ? now.milliseconds - since.milliseconds : nil
    }

    /// Waits until something may be shown; false: its log ended first.
    package func reach(_ point: CommitPoint) async -> Bool {
        await partitions[point.partition].durability.reach(point.sequence)
    }

    /// What goes on beside calls: effects, and what falls due. Until the task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            if let provider {
                for partition in partitions {
                    let effects = Effects(
                        repository: partition.customers, provider: provider, home: home,
                        durability: partition.durability, gate: gate, logger: logger)
                    group.addTask { await effects.run() }
                }
            }
            group.addTask { await self.hearReports() }
            group.addTask { await self.reconcileRegularly() }
            let dueWork = DueWork(
                repositories: partitions.map(\.customers), keys: keys, members: members,
                sessions: sessions, backup: backupWatch, logger: logger, stop: onFault)
            group.addTask { await dueWork.run() }
            group.addTask { await RedemptionWork(environment: self).run() }
            for partition in partitions {
                group.addTask {
                    await HandoverWork(environment: self, partition: partition).run()
                }
            }
            group.addTask(priority: .low) { [events] in await events.run() }
            for partition in partitions {
                group.addTask { await self.eraseOn(partition) }
            }
        }
    }

    /// A partition's log failed, or what belongs to it did: the process should stop.
    func stop(_ partition: Partition, _ fault: LogFault) {
        partition.durability.end()
        onFault(fault)
    }

    /// Nobody waits for a provider any more; what is open goes on at the next start.
    package func stopEffects() {
        for partition in partitions {
            partition.customers.settlements.close()
            partition.customers.watchers.close()
            partition.customers.erasures.close()
        }
    }

    /// Syncs and closes the logs; calls after it are refused.
    package func close() throws {
        scrubber.stop()
        for partition in partitions { try partition.close() }
        try directory.close()
    }
}

extension RecoveryReport {
    /// Of several logs, in so many milliseconds.
    fileprivate init(_ reports: [RecoveryReport], took milliseconds: Int64) {
        for report in reports {
            records += report.records
            lastSequence = max(lastSequence, report.lastSequence)
            segments += report.segments
            tornBytes += report.tornBytes
            tornCopies += report.tornCopies
        }
        duration = .milliseconds(milliseconds)
    }
}
