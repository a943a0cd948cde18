import Billing
import Events
import Foundation
import Testing
import Wire

@testable import Repository

/// Entities' names, and what a hold was opened with, are personal as well.
@Suite("Erasure of entities and holds")
struct PartErasureTests {
    private static let secrets = ["Ada Lovelace", "ada@example.com", "Byron", "engine-room"]

    private func live(_ bench: Bench) async throws -> RequestMark {
        try await bench.commit(
            .create(CreateCustomer(name: "Ada Lovelace", email: "ada@example.com")), "ada")
        let mark = bench.mark("entity", .createEntity)
        let create = CreateEntity(
            id: bench.id("byron"), feature: bench.feature("seats"), name: "Byron")
        try await bench.commit(.createEntity(create), "ada", request: mark)
        // Its answer shows the customer, though it changes nothing personal.
        var controls = SetControls()
        controls.isPoolingDisabled = true
        try await bench.commit(
            .setControls(controls), "ada", request: bench.mark("controls", .updateControls))
        var use = TrackUsage(
            feature: bench.feature("messages"), value: Quantity(units: 2), overage: .cap,
            label: EventLabel(
                time: nil, properties: [EventProperty("room", .text("engine-room"))]))
        use.hold = HoldRequest(id: "job-1", expires: nil)
        try await bench.commit(.track(use), "ada")
        return mark
    }

    private func extras(_ bench: Bench) throws -> Extras {
        let id = bench.id("ada")
        return try bench.environment.customers(of: id).read(
            id, names: bench.names, in: bench.workspace
        ) { customer, _ in customer.buckets.extras }.answer
    }

    @Test("Neither the log nor a snapshot says a name, not even in a remembered answer")
    func sealed() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        do {
            let bench = try await Bench(folder, time: time)
            let mark = try await live(bench)
            try bench.environment.takeSnapshot()
            let update = UpdateEntity(id: bench.id("byron"), name: "Byron")
            let again = try await bench.commit(.updateEntity(update), "ada", request: mark)
            #expect(again.replayed && again.message.count > 10)
            try bench.environment.close()
        }
        let text = try folder.names(of: "partition-").map { try folder.text(of: $0) }.joined()
        for secret in Self.secrets { #expect(!text.contains(secret), "\(secret)") }
        let reopened = try await Bench(folder, time: time, publish: false)
        #expect(try Array(extras(reopened).entities.all)[0].name == "Byron")
        #expect(try extras(reopened).holds[0].properties.count == 1)
        try reopened.environment.close()
    }

    @Test("An erasure leaves no name; a hold that falls due with it brings none back")
    func erased() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let dump: [UInt8]
        do {
            // The request is remembered for longer than that.
            let bench = try await Bench(folder, time: time, requestWindowHours: 24 * 7)
            let mark = try await live(bench)
            time.advance(days: 2)
            try await bench.running { try await bench.erase("ada") }
            let extras = try extras(bench)
            #expect(Array(extras.entities.all)[0].name.isEmpty)
            #expect(extras.holds.isEmpty && !extras.isPersonal)
            #expect(bench.environment.partitions.allSatisfy { $0.customers.keys?.count == 0 })
            do {
                let delete = Command.deleteEntity(id: bench.id("byron"))
                try await bench.commit(delete, "ada", request: mark)
                Issue.record("an erased answer was given")
            } catch ExecuteFault.refused(let refusal) {
                #expect(refusal == .requestErased)
            }
            #expect(try bench.events(of: "ada").allSatisfy { $0.properties.isEmpty })
            dump = bench.environment.dump()
            try bench.environment.close()
        }
        try folder.expectNone(of: Self.secrets)
        try folder.removeSnapshots()
        let bench = try await Bench(folder, time: time, publish: false)
        #expect(bench.environment.dump() == dump)
        try bench.environment.close()
    }
}
