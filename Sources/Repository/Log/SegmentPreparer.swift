import Logging
import Synchronization

/// Makes the next segments before they are needed, out of old ones or filled with zeros. Blocks
/// that are already written are overwritten 1.3 to 2 times as fast as a file grows; merely
/// allocated ones aren't.
struct SegmentPreparer: Sendable {
    private static let chunkSize = 256 << 10
    /// Between two chunks, in microseconds: 16 MiB a second.
    private static let pause = 16_000

    let core: LogCore

    /// The thread's life: ends when the log is closed, abandoned or failed.
    func run() {
        ThreadPriority.lower()
        while !isOver {
            let isDone = turn(isPaced: true)
            // A pause may have taken the wake that says so.
            guard !isOver else { return }
            core.preparerWake.waitForWake(
                microseconds: isDone ? nil : core.settings.retryMilliseconds * 1_000)
        }
    }

    /// Prepares all segments that are missing. False: one could not be, and needs another try.
    func turn(isPaced: Bool) -> Bool {
        while let id = missing() {
            do throws(DiskFault) {
                let size = core.settings.segmentSize
                let isRecycled = try core.pool.reuse(as: id, size: size)
                if !isRecycled { guard try prepare(id, isPaced: isPaced) else { return true } }
                let segment = ReadySegment(id: id, size: size, isRecycled: isRecycled)
                core.shared.withLock { $0.collector.add(ready: segment) }
            } catch {
                report(error)
                return false
            }
        }
        return true
    }

    private var isOver: Bool {
        core.stop.load(ordering: .acquiring) != .no
            || core.shared.withLock {
                if case .failed = $0.collector.refusal { true } else { false }
            }
    }

    /// The id of the next segment to prepare.
    private func missing() -> UInt32? {
        core.shared.withLock { [settings = core.settings] shared in
            let collector = shared.collector
            guard collector.ready.count < settings.readySegments else { return nil }
            return (collector.ready.last?.id ?? collector.end.segment) + 1
        }
    }

    /// Makes a durable segment of zeros; false if the log is being closed. What it leaves behind
    /// on a fault is removed, so that a full disk gets its room back.
    ///
    /// - Parameter isPaced: no faster than it is needed.
    func prepare(_ id: UInt32, isPaced: Bool) throws(DiskFault) -> Bool {
        let temporary = core.folder + "/" + SegmentName.preparing
        do throws(DiskFault) {
            let isWhole = try fill(try create(temporary), isPaced: isPaced)
            guard isWhole else {
                try core.disk.remove(temporary)
                return false
            }
            try core.disk.rename(temporary, to: SegmentName.path(id, in: core.folder))
            try core.disk.syncFolder(core.folder)
            return true
        } catch {
            try? core.disk.remove(temporary)
            throw error
        }
    }

    private func create(_ path: String) throws(DiskFault) -> any DiskFile {
        do throws(DiskFault) {
            return try core.disk.open(path, .creating)
        } catch {
            guard error.isExisting else { throw error }
            try core.disk.remove(path)
            return try core.disk.open(path, .creating)
        }
    }

    /// A sync for each chunk keeps the disk's queue short for the writer's syncs.
    private func fill(_ file: any DiskFile, isPaced: Bool) throws(DiskFault) -> Bool {
        let zeros = [UInt8](repeating: 0, count: min(Self.chunkSize, core.settings.segmentSize))
        var offset = 0
        while offset < core.settings.segmentSize {
            guard core.stop.load(ordering: .acquiring) == .no else { return false }
            let count = min(zeros.count, core.settings.segmentSize - offset)
            try file.write(zeros, count: count, at: offset)
            try file.sync()
            offset += count
            if isPaced, offset < core.settings.segmentSize { pause(at: offset) }
        }
        return true
    }

    private func pause(at offset: Int) {
        let end = core.shared.withLock { $0.collector.end }
        let (left, room) = (core.settings.segmentSize - offset, end.size - end.offset)
        guard Self.hasTime(filled: offset, left: left, used: end.offset, room: room) else { return }
        core.preparerWake.waitForWake(microseconds: Self.pause)
    }

    /// Filled at once, a segment takes a core for a third of a second, and calls wait for it. So it
    /// is filled twice as fast as the log fills the one before, or, while there is time, leisurely.
    ///
    /// - Parameters:
    ///   - filled: bytes of the new segment, and those that are left.
    ///   - used: bytes of the one that the log is in, and those that it has room for. After a start
    ///     from a copy it may have no room at all.
    static func hasTime(filled: Int, left: Int, used: Int, room: Int) -> Bool {
        filled > 2 * used && left < 2 * room
    }

    private func report(_ fault: DiskFault) {
        let shortage: LogFault = fault.isFull ? .full("\(fault)") : .unavailable("\(fault)")
        let isNews = core.shared.withLock { shared in
            defer { shared.collector.shortage = shortage }
            return shared.collector.shortage != shortage
        }
        guard isNews else { return }
        core.logger.warning("The next segment can't be prepared, trying again: \(fault)")
    }
}

extension DiskFile {
    /// Writes the first `count` of `bytes`.
    func write(_ bytes: [UInt8], count: Int, at offset: Int) throws(DiskFault) {
        var fault: DiskFault?
        bytes.withUnsafeBytes { all in
            do throws(DiskFault) {
                try write(UnsafeRawBufferPointer(rebasing: all[..<count]), at: offset)
            } catch { fault = error }
        }
        if let fault { throw fault }
    }
}
