import Synchronization

/// A log that ends with the process, for tests. A record becomes durable at the next turn of its
/// thread; `Pace.manual` has no thread and waits for `makeDurable`.
package final class MemoryLog: LogStore {
    package enum Pace: Sendable {
        case automatic
        case manual
    }

    private struct State {
        var records: [[UInt8]] = []
        var refusal: LogFault? = .unavailable("the log is recovering")
        var isStopping = false
    }

    private struct Progress {
        var durable: UInt64 = 0
        var fault: LogFault?
    }

    /// Shared with the thread, so that a dropped log can end it.
    private final class Core: Sendable {
        let state: Mutex<State>
        let progress = Monitor(Progress())
        let durable = Atomic<UInt64>(0)
        let wake = Monitor(false)
        let listener: LogListener

        init(records: [[UInt8]], listener: LogListener) {
            state = Mutex(State(records: records))
            self.listener = listener
        }

        func fail(_ why: String) {
            let fault = LogFault.failed(why)
            state.withLock { $0.refusal = fault }
            progress.update { $0.fault = fault }
            listener.onFault(fault)
        }

        /// Gives whether to go on.
        @discardableResult
        func makeDurable() -> Bool {
            let (last, isStopping) = state.withLock { state in
                (UInt64(state.records.count), state.isStopping)
            }
            if last > durable.load(ordering: .relaxed) {
                do throws(DiskFault) {
                    try listener.beforeBatch()
                } catch {
                    fail("\(error)")
                    return false
                }
                durable.store(last, ordering: .releasing)
                progress.update { $0.durable = last }
                listener.onDurable(last)
            }
            return !isStopping
        }
    }

    private let core: Core
    private let pace: Pace
    private let limit: Int
    private let thread = Mutex<LogThread?>(nil)

    package init(
        pace: Pace = .automatic, maximumPayload: Int = LogSettings().maximumPayload,
        listener: LogListener = LogListener()
    ) {
        core = Core(records: [], listener: listener)
        self.pace = pace
        limit = maximumPayload
    }

    /// What a restart would find: the records of `log` that are durable now.
    package init(reopening log: MemoryLog, listener: LogListener = LogListener()) {
        let durable = Int(log.durableSequence)
        core = Core(
            records: log.core.state.withLock { Array($0.records.prefix(durable)) },
            listener: listener)
        pace = log.pace
        limit = log.limit
    }

    deinit {
        stop()
    }

    package var durableSequence: UInt64 { core.durable.load(ordering: .acquiring) }

    package var end: Appended {
        let count = core.state.withLock { $0.records.count }
        return Appended(
            sequence: UInt64(count), position: LogPosition(segment: 1, offset: count))
    }

    package var estimatedEnd: LogPosition? { end.position }

    package func firstSequence() throws(LogFault) -> UInt64 { 1 }

    package func distance(from start: LogPosition, to end: LogPosition) -> UInt64 {
        UInt64(max(0, end.offset - start.offset))
    }

    /// It is one segment.
    package func removeHistory(before position: LogPosition) throws(LogFault) -> Int { 0 }

    package func replay(
        from first: UInt64,
        _ body: (UInt64, LogPosition, UnsafeRawBufferPointer) throws -> Void
    ) throws -> RecoveryReport {
        let clock = ContinuousClock()
        let start = clock.now
        let records = core.state.withLock { $0.records }
        var report = RecoveryReport(lastSequence: UInt64(records.count), segments: 1)
        for (index, record) in records.enumerated() where UInt64(index) + 1 >= first {
            report.records += 1
            try record.withUnsafeBytes {
                try body(UInt64(index) + 1, LogPosition(segment: 1, offset: index), $0)
            }
        }
        core.durable.store(UInt64(records.count), ordering: .releasing)
        core.progress.update { $0.durable = UInt64(records.count) }
        core.state.withLock { $0.refusal = nil }
        if pace == .automatic {
            let started = try LogThread("tally-log") { [core] in
                while core.makeDurable() { core.wake.waitForWake() }
            }
            thread.withLock { $0 = started }
        }
        report.duration = clock.now - start
        return report
    }

    package func append(_ payload: UnsafeRawBufferPointer) throws(LogFault) -> Appended {
        let sequence = try core.state.withLock { [limit] state throws(LogFault) in
            if let refusal = state.refusal { throw refusal }
            guard payload.count <= limit else {
                throw .tooLarge(length: payload.count, limit: limit)
            }
            state.records.append(Array(payload))
            return UInt64(state.records.count)
        }
        if pace == .automatic { core.wake.wake() }
        let position = LogPosition(segment: 1, offset: Int(sequence) - 1)
        return Appended(sequence: sequence, position: position)
    }

    /// Everything appended so far is durable; tells the listener on this thread.
    package func makeDurable() {
        core.makeDurable()
    }

    /// Fails as a broken disk would: what isn't durable yet never will be.
    package func fail(_ why: String) {
        core.fail(why)
    }

    package func waitUntilDurable(_ sequence: UInt64) throws(LogFault) {
        var fault: LogFault?
        core.progress.wait { progress in
            let isDurable = progress.durable >= sequence
            fault = isDurable ? nil : progress.fault
            return isDurable || fault != nil
        }
        if let fault { throw fault }
    }

    package func read(at position: LogPosition) throws(LogFault) -> [UInt8] {
        guard position.segment == 1, position.offset < Int(durableSequence) else {
            throw .notFound(position)
        }
        return core.state.withLock { $0.records[position.offset] }
    }

    package func read(
        after place: LogPlace, _ body: (LogPlace, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        let durable = Int(durableSequence)
        guard place.sequence <= durable else { throw LogFault.notFound(place.position) }
        let records = core.state.withLock { $0.records }
        var chain = records[..<Int(place.sequence)].reduce(0) { chain, record in
            record.withUnsafeBytes { checksum($0, seed: chain) }
        }
        guard chain == place.chain else {
            throw LogFault.corrupt(segment: 1, offset: place.position.offset, why: "another log")
        }
        for index in Int(place.sequence)..<durable {
            let goesOn = try records[index].withUnsafeBytes { bytes in
                chain = checksum(bytes, seed: chain)
                return try body(
                    LogPlace(
                        sequence: UInt64(index) + 1,
                        position: LogPosition(segment: 1, offset: index), chain: chain), bytes)
            }
            if !goesOn { return }
        }
    }

    package func compressHistory(before position: LogPosition) throws(LogFault) -> Int? { nil }

    package func close() throws(LogFault) {
        core.state.withLock { $0.refusal = $0.refusal ?? .closed }
        stop()
        core.makeDurable()
        core.progress.update { $0.fault = $0.fault ?? .closed }
    }

    private func stop() {
        core.state.withLock { $0.isStopping = true }
        core.wake.wake()
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }
}
