import Synchronization

/// Writes batches, one after the other, and makes each durable before it takes the next. It takes
/// whatever collected while the last sync ran, and never waits for more.
///
/// Safety: confined to the writer's thread (or, without threads, to whoever calls `turn`).
final class LogWriter: @unchecked Sendable {
    private let core: LogCore
    private var spare: BatchBuffer
    private var isFailed = false
    private var current: (segment: UInt32, file: any DiskFile)?

    init(_ core: LogCore) {
        self.core = core
        spare = BatchBuffer(capacity: core.settings.bufferSize)
    }

    /// The thread's life: ends when the log is closed, abandoned or failed.
    func run() {
        while turn() {
            let (isIdle, needsClosing) = core.shared.withLock { shared in
                shared.isWriterIdle = shared.collector.isEmpty
                return (shared.isWriterIdle, shared.collector.end.needsClosing)
            }
            guard isIdle else { continue }
            let wait = needsClosing ? core.settings.idleMilliseconds : nil
            if !core.writerWake.waitForWake(milliseconds: wait) { closeBatches() }
        }
    }

    /// Writes everything there is to write. False: it is over.
    func turn() -> Bool {
        do throws(LogFault) {
            while !isFailed, core.stop.load(ordering: .acquiring) != .abandoned {
                if let batch = take() {
                    try write(batch)
                } else if core.stop.load(ordering: .acquiring) == .no {
                    return true
                } else if !closeBatches() {
                    return false
                }
            }
        } catch {
            isFailed = true
            core.fail(error)
        }
        return false
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
            return shared.collector.take(spare: spare)
        }
    }

    private func write(_ batch: Batch) throws(LogFault) {
        let before = core.durableSequence.load(ordering: .relaxed)
        var fault: DiskFault?
        do throws(DiskFault) {
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
        try file.write(UnsafeRawBufferPointer(start: bytes, count: part.count), at: part.offset)
        try file.sync()
        core.publish(part.lastSequence, end: part.end)
    }

    private func file(_ segment: UInt32) throws(DiskFault) -> any DiskFile {
        if let current, current.segment == segment { return current.file }
        let file = try core.disk.open(SegmentName.path(segment, in: core.folder), .writing)
        current = (segment, file)
        return file
    }
}
