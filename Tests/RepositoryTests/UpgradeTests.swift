import Billing
import Events
import Foundation
import Testing
import Wire

@testable import Repository

@Suite("Upgrading a folder")
struct UpgradeTests {
    /// A folder of format 1, as an earlier tally left it, at the time it stopped.
    private func old() throws -> (TemporaryFolder, ManualTime) {
        let (golden, folder) = (try Golden(format: 1), try TemporaryFolder())
        try golden.unpack(into: folder.path)
        return (folder, ManualTime(golden.time))
    }

    private func upgrade(
        _ folder: TemporaryFolder, _ time: ManualTime, dryRun: Bool = false
    ) throws -> EnvironmentUpgrade.Plan {
        let upgrade = EnvironmentUpgrade(folder: folder.path + "/sandbox")
        let now = time.now().milliseconds
        return dryRun ? try upgrade.plan(now: now) : try upgrade.run(now: now)
    }

    private func manifest(_ folder: TemporaryFolder) throws -> String {
        try String(contentsOfFile: folder.path + "/sandbox/MANIFEST", encoding: .utf8)
    }

    @Test("Until then, the folder is written as the older tally reads it")
    func oneVersionBack() async throws {
        let (folder, time) = try old()
        do {
            let bench = try await Bench(folder, time: time, publish: false, partitions: nil)
            try await bench.commit(
                .create(CreateCustomer(name: "Ada", email: "ada@example.com")), "ada")
            try await bench.track("ada", 1, properties: ["room": "library"])
            do {
                try await bench.erase("ada")
                Issue.record("a folder of format 1 can't erase")
            } catch ExecuteFault.refused(let refusal) {
                #expect(refusal == .erasureNeedsUpgrade)
            }
            try bench.environment.takeSnapshot()
            try bench.environment.close()
        }
        #expect(try manifest(folder).contains("format: 1\nreader: 1\n"))
        #expect(try !folder.names("").contains(CustomerKeys.fileName))
        var records = 0
        let log = FlatFileLog(folder: folder.partition, identity: try folder.identity())
        let arena = Arena()
        _ = try log.replay(from: 1) { _, _, bytes in
            arena.reset()
            // A field that format 1 doesn't have is a fault to this decoder.
            _ = try RecordDecoder(arena: arena).record(bytes)
            records += 1
        }
        try log.close()
        #expect(records == 62)
        #expect(try folder.text(of: "partition-0").contains("ada@example.com"))
        let again = try await Bench(folder, time: time, publish: false, partitions: nil)
        #expect(try again.profile("ada") == ["Ada", "ada@example.com"])
        try again.environment.close()
    }

