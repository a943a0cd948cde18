import Billing
import Events
import Foundation
import Testing
import Wire

@testable import Repository

/// Each partition has keys of its own, numbered from 1, and erases for itself.
@Suite("Partitions: erasure")
struct PartitionErasureTests {
    private static let customers = (0..<16).map { "customer-\($0)" }
    private static let erased = customers.filter { $0.hasSuffix("1") || $0.hasSuffix("2") }

    private func create(_ bench: Bench, _ time: ManualTime) async throws {
        for name in Self.customers {
            try await bench.commit(
                .create(CreateCustomer(name: "\(name) Jr", email: "\(name)@example.com")), name)
            try await bench.track(name, 1, properties: ["said": "\(name) says"])
        }
        time.advance(days: 1)
        // Into files, in every partition.
        for name in Self.customers { try await bench.track(name, 1) }
        _ = try bench.events(of: Self.customers[0])
    }

    private func expectErased(_ bench: Bench) throws {
        for name in Self.customers {
            let isErased = Self.erased.contains(name)
            #expect(
                try bench.profile(name)
                    == (isErased ? ["", ""] : ["\(name) Jr", "\(name)@example.com"]))
            let said = try bench.events(of: name).flatMap(\.properties)
            #expect(said.count == (isErased ? 0 : 1))
        }
        let live = bench.environment.partitions.compactMap(\.customers.keys?.count)
        #expect(live.count == 4)
        #expect(live.reduce(0, +) == Self.customers.count - Self.erased.count)
    }

    /// After what is under way has ended.
    private func settle(_ bench: Bench) async throws {
        for name in Self.erased {
            while bench.environment.progress(of: bench.id(name)) != .done {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    @Test("Some customers of all partitions, and nothing of the others", arguments: [false, true])
    func several(isCutShort: Bool) async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let dump: [UInt8]
        do {
            let bench = try await Bench(folder, time: time, partitions: 4)
            try await create(bench, time)
            if isCutShort {
                // Without the workers: only the records are there.
                for name in Self.erased { try await bench.commit(.erase, name) }
            } else {
                try await bench.running {
                    for name in Self.erased { try await bench.erase(name) }
                }
                try expectErased(bench)
            }
            dump = bench.environment.dump()
            try bench.environment.close()
        }
        for isCold in [false, true] {
            if isCold { try folder.removeSnapshots() }
            let bench = try await Bench(
                folder, time: time, publish: false, threads: 3, partitions: 4)
            #expect(bench.environment.dump() == dump)
            try await bench.running { try await settle(bench) }
            try expectErased(bench)
            if !isCold { try bench.environment.takeSnapshot() }
            try bench.environment.close()
        }
        for name in Self.erased {
            try folder.expectNone(of: ["\(name) Jr", "\(name)@example.com", "\(name) says"])
        }
        #expect(try folder.text().contains("customer-3 says"), "day files have what isn't erased")
    }

    @Test("A copy has the keys of every partition, and isn't restored without one")
    func backup() async throws {
        let (folder, target) = (try TemporaryFolder(), try TemporaryFolder())
        let (restored, time) = (try TemporaryFolder(), ManualTime())
        let bench = try await Bench(folder, time: time, partitions: 4)
        try await create(bench, time)
        let copy = target.path + "/sandbox"
        let backup = try EnvironmentBackup(from: folder.path + "/sandbox", to: copy)
        try await Task.sleep(for: .milliseconds(100))
        _ = try backup.turn()
        try await bench.running { for name in Self.erased { try await bench.erase(name) } }
        try await Task.sleep(for: .milliseconds(100))
        _ = try backup.turn()
        let dump = bench.environment.dump()
        try bench.environment.close()
        for name in Self.erased {
            #expect(try !target.text().contains("\(name) says"))
        }
        _ = try EnvironmentRestore(copy, to: restored.path + "/sandbox").run()
        let again = try await Bench(restored, time: time, publish: false, partitions: nil)
        #expect(again.environment.dump() == dump)
        try expectErased(again)
        try again.environment.close()
        try FileManager.default.removeItem(atPath: "\(copy)/partition-2/\(CustomerKeys.fileName)")
        let failure = #expect(throws: EnvironmentRestore.Failure.self) {
            try EnvironmentRestore(copy, to: restored.path + "/other").run()
        }
        #expect(failure?.description.contains("partition-2") == true)
    }

    @Test("Every partition of an old folder is upgraded", arguments: [4, 12])
    func upgrade(partitions: Int) async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let manifest = folder.path + "/sandbox/MANIFEST"
        do {
            let bench = try await Bench(folder, time: time, partitions: partitions)
            try bench.environment.close()
        }
        // An empty folder is all but its manifest and its keys one of format 1.
        for name in try folder.names(of: "partition-") {
            try FileManager.default.removeItem(
                atPath: "\(folder.path)/sandbox/\(name)/\(CustomerKeys.fileName)")
        }
        try String(contentsOfFile: manifest, encoding: .utf8)
            .replacing("format: 2\nreader: 2\n", with: "format: 1\nreader: 1\n")
            .write(toFile: manifest, atomically: true, encoding: .utf8)
        do {
            let bench = try await Bench(folder, time: time, publish: false, partitions: nil)
            for name in Self.customers { try await bench.create(name) }
            #expect(bench.environment.partitions.allSatisfy { $0.customers.keys == nil })
            try bench.environment.close()
        }
        let upgrade = EnvironmentUpgrade(folder: folder.path + "/sandbox")
        let plan = try upgrade.run(now: time.now().milliseconds)
        #expect(plan.records == UInt64(Self.customers.count))
        time.advance(days: 1)
        let bench = try await Bench(folder, time: time, publish: false, partitions: nil)
        for name in Self.customers { #expect(try bench.profile(name) == [name, ""]) }
        try await bench.create("new")
        try await bench.running { try await bench.erase("new") }
        #expect(try bench.profile("new") == ["", ""])
        #expect(bench.environment.partitions.allSatisfy { $0.customers.keys != nil })
        try bench.environment.close()
    }
}
