package import Logging
import Synchronization

/// A log in one folder of flat files, on one disk. The folder must be this process's alone (see
/// `FolderLock`). Dropped without `close` it stops as if the process had been killed.
package final class FlatFileLog: LogStore {
    private let core: LogCore
    private let writer: LogWriter
    private let preparer: SegmentPreparer
    private let compression: HistoryCompression
    private let threads = Mutex<[LogThread]>([])

    /// Touches no file yet. `identity` is drawn once, at random, when the folder is made, and is
    /// the same ever after: it tells this log's frames from another's.
    package init(
        folder: String, identity: UInt64, disk: any Disk = PosixDisk(),
        settings: LogSettings = LogSettings(), listener: LogListener = LogListener(),
        logger: Logger = Logger(label: "tally.log")
    ) {
        core = LogCore(
            folder: folder, identity: identity, disk: disk, settings: settings,
            listener: listener, logger: logger)
        writer = LogWriter(core)
        preparer = SegmentPreparer(core: core)
        compression = HistoryCompression(core)
    }

    deinit {
        stop(.abandoned)
    }

    package var durableSequence: UInt64 {
        core.durableSequence.load(ordering: .acquiring)
    }

    package var metrics: LogMetrics {
        let durable = durableSequence
        var metrics = core.syncs.metrics
        metrics.waiting = end.sequence - min(durable, end.sequence)
        return metrics
    }

    package func replay(
        from first: UInt64,
        _ body: (UInt64, LogPosition, UnsafeRawBufferPointer) throws -> Void
    ) throws -> RecoveryReport {
        let recovery = LogRecovery(
            disk: core.disk, folder: core.folder, identity: core.identity,
            segmentSize: core.settings.segmentSize, bufferSize: core.settings.bufferSize)
        var (report, end, ready) = try recovery.run(from: first, body)
        try core.pool.find(before: end.segment)
        if ready.isEmpty, end.size == 0 {
            // A new log: nothing could be appended before the first segment is there.
            _ = try preparer.prepare(1, isPaced: false)
            ready = [ReadySegment(id: 1, size: core.settings.segmentSize)]
        }
        core.publish(end.sequence, end: LogPosition(segment: end.segment, offset: end.offset))
        core.shared.withLock { [end, ready] in $0.collector.begin(at: end, ready: ready) }
        try start()
        return report
    }

    @inline(__always)
    package func append(_ payload: UnsafeRawBufferPointer) throws(LogFault) -> Appended {
        var wakesWriter = false
        var wakesPreparer = false
        let appended = try core.shared.withLock { shared throws(LogFault) in
            let appended = try shared.collector.append(payload)
            wakesWriter = shared.isWriterIdle
            shared.isWriterIdle = false
            if let enough = shared.wakeAt, shared.collector.records >= enough {
                wakesWriter = true
                shared.wakeAt = nil
            }
            wakesPreparer = shared.collector.usedReadySegment
            shared.collector.usedReadySegment = false
            return appended
        }
        if wakesWriter { core.writerWake.wake() }
        if wakesPreparer { core.preparerWake.wake() }
        return appended
    }

    package func waitUntilDurable(_ sequence: UInt64) throws(LogFault) {
        if core.settings.isDriven { drive() }
        var fault: LogFault?
        core.progress.wait { progress in
            let isDurable = progress.durable >= sequence
            fault = isDurable ? nil : progress.fault
            return isDurable || fault != nil
        }
        if let fault { throw fault }
    }

    package func close() throws(LogFault) {
        core.refuse(.closed)
        stop(.closing)
        let refusal = core.shared.withLock { $0.collector.refusal }
        core.endProgress(.closed)
        if case .failed = refusal, let refusal { throw refusal }
    }

    private func start() throws(LogFault) {
        guard !core.settings.isDriven else { return }
        let writer = try LogThread("tally-log") { [writer] in writer.run() }
        threads.withLock { $0.append(writer) }
        let preparer = try LogThread("tally-segments") { [preparer] in preparer.run() }
        threads.withLock { $0.append(preparer) }
    }

    /// Ends both threads; the first call decides how.
    private func stop(_ how: LogCore.Stop) {
        let (isFirst, _) = core.stop.compareExchange(
            expected: .no, desired: how, ordering: .acquiringAndReleasing)
        guard isFirst else { return }
        core.writerWake.wake()
        core.preparerWake.wake()
        let running = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        if core.settings.isDriven { _ = writer.turn() }
        for thread in running { thread.join() }
    }
}

extension FlatFileLog {
    package var end: Appended {
        core.shared.withLock { shared in
            let end = shared.collector.end
            return Appended(
                sequence: end.sequence,
                position: LogPosition(segment: end.segment, offset: end.offset))
        }
    }

