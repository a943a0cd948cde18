import Billing
import Foundation
import Testing
import Wire

@testable import Repository

@Suite("Backup and restore of an environment")
struct BackupTests {
    private func copy(_ folder: TemporaryFolder, _ target: TemporaryFolder) throws
        -> EnvironmentBackup
    {
        try EnvironmentBackup(
            from: folder.path + "/sandbox", to: target.path + "/backup/sandbox")
    }

    private func restore(_ target: TemporaryFolder, to folder: TemporaryFolder) throws {
        _ = try EnvironmentRestore(
            target.path + "/backup/sandbox", to: folder.path + "/sandbox"
        ).run()
    }

    @Test("Taken while it serves; what was acknowledged before is restored, byte for byte")
    func roundTrip() async throws {
        let (folder, target) = (try TemporaryFolder(), try TemporaryFolder())
        let restored = try TemporaryFolder()
        let bench = try await Bench(folder)
        for name in ["a", "b", "c"] { try await bench.create(name) }
        let backup = try copy(folder, target)
        for turn in 1...5 {
            for _ in 0..<20 { try await bench.track("a", turn) }
            _ = try backup.turn()
        }
        // The closing frame says that the last record is durable.
        try await Task.sleep(for: .milliseconds(100))
        let turn = try backup.turn()
        #expect(
            turn.sequences
                == bench.environment.partitions.map(\.customers.log.durableSequence))
        let dump = bench.environment.dump()
        try bench.environment.close()
        try restore(target, to: restored)
        let again = try await Bench(restored, publish: false)
        #expect(again.environment.dump() == dump)
        #expect(again.names.pricing.plans == [[Samples.free], [Samples.pro]])
        try await again.track("b", 7)
        try again.environment.close()
    }

    @Test("What the log no longer holds is restored from the snapshots in the copy")
    func snapshots() async throws {
        let (folder, target) = (try TemporaryFolder(), try TemporaryFolder())
        let restored = try TemporaryFolder()
        let bench = try await Bench(folder, partitions: 1)
        let long = String(repeating: "x", count: 50)
        for number in 0..<50 { try await bench.create("\(long)-\(number)") }
        // Enough for several segments of 1 MiB.
        for round in 0..<160 {
            for number in 0..<50 {
                try await bench.track(
                    "\(long)-\(number)", 1, request: bench.mark("\(long)-\(round)-\(number)"))
            }
        }
        let partition = folder.path + "/sandbox/partition-0"
        try bench.environment.takeSnapshot()
        let dump = bench.environment.dump()
        try bench.environment.close()
        let segments = try PosixDisk().list(partition).filter { $0.hasPrefix("segment-") }.sorted()
        try #require(segments.count > 2)
        try FileManager.default.removeItem(atPath: partition + "/" + segments[0])
        _ = try copy(folder, target).turn()
        try restore(target, to: restored)
        let again = try await Bench(restored, publish: false, partitions: 1)
        #expect(again.environment.dump() == dump)
        try again.environment.close()
    }

    @Test("What is erased is erased in the copy, too")
    func erasure() async throws {
        let (folder, target) = (try TemporaryFolder(), try TemporaryFolder())
        let (restored, time) = (try TemporaryFolder(), ManualTime())
        let bench = try await Bench(folder, time: time, partitions: 1)
        for name in ["ada", "charles"] {
            try await bench.create(name)
            try await bench.track(name, 1, properties: ["by": name + " in person"])
        }
        time.advance(days: 1)
        try await bench.create("later")
        try await bench.track("later", 1)
        _ = try bench.events(of: "ada")
        let backup = try copy(folder, target)
        try await Task.sleep(for: .milliseconds(100))
        _ = try backup.turn()
        let place = target.path + "/backup/sandbox/"
        func files(_ name: String) throws -> [Data] {
            try FileManager.default.contentsOfDirectory(atPath: place + name).sorted()
                .compactMap { FileManager.default.contents(atPath: place + name + "/" + $0) }
        }
        let said = Data("ada in person".utf8)
        #expect(try files("events").contains { $0.range(of: said) != nil })
        try await bench.running { try await bench.erase("ada") }
        try await Task.sleep(for: .milliseconds(100))
        _ = try backup.turn()
        #expect(try !files("events").contains { $0.range(of: said) != nil })
        let keys = try CustomerKeys.open(
            folder: place + "partition-0", identity: folder.identity(), disk: PosixDisk())
        #expect(!keys.isLive(1) && keys.isLive(2) && keys.isLive(3))
        let dump = bench.environment.dump()
        try bench.environment.close()
        try restore(target, to: restored)
        let again = try await Bench(restored, time: time, publish: false, partitions: 1)
        #expect(again.environment.dump() == dump)
        #expect(try again.profile("charles") == ["charles", ""])
        try again.environment.close()
    }

    @Test("Keys are in the copy before the records that need them, wherever it is cut short")
    func keysFirst() async throws {
        let (folder, target) = (try TemporaryFolder(), try TemporaryFolder())
        let bench = try await Bench(folder)
        try await bench.create("a")
        try await Task.sleep(for: .milliseconds(100))
        let backup = try copy(folder, target)
        _ = try backup.turn()
        for number in 0..<50 { try await bench.create("b\(number)") }
        try await Task.sleep(for: .milliseconds(100))
        struct Cut: Error {}
        // Right after the log's first piece.
        #expect(throws: Cut.self) { _ = try backup.turn { if $0 > 0 { throw Cut() } } }
        try bench.environment.close()
        let restored = try TemporaryFolder()
        try restore(target, to: restored)
        let again = try await Bench(restored, publish: false)
        // With several partitions, those of the log that was shipped.
        let names = (0..<50).map { "b\($0)" }.filter { name in
            (try? again.profile(name)) != nil
        }
        #expect(!names.isEmpty)
        for name in names { #expect(try again.profile(name) == [name, ""]) }
        try again.environment.close()
    }

    @Test("A copy that was cut short, a folder in use, another environment's copy: refused")
    func refusals() async throws {
        let (folder, target) = (try TemporaryFolder(), try TemporaryFolder())
        let bench = try await Bench(folder)
        try await bench.create("a")
        let backup = try copy(folder, target)
        #expect(throws: EnvironmentRestore.Failure.self) {
            try restore(target, to: try TemporaryFolder())
        }
        _ = try backup.turn()
        #expect(throws: EnvironmentRestore.Failure.self) { try restore(target, to: folder) }
        let other = try TemporaryFolder()
        let stranger = try await Bench(other)
        #expect(throws: EnvironmentBackup.Failure.self) { _ = try copy(other, target) }
        try stranger.environment.close()
        try bench.environment.close()
    }

    @Test("A damaged backup is not restored")
    func damaged() async throws {
        let (folder, target) = (try TemporaryFolder(), try TemporaryFolder())
        let bench = try await Bench(folder)
        for number in 0..<40 { try await bench.create("customer-\(number)") }
        try bench.environment.close()
        _ = try copy(folder, target).turn()
        let path = target.path + "/backup/sandbox/partition-0/segment-00000001.log"
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[300] ^= 4
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let restored = try TemporaryFolder()
        #expect(throws: EnvironmentRestore.Failure.self) { try restore(target, to: restored) }
        #expect(!FileManager.default.fileExists(atPath: restored.path + "/sandbox"))
    }

    @Test("How far receivers of webhooks were told goes along")
    func cursors() async throws {
        let (folder, target) = (try TemporaryFolder(), try TemporaryFolder())
        let restored = try TemporaryFolder()
        let bench = try await Bench(folder)
        try await bench.create("a")
        let backup = try copy(folder, target)
        try SmallFile.makeFolder(bench.environment.webhooksFolder)
        for content in ["one", "two"] {
            try SmallFile.write(
                Array(content.utf8), to: bench.environment.webhooksFolder + "/billing.json")
            _ = try backup.turn()
        }
        try bench.environment.close()
        _ = try backup.turn()
        try restore(target, to: restored)
        let path = restored.path + "/sandbox/webhooks/billing.json"
        #expect(try SmallFile.read(path).map { String(decoding: $0, as: UTF8.self) } == "two")
    }

    @Test("The server sees its follower fall behind and catch up")
    func lag() async throws {
        let (folder, target) = (try TemporaryFolder(), try TemporaryFolder())
        let bench = try await Bench(folder)
        try await bench.create("a")
        let backup = try copy(folder, target)
        let watch = bench.environment.backupWatch
        let durable = bench.environment.partitions.map(\.customers.log.durableSequence)
        let later = durable.map { $0 + 10 }
        watch.look(durable: durable, now: SystemClock.wall.milliseconds)
        #expect(watch.lagMilliseconds == nil && watch.lagRecords == nil)
        var turn = try backup.turn()
        try backup.say(turn)
        let now = SystemClock.wall.milliseconds
        watch.look(durable: later, now: now)
        watch.look(durable: later, now: now + 10_000)
        #expect(watch.lagMilliseconds.map { $0 >= 10_000 } == true)
        let lacking = zip(later, turn.sequences).reduce(0) { $0 + $1.0 - $1.1 }
        #expect(watch.lagRecords == lacking && lacking >= 10)
        #expect(bench.environment.conditions.current[.backup] != nil)
        turn.sequences = later
        try backup.say(turn)
        watch.look(durable: later, now: SystemClock.wall.milliseconds)
        #expect(bench.environment.conditions.current.isEmpty && watch.lagRecords == 0)
        try backup.say(turn, ended: true)
        watch.look(durable: later, now: now + 60_000)
        #expect(watch.lagMilliseconds == nil)
        try bench.environment.close()
    }

    @Test("A scrub finds what went bad, says so, and takes it back once it is mended")
    func scrub() async throws {
        let folder = try TemporaryFolder()
        let bench = try await Bench(folder)
        try bench.environment.close()
        let log = folder.path + "/log"
        try FileManager.default.createDirectory(atPath: log, withIntermediateDirectories: true)
        var tiny = LogSettings()
        tiny.segmentSize = 4_096
        let written = FlatFileLog(folder: log, identity: 5, settings: tiny)
        _ = try written.replay(from: 1) { _, _, _ in }
        for _ in 0..<200 {
            while true {
                do {
                    _ = try [UInt8](repeating: 7, count: 64).withUnsafeBytes {
                        try written.append($0)
                    }
                    break
                } catch LogFault.unavailable {
                    try await Task.sleep(for: .milliseconds(2))
                }
            }
        }
        try written.close()
        let conditions = Conditions()
        let scrubber = Scrubber(
            folders: [log], intervalMilliseconds: 1, conditions: conditions,
            logger: bench.environment.logger)
        scrubber.pass()
        #expect(conditions.current.isEmpty)
        let url = URL(fileURLWithPath: log + "/segment-00000002.log")
        let bytes = Array(try Data(contentsOf: url))
        var changed = bytes
        changed[500] ^= 1
        try Data(changed).write(to: url)
        scrubber.pass()
        #expect(conditions.current[.storage]?.contains("segment-00000002") == true)
        try Data(bytes).write(to: url)
        scrubber.pass()
        #expect(conditions.current.isEmpty)
    }
}
