import Billing
import Foundation
import Testing
import Wire

@testable import Interchange
@testable import Repository

/// Billing §1.1, §3: nobody is left with a plan or a feature that isn't there.
@Suite("Deleting what customers may have")
struct CatalogDeletionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func deletion(
        plans: [String] = [], features: [String] = [], dryRun: Bool = false
    ) -> PublishCall {
        var draft = PricingDraft(currency: "usd", features: [], plans: [])
        draft.removedPlans = plans
        draft.removedFeatures = features
        return PublishCall(draft: draft, validateOnly: dryRun, requestID: "d1")
    }

    /// Paths of what is still in use; nil: it is deleted.
    private func delete(
        _ bench: Bench, plans: [String] = [], features: [String] = [], dryRun: Bool = false
    ) async throws -> [String]? {
        do throws(ExecuteFault) {
            _ = try await bench.environment.publish(
                deletion(plans: plans, features: features, dryRun: dryRun), found: [])
            return nil
        } catch {
            guard case .refused(.inUse(let users)) = error else { throw error }
            return users.map(\.path)
        }
    }

    private func attach(_ plan: PlanNumber) -> Command {
        .attach(AttachPlan(plan: plan, successURL: "", effectID: "", request: nil))
    }

    /// Beside the samples: a free add-on that nobody has, with a feature of its own.
    private func publishMore(_ bench: Bench) async throws {
        let extra = Plan(
            id: "extra", name: "Extra", addOn: true, items: [Samples.item("faxes", 5)])
        _ = try await bench.environment.publish(
            PublishCall(
                draft: PricingDraft(
                    currency: "usd",
                    features: [Feature(id: "faxes", name: "Faxes", kind: .metered)],
                    plans: [extra]), validateOnly: false, requestID: ""), found: [])
    }

    @Test("A plan that customers have, had or wait for stays; afterwards it can go")
    func inUse() async throws {
        let bench = try await Bench(folder)
        try await publishMore(bench)
        try await bench.create("acme")
        #expect(try await delete(bench, plans: ["free"]) == ["catalog.deleted_plan_ids[0]"])
        #expect(try await delete(bench, features: ["faxes"]) == ["catalog.deleted_feature_ids[0]"])
        let extra = try #require(bench.names.pricing.plan(id: "extra"))
        try await bench.commit(attach(extra), "acme")
        #expect(
            try await delete(bench, plans: ["pro", "extra"]) == ["catalog.deleted_plan_ids[1]"])
        #expect(bench.names.pricing.plan(id: "pro") != nil, "all of it or nothing")
        // A payment page waits for it.
        let pro = try #require(bench.names.pricing.plan(id: "pro"))
        _ = try await bench.environment.commit(
            .attach(
                AttachPlan(
                    plan: pro, successURL: "", effectID: bench.environment.newEffectID(),
                    request: nil)), for: bench.id("acme"), request: nil)
        #expect(try await delete(bench, plans: ["pro"]) == ["catalog.deleted_plan_ids[0]"])
        try bench.environment.close()
    }

    @Test("What nobody has goes, once; a dry run keeps it; a feature with a balance stays")
    func free() async throws {
        let bench = try await Bench(folder)
        try await publishMore(bench)
        try await bench.create("acme")
        #expect(try await delete(bench, plans: ["extra"], dryRun: true) == nil)
        let extra = try #require(bench.names.pricing.plan(id: "extra"))
        #expect(try await delete(bench, plans: ["extra"]) == nil)
        #expect(bench.names.pricing.plan(id: "extra") == nil)
        #expect(bench.environment.directory.hasDeleted("d1", plan: "extra") == true)
        let sequence = bench.names.pricing.sequence
        #expect(try await delete(bench, plans: ["extra"]) == nil)
        #expect(bench.names.pricing.sequence == sequence, "it was gone already")
        var gift = OpenBalance(feature: bench.feature("faxes"))
        gift.granted = Quantity(units: 1)
        try await bench.commit(.openBalance(gift), "acme")
        #expect(try await delete(bench, features: ["faxes"]) == ["catalog.deleted_feature_ids[0]"])
        _ = extra
        try bench.environment.close()
    }

    @Test("Whoever still holds the old catalog can't give a deleted plan to anybody")
    func stale() async throws {
        let bench = try await Bench(folder)
        try await publishMore(bench)
        for name in ["acme", "other"] { try await bench.create(name) }
        let old = bench.names
        let extra = try #require(old.pricing.plan(id: "extra"))
        #expect(try await delete(bench, plans: ["extra"]) == nil)
        for name in ["acme", "other"] {
            // The second time the customer has been decided with the newer catalog.
            for _ in 1...2 {
                #expect(throws: ExecuteFault.self) {
                    _ = try bench.environment.customers(of: bench.id(name)).execute(
                        attach(extra), for: bench.id(name), request: nil, names: old,
                        in: Workspace())
                }
                try await bench.commit(
                    .update(UpdateCustomer(metadata: [MetadataEntry("a", "\(name)")])), name)
            }
            let state = try #require(bench.environment.state(of: bench.id(name)))
            #expect(!state.customer.subscriptions.contains { $0.plan.plan == extra })
        }
        try bench.environment.close()
    }

    @Test("A race of attaching and deleting leaves nobody with a plan that isn't there")
    func race() async throws {
        let bench = try await Bench(folder)
        try await publishMore(bench)
        let names = (0..<32).map { "c\($0)" }
        for name in names { try await bench.create(name) }
        let environment = bench.environment
        let old = bench.names
        let extra = try #require(old.pricing.plan(id: "extra"))
        let ids = names.map { bench.id($0) }
        let command = attach(extra)
        let call = deletion(plans: ["extra"])
        let isDeleted = await withTaskGroup(of: Bool.self) { group in
            for id in ids {
                group.addTask {
                    _ = try? environment.customers(of: id).execute(
                        command, for: id, request: nil, names: old, in: Workspace())
                    return false
                }
            }
            group.addTask { (try? await environment.publish(call, found: [])) != nil }
            return await group.reduce(false) { $0 || $1 }
        }
        let owners = ids.filter { id in
            environment.state(of: id)?.customer.subscriptions.contains {
                $0.plan.plan == extra
            } ?? false
        }
        #expect(isDeleted == (bench.names.pricing.plan(id: "extra") == nil))
        #expect(!isDeleted || owners.isEmpty)
        try environment.close()
    }

    /// Deletes a plan and a feature, and publishes another one of the feature's id; the state.
    private func replace() async throws -> (removed: CatalogRemoval, dump: [UInt8]) {
        let bench = try await Bench(folder)
        try await publishMore(bench)
        try await bench.create("acme")
        try await bench.track("acme", 3)
        #expect(try await delete(bench, plans: ["extra"]) == nil)
        #expect(try await delete(bench, features: ["faxes"]) == nil)
        let other = PricingDraft(
            currency: "usd", features: [Feature(id: "faxes", name: "Faxes", kind: .boolean)],
            plans: [])
        _ = try await bench.environment.publish(
            PublishCall(draft: other, validateOnly: false, requestID: ""), found: [])
        try bench.environment.takeSnapshot()
        let dump = bench.environment.dump()
        let removed = bench.names.pricing.removed
        try bench.environment.close()
        return (removed, dump)
    }

    private func reopen(_ removed: CatalogRemoval, _ dump: [UInt8]) async throws {
        let bench = try await Bench(folder, publish: false)
        #expect(bench.names.pricing.removed == removed)
        #expect(bench.names.pricing.kind(of: bench.feature("faxes")) == .boolean)
        #expect(bench.environment.dump() == dump)
        try bench.environment.close()
    }

    @Test("Replay, snapshots and an export know what was deleted, and what is there in its place")
    func kept() async throws {
        let (removed, dump) = try await replace()
        #expect(removed.plans.count == 1 && removed.features.count == 1)
        try await reopen(removed, dump)
        var lines: [String] = []
        _ = try EnvironmentExport("sandbox", in: folder.path + "/sandbox").run { lines.append($0) }
        var codec = ExportCodec()
        for line in lines { _ = try codec.read(Array(line.utf8)) }
        #expect(codec.pricing.removed == removed)
        let gone = try #require(removed.features.first)
        #expect(codec.pricing.name(of: gone) == "faxes#\(gone.rawValue)")
        #expect(codec.pricing.feature(named: "faxes#\(gone.rawValue)") == gone)
        #expect(codec.pricing.feature(named: "faxes") != gone)
    }
}
