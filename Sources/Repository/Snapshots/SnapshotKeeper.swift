internal import Billing
package import Logging
internal import Synchronization
internal import Wire

/// Takes snapshots when it is time to, makes rosters, forgets old requests, compresses what of the
/// log no restart needs, and removes what is older than its history: all that is done beside calls,
/// a short step at a time.
///
/// Time is an argument, and there is no thread here (see `SnapshotThread`), so that a simulation
/// can drive it.
package final class SnapshotKeeper: Sendable {
    private struct State {
        var writer: SnapshotWriter?
        /// Monotonic milliseconds: when the writer began, when the last snapshot did, when the
        /// marks were looked at.
        var began: Int64 = 0
        var lastTaken: Int64?
        var lastNoted: Int64 = .min / 2
        /// The log's end at the start of the last snapshot.
        var last = Appended(sequence: 0, position: LogPosition(rawValue: 0))
        var retry: Int64 = .min
        var taken: UInt64 = 0
        var lastMilliseconds: Int64 = 0
        var isRequested = false
        /// Raw position up to which old segments were removed.
        var trimmed: UInt64 = 0
        /// Raw position up to which segments are to be compressed; nil: to be found out.
        var compressible: UInt64?
        var compressionRetry: Int64 = .min
        /// The next shard whose roster is to be made.
        var roster = 0
    }

    /// Milliseconds between looks when there is nothing to do, and after a fault.
    private static let pause = 1_000
    private static let retryPause: Int64 = 60_000
    /// So far ahead of the rate it may be before it pauses, in milliseconds.
    private static let burst: Int64 = 5
    /// Bytes of log a second that are compressed; it takes a part of one core.
    private static let compressionRate = 16 << 20

    private let repository: CustomerRepository
    private let folder: SnapshotFolder
    private let settings: SnapshotSettings
    private let logger: Logger
    private let state: Mutex<State>

    /// - Parameter last: where the log stood when the last snapshot began.
    init(
        _ repository: CustomerRepository, _ folder: SnapshotFolder, settings: SnapshotSettings,
        last: Appended, logger: Logger
    ) {
        self.repository = repository
        self.folder = folder
        self.settings = settings
        self.logger = logger
        var state = State()
        state.last = last
        self.state = Mutex(state)
    }

    /// Snapshots taken by this process.
    package var taken: UInt64 { state.withLock { $0.taken } }

    /// How long the last one took.
    package var lastMilliseconds: Int { state.withLock { Int($0.lastMilliseconds) } }

    /// Asks for a snapshot, to be taken like any other.
    package func request() {
        state.withLock { $0.isRequested = true }
    }

    /// One step; milliseconds until the next one is due.
    ///
    /// - Parameter now: monotonic milliseconds.
    package func turn(now: Int64) -> Int {
        state.withLock { state in
            note(now, &state)
            if state.roster < 256 { return makeRoster(&state) }
            do throws(DiskFault) {
                if state.writer == nil, isDue(now, &state) { try begin(now, &state) }
                guard state.writer != nil else { return compress(now, &state) }
                return try step(now, &state)
            } catch {
                fail(error, now, &state)
                return SnapshotKeeper.pause
            }
        }
    }

    /// Takes a snapshot now, at full speed; when it returns, it has its name. Never on an event
    /// loop.
    package func take(now: Int64) throws(LogFault) {
        let goal = state.withLock { $0.taken + 1 }
        while true {
            let highest: UInt64?
            do throws(DiskFault) {
                highest = try hurry(now, until: goal)
            } catch {
                throw .disk(error)
            }
            guard let highest else { return }
            try repository.log.waitUntilDurable(highest)
        }
    }

    /// nil: done; else what must be durable first.
    private func hurry(_ now: Int64, until goal: UInt64) throws(DiskFault) -> UInt64? {
        try state.withLock { (state) throws(DiskFault) -> UInt64? in
            do throws(DiskFault) {
                while state.taken < goal {
                    if state.writer == nil { try begin(now, &state) }
                    if let highest = try advance(now, &state) { return highest }
                }
                return nil
            } catch {
                fail(error, now, &state)
                throw error
            }
        }
    }

    private func step(_ now: Int64, _ state: inout State) throws(DiskFault) -> Int {
        if try advance(now, &state) != nil { return 1 }
        guard let writer = state.writer else { return SnapshotKeeper.pause }
        let allowed = Int64(writer.size) * 1_000 / Int64(settings.bytesPerSecond)
        let ahead = state.began + allowed - now
        return ahead > SnapshotKeeper.burst ? Int(ahead) : 0
    }

    /// One step of the writer; what must be durable before the next, if anything.
    private func advance(_ now: Int64, _ state: inout State) throws(DiskFault) -> UInt64? {
        guard let step = try state.writer?.turn(), case .written(let highest) = step else {
            return nil
        }
        guard repository.log.durableSequence >= highest else { return highest }
        try publish(now, &state)
        return nil
    }

    private func begin(_ now: Int64, _ state: inout State) throws(DiskFault) {
        state.writer = try SnapshotWriter(repository, folder)
        state.began = now
        state.isRequested = false
    }

    private func publish(_ now: Int64, _ state: inout State) throws(DiskFault) {
        guard let writer = state.writer else { return }
        // Before recovery skips the records that say so.
        try repository.destroyErasedKeys()
        let began = repository.history.all.first?.time.milliseconds
        try folder.publish(start: writer.header.start) { last in
            guard settings.historyDays > 0, settings.historySnapshots > 0 else { return nil }
            return (last ?? began).map { $0 + settings.historyInterval }
        }
        state.writer = nil
        state.taken += 1
        state.lastMilliseconds = now - state.began
        state.lastTaken = state.began
        state.last = Appended(
            sequence: writer.header.start, position: LogPosition(rawValue: writer.header.position))
        logger.info(
            "snapshot taken",
            metadata: [
                "start": "\(writer.header.start)", "bytes": "\(writer.size)",
                "milliseconds": "\(now - state.began)",
            ])
        trimHistory(&state)
        state.compressible = nil
    }

    private func fail(_ fault: DiskFault, _ now: Int64, _ state: inout State) {
        state.writer = nil
        state.retry = now + SnapshotKeeper.retryPause
        folder.abandon()
        logger.warning("a snapshot could not be taken, trying again in a minute: \(fault)")
    }

    private func isDue(_ now: Int64, _ state: inout State) -> Bool {
        let taken = state.lastTaken ?? now
        state.lastTaken = taken
        guard settings.minutes > 0, now >= state.retry else { return false }
        let end = repository.log.end
        guard end.sequence > state.last.sequence else { return false }
        return state.isRequested || end.sequence - state.last.sequence >= settings.records
            || repository.log.distance(from: state.last.position, to: end.position)
                >= settings.bytes
            || now - taken >= Int64(settings.minutes) * 60_000
    }

    /// Where the log stands, for what is forgotten and removed later.
    private func note(_ now: Int64, _ state: inout State) {
        guard now - state.lastNoted >= Int64(SnapshotKeeper.pause) else { return }
        state.lastNoted = now
        repository.noteLogEnd()
    }

    /// Removes segments that are older than the history, if two good snapshots stand after them.
    private func trimHistory(_ state: inout State) {
        guard settings.historyDays > 0 else { return }
        let end = min(
            repository.history.end(at: repository.now), repository.window.horizon)
        guard end > state.trimmed else { return }
        do {
            let names = try folder.names().prefix(SnapshotFolder.kept)
            guard names.count == SnapshotFolder.kept else { return }
            var bound = end
            for name in names {
                let snapshot = try folder.open(name)
                try snapshot.verify()
                // What a start from it remembers must still be there.
                bound = min(bound, snapshot.header.position, snapshot.horizon)
            }
            // The first to go: what they say in the clear goes with the records that say it.
            try folder.removeHistory(before: bound)
            try remove(before: LogPosition(rawValue: bound))
            state.trimmed = end
        } catch {
            logger.warning("old segments of the log stay: \(error)")
        }
    }

    private func remove(before position: LogPosition) throws(LogFault) {
        let count = try repository.log.removeHistory(before: position)
        guard count > 0 else { return }
        logger.info("segments older than the history were removed", metadata: ["count": "\(count)"])
    }

    // MARK: Rosters

    /// That of the next shard that has customers; milliseconds until the next step is due.
    private func makeRoster(_ state: inout State) -> Int {
        var isMade = false
        while state.roster < 256, !isMade {
            do {
                let blocks = try repository.rosterBlocks(state.roster)
                isMade = !blocks.isEmpty
            } catch {
                // Whoever asks for a list is told, too.
                logger.error("customers can't be listed", metadata: ["error": "\(error)"])
            }
            state.roster += 1
        }
        return 1
    }

    // MARK: Compression

    /// One step; milliseconds until the next one is due.
    private func compress(_ now: Int64, _ state: inout State) -> Int {
        guard settings.compressesLog, now >= state.compressionRetry else {
            return SnapshotKeeper.pause
        }
        do {
            let bound = try state.compressible ?? replayStart()
            state.compressible = bound
            let position = LogPosition(rawValue: bound)
            if let bytes = try repository.log.compressHistory(before: position) {
                return bytes * 1_000 / SnapshotKeeper.compressionRate
            }
            // Nothing is left until there is another snapshot.
            state.compressible = 0
        } catch {
            state.compressionRetry = now + SnapshotKeeper.retryPause
            logger.warning(
                "a segment could not be compressed, trying again in a minute: \(error)")
        }
        return SnapshotKeeper.pause
    }

    /// Where a replay begins if the newest snapshot turns out to be damaged; 0: at the beginning.
    private func replayStart() throws -> UInt64 {
        let names = try folder.names().prefix(SnapshotFolder.kept)
        guard names.count == SnapshotFolder.kept else { return 0 }
        return try names.map { try folder.open($0).header.position }.min() ?? 0
    }
}

extension SnapshotKeeper {
    /// Recovers customers from the snapshots beside their log, and goes on taking such.
    ///
    /// - Parameters:
    ///   - folder: the log's.
    ///   - identity: the log's.
    package static func recovering(
        _ repository: CustomerRepository, in folder: String, identity: UInt64,
        disk: any Disk = PosixDisk(), settings: SnapshotSettings, threads: Int = 1, logger: Logger
    ) throws -> (keeper: SnapshotKeeper, report: RecoveryReport) {
        let folder = SnapshotFolder(disk: disk, folder: folder, identity: identity)
        let (report, last) = try repository.recover(from: folder, threads: threads)
        let keeper = SnapshotKeeper(
            repository, folder, settings: settings, last: last, logger: logger)
        return (keeper, report)
    }
}