    @Test("It says what it will do, does it once, and changes no customer")
    func upgrades() async throws {
        let (folder, time) = try old()
        let (before, text) = (try folder.text(), try manifest(folder))
        let plan = try upgrade(folder, time, dryRun: true)
        #expect(plan.isNeeded && plan.from == 1 && plan.to == 2 && plan.records == 60)
        #expect(try folder.text() == before)
        #expect(try upgrade(folder, time) == plan)
        let written = try manifest(folder)
        #expect(
            written
                == text.replacing("format: 1\nreader: 1\n", with: "format: 2\nreader: 2\n"))
        #expect(try upgrade(folder, time).isNeeded == false)
        let golden = try Golden(format: 1)
        let bench = try await Bench(folder, time: time, publish: false, partitions: nil)
        let names = try golden.customers.map { try bench.profile($0) }
        #expect(names == golden.customers.map { [$0, ""] })
        let again = bench.environment.dump()
        try bench.environment.close()
        withExtendedLifetime(bench) {}
        #expect(!again.isEmpty)
    }

    @Test("Cut short before the manifest, it is of the old format, and can be run again")
    func cutShort() async throws {
        let (folder, time) = try old()
        let text = try manifest(folder)
        _ = try upgrade(folder, time)
        try text.write(
            toFile: folder.path + "/sandbox/MANIFEST", atomically: true, encoding: .utf8)
        do {
            let bench = try await Bench(folder, time: time, publish: false, partitions: nil)
            try await bench.create("later")
            try bench.environment.close()
        }
        #expect(try folder.text(of: "partition-0").contains("later"))
        #expect(try upgrade(folder, time).records == 61)
        let bench = try await Bench(folder, time: time, publish: false, partitions: nil)
        #expect(try bench.profile("later") == ["later", ""])
        #expect(bench.environment.partitions[0].customers.keys?.header.sealedAfter == 61)
        try bench.environment.close()
    }

    @Test("What only a newer tally reads is refused, and so is a folder in use")
    func refusals() async throws {
        let (folder, time) = try old()
        let text = try manifest(folder)
        func write(_ reader: Int) throws {
            try text.replacing("reader: 1", with: "reader: \(reader)").write(
                toFile: folder.path + "/sandbox/MANIFEST", atomically: true, encoding: .utf8)
        }
        try write(Manifest.currentFormat + 1)
        await #expect(throws: Manifest.Failure.self) {
            _ = try await Bench(folder, time: time, publish: false, partitions: nil)
        }
        #expect(throws: Manifest.Failure.self) { try upgrade(folder, time) }
        try write(1)
        let bench = try await Bench(folder, time: time, publish: false, partitions: nil)
        #expect(throws: LogFault.self) { try upgrade(folder, time) }
        try bench.environment.close()
    }

    @Test("Customers from before can be erased once what they said in the clear is gone")
    func plainHistory() async throws {
        let (folder, time) = try old()
        do {
            let bench = try await Bench(folder, time: time, publish: false, partitions: nil)
            try await bench.commit(
                .create(CreateCustomer(name: "Ada", email: "ada@example.com")), "ada")
            try await bench.commit(
                .update(UpdateCustomer(metadata: [MetadataEntry("title", "countess")])), "ada")
            try await bench.track("ada", 1, properties: ["room": "library"])
            try bench.environment.close()
        }
        time.advance(days: 1)
        _ = try upgrade(folder, time)
        let upgraded = time.now()
        let live: [UInt8]
        do {
            let bench = try await Bench(folder, time: time, publish: false, partitions: nil)
            #expect(try bench.profile("ada") == ["Ada", "ada@example.com"])
            time.advance(days: 1)
            try await bench.create("charles")
            try await bench.running {
                try await bench.erase("charles")
                do {
                    try await bench.erase("ada")
                    Issue.record("it is in the log in the clear")
                } catch ExecuteFault.refused(let refusal) {
                    let until = Timestamp(milliseconds: upgraded.milliseconds + 35 * 86_400_000)
                    #expect(refusal == .erasureTooEarly(until: until))
                }
                for _ in 0..<3 {
                    try bench.fill(20_000, of: "charles")
                    // Into files, before the log lets go of it.
                    _ = try bench.events(of: "ada")
                    bench.environment.partitions[0].customers.noteLogEnd()
                    time.advance(days: 20)
                    bench.environment.partitions[0].customers.noteLogEnd()
                    try bench.environment.takeSnapshot()
                }
                #expect(try bench.environment.partitions[0].customers.log.firstSequence() > 63)
                #expect(try folder.text(of: "events").contains("library"))
                #expect(try !folder.text(of: "partition-0").contains("ada@example.com"))
                #expect(try !folder.text(of: "partition-0").contains("countess"))
                #expect(try bench.listed(searching: "ada@") == ["ada"])
                try await bench.erase("ada")
            }
            live = bench.environment.dump()
            try bench.environment.close()
        }
        try folder.expectNone(of: ["ada@example.com", "library", "countess"])
        let bench = try await Bench(folder, time: time, publish: false, partitions: nil)
        #expect(bench.environment.dump() == live)
        #expect(try bench.events(of: "ada").map(\.properties) == [[]])
        try bench.environment.close()
    }
}

extension Bench {
    /// Tracks without waiting for each.
    func fill(_ count: Int, of customer: String) throws {
        let usage = TrackUsage(
            feature: feature("messages"), value: Quantity(units: 1), overage: .cap)
        var left = count
        while left > 0 {
            let workspace = Workspace()
            do {
                _ = try environment.customers(of: id(customer)).execute(
                    .track(usage), for: id(customer), request: nil, names: names, in: workspace)
                left -= 1
            } catch ExecuteFault.unavailable {
                usleep(1_000)
            }
        }
    }
}
