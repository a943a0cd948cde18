import Billing
import Foundation
import Testing
import Wire

@testable import Interchange
@testable import Repository

@Suite("Test clocks on disk") struct TestClockTests {
    private func move(
        _ bench: Bench, _ customer: String?, by milliseconds: Int64
    ) async throws {
        let call = ClockCall(
            customer: customer.map { bench.id($0) }, move: .by(milliseconds), request: nil)
        _ = try await bench.environment.advanceClock(call)
    }

    private func time(_ bench: Bench, _ customer: String) throws -> Timestamp {
        let customers = bench.environment.customers(of: bench.id(customer))
        let time = customers.environmentTime
        return try customers.read(bench.id(customer), names: bench.names, in: Workspace()) {
            customer, _ in customer.buckets.clock.time(at: time)
        }.answer
    }

    private static let day: Int64 = 86_400_000

    @Test("A restart finds the time, and replay and snapshots the same state", arguments: [1, 4])
    func restart(partitions: Int) async throws {
        let folder = try TemporaryFolder()
        let clock = ManualTime()
        var live: [UInt8] = []
        do {
            let bench = try await Bench(folder, time: clock, partitions: partitions)
            for number in 0..<12 { try await bench.create("c\(number)") }
            try await bench.track("c3", 40)
            try await move(bench, "c3", by: 3 * Self.day)
            try await move(bench, nil, by: 40 * Self.day)
            try await bench.track("c3", 7)
            try bench.environment.takeSnapshot()
            try await move(bench, "c5", by: Self.day)
            try await bench.track("c5", 1)
            live = bench.environment.dump()
            try bench.environment.close()
        }
        for isCold in [false, true] {
            if isCold { try folder.removeSnapshots() }
            let bench = try await Bench(
                folder, time: clock, publish: false, partitions: partitions)
            #expect(bench.environment.dump() == live)
            let start = clock.now()
            #expect(try time(bench, "c0") == start.adding(milliseconds: 40 * Self.day))
            #expect(try time(bench, "c3") == start.adding(milliseconds: 43 * Self.day))
            #expect(try time(bench, "c5") == start.adding(milliseconds: 41 * Self.day))
            // The machine's time is none of it.
            #expect(bench.environment.now == start)
            #expect(try bench.remaining("c3") == Quantity(units: 93))
            try bench.environment.close()
        }
    }

    @Test("What a move makes due is done at the next start, if it wasn't before")
    func unfinished() async throws {
        let folder = try TemporaryFolder()
        let clock = ManualTime()
        do {
            let bench = try await Bench(folder, time: clock)
            try await bench.create("acme")
            try await bench.track("acme", 40)
            let record = try bench.environment.directory.clock.move(
                .by(40 * Self.day), request: nil, wall: bench.environment.now
            ) { (record) throws(ExecuteFault) in
                try bench.environment.directory.commit(record)
            }
            #expect(!record.replayed)
            try bench.environment.close()
        }
        let bench = try await Bench(folder, time: clock, publish: false)
        #expect(try bench.remaining("acme") == Quantity(units: 100))
        try bench.environment.close()
    }

    @Test("A request is remembered across a restart")
    func request() async throws {
        let folder = try TemporaryFolder()
        var call = ClockCall(customer: nil, move: .by(Self.day), request: nil)
        var first: [UInt8] = []
        for round in 0..<2 {
            let bench = try await Bench(folder, publish: round == 0)
            call.request = RequestMark(
                id: bench.id("r"), method: Method.advanceTestClock.rawValue, fingerprint: 1)
            let answer = try await bench.environment.advanceClock(call)
            if round == 0 {
                first = answer
            } else {
                #expect(answer == first + replayedMark(of: .advanceTestClock))
            }
            #expect(bench.environment.directory.clock.offset == Self.day)
            try bench.environment.close()
        }
    }

    @Test("An export takes the clocks along, to a sandbox only")
    func export() async throws {
        let (folder, target) = (try TemporaryFolder(), try TemporaryFolder())
        let clock = ManualTime()
        do {
            let bench = try await Bench(folder, time: clock)
            try await bench.create("acme")
            try await move(bench, nil, by: 40 * Self.day)
            try await bench.create("late")
            try await move(bench, "late", by: Self.day)
            try bench.environment.close()
        }
        var lines: [String] = []
        _ = try EnvironmentExport("sandbox", in: folder.path + "/sandbox").run { lines.append($0) }
        let path = target.path + "/export.jsonl"
        try Data((lines.joined(separator: "\n") + "\n").utf8)
            .write(to: URL(fileURLWithPath: path))
        #expect(throws: ImportFault.self) {
            try EnvironmentImport(path, to: target.path, environment: "live").run()
        }
        _ = try EnvironmentImport(path, to: target.path).run()
        let bench = try await Bench(target, time: clock, publish: false, partitions: 1)
        let now = clock.now()
        #expect(try time(bench, "acme") == now.adding(milliseconds: 40 * Self.day))
        #expect(try time(bench, "late") == now.adding(milliseconds: 41 * Self.day))
        try bench.environment.close()
    }
}
