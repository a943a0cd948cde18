import Glibc
import Synchronization
import Testing

@testable import Repository

@Suite struct DiskFaultTests {
    private let folder: TemporaryFolder
    private let disk = FaultyDisk()
    private let heard = Heard()

    init() throws {
        folder = try TemporaryFolder()
    }

    private func open(_ settings: LogSettings = .driven()) throws -> FlatFileLog {
        try reopen(folder, settings: settings, disk: disk, listener: heard.listener).log
    }

    private func append(_ log: FlatFileLog, _ count: Int = 100) throws -> Appended {
        try [UInt8](repeating: 5, count: count).withUnsafeBytes { try log.append($0) }
    }

    /// No room for the next segment: appends end with `.full` once this one is used up, with
    /// nothing taken; reads go on; with room they begin again.
    @Test func fullDisk() throws {
        let log = try open()
        disk.faults.withLock { $0.creating = ENOSPC }
        var taken: [Appended] = []
        var refusal: LogFault?
        while refusal == nil {
            do {
                taken.append(try append(log))
            } catch let fault as LogFault { refusal = fault }
            log.drive()
        }
        guard case .full = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        #expect(taken.count > 3)
        #expect(log.durableSequence == taken.last?.sequence)
        #expect(try log.read(at: try #require(taken.first).position).count == 100)
        #expect(try folder.names(SegmentName.preparing).isEmpty)
        disk.faults.withLock { $0.creating = 0 }
        log.drive()
        #expect(try append(log).sequence == log.durableSequence + 1)
        log.drive()
        #expect(try reopen(folder).records.count == taken.count + 1)
        #expect(heard.faults.withLock { $0 }.isEmpty)
    }

    /// The same with the log's own threads: it begins again by itself.
    @Test func fullDiskEndsByItself() throws {
        disk.faults.withLock { $0.creating = 0 }
        let log = try open(.tiny())
        disk.faults.withLock { $0.creating = ENOSPC }
        var isFull = false
        for _ in 0..<5_000 where !isFull {
            do {
                _ = try append(log)
            } catch LogFault.full { isFull = true } catch LogFault.unavailable { usleep(500) }
        }
        #expect(isFull)
        disk.faults.withLock { $0.creating = 0 }
        var next: Appended?
        for _ in 0..<5_000 where next == nil {
            do { next = try append(log) } catch LogFault.full { usleep(500) }
        }
        try log.waitUntilDurable(try #require(next).sequence)
        try log.close()
    }

    /// A write or sync that fails on a ready segment is the end, and is told to all.
    @Test(arguments: [(EIO, 0), (ENOSPC, 0), (0, EIO), (0, ENOSPC)] as [(Int32, Int32)])
    func failureIsFinal(writing: Int32, syncing: Int32) throws {
        let log = try open(.tiny(1 << 16))
        let kept = try append(log)
        try log.waitUntilDurable(kept.sequence)
        let syncs = disk.faults.withLock { faults in
            (faults.writing, faults.syncing) = (writing, syncing)
            return faults.syncs
        }
        let lost = try append(log)
        let fault = try #require(
            #expect(throws: LogFault.self) { try log.waitUntilDurable(lost.sequence) })
        guard case .failed = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
        disk.faults.withLock { ($0.writing, $0.syncing) = (0, 0) }
        #expect(throws: fault) { try append(log) }
        #expect(log.durableSequence == kept.sequence)
        #expect(try log.read(at: kept.position).count == 100)
        #expect(throws: fault) { try log.close() }
        #expect(heard.faults.withLock { $0 } == [fault])
        #expect(heard.durable.withLock { $0 } == [kept.sequence])
        // Never a second sync after the one that failed.
        #expect(disk.faults.withLock { $0.syncs } == syncs + (syncing == 0 ? 0 : 1))
        let (_, records, _) = try reopen(folder, settings: .tiny(1 << 16))
        #expect((1...2).contains(records.count))
    }

    /// Threads that wait already when the sync fails.
    @Test func waitersOnOtherThreadsAreTold() async throws {
        let log = try open(.tiny())
        disk.faults.withLock { ($0.syncing, $0.delayMilliseconds) = (EIO, 50) }
        let lost = try append(log)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    do { try log.waitUntilDurable(lost.sequence) } catch { return true }
                    return false
                }
            }
            for await wasTold in group { #expect(wasTold) }
        }
    }

    @Test func oversizedRecord() throws {
        let log = try open()
        let limit = LogSettings.driven().payloadLimit
        #expect(throws: LogFault.tooLarge(length: limit + 1, limit: limit)) {
            try append(log, limit + 1)
        }
        #expect(try append(log, limit).sequence == 1)
        log.drive()
        #expect(try append(log, limit).sequence == 2)
        log.drive()
        #expect(
            try reopen(folder, settings: .driven()).records.map(\.payload.count)
                == [limit, limit])
    }

    @Test func fullBufferIsRefused() throws {
        var settings = LogSettings.driven(1 << 16)
        settings.bufferSize = 1_024
        let log = try open(settings)
        var count = 0
        let fault = #expect(throws: LogFault.self) {
            while true {
                _ = try append(log)
                count += 1
            }
        }
        guard case .unavailable = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
        #expect(count == 6)
        log.drive()
        #expect(try append(log).sequence == 7)
    }

    /// `durable_through` of each batch is all that came before it.
    @Test func batchesKnowWhatIsDurable() throws {
        let log = try open(.driven(4_096))
        for size in [1, 3, 2] {
            for _ in 0..<size { _ = try append(log, 10) }
            log.drive()
        }
        var through: [UInt64] = []
        try LogReader(folder: folder.path).forEachFrame {
            if $0.header?.kind == .record { through.append($0.header?.durableThrough ?? 99) }
        }
        #expect(through == [0, 1, 1, 1, 4, 4])
        #expect(heard.durable.withLock { $0 } == [1, 4, 6])
    }
}

@Suite struct FolderLockTests {
    @Test func secondOneIsRefused() throws {
        let folder = try TemporaryFolder()
        var lock: FolderLock? = try FolderLock(folder: folder.path)
        let refusal = LogFault.locked(folder: folder.path, holder: "process \(getpid())")
        #expect(throws: refusal) { try FolderLock(folder: folder.path) }
        #expect(refusal.description.contains("\(getpid())"))
        withExtendedLifetime(lock) {}
        lock = nil
        _ = try FolderLock(folder: folder.path)
    }

    @Test func folderMustExist() {
        #expect(throws: LogFault.self) { try FolderLock(folder: "/nonexistent/tally") }
    }
}
