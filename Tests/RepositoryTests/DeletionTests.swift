import Billing
import Events
import Foundation
import Testing
import Wire

@testable import Repository

/// Entitlements §8.2: a deleted customer is gone for everybody, and the next one of its id is new.
@Suite("Deletion")
struct DeletionTests {
    private static let secrets = ["Ada Lovelace", "ada@example.com", "countess", "room-7"]

    private func live(_ bench: Bench) async throws {
        try await bench.commit(
            .create(
                CreateCustomer(
                    name: "Ada Lovelace", email: "ada@example.com",
                    metadata: [MetadataEntry("title", "countess")])), "ada",
            request: bench.mark("create", .getOrCreateCustomer))
        try await bench.create("charles")
        try await bench.track("ada", 7, properties: ["room": "room-7"])
    }

    @Test("§8.2: nobody finds it any more, by any way, also after a restart")
    func gone() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        do {
            let bench = try await Bench(folder, time: time)
            try await live(bench)
            try bench.environment.takeSnapshot()
            try await bench.running { try await bench.erase("ada", by: .delete) }
            try await expectGone(bench)
            try bench.environment.takeSnapshot()
            try await bench.track("charles", 1)
            try bench.environment.close()
        }
        try folder.expectNone(of: Self.secrets)
        for isCold in [false, true] {
            if isCold { try folder.removeSnapshots() }
            let bench = try await Bench(folder, time: time, publish: false)
            try await expectGone(bench)
            // What would have fallen due doesn't.
            time.advance(days: 40)
            try await expectGone(bench)
            try bench.environment.close()
        }
    }

    private func expectGone(_ bench: Bench) async throws {
        let commands: [Command] = [
            .track(
                TrackUsage(
                    feature: bench.feature("messages"), value: Quantity(units: 1), overage: .cap)),
            .checkAndDeduct(
                CheckQuery(feature: bench.feature("messages"), required: Quantity(units: 1))),
            .update(UpdateCustomer(name: "x")), .erase, .delete, .advance,
        ]
        for command in commands {
            await #expect(throws: ExecuteFault.self) { try await bench.commit(command, "ada") }
        }
        let repository = bench.environment.customers(of: bench.id("ada"))
        #expect(throws: ExecuteFault.self) { try bench.profile("ada") }
        #expect(throws: ExecuteFault.self) {
            try repository.readBuckets(
                bench.id("ada"), names: bench.names, in: bench.workspace
            ) { _, _, _ in UnsafeRawBufferPointer(start: nil, count: 0) }
        }
        #expect(try bench.listed() == ["charles"])
        #expect(bench.environment.customerCount == 1)
        // Amounts stay for sums, what was said with them doesn't.
        let events = try bench.events(of: "ada")
        #expect(events.map(\.value) == [Quantity(units: 7)])
        #expect(events.allSatisfy { $0.properties.isEmpty })
    }

    @Test("§8.2: created again it is new, and its records lead back to the first one's")
    func again() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        var dump: [UInt8] = []
        do {
            let bench = try await Bench(folder, time: time)
            try await live(bench)
            let mark = bench.mark("delete", .deleteCustomer)
            try await bench.running {
                try await bench.erase("ada", by: .delete, request: mark)
                time.advance(milliseconds: 3_600_000)
                let created = try await bench.commit(
                    .create(CreateCustomer(name: "Augusta", email: "")), "ada",
                    request: bench.mark("create-2", .getOrCreateCustomer))
                #expect(created.reply == .created(true))
                #expect(try bench.remaining("ada") == Quantity(units: 100))
                // A retry of the deletion finds its answer, not the new customer.
                #expect(try await bench.erase("ada", by: .delete, request: mark))
                #expect(try bench.profile("ada") == ["Augusta", ""])
            }
            // What the first one was answered is erased.
            await #expect(throws: ExecuteFault.self) {
                try await bench.commit(
                    .create(CreateCustomer(name: "Ada Lovelace", email: "")), "ada",
                    request: bench.mark("create", .getOrCreateCustomer))
            }
            try await bench.track("ada", 1)
            #expect(try bench.chain(of: "ada") == 5, "created, used, deleted, created, used")
            dump = bench.environment.dump()
            try bench.environment.takeSnapshot()
            try bench.environment.close()
        }
        try folder.expectNone(of: Self.secrets)
        for isCold in [false, true] {
            if isCold { try folder.removeSnapshots() }
            let bench = try await Bench(folder, time: time, publish: false)
            #expect(bench.environment.dump() == dump)
            #expect(try bench.remaining("ada") == Quantity(units: 99))
            #expect(try bench.listed() == ["ada", "charles"])
            try bench.environment.close()
        }
    }

    @Test("An update is sealed like a name, and a retry of it is answered from the log")
    func update() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        do {
            let bench = try await Bench(folder, time: time)
            try await bench.create("ada")
            let update = Command.update(
                UpdateCustomer(name: "Ada Lovelace", metadata: [MetadataEntry("title", "countess")])
            )
            let mark = bench.mark("update", .updateCustomer)
            let first = try await bench.commit(update, "ada", request: mark)
            // Nothing is left of the name, but the answer shows the metadata.
            try await bench.commit(
                .update(UpdateCustomer(name: "")), "ada", request: bench.mark("u2", .updateCustomer)
            )
            let again = try await bench.commit(update, "ada", request: mark)
            #expect(again.replayed)
            #expect(again.message == first.message + replayedMark(of: .updateCustomer))
            try bench.environment.takeSnapshot()
            try bench.environment.close()
        }
        try folder.expectNone(of: Self.secrets)
        let reopened = try await Bench(folder, time: time, publish: false)
        let metadata = try reopened.environment.customers(of: reopened.id("ada")).read(
            reopened.id("ada"), names: reopened.names, in: reopened.workspace
        ) { customer, _ in customer.account.metadata }.answer
        #expect(metadata == [MetadataEntry("title", "countess")])
        #expect(try reopened.profile("ada") == ["", ""])
    }
}

extension Bench {
    /// How many records of a customer follow from its last one, backwards.
    func chain(of customer: String) throws -> Int {
        let repository = environment.customers(of: id(customer))
        var position = try repository.read(id(customer), names: names, in: workspace) {
            customer, _ in customer.position
        }.answer
        var count = 0
        while position != 0 {
            let arena = Arena()
            let bytes = try repository.log.read(at: LogPosition(rawValue: position))
            let record = try bytes.withUnsafeBytes {
                try RecordDecoder(arena: arena, seals: repository.seals).record($0)
            }
            #expect(record.customer == id(customer))
            position = record.previousPosition
            count += 1
        }
        return count
    }
}
