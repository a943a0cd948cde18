import Billing
import Foundation
import Interchange
import Testing
import Wire

@testable import Repository

/// A code is redeemed as often as it may be: by customers of all partitions at once, and whatever
/// is cut short.
@Suite("Redemptions") struct RedemptionTests {
    private static let draft: PricingDraft = {
        var draft = Samples.draft
        var grant = FeatureGrant(
            id: "gift", name: "Gift",
            parts: [.init(featureID: "messages", units: Quantity(units: 5))])
        grant.codes = [PromotionCode("GIFT", maxRedemptions: 7)]
        draft.rewards.grants = [grant]
        return draft
    }()

    private static func bench(
        _ folder: TemporaryFolder, partitions: Int = 1, publish: Bool = true
    ) async throws -> Bench {
        let bench = try await Bench(folder, publish: false, partitions: partitions)
        guard publish else { return bench }
        let call = PublishCall(draft: draft, validateOnly: false, requestID: "")
        _ = try await bench.environment.directory.publish(
            call, found: [], time: bench.environment.now)
        return bench
    }

    /// nil: it was given; else why not.
    private static func redeem(
        _ environment: TallyEnvironment, _ name: String
    ) async throws -> Refusal? {
        let customer = try #require(CustomerID(name))
        do throws(ExecuteFault) {
            try await give(customer, in: environment)
            return nil
        } catch {
            guard case .refused(let refusal) = error else { throw error }
            return refusal
        }
    }

    private static func give(
        _ customer: CustomerID, in environment: TallyEnvironment
    ) async throws(ExecuteFault) {
        _ = try await environment.redeeming(["GIFT"], for: customer) {
            (reserved) async throws(ExecuteFault) in
            var redeem = RedeemCode("GIFT")
            redeem.redemption = reserved["GIFT"] ?? ""
            let reply = try await environment.commit(
                .redeemCode(redeem), for: customer, request: nil)
            return reply.message
        }
    }

    private static func create(_ bench: Bench, _ customer: String) async throws {
        try await bench.commit(.create(CreateCustomer(name: "", email: "")), customer)
    }

    private static func count(_ bench: Bench) -> Int {
        bench.environment.directory.redemptions.count(of: "GIFT")
    }

    @Test("Seven of forty at once, and nobody after a restart", arguments: [1, 4])
    func concurrent(partitions: Int) async throws {
        let folder = try TemporaryFolder()
        do {
            let bench = try await Self.bench(folder, partitions: partitions)
            for number in 0..<40 { try await Self.create(bench, "c\(number)") }
            let environment = bench.environment
            let given = try await withThrowingTaskGroup(of: Refusal?.self) { group in
                for number in 0..<40 {
                    group.addTask { try await Self.redeem(environment, "c\(number)") }
                }
                return try await group.reduce(into: [Refusal?]()) { $0.append($1) }
            }
            #expect(given.count { $0 == nil } == 7)
            let refused = Refusal.promotionCodeRefused("GIFT", .usedUp)
            #expect(given.count { $0 == refused } == 33)
            #expect(Self.count(bench) == 7)
            #expect(bench.environment.directory.redemptions.idle.isEmpty)
            try bench.environment.close()
        }
        let bench = try await Self.bench(folder, partitions: partitions, publish: false)
        #expect(Self.count(bench) == 7)
        try await Self.create(bench, "late")
        #expect(
            try await Self.redeem(bench.environment, "late")
                == .promotionCodeRefused("GIFT", .usedUp))
        try bench.environment.close()
    }

    @Test("One customer at once redeems it once")
    func sameCustomer() async throws {
        let folder = try TemporaryFolder()
        let bench = try await Self.bench(folder)
        try await Self.create(bench, "c")
        let environment = bench.environment
        let given = try await withThrowingTaskGroup(of: Refusal?.self) { group in
            for _ in 0..<8 { group.addTask { try await Self.redeem(environment, "c") } }
            return try await group.reduce(into: [Refusal?]()) { $0.append($1) }
        }
        #expect(given.count { $0 == nil } == 1)
        #expect(given.count { $0 == .codeAlreadyRedeemed("GIFT") } == 7)
        #expect(Self.count(bench) == 1)
        try bench.environment.close()
    }

    /// Reserved, as far as the directory, and then the process ends.
    private static func reserve(_ bench: Bench, _ customer: String, id: String) throws {
        let code = PromotionCode("GIFT", maxRedemptions: 7)
        let directory = bench.environment.directory
        let reservation = try directory.redemptions.reserve(
            code, for: bench.id(customer), id: id
        ) { (change) throws(ExecuteFault) in
            try directory.append(change, time: bench.environment.now)
        }
        try directory.wait(for: reservation?.sequence ?? 0)
    }

    /// What a round of `RedemptionWork` does.
    private static func lookAfter(_ bench: Bench) {
        for reservation in bench.environment.directory.redemptions.idle {
            bench.environment.settle(reservation, of: bench.id(reservation.customer))
        }
    }

    @Test("What a crash leaves is given back, or kept, as the customer's state says")
    func crash() async throws {
        let folder = try TemporaryFolder()
        do {
            let bench = try await Self.bench(folder)
            try await Self.create(bench, "before")
            try await Self.create(bench, "after")
            // Before the customer's commit, and after it.
            try Self.reserve(bench, "before", id: "red_1")
            try Self.reserve(bench, "after", id: "red_2")
            var redeem = RedeemCode("GIFT")
            redeem.redemption = "red_2"
            try await bench.commit(.redeemCode(redeem), "after")
            // Nobody but the calls themselves knows yet what comes of them.
            Self.lookAfter(bench)
            #expect(Self.count(bench) == 2)
            try bench.environment.close()
        }
        for life in 0..<2 {
            let bench = try await Self.bench(folder, publish: false)
            #expect(Self.count(bench) == 2 - life)
            Self.lookAfter(bench)
            #expect(Self.count(bench) == 1)
            #expect(bench.environment.directory.redemptions.idle.isEmpty)
            try bench.environment.close()
        }
    }

    @Test("An export has them, and an import counts on")
    func export() async throws {
        let folder = try TemporaryFolder()
        let bench = try await Self.bench(folder)
        for customer in ["a", "b"] {
            try await Self.create(bench, customer)
            #expect(try await Self.redeem(bench.environment, customer) == nil)
        }
        try bench.environment.close()
        var lines = ""
        _ = try EnvironmentExport("sandbox", in: folder.path + "/sandbox").run {
            lines += $0 + "\n"
        }
        let other = try TemporaryFolder()
        let file = other.path + "/export.ndjson"
        try lines.write(toFile: file, atomically: true, encoding: .utf8)
        _ = try EnvironmentImport(file, to: other.path).run()
        let copy = try await Self.bench(other, publish: false)
        #expect(Self.count(copy) == 2)
        #expect(try await Self.redeem(copy.environment, "a") == .codeAlreadyRedeemed("GIFT"))
        try copy.environment.close()
    }
}
