import Billing
import Events
import Foundation
import Logging
import Repository
import Synchronization
import Testing
import Wire

/// The law: what is asked sees every durable event, each once, whatever became of the files.
@Suite("The store of events")
struct EventStoreTests {
    private static let firstDay: Int64 = 1_793_059_200_000

    /// A log of some days: in each record none, one or two events.
    private func makeLog(_ records: Int, from value: Int = 1) throws -> MemoryLog {
        let log = MemoryLog(pace: .manual)
        _ = try log.replay(from: 1) { _, _, _ in }
        for number in 0..<records { try append(number, value: value, to: log) }
        log.makeDurable()
        return log
    }

    private func append(_ number: Int, value: Int = 1, to log: MemoryLog) throws {
        let usage = Fact.usageRecorded(
            feature: FeatureNumber(rawValue: 1), value: Quantity(units: value + number),
            label: EventLabel(time: nil, properties: [EventProperty("n", .text("\(number % 5)"))]))
        let facts: [Fact] = [.bucketClosed(bucket: 9)] + Array(repeating: usage, count: number % 3)
        let record = CustomerRecord(
            customer: try #require(CustomerID("c\(number % 4)")),
            time: Timestamp(milliseconds: Self.firstDay + Int64(number) * 3_600_000),
            catalogSequence: 1, previousPosition: 0, facts: facts, request: nil)
        let arena = Arena()
        let bytes = RecordWriter(arena: arena).record(
            record, reply: UnsafeRawBufferPointer(start: nil, count: 0))
        _ = try withExtendedLifetime(arena) { try log.append(bytes) }
    }

    private func open(
        _ log: MemoryLog, _ folder: TemporaryFolder, _ disk: any Disk = PosixDisk()
    ) throws -> EventStore {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let derivation = try EventDerivation(
            log: log, identity: 5, folder: EventFolder(folder: folder.path, disk: disk),
            logger: logger)
        return EventStore([derivation], logger: logger)
    }

    /// (sequence, index, value) of every event, oldest first.
    private func events(_ store: EventStore) throws -> [[Int]] {
        let query = ListQuery(filter: EventFilter(), order: .oldestFirst, limit: 1_000)
        return try store.ask { try query.run(over: $0) }.map {
            [Int($0.cursor.sequence), Int($0.cursor.index), Int($0.value.raw / Quantity.scale)]
        }
    }

    private func expected(_ records: Int, from value: Int = 1) -> [[Int]] {
        (0..<records).flatMap { number in
            (0..<number % 3).map { [number + 1, $0, value + number] }
        }
    }

