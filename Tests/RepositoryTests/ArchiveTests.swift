import Billing
import Foundation
import Testing
import Wire

@testable import Interchange
@testable import Repository

/// Billing §3: what is archived stays so, wherever the folder goes.
@Suite("Archived plans and features, kept") struct ArchiveTests {
    private let folder: TemporaryFolder
    private let target: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        target = try TemporaryFolder()
    }

    private func publish(_ bench: Bench, _ isArchived: Bool) async throws -> [PricingChange] {
        var sso = Samples.draft.features[1]
        sso.isArchived = isArchived
        let draft = PricingDraft(
            currency: "usd", features: [sso], plans: [Samples.free.archived(isArchived)])
        let call = PublishCall(draft: draft, validateOnly: false, requestID: "a-\(isArchived)")
        return try await bench.environment.publish(call, found: []).changes
    }

    /// One who had the default before, and one who came too late for it.
    private func archive() async throws -> [UInt8] {
        let bench = try await Bench(folder)
        try await bench.create("early")
        let changes = try await publish(bench, true)
        #expect(changes.map(\.id) == ["sso", "free"] && changes.map(\.revision) == [0, 1])
        #expect(try await publish(bench, true).isEmpty)
        try await bench.create("late")
        try await bench.track("early", 3)
        #expect(try bench.remaining("early") == Quantity(units: 97))
        #expect(try bench.remaining("late") == nil)
        try bench.environment.takeSnapshot()
        let dump = bench.environment.dump()
        try bench.environment.close()
        return dump
    }

    private func expectArchived(_ pricing: PricingState) throws {
        let free = try #require(pricing.plan(id: "free"))
        #expect(pricing.isArchived(free) && pricing.latest(free).revision == 1)
        #expect(pricing.listedFeatures.map(\.isArchived) == [false, true, false])
        #expect(pricing.autoEnabled.isEmpty && pricing.plan(pricing.latest(free)).autoEnable)
    }

    @Test("A restart, and putting it back")
    func restart() async throws {
        let dump = try await archive()
        let bench = try await Bench(folder, publish: false)
        #expect(bench.environment.dump() == dump)
        try expectArchived(bench.names.pricing)
        #expect(bench.environment.directory.hasPublished("a-true", plan: "free") == true)
        #expect(try await publish(bench, false).map(\.revision) == [0, 1])
        try await bench.create("later")
        #expect(try bench.remaining("later") == Quantity(units: 100))
        #expect(try bench.remaining("late") == nil)
        #expect(bench.names.pricing.plans == [[Samples.free], [Samples.pro]])
        #expect(bench.names.pricing.features == Samples.draft.features)
        try bench.environment.close()
    }

    @Test("An export and an import, with every publication at its place")
    func moved() async throws {
        _ = try await archive()
        var lines: [String] = []
        _ = try EnvironmentExport("sandbox", in: folder.path + "/sandbox").run { lines.append($0) }
        #expect(lines.count { $0.contains("\"archived\":true") } == 1)
        let file = target.path + "/export.jsonl"
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: file))
        _ = try EnvironmentImport(file, to: target.path, partitions: Bench.partitions).run()
        let bench = try await Bench(target, publish: false)
        try expectArchived(bench.names.pricing)
        #expect(try bench.remaining("early") == Quantity(units: 97))
        #expect(try bench.remaining("late") == nil)
        try bench.environment.close()
        var again: [String] = []
        _ = try EnvironmentExport("sandbox", in: target.path + "/sandbox").run { again.append($0) }
        #expect(again.dropFirst() == lines.dropFirst())
    }
}
