import Billing
import Foundation
import Repository
import Testing
import Wire

@Suite("Commits")
struct CommitTests {
    @Test(
        "A retried request gets the first answer, marked, and counts nothing; also after a restart")
    func retry() async throws {
        let folder = try TemporaryFolder()
        var first: [UInt8] = []
        do {
            let bench = try await Bench(folder)
            try await bench.create("acme")
            first = try await bench.track("acme", 7, request: bench.mark("r1")).message
            try await bench.track("acme", 1)
            let again = try await bench.track("acme", 7, request: bench.mark("r1"))
            #expect(again.replayed)
            #expect(again.message == first + replayedMark(of: .track))
            #expect(try bench.remaining("acme") == Quantity(units: 92))
            try bench.environment.close()
        }
        let bench = try await Bench(folder, publish: false)
        let again = try await bench.track("acme", 7, request: bench.mark("r1"))
        #expect(again.message == first + replayedMark(of: .track))
        #expect(try bench.remaining("acme") == Quantity(units: 92))
        try bench.environment.close()
    }

    @Test("Another payload, or another customer, under the same request id")
    func reuse() async throws {
        let folder = try TemporaryFolder()
        let bench = try await Bench(folder)
        try await bench.create("acme")
        try await bench.create("bravo")
        try await bench.track("acme", 7, request: bench.mark("r1"))
        await #expect(throws: ExecuteFault.self) {
            try await bench.track("acme", 8, request: bench.mark("r1", fingerprint: 2))
        }
        let other = try await bench.track("bravo", 7, request: bench.mark("r1"))
        #expect(!other.replayed)
        #expect(try bench.remaining("bravo") == Quantity(units: 93))
        try bench.environment.close()
    }

    @Test("A denied check and deduct is not remembered: it is asked anew")
    func denial() async throws {
        let folder = try TemporaryFolder()
        let bench = try await Bench(folder)
        try await bench.create("acme")
        let ask = Command.checkAndDeduct(
            CheckQuery(feature: bench.feature("messages"), required: Quantity(units: 150)))
        let mark = RequestMark(
            id: bench.id("c1"), method: Method.check.rawValue, fingerprint: 3)
        guard case .check(let denied) = try await bench.commit(ask, "acme", request: mark).reply
        else { throw CancellationError() }
        #expect(!denied.allowed)
        try await bench.track("acme", -0)
        let again = try await bench.commit(ask, "acme", request: mark)
        #expect(!again.replayed)
        try bench.environment.close()
    }

    @Test("A closed log refuses the command, and the state stays as it was")
    func closedLog() async throws {
        let folder = try TemporaryFolder()
        let bench = try await Bench(folder)
        try await bench.create("acme")
        let before = bench.environment.dump()
        try bench.environment.close()
        await #expect(throws: ExecuteFault.self) { try await bench.track("acme", 7) }
        await #expect(throws: ExecuteFault.self) { try await bench.create("bravo") }
        #expect(bench.environment.dump() == before)
    }

    @Test("Tracks from many tasks on few customers add up")
    func concurrent() async throws {
        let folder = try TemporaryFolder()
        let bench = try await Bench(folder)
        for name in ["a", "b", "c"] { try await bench.create(name) }
        let environment = bench.environment
        let feature = bench.feature("messages")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for step in 0..<10 {
                        let name = ["a", "b", "c"][(task + step) % 3]
                        let id = try #require(CustomerID(name))
                        _ = try await environment.commit(
                            .track(
                                TrackUsage(
                                    feature: feature, value: Quantity(units: 1), overage: .cap)),
                            for: id, request: nil)
                    }
                }
            }
            try await group.waitForAll()
        }
        var used = Quantity.zero
        for name in ["a", "b", "c"] {
            used = used + Quantity(units: 100) - (try bench.remaining(name) ?? .zero)
        }
        #expect(used == Quantity(units: 80))
        try bench.environment.close()
    }
}