    package var estimatedEnd: LogPosition? {
        let source = SegmentFolder(disk: core.disk, folder: core.folder)
        let last = try? source.segments().last { try source.opening($0) != nil }
        return last.map { LogPosition(segment: $0, offset: core.settings.segmentSize) }
    }

    package func firstSequence() throws(LogFault) -> UInt64 {
        let source = SegmentFolder(disk: core.disk, folder: core.folder)
        do throws(DiskFault) {
            return try source.firstSequence() ?? 1
        } catch {
            throw .disk(error)
        }
    }

    package func distance(from start: LogPosition, to end: LogPosition) -> UInt64 {
        let segments = Int(end.segment) - Int(start.segment)
        return UInt64(max(0, segments * core.settings.segmentSize + end.offset - start.offset))
    }

    package func removeHistory(before position: LogPosition) throws(LogFault) -> Int {
        let bound = min(
            position.segment,
            LogPosition(rawValue: core.durableEnd.load(ordering: .acquiring)).segment)
        do throws(DiskFault) {
            let source = SegmentFolder(disk: core.disk, folder: core.folder)
            let old = try source.segments().prefix { $0 < bound }
            let uncompressed = Set(try source.uncompressed())
            for segment in old {
                // Each durably before the next: a gap would look like damage.
                if uncompressed.contains(segment) {
                    try core.pool.retire(segment)
                } else {
                    try source.remove(segment)
                    core.files.forget(segment)
                    try core.disk.syncFolder(core.folder)
                }
            }
            return old.count
        } catch {
            throw .disk(error)
        }
    }

    package func compressHistory(before position: LogPosition) throws(LogFault) -> Int? {
        let bound = min(
            position.segment,
            LogPosition(rawValue: core.durableEnd.load(ordering: .acquiring)).segment)
        do throws(DiskFault) {
            return try compression.turn(before: bound)
        } catch {
            throw .disk(error)
        }
    }

    /// Without threads of its own (`LogSettings.isDriven`): does what they would do now, and
    /// writes a closing frame if asked. One thread at a time.
    package func drive(closesBatch: Bool = false) {
        drivePreparer()
        driveWriter(closesBatch: closesBatch)
    }

    /// The preparer's part of `drive`.
    package func drivePreparer() {
        precondition(core.settings.isDriven, "the log's own threads do this")
        _ = preparer.turn(isPaced: false)
    }

    /// The writer's part of `drive`.
    package func driveWriter(closesBatch: Bool = false) {
        precondition(core.settings.isDriven, "the log's own threads do this")
        if writer.turn(), closesBatch, writer.closeBatches() { _ = writer.turn() }
    }

    package func read(at position: LogPosition) throws(LogFault) -> [UInt8] {
        let durableEnd = core.durableEnd.load(ordering: .acquiring)
        guard position.rawValue < durableEnd, position.offset % FrameHeader.alignment == 0 else {
            throw .notFound(position)
        }
        while true {
            let version = core.files.version
            do throws(LogFault) {
                return try readOnce(at: position)
            } catch {
                // The file may have become another segment while it was read.
                guard core.files.version != version else { throw error }
            }
        }
    }

    private func readOnce(at position: LogPosition) throws(LogFault) -> [UInt8] {
        let file: any DiskFile
        do throws(DiskFault) {
            file = try core.files.file(position.segment)
        } catch {
            throw error.isMissing ? .notFound(position) : .disk(error)
        }
        return try RecordReader(file: file, tag: FrameHeader.tag(identity: core.identity))
            .read(at: position)
    }

    package func read(
        after place: LogPlace, _ body: (LogPlace, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        var walk = try LogWalk(core, after: place)
        try walk.run(body)
    }

    package func place(before sequence: UInt64) throws -> LogPlace {
        let source = SegmentFolder(disk: core.disk, folder: core.folder)
        let end = LogPosition(rawValue: core.durableEnd.load(ordering: .acquiring))
        var first: SegmentOpening?
        for segment in try source.segments().reversed() {
            guard LogPosition(segment: segment, offset: 0) < end,
                let opening = try source.opening(segment)
            else { continue }
            first = opening
            if opening.firstSequence <= sequence { break }
        }
        guard let first else { return .start }
        var found = LogPlace(
            sequence: first.firstSequence - 1,
            position: LogPosition(segment: first.segment, offset: 0), chain: first.chain)
        try read(after: found) { place, _ in
            if place.sequence < sequence { found = place }
            return place.sequence + 1 < sequence
        }
        return found
    }
}
