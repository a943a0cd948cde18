import Synchronization

/// Writes batches, one after the other, and makes each durable before it takes the next. What it
/// takes collected while the last sync ran, and for the little while that `BatchPace` gives it.
///
/// Safety: confined to the writer's thread (or, without threads, to whoever calls `turn`).
final class LogWriter: @unchecked Sendable {
    private let core: LogCore
    private var spare: BatchBuffer
    private var isFailed = false
    private var pace = BatchPace()
    private var current: (segment: UInt32, file: any DiskFile)?

    init(_ core: LogCore) {
        self.core = core
        spare = BatchBuffer(capacity: core.settings.bufferSize)
    }

    /// The thread's life: ends when the log is closed, abandoned or failed.
    func run() {
        while true {
            switch step() {
            case .wrote: gather()
            case .nothing: rest()
            case .over: return
            }
        }
    }

    /// Waits for a record, and says in a closing frame that none came for a while.
    private func rest() {
        let (isIdle, needsClosing) = core.shared.withLock { shared in
            shared.isWriterIdle = shared.collector.isEmpty
            return (shared.isWriterIdle, shared.collector.end.needsClosing)
        }
        guard isIdle else { return }
        let wait = needsClosing ? core.settings.idleMilliseconds * 1_000 : nil
        if !core.writerWake.waitForWake(microseconds: wait) { closeBatches() }
    }

    /// Gives those who wrote together a little while to come back. Whatever it is woken for, the
    /// next step looks.
    private func gather() {
        let waits = core.shared.withLock { shared in
            let waiting = shared.collector.records
            let enough = pace.enough(waiting: waiting)
            shared.wakeAt = waiting < enough ? enough : nil
            return shared.wakeAt != nil
        }
        guard waits, core.stop.load(ordering: .acquiring) == .no else { return }
        core.writerWake.waitForWake(microseconds: core.settings.gatherMicroseconds)
        let isAlone = core.shared.withLock { shared in
            shared.wakeAt = nil
            return shared.collector.isEmpty
        }
        if isAlone { pace.rest() }
    }

    /// Writes everything there is to write. False: it is over.
    func turn() -> Bool {
        while true {
            switch step() {
            case .wrote: continue
            case .nothing: return true
            case .over: return false
            }
        }
    }

    private enum Step {
        case wrote
        case nothing
        case over
    }

    /// Writes one batch.
    private func step() -> Step {
        do throws(LogFault) {
            while !isFailed, core.stop.load(ordering: .acquiring) != .abandoned {
                if let batch = take() {
                    try write(batch)
                    return .wrote
                } else if core.stop.load(ordering: .acquiring) == .no {
                    return .nothing
                } else if !closeBatches() {
                    return .over
                }
            }
        } catch {
            isFailed = true
            core.fail(error)
        }
        return .over
    }

    /// Adds a closing frame if the log needs one; gives whether there is something to write.
    @discardableResult
    func closeBatches() -> Bool {
        core.shared.withLock { shared in
            if shared.collector.isEmpty { shared.collector.appendClosing() }
            return !shared.collector.isEmpty
        }
    }

    private func take() -> Batch? {
        core.shared.withLock { [spare] shared in
            shared.isWriterIdle = false
            if !shared.collector.isEmpty { pace.wrote(shared.collector.records) }
            return shared.collector.take(spare: spare)
        }
    }

    private func write(_ batch: Batch) throws(LogFault) {
        let before = core.durableSequence.load(ordering: .relaxed)
        var fault: DiskFault?
        do throws(DiskFault) {
            try core.listener.beforeBatch()
            for part in batch.parts { try write(part, of: batch.buffer) }
        } catch {
            fault = error
        }
        spare = batch.buffer
        // The parts before one that failed are durable all the same.
        let after = core.durableSequence.load(ordering: .relaxed)
        if after > before { core.listener.onDurable(after) }
        if let fault { throw .failed("\(fault)") }
    }

    /// Parts go one by one: a segment holds nothing before the one before it is durable.
    private func write(_ part: BatchPart, of buffer: BatchBuffer) throws(DiskFault) {
        let durable = core.durableSequence.load(ordering: .relaxed)
        let bytes = buffer.base + part.start
        var at = 0
        while at < part.count {
            at += FrameHeader.seal(bytes + at, durableThrough: durable)
        }
        let file = try file(part.segment)
        let written = UnsafeRawBufferPointer(start: bytes, count: part.count + part.zeros)
        try file.write(written, at: part.offset)
        let began = SystemClock.nanoseconds
        try file.sync()
        core.syncs.count(nanoseconds: SystemClock.nanoseconds - began)
        core.publish(part.lastSequence, end: part.end)
    }

    private func file(_ segment: UInt32) throws(DiskFault) -> any DiskFile {
        if let current, current.segment == segment { return current.file }
        let file = try core.disk.open(SegmentName.path(segment, in: core.folder), .writing)
        current = (segment, file)
        return file
    }
}
