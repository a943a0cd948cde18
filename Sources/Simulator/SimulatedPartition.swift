internal import Billing
internal import Logging
internal import Repository

/// One partition of a process: its log, and the customers in it.
struct SimulatedPartition {
    let log: WatchedLog
    let history: History
    let keys: CustomerKeys
    let repository: CustomerRepository
    let keeper: SnapshotKeeper
    /// Records that came from a snapshot, not from the log.
    let snapshotRecords: Int
    private let number: Int

    /// Opens and recovers.
    init(
        _ number: Int, _ machine: Machine, _ session: DiskSession, _ settings: LogSettings,
        _ snapshots: SnapshotSettings, _ directory: Directory, _ state: Process.ProcessState,
        _ logger: Logger
    ) throws {
        self.number = number
        let folder = SimulatedPartition.folder(number)
        let identity = Machine.identity &+ 2 &+ UInt64(number)
        let history = machine.customers[number]
        self.history = history
        let keys = try CustomerKeys.open(
            folder: folder, identity: identity, disk: session,
            growth: CustomerKeys.Growth(slots: 16, reserve: 8),
            random: { [machine] in machine.fill($0) })
        self.keys = keys
        log = WatchedLog(
            FlatFileLog(
                folder: folder, identity: identity, disk: session, settings: settings,
                listener: LogListener(
                    beforeBatch: { () throws(DiskFault) in try keys.flush() },
                    onDurable: { [machine] in machine.customers[number].acknowledge($0) },
                    onFault: { state.faults[number] = $0 }),
                logger: logger), history)
        repository = CustomerRepository(
            directory: directory, log: log, partition: number, time: machine.clock, logger: logger,
            seed: Machine.identity, requestSpan: Machine.requestSpan,
            historySpan: Int64(snapshots.historyDays) * 24 * Machine.hour, keys: keys,
            newEffectID: { [machine] in machine.newEffectID() })
        let report: RecoveryReport
        (keeper, report) = try SnapshotKeeper.recovering(
            repository, in: folder, identity: identity, disk: session, settings: snapshots,
            logger: logger)
        snapshotRecords = Int(report.lastSequence - report.records)
        let count = history.submitted.count
        guard count == 0 || history.digests.count < count || digest == history.digests.last else {
            throw Violation("the recovered state isn't the one that was committed")
        }
    }

    static func folder(_ number: Int) -> String { "partition-\(number)" }

    var folder: String { SimulatedPartition.folder(number) }

    /// Of the state of all customers.
    var digest: UInt64 {
        repository.dump().withUnsafeBytes { bytes in
            var digest = UInt64(bytes.count)
            for offset in stride(from: 0, to: bytes.count, by: 8) {
                var word: UInt64 = 0
                withUnsafeMutableBytes(of: &word) {
                    $0.copyBytes(from: bytes[offset..<min(offset + 8, bytes.count)])
                }
                digest = InlineText.fold(digest ^ word, 0xD6E8_FEB8_6659_FD93)
            }
            return digest
        }
    }

    /// There were so many records: what committed nothing changed nothing.
    func check(after count: Int) throws {
        guard history.submitted.count > count || digest == history.digests.last || count == 0
        else { throw Violation("the state changed without a record") }
    }

    /// Keeps the state behind a record that was committed since.
    func note(after count: Int) {
        if history.submitted.count == count + 1 { history.digests.append(digest) }
    }
}
