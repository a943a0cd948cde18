internal import Billing
package import Logging
package import Payments

/// One environment, `sandbox` or `live`: its own folder, lock, logs, catalog, keys and clock.
/// Nothing is shared with another.
///
///     MANIFEST        what the folder is; see Manifest
///     LOCK            held while a server uses the folder
///     keys.json       API keys, hashed
///     backup.json     what a follower says of its copy; see BackupStatus
///     directory/      log of the catalog
///     partition-0/    log of the customers, its snapshots, and the keys that what is personal in
///                     them is sealed with
///     events/         day files of usage, derived from that log
package final class TallyEnvironment: Sendable {
    package let name: String
    package let directory: Directory
    package let customers: CustomerRepository
    package let durability: Durability
    package let events: EventStore
    package let keys: KeyRing
    /// Secret of request fingerprints.
    package let fingerprintKey: UInt64
    /// nil: nothing that costs money can be bought here.
    package let provider: (any PaymentProvider)?
    package let recovery: RecoveryReport
    /// What an operator should look at.
    package let conditions = Conditions()
    package let backupWatch: BackupWatch
    /// Takes snapshots, on a thread of its own.
    package let snapshots: SnapshotKeeper
    private let snapshotThread = SnapshotThread()
    let logger: Logger
    private let scrubber: Scrubber
    private let lock: FolderLock
    let historyDays: Int
    private let onFault: @Sendable (LogFault) -> Void

    /// What an environment needs from outside.
    package struct Settings: Sendable {
        package var time: any TimeSource = SystemTime()
        package var provider: (any PaymentProvider)?
        /// How long an answered request is remembered at least.
        package var requestWindowHours = 24
        /// Bytes that remembered requests may take; what is over is forgotten, the oldest first.
        package var requestMemory = 320 << 20
        package var segmentSize = 64 << 20
        /// Between two readings of everything that is on disk; 0: never.
        package var scrubHours = 24
        package var snapshots = SnapshotSettings()
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
        let folder = "\(dataFolder)/\(name)"
        try SmallFile.makeFolder(folder)
        lock = try FolderLock(folder: folder)
        let manifest = try TallyEnvironment.manifest(folder, environment: name)
        self.name = name
        self.logger = logger
        fingerprintKey = manifest.seed
        provider = settings.provider
        historyDays = settings.snapshots.historyDays
        keys = try KeyRing(folder: folder, environment: name)

        let onFault = settings.onFault
        self.onFault = onFault
        var small = LogSettings()
        small.segmentSize = 4 << 20
        small.bufferSize = 2 << 20
        try SmallFile.makeFolder("\(folder)/directory")
        directory = try Directory(
            log: FlatFileLog(
                folder: "\(folder)/directory", identity: manifest.seed &+ 1, settings: small,
                listener: LogListener(onFault: onFault), logger: logger))

        let durability = Durability()
        self.durability = durability
        var large = LogSettings()
        large.segmentSize = settings.segmentSize
        try SmallFile.makeFolder("\(folder)/partition-0")
        backupWatch = BackupWatch(folder: folder, conditions: conditions, logger: logger)
        scrubber = Scrubber(
            folders: ["\(folder)/partition-0", "\(folder)/directory"],
            intervalMilliseconds: settings.scrubHours * 3_600_000, conditions: conditions,
            logger: logger)
        let partition = SnapshotFolder(
            disk: PosixDisk(), folder: "\(folder)/partition-0", identity: manifest.seed &+ 2)
        let customerKeys = try manifest.seals ? CustomerKeys.open(partition) : nil
        let log = FlatFileLog(
            folder: partition.folder, identity: partition.identity, settings: large,
            listener: LogListener(
                beforeBatch: { () throws(DiskFault) in try customerKeys?.flush() },
                onDurable: { durability.advance(to: $0) },
                onFault: { fault in
                    durability.end()
                    onFault(fault)
                }),
            logger: logger)
        customers = CustomerRepository(
            directory: directory, log: log, time: settings.time, logger: logger,
            seed: InlineText.fold(manifest.seed, 0xA24B_AED4_963E_E407),
            requestSpan: Int64(settings.requestWindowHours) * 3_600_000,
            requestLimit: settings.requestMemory / RequestTable.bytesPerID,
            historySpan: Int64(settings.snapshots.historyDays) * 86_400_000, keys: customerKeys)
        let last: Appended
        (recovery, last) = try customers.recover(
            from: partition, threads: settings.recoveryThreads)
        durability.advance(to: log.durableSequence)
        try SmallFile.makeFolder("\(folder)/events")
        events = try EventStore(
            log: log, identity: manifest.seed &+ 2, folder: EventFolder(folder: "\(folder)/events"),
            seals: customerKeys, logger: logger)
        try customers.sealProfiles()
        snapshots = SnapshotKeeper(
            customers, partition, settings: settings.snapshots, last: last, logger: logger)
        try refuseEarlierClock()
        try snapshotThread.start(snapshots)
        if settings.scrubHours > 0 { try scrubber.start() }
    }

    /// The folder's manifest, made first when the folder is empty.
    private static func manifest(_ folder: String, environment: String) throws -> Manifest {
        let path = "\(folder)/\(Manifest.fileName)"
        guard let content = try SmallFile.read(path) else {
            guard SmallFile.version("\(folder)/partition-0") == nil else {
                throw Failure(
                    description: "\(folder) has a log but no \(Manifest.fileName): it was copied "
                        + "in part; copy it whole, or restore it from a backup")
            }
            let manifest = Manifest(environment: environment)
            try SmallFile.write(manifest.content, to: path)
            return manifest
        }
        let manifest = try Manifest(content, path: path)
        guard manifest.environment == environment else {
            throw Failure(
                description: "\(folder) is the \(manifest.environment) environment, not "
                    + "\(environment); give each its own folder")
        }
        return manifest
    }

    /// Starting with a clock far behind the last commit would stamp new commits with old times.
    private func refuseEarlierClock() throws {
        let clock = customers.time.now()
        let last = customers.now
        guard last.milliseconds - clock.milliseconds <= 60_000 else {
            throw Failure(
                description: "the clock is \((last.milliseconds - clock.milliseconds) / 1000) s "
                    + "behind the last commit of \(name); set it right, then start again")
        }
    }

    deinit {
        snapshotThread.end()
    }

    /// What goes on beside calls: effects, and what falls due. Until the task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            if let provider {
                let effects = Effects(
                    repository: customers, provider: provider, durability: durability,
                    logger: logger)
                group.addTask { await effects.run() }
            }
            let dueWork = DueWork(
                repository: customers, keys: keys, backup: backupWatch, logger: logger,
                stop: onFault)
            group.addTask { await dueWork.run() }
            group.addTask(priority: .low) { [events] in await events.run() }
            group.addTask { await self.eraseOn() }
        }
    }

    /// The log failed, or what belongs to it did: the process should stop.
    func stop(_ fault: LogFault) {
        durability.end()
        onFault(fault)
    }

    /// Nobody waits for a provider any more; what is open goes on at the next start.
    package func stopEffects() {
        customers.settlements.close()
        customers.watchers.close()
        customers.erasures.close()
    }

    /// Syncs and closes the logs; calls after it are refused.
    package func close() throws {
        customers.settlements.close()
        scrubber.stop()
        durability.end()
        snapshotThread.end()
        try customers.log.close()
        try directory.close()
    }
}
