package import Billing
internal import Logging
package import Repository
package import Wire

/// A clock that only the simulation moves.
///
/// Safety: confined to one thread, as all of a simulation is.
package final class SimulatedClock: TimeSource, @unchecked Sendable {
    package var milliseconds: Int64 = 1_767_225_600_000

    package init() {}

    package func now() -> Timestamp { Timestamp(milliseconds: milliseconds) }
}

/// What is left when a process ends, and what the next one starts from.
///
/// Safety: confined to one thread, as all of a simulation is.
package final class Machine: @unchecked Sendable {
    package let disk: SimulatedDisk
    package let clock = SimulatedClock()
    package let directory = History("the catalog's log")
    package let customers = History("the customers' log")
    fileprivate var effects = 0

    package static let identity: UInt64 = 0x7A11_0000_0000_0001
    static let hour: Int64 = 3_600_000
    /// How long answered requests are remembered at least.
    static let requestSpan: Int64 = 24 * hour

    package init(_ disk: SimulatedDisk = SimulatedDisk()) {
        self.disk = disk
    }
}

/// One run of the server's inside: both logs, the directory and the customers, without a network
/// and without threads.
///
/// Safety: confined to one thread, as all of a simulation is.
package final class Process: @unchecked Sendable {
    package let session: DiskSession
    package let directory: Directory
    package let repository: CustomerRepository
    let machine: Machine
    let directoryLog: WatchedLog
    let customersLog: WatchedLog
    let state: ProcessState
    package let keeper: SnapshotKeeper
    /// Records that came from a snapshot, not from the log.
    let snapshotRecords: Int
    /// The catalog as a caller holds it, which may be an older one.
    package var names: PricingNames

    /// What its logs tell it.
    ///
    /// Safety: confined to one thread, as all of a simulation is.
    final class ProcessState: @unchecked Sendable {
        /// The customers' log stopped.
        var fault: LogFault?
        /// The catalog's log stopped.
        var directoryFault: LogFault?
    }

    /// Starts and recovers.
    package init(
        _ machine: Machine, _ session: DiskSession, settings: LogSettings,
        snapshots: SnapshotSettings = SnapshotSettings()
    ) throws {
        self.machine = machine
        self.session = session
        let state = ProcessState()
        self.state = state
        var settings = settings
        settings.isDriven = true
        var logger = Logger(label: "simulation", factory: { _ in SwiftLogNoOpLogHandler() })
        logger.logLevel = .critical
        directoryLog = WatchedLog(
            FlatFileLog(
                folder: "directory", identity: Machine.identity &+ 1, disk: session,
                settings: settings,
                listener: LogListener(
                    onDurable: { [machine] in machine.directory.acknowledge($0) },
                    onFault: { state.directoryFault = $0 }),
                logger: logger), machine.directory)
        directory = try Directory(log: directoryLog)
        customersLog = WatchedLog(
            FlatFileLog(
                folder: "partition-0", identity: Machine.identity &+ 2, disk: session,
                settings: settings,
                listener: LogListener(
                    onDurable: { [machine] in machine.customers.acknowledge($0) },
                    onFault: { state.fault = $0 }),
                logger: logger), machine.customers)
        repository = CustomerRepository(
            directory: directory, log: customersLog, time: machine.clock, logger: logger,
            seed: Machine.identity, requestSpan: Machine.requestSpan,
            historySpan: Int64(snapshots.historyDays) * 24 * Machine.hour,
            newEffectID: { [machine] in machine.newEffectID() })
        names = directory.current
        let report: RecoveryReport
        (keeper, report) = try SnapshotKeeper.recovering(
            repository, in: "partition-0", identity: Machine.identity &+ 2, disk: session,
            settings: snapshots, logger: logger)
        snapshotRecords = Int(report.lastSequence - report.records)
        let count = machine.customers.submitted.count
        guard count == 0 || machine.customers.digests.count < count || digest == lastDigest else {
            throw Violation("the recovered state isn't the one that was committed")
        }
    }

    /// Of the state of all customers.
    package var digest: UInt64 {
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

    private var lastDigest: UInt64? { machine.customers.digests.last }

    /// Runs what may commit at most one record, and holds the state against the history: what
    /// committed nothing changed nothing.
    func observe<Answer>(_ body: () throws -> Answer) throws -> Answer {
        let history = machine.customers
        let count = history.submitted.count
        defer { if history.submitted.count == count + 1 { history.digests.append(digest) } }
        let result = Result { try body() }
        guard history.submitted.count > count || digest == lastDigest || count == 0 else {
            throw Violation("the state changed without a record")
        }
        return try result.get()
    }
}

extension Machine {
    /// Of a fixed length, so that records have the same layout in every run of a seed.
    func newEffectID() -> String {
        effects += 1
        let digits = "\(effects)"
        return "eff_" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
