import Billing
import Foundation
import Testing
import Wire

@testable import Interchange
@testable import Repository

@Suite("Looking back into what was put away")
struct PastStorageTests {
    private let folder: TemporaryFolder
    private let time = ManualTime()

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Months of usage in many segments of 1 MiB, and what was seen after each.
    private func fill(_ bench: Bench, months: Int) async throws -> [Sight] {
        var sights: [Sight] = []
        for _ in 0..<months {
            time.advance(days: 9)
            for _ in 0..<4_000 { try track(bench) }
            sights.append(try bench.look("acme"))
            time.advance(milliseconds: 1)
            for partition in bench.environment.partitions { partition.customers.noteLogEnd() }
            try bench.environment.takeSnapshot()
        }
        return sights
    }

    private func track(_ bench: Bench) throws {
        let usage = TrackUsage(
            feature: bench.feature("messages"), value: Quantity(raw: 1_000), overage: .cap)
        while true {
            do {
                _ = try bench.environment.customers(of: bench.id("acme")).execute(
                    .track(usage), for: bench.id("acme"), request: nil, names: bench.names,
                    in: Workspace())
                return
            } catch ExecuteFault.unavailable {
                usleep(1_000)
            }
        }
    }

    private func check(_ sights: some Sequence<Sight>, _ bench: Bench, _ comment: Comment) throws {
        for sight in sights {
            #expect(
                try bench.past("acme", sight.time) == sight,
                "\(comment), \(sight.time.milliseconds)")
        }
    }

    @Test("Compressed segments and restored backups read as before")
    func compressed() async throws {
        let (target, restored) = (try TemporaryFolder(), try TemporaryFolder())
        let bench = try await Bench(folder, time: time, partitions: 1)
        try await bench.create("acme")
        let sights = try await fill(bench, months: 4)
        for turn in 0..<200 {
            _ = bench.environment.partitions[0].snapshots.turn(now: 1_000_000 + Int64(turn) * 2_000)
        }
        #expect(try folder.names("segment-").contains { $0.hasSuffix(".z") })
        try check(sights, bench, "compressed")
        _ = try EnvironmentBackup(
            from: folder.path + "/sandbox", to: target.path + "/backup/sandbox"
        ).turn()
        try bench.environment.close()
        _ = try EnvironmentRestore(
            target.path + "/backup/sandbox", to: restored.path + "/sandbox"
        ).run()
        let again = try await Bench(restored, time: time, publish: false, partitions: 1)
        try check(sights, again, "restored")
        try again.environment.close()
    }

    @Test("What the log no longer has is refused, with how far back it goes")
    func removed() async throws {
        let bench = try await Bench(folder, time: time, partitions: 1)
        try await bench.create("acme")
        try await bench.create("idle")
        try await bench.commit(.update(UpdateCustomer(name: "Ida")), "idle")
        let start = time.now()
        let sights = try await fill(bench, months: 9)
        #expect(try !folder.names("segment-").contains("segment-00000001.log"))
        let refused = try sights.map { try bench.refusal("acme", $0.time) }
        guard case .historyTooShort(let since)? = refused[0] else {
            Issue.record("the first is \(refused[0].map { "\($0)" } ?? "told")")
            return
        }
        #expect(start < since)
        // Nearly all of the history that the log has: snapshots were kept all along it.
        #expect(time.now().milliseconds - since.milliseconds >= 27 * 86_400_000)
        try check(sights.filter { $0.time >= since }, bench, "since")
        #expect(sights.contains { $0.time >= since })
        for (sight, refusal) in zip(sights, refused) {
            #expect((sight.time < since) == (refusal == .historyTooShort(since: since)))
        }
        // Of whom the log has no record left: nothing has happened since it begins.
        let ida = try bench.past("idle", sights[8].time)
        #expect(ida.message == (try bench.look("idle").message))
        guard case .historyTooShort? = try bench.refusal("idle", start) else {
            Issue.record("the log can't know")
            return
        }
        try bench.environment.close()
    }

    @Test("After an import the past begins there")
    func imported() async throws {
        let target = try TemporaryFolder()
        do {
            let bench = try await Bench(folder, time: time)
            try await bench.create("acme")
            time.advance(days: 3)
            try await bench.track("acme", 7)
            time.advance(days: 3)
            try bench.environment.close()
        }
        var lines: [String] = []
        _ = try EnvironmentExport("sandbox", in: folder.path + "/sandbox").run { lines.append($0) }
        let path = target.path + "/export.jsonl"
        try Data((lines.joined(separator: "\n") + "\n").utf8)
            .write(to: URL(fileURLWithPath: path))
        let header = try EnvironmentImport(path, to: target.path).run()
        let bench = try await Bench(target, time: time, publish: false, partitions: 1)
        time.advance(days: 1)
        try await bench.track("acme", 1)
        let seen = try bench.look("acme")
        time.advance(days: 1)
        try await bench.track("acme", 1)
        try check([seen], bench, "after")
        let before = header.time.adding(milliseconds: -1)
        #expect(try bench.refusal("acme", before) == .historyTooShort(since: header.time))
        #expect(try bench.refusal("acme", header.time) == nil)
        try bench.environment.close()
    }

    @Test("Who isn't there, wasn't, or is another by now is not found; the future is refused")
    func refusals() async throws {
        let bench = try await Bench(folder, time: time)
        try await bench.create("acme")
        try await bench.commit(.update(UpdateCustomer(name: "Ada")), "acme")
        let first = try bench.look("acme")
        let missing = Refusal.customerNotFound("acme")
        let before = first.time.adding(milliseconds: -1)
        #expect(try bench.refusal("acme", before) == missing)
        #expect(try bench.refusal("nobody", first.time) == .customerNotFound("nobody"))
        let future = try bench.refusal("acme", time.now().adding(milliseconds: 1))
        guard case .invalid(let violations)? = future else {
            Issue.record("the future is \(future.map { "\($0)" } ?? "told")")
            return
        }
        #expect(violations.map(\.path) == ["as_of_time"])
        time.advance(days: 1)
        try await bench.commit(.delete, "acme")
        #expect(try bench.refusal("acme", first.time) == missing)
        time.advance(days: 1)
        try await bench.create("acme")
        try await bench.track("acme", 3)
        let second = try bench.look("acme")
        time.advance(days: 1)
        try await bench.track("acme", 3)
        #expect(try bench.refusal("acme", first.time) == missing)
        #expect(try bench.past("acme", second.time) == second)
        try bench.environment.close()
    }

    @Test("Names that were erased are missing from the past, too")
    func erased() async throws {
        let bench = try await Bench(folder, time: time)
        let id = bench.id("acme")
        try await bench.create("acme")
        try await bench.commit(.update(UpdateCustomer(name: "Ada Lovelace")), "acme")
        let then = time.now()
        time.advance(days: 1)
        let environment = bench.environment
        #expect(try environment.past(of: id, at: then).customer.account.name == "Ada Lovelace")
        let work = Task { await environment.run() }
        _ = try await environment.erase(id, by: .erase, request: nil)
        #expect(try environment.past(of: id, at: then).customer.account.name == "")
        work.cancel()
        await work.value
        try bench.environment.close()
    }

    @Test("One question goes through so many records, and no more")
    func limit() async throws {
        let bench = try await Bench(folder, time: time)
        let id = bench.id("acme")
        try await bench.create("acme")
        let then = time.now()
        for _ in 1..<10 {
            time.advance(days: 1)
            try await bench.track("acme", 1)
        }
        // Ten records; the last one is the present.
        #expect(try bench.environment.past(of: id, at: then, limit: 10).customer.id == id)
        #expect {
            _ = try bench.environment.past(of: id, at: then, limit: 9)
        } throws: { error in
            guard case ExecuteFault.refused(.historyTooLong(limit: 9)) = error else { return false }
            return true
        }
        #expect(try bench.environment.past(of: id, at: time.now(), limit: 0).customer.id == id)
        try bench.environment.close()
    }

    @Test("A question that is over ends")
    func checkpoint() async throws {
        let bench = try await Bench(folder, time: time)
        try await bench.create("acme")
        let then = time.now()
        for _ in 0..<10 {
            time.advance(days: 1)
            try await bench.track("acme", 1)
        }
        var left = 5
        #expect(throws: CancellationError.self) {
            _ = try bench.environment.past(of: bench.id("acme"), at: then) {
                left -= 1
                if left == 0 { throw CancellationError() }
            }
        }
        try bench.environment.close()
    }
}
