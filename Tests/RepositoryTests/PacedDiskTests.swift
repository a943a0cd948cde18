import Billing
import Foundation
import Synchronization
import Testing

@testable import Repository

@Suite("How fast a backup reads") struct PacedDiskTests {
    /// Sleeping moves it on.
    private final class ManualClock: Sendable {
        let microseconds = Mutex<Int64>(1_000_000)
        let sleeps = Mutex<[Int64]>([])

        var now: Int64 { microseconds.withLock { $0 } }
        var slept: Int64 { sleeps.withLock { $0.reduce(0, +) } }

        func pace(bytesPerSecond: Int) -> BackupPace {
            BackupPace(
                bytesPerSecond: bytesPerSecond,
                clock: .init(
                    now: { self.now },
                    sleep: { time in
                        self.microseconds.withLock { $0 += time }
                        self.sleeps.withLock { $0.append(time) }
                    }))
        }
    }

    @Test(
        "Each read waits for those before it, and what wasn't used isn't saved up",
        arguments: [
            // Moments and sizes of reads, and what each waits, at 1,000 bytes a second.
            ([(0, 500), (0, 500), (0, 500)], [0, 500_000, 1_000_000]),
            ([(0, 500), (400_000, 500), (1_000_000, 1)], [0, 100_000, 0]),
            ([(0, 1), (9_000_000, 1_000), (9_000_000, 1_000)], [0, 0, 1_000_000]),
            ([(5, 0), (5, 7)], [0, 0]),
        ] as [([(Int64, Int)], [Int64])])
    func pace(reads: [(now: Int64, count: Int)], waits: [Int64]) {
        var pace = ReadPace(bytesPerSecond: 1_000)
        #expect(reads.map { pace.wait(toRead: $0.count, now: $0.now) } == waits)
    }

    @Test("A large read is made of small ones at the pace, and gives the same bytes")
    func bites() throws {
        let (folder, clock) = (try TemporaryFolder(), ManualClock())
        let content = (0..<3 << 20).map { UInt8(truncatingIfNeeded: $0 / 977) }
        let path = folder.path + "/file"
        try Data(content).write(to: URL(fileURLWithPath: path))
        let disk = PacedDisk(disk: PosixDisk(), pace: clock.pace(bytesPerSecond: 1 << 20))
        let began = clock.now
        #expect(try disk.open(path, .reading).bytes(content.count, at: 0) == content)
        // The last bite's own time isn't waited for.
        #expect(clock.now - began == 3_000_000 - 250_000)
        #expect(clock.sleeps.withLock { $0.allSatisfy { $0 == 250_000 } })
        // Behind the end there is nothing.
        #expect(try disk.open(path, .reading).bytes(100, at: content.count - 7).count == 7)
    }

    @Test("A backup takes as long as its bytes need, those of all environments together")
    func backup() async throws {
        let (folder, target) = (try TemporaryFolder(), try TemporaryFolder())
        let bench = try await Bench(folder, partitions: 1)
        try await bench.create("acme")
        try bench.environment.close()
        let (name, content) = try Self.addDayFile(folder)
        let clock = ManualClock()
        let pace = clock.pace(bytesPerSecond: 1 << 20)
        for copy in ["a", "b"] {
            let place = "\(target.path)/\(copy)/sandbox"
            let backup = try EnvironmentBackup(
                from: folder.path + "/sandbox", to: place, pace: pace)
            _ = try backup.turn()
            #expect(FileManager.default.contents(atPath: "\(place)/\(name)") == content)
        }
        // Twice that file, logs and keys beside it; the last bite's own time isn't waited for.
        #expect((3_750_000..<8_000_000).contains(clock.slept), "\(clock.slept)")
        #expect(clock.sleeps.withLock { $0.allSatisfy { $0 <= 250_000 } })
    }

    @Test("While large files are copied the logs are shipped")
    func meanwhile() async throws {
        let (folder, target) = (try TemporaryFolder(), try TemporaryFolder())
        let bench = try await Bench(folder, partitions: 1)
        try await bench.create("acme")
        try Self.addDayFile(folder)
        let backup = try EnvironmentBackup(
            from: folder.path + "/sandbox", to: target.path + "/sandbox")
        var calls = 0
        var (first, later) = (UInt64(0), UInt64(0))
        let turn = try backup.turn(meanwhile: {
            calls += 1
            guard calls == 1 else { return }
            first = try backup.ship().sequences[0]
            Self.commitMore(bench)
            // Once a closing frame says that they are durable.
            for _ in 0..<1_000 where later < first + 10 {
                usleep(10_000)
                later = try backup.ship().sequences[0]
            }
        })
        #expect(calls >= 2)
        #expect(later >= first + 10)
        #expect(turn.sequences[0] >= later, "what was shipped meanwhile isn't taken back")
        try bench.environment.close()
    }

    /// Of two blocks; its path within the environment, and its content.
    @discardableResult
    private static func addDayFile(
        _ folder: TemporaryFolder
    ) throws -> (name: String, content: Data) {
        let name = "events/2026-01-01-0000000000000001.events"
        let content = Data((0..<2 << 20).map { UInt8(truncatingIfNeeded: $0 / 977) })
        try content.write(to: URL(fileURLWithPath: "\(folder.path)/sandbox/\(name)"))
        return (name, content)
    }

    private static func commitMore(_ bench: Bench) {
        let workspace = Workspace()
        for number in 0..<10 {
            let id = bench.id("more-\(number)")
            _ = try? bench.environment.customers(of: id).execute(
                .create(CreateCustomer(name: "", email: "")), for: id, request: nil,
                names: bench.names, in: workspace)
        }
    }
}
