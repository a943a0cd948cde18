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
    /// Of each partition.
    package let customers: [History]
    fileprivate var effects = 0
    fileprivate var chance = Dice(seed: 1)

    package static let identity: UInt64 = 0x7A11_0000_0000_0001
    static let hour: Int64 = 3_600_000
    /// How long answered requests are remembered at least.
    static let requestSpan: Int64 = 24 * hour

    package init(_ disk: SimulatedDisk = SimulatedDisk(), partitions: Int = 1) {
        self.disk = disk
        customers = (0..<partitions).map { History("the log of partition \($0)") }
    }

    /// Records of customers that there are.
    package var records: Int { customers.reduce(0) { $0 + $1.submitted.count } }
}

/// One run of the server's inside: the logs, the directory and the customers, without a network
/// and without threads.
///
/// Safety: confined to one thread, as all of a simulation is.
package final class Process: @unchecked Sendable {
    package let session: DiskSession
    package let directory: Directory
    let machine: Machine
    let directoryLog: WatchedLog
    let partitions: [SimulatedPartition]
    let state: ProcessState
    /// The catalog as a caller holds it, which may be an older one.
    package var names: PricingNames

    /// What its logs tell it.
    ///
    /// Safety: confined to one thread, as all of a simulation is.
    final class ProcessState: @unchecked Sendable {
        /// Partitions whose logs stopped.
        var faults: [Int: LogFault] = [:]
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
        let directory = directory
        partitions = try machine.customers.indices.map { number in
            try SimulatedPartition(
                number, machine, session, settings, snapshots, directory, state, logger)
        }
        names = directory.current
    }

    func partition(of id: CustomerID) -> SimulatedPartition {
        partitions[
            Partition.number(ofHash: id.hash(seed: Machine.identity), of: partitions.count)]
    }

    func repository(of id: CustomerID) -> CustomerRepository { partition(of: id).repository }

    func isDurable(_ point: CommitPoint) -> Bool {
        point.sequence <= partitions[point.partition].log.durableSequence
    }

    /// Does all that the threads of the customers' logs would.
    func drive() {
        for partition in partitions { partition.log.log.drive() }
    }

    /// Runs what may commit at most one record, and holds the state against the history: what
    /// committed nothing changed nothing.
    func observe<Answer>(_ body: () throws -> Answer) throws -> Answer {
        let counts = partitions.map(\.history.submitted.count)
        defer {
            for (partition, count) in zip(partitions, counts) { partition.note(after: count) }
        }
        let result = Result { try body() }
        for (partition, count) in zip(partitions, counts) { try partition.check(after: count) }
        return try result.get()
    }
}

extension Machine {
    /// As random as a simulation may be: the same in every run of a seed.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        for place in buffer.indices { buffer[place] = UInt8(truncatingIfNeeded: chance.next()) }
    }

    /// Of a fixed length, so that records have the same layout in every run of a seed.
    func newEffectID() -> String {
        effects += 1
        let digits = "\(effects)"
        return "eff_" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
