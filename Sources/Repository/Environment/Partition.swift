internal import Billing
internal import Logging

/// A part of an environment's customers, on a log of its own, with what goes on beside calls. No
/// call is about customers of two.
///
/// A customer belongs to the partition that the hash of its internal key chooses, for good. The
/// internal key is the external id that the customer was created with: nothing can be renamed yet,
/// so a call's customer id is its key. A rename will leave the key and add an alias, external id to
/// key, to the directory; `TallyEnvironment.customers(of:)`, where every call comes by, is where it
/// is looked up, once there are any.
package final class Partition: Sendable {
    /// The most that an environment can have.
    package static let limit = 64

    package let customers: CustomerRepository
    package let durability: Durability
    /// Takes snapshots, on a thread of its own.
    package let snapshots: SnapshotKeeper
    let snapshotFolder: SnapshotFolder
    package let recovery: RecoveryReport
    let events: EventDerivation
    private let snapshotThread = SnapshotThread()

    /// Opens the folders of one, and recovers its customers.
    ///
    /// - Parameter threads: that share the recovery.
    init(
        _ number: Int, in folder: EnvironmentFolder, directory: Directory,
        settings: TallyEnvironment.Settings, threads: Int, logger: Logger
    ) throws {
        let (manifest, path) = (folder.manifest, folder.path)
        var share = settings.share(of: manifest.partitions)
        share.snapshots.compressesLog = share.snapshots.compressesLog && manifest.compresses
        var logger = logger
        if manifest.partitions > 1 { logger[metadataKey: "partition"] = "\(number)" }
        let snapshotFolder = SnapshotFolder(
            disk: PosixDisk(), folder: "\(path)/\(EnvironmentFolder.partition(number))",
            identity: manifest.partitionIdentity(number))
        self.snapshotFolder = snapshotFolder
        let durability = Durability()
        self.durability = durability
        var logSettings = LogSettings()
        logSettings.segmentSize = settings.segmentSize
        let keys = try manifest.seals ? CustomerKeys.open(snapshotFolder) : nil
        // What was said in the clear goes with its segment, and isn't left in the next one.
        logSettings.recyclesSegments = manifest.recycles && keys?.header.sealedAfter == 0
        let log = FlatFileLog(
            folder: snapshotFolder.folder, identity: snapshotFolder.identity, settings: logSettings,
            listener: LogListener(
                beforeBatch: { () throws(DiskFault) in try keys?.flush() },
                onDurable: { durability.advance(to: $0) },
                onFault: { [onFault = settings.onFault] fault in
                    durability.end()
                    onFault(fault)
                }),
            logger: logger)
        customers = CustomerRepository(
            directory: directory, log: log, partition: number, time: settings.time, logger: logger,
            seed: manifest.customerSeed,
            requestSpan: Int64(settings.requestWindowHours) * 3_600_000,
            requestLimit: share.requestMemory / RequestTable.bytesPerID,
            historySpan: Int64(settings.snapshots.historyDays) * 86_400_000, keys: keys)
        let last: Appended
        (recovery, last) = try customers.recover(from: snapshotFolder, threads: threads)
        durability.advance(to: log.durableSequence)
        let dayFiles = "\(path)/\(EnvironmentFolder.events(number))"
        try SmallFile.makeFolder(dayFiles)
        events = try EventDerivation(
            log: log, identity: snapshotFolder.identity, partition: number,
            folder: EventFolder(folder: dayFiles), seals: keys, logger: logger)
        try customers.sealProfiles()
        snapshots = SnapshotKeeper(
            customers, snapshotFolder, settings: share.snapshots, last: last, logger: logger)
    }

    deinit {
        snapshotThread.end()
    }

    func start() throws { try snapshotThread.start(snapshots) }

    /// Syncs and closes the log; calls after it are refused.
    func close() throws {
        customers.settlements.close()
        durability.end()
        snapshotThread.end()
        try customers.log.close()
    }

    /// The number of the partition that a customer belongs to: part of the format. The lowest eight
    /// bits of the hash choose the shard, and the upper half the row; so these are those between.
    package static func number(ofHash hash: UInt64, of count: Int) -> Int {
        let share = (hash >> 8) & 0xFF_FFFF
        return Int((share * UInt64(count)) >> 24)
    }
}

extension TallyEnvironment.Settings {
    /// What one of several partitions gets of what is meant for all of them.
    fileprivate func share(of count: Int) -> TallyEnvironment.Settings {
        var share = self
        share.requestMemory /= count
        share.snapshots.records = max(1, snapshots.records / UInt64(count))
        share.snapshots.bytes = max(1, snapshots.bytes / UInt64(count))
        share.snapshots.bytesPerSecond = max(1, snapshots.bytesPerSecond / count)
        return share
    }
}
