import Billing
import Foundation
import Logging
import Testing
import Wire

@testable import Repository

@Suite("Snapshots")
struct SnapshotTests {
    @Test("A restart loads the newest one, replays only what came after, and is the live state")
    func restart() async throws {
        let folder = try TemporaryFolder()
        var live: [UInt8] = []
        var first: [UInt8] = []
        do {
            let bench = try await Bench(folder)
            try await populate(bench, 200)
            first = try await bench.track("c7", 7, request: bench.mark("r1")).message
            try bench.environment.takeSnapshot()
            for number in 0..<30 { try await bench.track("c\(number % 5)", 1) }
            live = bench.environment.dump()
            try bench.environment.close()
        }
        for threads in [1, 3] {
            let bench = try await Bench(folder, publish: false, threads: threads)
            #expect(bench.environment.recovery.records == 30)
            #expect(bench.environment.dump() == live)
            let again = try await bench.track("c7", 7, request: bench.mark("r1"))
            #expect(again.replayed && again.message == first + replayedMark(of: .track))
            try bench.environment.close()
        }
    }

    @Test("What changes while one is taken is neither lost nor counted twice")
    func concurrentWrites() async throws {
        let folder = try TemporaryFolder()
        var live: [UInt8] = []
        do {
            let bench = try await Bench(folder)
            try await populate(bench, 300)
            let environment = bench.environment
            let feature = bench.feature("messages")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<4 {
                    group.addTask {
                        for step in 0..<200 {
                            // Customers that are new, too.
                            let id = try #require(CustomerID("c\((task * 97 + step * 7) % 400)"))
                            let create = Command.create(CreateCustomer(name: "", email: ""))
                            _ = try await environment.commit(create, for: id, request: nil)
                            let usage = TrackUsage(
                                feature: feature, value: Quantity(units: 1), overage: .cap)
                            _ = try await environment.commit(.track(usage), for: id, request: nil)
                        }
                    }
                }
                for _ in 0..<4 { try environment.takeSnapshot() }
                try await group.waitForAll()
            }
            live = environment.dump()
            try environment.close()
        }
        for isCold in [false, true] {
            if isCold { try folder.removeSnapshots() }
            let bench = try await Bench(folder, publish: false, threads: 2)
            #expect((bench.environment.recovery.records > 1_000) == isCold)
            #expect(bench.environment.dump() == live)
            try bench.environment.close()
        }
    }

    @Test("A damaged one is ignored: an older one is loaded, or the whole log is read")
    func damage() async throws {
        let folder = try TemporaryFolder()
        var live: [UInt8] = []
        do {
            let bench = try await Bench(folder, partitions: 1)
            try await populate(bench, 40)
            try bench.environment.takeSnapshot()
            try await bench.track("c1", 5)
            try bench.environment.takeSnapshot()
            try await bench.track("c2", 5, request: bench.mark("r1"))
            try bench.environment.takeSnapshot()
            try await bench.track("c3", 5)
            live = bench.environment.dump()
            try bench.environment.close()
        }
        let names = try folder.snapshots()
        #expect(names.count == 2, "two are kept")
        let whole = try folder.bytes(names[0])
        func records() async throws -> UInt64 {
            let bench = try await Bench(folder, publish: false, threads: 2, partitions: 1)
            #expect(bench.environment.dump() == live)
            let records = bench.environment.recovery.records
            try bench.environment.close()
            return records
        }
        #expect(try await records() == 1)
        for step in 0..<40 {
            var bytes = whole
            let offset =
                step < 20 ? step * (whole.count - 1) / 20 : whole.count - 1 - (step - 20) * 3
            bytes[offset] ^= 0x40
            try folder.write(bytes, names[0])
            #expect(try await records() == 2, "offset \(offset)")
        }
        try folder.write(Array(whole.dropLast(100)), names[0])
        #expect(try await records() == 2)
        try folder.write([], names[1])
        #expect(try await records() == 43)
    }

    @Test("A log that ends before what a snapshot holds has lost records: refused")
    func shortLog() async throws {
        let folder = try TemporaryFolder()
        do {
            let bench = try await Bench(folder, partitions: 1)
            try await populate(bench, 10)
            try bench.environment.close()
        }
        let segment = try folder.names("segment-")[0]
        let before = try folder.bytes(segment)
        do {
            let bench = try await Bench(folder, publish: false, partitions: 1)
            try await bench.track("c1", 5)
            try bench.environment.takeSnapshot()
            try bench.environment.close()
        }
        try folder.write(before, segment)
        await #expect(throws: LogFault.self) {
            _ = try await Bench(folder, publish: false, partitions: 1)
        }
        try folder.removeSnapshots()
        let bench = try await Bench(folder, publish: false, partitions: 1)
        #expect(bench.environment.customerCount == 10)
        try bench.environment.close()
    }

    @Test("One of a newer version, or of another log, is ignored")
    func foreign() throws {
        var bytes = SnapshotHeader(identity: 1, start: 7, position: 0, time: 0).encoded
        #expect(throws: SnapshotProblem.foreign("it belongs to another log")) {
            try SnapshotHeader.decode(bytes, identity: 2)
        }
        bytes[8] = 12
        #expect(throws: SnapshotProblem.tooNew(12)) {
            try SnapshotHeader.decode(bytes, identity: 1)
        }
        bytes[0] = 0
        #expect(throws: SnapshotProblem.foreign("it is no snapshot")) {
            try SnapshotHeader.decode(bytes, identity: 1)
        }
    }

    @Test("The example in SnapshotFormat.swift")
    func example() throws {
        let header: [UInt8] = [
            0x89, 0x54, 0x53, 0x4E, 0x0D, 0x0A, 0x1A, 0x0A, 11, 0, 0, 0, 0, 0, 0, 0,
            1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0,
            0x00, 0x02, 0, 0, 1, 0, 0, 0, 0xE8, 0x03, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xAE, 0x28, 0xE7, 0x6C,
        ]
        let known = SnapshotHeader(identity: 1, start: 7, position: 1 << 32 | 512, time: 1000)
        #expect(try SnapshotHeader.decode(header, identity: 1) == known)
        #expect(known.encoded == header)
        let chunk: [UInt8] = [
            0x89, 0x54, 0x43, 0x4B, 2, 0, 0, 0, 1, 0, 0, 0, 0x10, 0, 0, 0,
            9, 0, 0, 0, 0, 0, 0, 0, 0xC1, 0x53, 0x4B, 0x35, 0xAE, 0x28, 0xE7, 0x6C,
            3, 0, 0, 0, 0xF8, 0x23, 0x6F, 0x2D,
            5, 0, 0, 0, 0, 0, 0, 0, 0x50, 0, 0, 0, 1, 0, 0, 0,
        ]
        let decoded = try SnapshotChunk.decode(chunk, tag: known.tag, at: 64)
        #expect(decoded.encoded(tag: known.tag) == Array(chunk[..<40]))
        #expect(decoded.kind == .requests && decoded.shard == 3 && decoded.count == 1)
        #expect(decoded.sequence == 9)
    }

    @Test("A snapshot of version 1 is read")
    func older() throws {
        let older = SnapshotHeader(
            version: 1, identity: 1, start: 7, position: 1 << 32 | 512, time: 1000)
        let newer = SnapshotHeader(identity: 1, start: 7, position: 1 << 32 | 512, time: 1000)
        let decoded = try SnapshotHeader.decode(older.encoded, identity: 1)
        #expect(decoded == older && decoded.tag == older.tag && decoded.tag != newer.tag)
    }

    @Test("A crash while one is written leaves the older ones and the log")
    func crash() async throws {
        let folder = try TemporaryFolder()
        var live: [UInt8] = []
        do {
            let bench = try await Bench(folder, partitions: 1)
            try await populate(bench, 50)
            let partition = SnapshotFolder(
                disk: PosixDisk(), folder: folder.partition, identity: 1)
            var writer = try SnapshotWriter(bench.environment.partitions[0].customers, partition)
            for _ in 0..<300 { _ = try writer.turn() }
            #expect(try folder.snapshots().isEmpty)
            live = bench.environment.dump()
            try bench.environment.close()
        }
        let again = try await Bench(folder, publish: false, partitions: 1)
        #expect(again.environment.dump() == live)
        try again.environment.takeSnapshot()
        #expect(try folder.snapshots().count == 1)
        try again.environment.close()
    }

    @Test("It gets its name only once the log is durable past everything in it")
    func durability() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.partition, withIntermediateDirectories: true)
        let log = MemoryLog(pace: .manual)
        let logger = Logger(label: "test")
        let repository = CustomerRepository(
            directory: try Directory(log: MemoryLog()), log: log, time: ManualTime(),
            logger: logger, seed: 1, requestSpan: 1_000)
        _ = try repository.recover()
        let id = try #require(CustomerID("acme"))
        _ = try repository.execute(
            .create(CreateCustomer(name: "Acme", email: "")), for: id, request: nil,
            names: repository.directory.current, in: Workspace())
        let keeper = SnapshotKeeper(
            repository, SnapshotFolder(disk: PosixDisk(), folder: folder.partition, identity: 1),
            settings: SnapshotSettings(),
            last: Appended(sequence: 0, position: LogPosition(rawValue: 0)), logger: logger)
        keeper.request()
        for now in 0..<2_000 { _ = keeper.turn(now: Int64(now)) }
        #expect(try folder.snapshots().isEmpty)
        log.makeDurable()
        for now in 2_000..<2_002 { _ = keeper.turn(now: Int64(now)) }
        #expect(try folder.snapshots() == [SnapshotFolder.name(start: 1)])
        #expect(keeper.taken == 1)
    }

    @Test("The chain of a customer's records goes back across a restart from a snapshot")
    func backChain() async throws {
        let folder = try TemporaryFolder()
        do {
            let bench = try await Bench(folder)
            try await populate(bench, 10)
            for value in 1...5 { try await bench.track("c4", value) }
            try bench.environment.takeSnapshot()
            try await bench.track("c4", 6)
            try bench.environment.close()
        }
        let bench = try await Bench(folder, publish: false, threads: 2)
        #expect(bench.environment.recovery.records == 1)
        try await bench.track("c4", 7)
        let customers = bench.environment.customers(of: bench.id("c4"))
        var position = try customers.read(bench.id("c4"), names: bench.names, in: Workspace()) {
            customer, _ in customer.position
        }.answer
        var times = 0
        let arena = Arena()
        while position != 0 {
            let bytes = try customers.log.read(at: LogPosition(rawValue: position))
            let record = try bytes.withUnsafeBytes {
                try RecordDecoder(arena: arena, seals: customers.keys).record($0)
            }
            #expect(record.customer == bench.id("c4") && record.previousPosition < position)
            position = record.previousPosition
            times += 1
        }
        #expect(times == 8)
        try bench.environment.close()
    }

    @Test("Segments older than the history go once two snapshots stand after them, not before")
    func history() async throws {
        let folder = try TemporaryFolder()
        let time = ManualTime()
        var live: [UInt8] = []
        do {
            let bench = try await Bench(folder, time: time, partitions: 1)
            try await bench.create("acme")
            let environment = bench.environment
            for days in [1, 20, 20] {
                #expect(try folder.names("segment-").contains("segment-00000001.log"))
                try fill(bench, 20_000)
                environment.partitions[0].customers.noteLogEnd()
                time.advance(days: Int64(days))
                environment.partitions[0].customers.noteLogEnd()
                try environment.takeSnapshot()
            }
            live = environment.dump()
            try environment.close()
        }
        let segments = try folder.names("segment-")
        #expect(!segments.contains("segment-00000001.log") && segments.count > 1)
        let bench = try await Bench(folder, time: time, publish: false, partitions: 1)
        #expect(bench.environment.dump() == live)
        try bench.environment.close()
    }

    /// Tracks without waiting for each.
    private func fill(_ bench: Bench, _ count: Int) throws {
        let usage = TrackUsage(
            feature: bench.feature("messages"), value: Quantity(units: 1), overage: .cap)
        var left = count
        while left > 0 {
            let workspace = Workspace()
            do {
                _ = try bench.environment.customers(of: bench.id("acme")).execute(
                    .track(usage), for: bench.id("acme"), request: nil, names: bench.names,
                    in: workspace)
                left -= 1
            } catch ExecuteFault.unavailable {
                usleep(1_000)
            }
        }
    }

    private func populate(_ bench: Bench, _ count: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let environment = bench.environment
            for number in 0..<count {
                group.addTask {
                    let id = try #require(CustomerID("c\(number)"))
                    let create = Command.create(CreateCustomer(name: "", email: ""))
                    _ = try await environment.commit(create, for: id, request: nil)
                }
            }
            try await group.waitForAll()
        }
    }
}

extension TallyEnvironment {
    /// In every partition.
    func takeSnapshot() throws {
        for partition in partitions {
            try partition.snapshots.take(now: SystemClock.monotonic)
        }
    }
}

extension TemporaryFolder {
    /// The first one's folder.
    var partition: String { path + "/sandbox/partition-0" }

    func names(_ prefix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: partition)
            .filter { $0.hasPrefix(prefix) }.sorted()
    }

    /// The newest first.
    func snapshots() throws -> [String] { try names("snapshot-").reversed() }

    /// Of every partition.
    func removeSnapshots() throws {
        let folder = path + "/sandbox"
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder)
        where path.contains("/snapshot-") {
            try FileManager.default.removeItem(atPath: folder + "/" + path)
        }
    }

    func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: partition + "/" + name)))
    }

    func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: partition + "/" + name))
    }
}