    private func files(_ folder: TemporaryFolder, _ suffix: String = ".events") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(suffix) }.sorted()
    }

    @Test("An event is there once it is durable, and a day's file once the day is over")
    func follows() throws {
        let (log, folder) = (try makeLog(0), try TemporaryFolder())
        let store = try open(log, folder)
        #expect(try events(store).isEmpty)
        for number in 0..<100 {
            try append(number, to: log)
            #expect(try events(store) == expected(number))
            log.makeDurable()
            #expect(try events(store) == expected(number + 1))
        }
        // 100 hours: four days are over.
        let files = try files(folder)
        #expect(files.count == 4)
        #expect(files.first == "2026-10-27-0000000000000001.events")
        #expect(try events(try open(log, folder)) == expected(100))
        #expect(try self.files(folder) == files)
    }

    @Test("What is missing is made again, byte for byte", arguments: 0..<5)
    func missing(which: Int) throws {
        let (log, folder) = (try makeLog(130), try TemporaryFolder())
        _ = try events(try open(log, folder))
        let names = try files(folder)
        #expect(names.count == 5)
        let path = "\(folder.path)/\(names[which])"
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        try FileManager.default.removeItem(atPath: path)
        #expect(try events(try open(log, folder)) == expected(130))
        #expect(try files(folder) == names)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test("What goes missing while it is in use is made again")
    func goesMissing() throws {
        let (log, folder) = (try makeLog(130), try TemporaryFolder())
        let store = try open(log, folder)
        _ = try events(store)
        let names = try files(folder)
        for name in [names[0], names[4], names[2]] {
            try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
            #expect(try events(store) == expected(130))
            #expect(try files(folder) == names)
        }
    }

    @Test("All missing at once")
    func allMissing() throws {
        let (log, folder) = (try makeLog(130), try TemporaryFolder())
        _ = try events(try open(log, folder))
        let names = try files(folder)
        for name in names[1...3] {
            try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
        }
        #expect(try events(try open(log, folder)) == expected(130))
        #expect(try files(folder) == names)
    }

    @Test("Damage is noticed, set aside and made good", arguments: [true, false])
    func damage(whileOpen: Bool) throws {
        let (log, folder) = (try makeLog(60), try TemporaryFolder())
        var store = try open(log, folder)
        _ = try events(store)
        let names = try files(folder)
        let path = "\(folder.path)/\(names[1])"
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for offset in stride(from: 0, to: whole.count, by: 37) {
            let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            try handle.seek(toOffset: UInt64(offset))
            try handle.write(contentsOf: Data([whole[offset] ^ 0x40]))
            try handle.close()
            if !whileOpen { store = try open(log, folder) }
            #expect(try events(store) == expected(60), "offset \(offset)")
            if try files(folder, ".damaged").isEmpty {
                // An open file's footer was read before; the next start notices.
                store = try open(log, folder)
                #expect(try events(store) == expected(60), "offset \(offset)")
            }
            #expect(try files(folder, ".damaged").count == 1, "offset \(offset)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == whole)
            try FileManager.default.removeItem(atPath: path + ".damaged")
        }
    }

    @Test("A folder of another log, or of a longer one, is not believed")
    func foreign() throws {
        let folder = try TemporaryFolder()
        _ = try events(try open(try makeLog(130), folder))
        #expect(try events(try open(try makeLog(70, from: 50), folder)) == expected(70, from: 50))
        #expect(try files(folder, ".damaged").count == 5)
        #expect(try events(try open(try makeLog(130), folder)) == expected(130))
    }

    @Test("A process that dies at any call to the disk leaves nothing wrong")
    func everyCall() throws {
        let log = try makeLog(80)
        var calls = 0
        while true {
            let folder = try TemporaryFolder()
            let disk = DyingDisk(after: calls)
            let isDone = (try? events(try open(log, folder, disk))) == expected(80)
            #expect(try events(try open(log, folder)) == expected(80), "after \(calls) calls")
            #expect(try files(folder).count == 3)
            #expect(try files(folder, ".writing").isEmpty)
            if isDone { break }
            calls += 1
        }
        #expect(calls > 20)
    }

    @Test("What a track says of its event is listed when it returns, and after a restart")
    func endToEnd() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let now = time.now()
        let label = try #require(
            EventLabel(
                time: now.adding(milliseconds: -5_000),
                properties: [EventProperty("model", .text("m1"))]))
        for life in 0..<2 {
            let bench = try await Bench(folder, time: time, publish: life == 0)
            if life == 0 {
                try await bench.create("acme")
                let usage = TrackUsage(
                    feature: bench.feature("messages"), value: Quantity(units: 7), overage: .cap,
                    label: label)
                try await bench.commit(.track(usage), "acme", request: bench.mark("once"))
                try await bench.commit(.track(usage), "acme", request: bench.mark("once"))
                try await bench.track("acme", 2)
            }
            let query = ListQuery(filter: EventFilter(customer: bench.id("acme")))
            let events = try bench.environment.events.ask { try query.run(over: $0) }
            #expect(events.map(\.value) == [Quantity(units: 2), Quantity(units: 7)])
            #expect(events.map(\.time) == [now, now.adding(milliseconds: -5_000)])
            #expect(events.map(\.commitTime) == [now, now])
            #expect(events.map(\.properties) == [[], label.properties])
            #expect(try bench.remaining("acme") == Quantity(units: 91))
            try bench.environment.close()
        }
    }

    @Test("A track from the future is refused")
    func future() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let bench = try await Bench(folder, time: time)
        try await bench.create("acme")
        let usage = TrackUsage(
            feature: bench.feature("messages"), value: Quantity(units: 7), overage: .cap,
            label: EventLabel(time: time.now().adding(milliseconds: 1), properties: []))
        await #expect(throws: ExecuteFault.self) {
            try await bench.commit(.track(usage), "acme")
        }
        try bench.environment.close()
    }
}

/// The real disk, until it has been called so often; from then on every call fails.
private final class DyingDisk: Disk {
    private let left: Mutex<Int>

    init(after calls: Int) {
        left = Mutex(calls)
    }

    func spend(_ operation: String) throws(DiskFault) {
        let isAlive = left.withLock { left in
            left -= 1
            return left >= 0
        }
        guard isAlive else { throw DiskFault(operation: operation, path: "", code: 5) }
    }

    func open(_ path: String, _ purpose: DiskPurpose) throws(DiskFault) -> any DiskFile {
        try spend("open")
        return DyingFile(try PosixDisk().open(path, purpose), self)
    }

    func rename(_ path: String, to target: String) throws(DiskFault) {
        try spend("rename")
        try PosixDisk().rename(path, to: target)
    }

    func remove(_ path: String) throws(DiskFault) {
        try spend("remove")
        try PosixDisk().remove(path)
    }

    func list(_ folder: String) throws(DiskFault) -> [String] {
        try spend("list")
        return try PosixDisk().list(folder)
    }

    func syncFolder(_ folder: String) throws(DiskFault) {
        try spend("syncFolder")
        try PosixDisk().syncFolder(folder)
    }
}

private final class DyingFile: DiskFile {
    private let file: any DiskFile
    private let disk: DyingDisk

    init(_ file: any DiskFile, _ disk: DyingDisk) {
        self.file = file
        self.disk = disk
    }

    /// The last write of a dying disk gets half through.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskFault) {
        do {
            try disk.spend("write")
        } catch {
            try file.write(
                UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count / 2)]), at: offset)
            throw error
        }
        try file.write(bytes, at: offset)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(DiskFault) -> Int {
        try disk.spend("read")
        return try file.read(into: buffer, at: offset)
    }

    func forget(_ range: Range<Int>) throws(DiskFault) { try file.forget(range) }

    func sync() throws(DiskFault) {
        try disk.spend("sync")
        try file.sync()
    }

    func size() throws(DiskFault) -> Int {
        try disk.spend("size")
        return try file.size()
    }

    func lock() throws(DiskFault) -> Bool { try file.lock() }
}
