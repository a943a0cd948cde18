import Billing
import Foundation
import Interchange
import Testing
import Wire

@testable import Repository

/// Two customers, on two partitions perhaps: a referral is decided at one and told to the other,
/// once, wherever the process ends in between.
@Suite("Referrals") struct ReferralTests {
    private static let draft: PricingDraft = {
        var draft = Samples.draft
        draft.rewards.grants = [
            FeatureGrant(
                id: "gift", name: "Gift",
                parts: [.init(featureID: "messages", units: Quantity(units: 5))])
        ]
        var programme = ReferralProgramme(id: "friends", rewardID: "gift", redeemOn: .creation)
        programme.rewardsBoth = true
        draft.rewards.programmes = [programme]
        var trial = Plan(
            id: "trial", name: "Trial", group: "trial",
            price: BasePrice(amount: Samples.price("20"), cycle: Cycle(.month)))
        trial.trial = FreeTrial(length: 14, unit: .day, needsCard: false)
        trial.trial?.isUnique = true
        draft.plans.append(trial)
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

    private static func create(_ bench: Bench, _ customer: String) async throws {
        try await bench.commit(.create(CreateCustomer(name: "", email: "")), customer)
    }

    private static func redeeming(_ referrer: CustomerID, _ id: String) -> Command {
        var redeem = RedeemReferral(programmeID: "friends", code: "ABC123", referrer: referrer)
        redeem.redemption = id
        return .redeemReferral(redeem)
    }

    private static func referrals(_ bench: Bench, _ customer: String) throws -> [Referral] {
        let id = bench.id(customer)
        return try bench.environment.customers(of: id).read(
            id, names: bench.environment.directory.current, in: Workspace()
        ) { customer, _ in customer.account.referrals }.answer
    }

    /// What the loose balances of messages come to.
    private static func given(_ bench: Bench, _ customer: String) throws -> Int {
        let id = bench.id(customer)
        return try bench.environment.customers(of: id).read(
            id, names: bench.environment.directory.current, in: Workspace()
        ) { customer, _ in
            (0..<customer.buckets.count).count { customer.buckets[$0].subscription == 0 }
        }.answer
    }

    /// What a server's workers do with what recovery finds.
    private static func handOver(_ bench: Bench) async throws {
        for partition in bench.environment.partitions {
            partition.customers.settlements.close()
            for await handover in partition.customers.settlements.handovers {
                try await bench.environment.handOver(handover.referral, of: handover.customer)
            }
        }
    }

    /// The steps that were taken before the process ended: 0 none, 1 the redeemer's, 2 the
    /// referrer's as well, 3 all.
    @Test("Ended at each step, it is given once to each", arguments: [0, 1, 2, 3], [1, 4])
    func ended(after steps: Int, partitions: Int) async throws {
        let folder = try TemporaryFolder()
        do {
            let bench = try await Self.bench(folder, partitions: partitions)
            try await Self.create(bench, "referrer")
            try await Self.create(bench, "redeemer")
            let code = PromotionCode.referring("ABC123", atMost: 2)
            let directory = bench.environment.directory
            let reserved = try directory.redemptions.reserve(
                code, for: bench.id("redeemer"), id: "red_1"
            ) { (change) throws(ExecuteFault) in
                try directory.append(change, time: bench.environment.now)
            }
            try directory.wait(for: reserved?.sequence ?? 0)
            let referrer = bench.id("referrer")
            if steps > 0 { try await bench.commit(Self.redeeming(referrer, "red_1"), "redeemer") }
            if steps > 1 {
                let told = try #require(try Self.referrals(bench, "redeemer").first)
                try await bench.commit(
                    .handOver(.receive(told, from: bench.id("redeemer"))), "referrer")
            }
            if steps > 2 {
                try await bench.commit(
                    .handOver(.confirm(id: "red_1", .earned)), "redeemer")
            }
            try bench.environment.close()
        }
        for _ in 0..<2 {
            let bench = try await Self.bench(folder, partitions: partitions, publish: false)
            try await Self.handOver(bench)
            for reservation in bench.environment.directory.redemptions.idle {
                bench.environment.settle(reservation, of: bench.id(reservation.customer))
            }
            let once = steps > 0 ? 1 : 0
            #expect(bench.environment.directory.redemptions.count(of: "referral:ABC123") == once)
            #expect(try Self.given(bench, "redeemer") == once)
            #expect(try Self.given(bench, "referrer") == once)
            #expect(try Self.referrals(bench, "redeemer").count { $0.isUntold } == 0)
            try bench.environment.close()
        }
    }

    @Test("A customer has one code in a programme, whoever asks at once, and after a restart")
    func codes() async throws {
        let folder = try TemporaryFolder()
        let customer = try #require(CustomerID("c"))
        let codes = try await Self.codes(folder, customer)
        #expect(codes.count == 1)
        let code = try #require(codes.first)
        #expect(code.count == 6 && code.allSatisfy { $0.isUppercase || $0.isNumber })
        let again = try await Self.bench(folder, publish: false)
        #expect(again.environment.directory.referralCodes.owner(of: code)?.customer == "c")
        #expect(try again.environment.referralCode(of: customer, in: "friends") == code)
        try again.environment.close()
    }

    private static func codes(
        _ folder: TemporaryFolder, _ customer: CustomerID
    ) async throws -> Set<String> {
        let bench = try await bench(folder)
        let environment = bench.environment
        let codes = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 {
                group.addTask { try environment.referralCode(of: customer, in: "friends") }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        try environment.close()
        return codes
    }

    private static func marked(_ mark: FingerprintMark) -> Command {
        var create = CreateCustomer(name: "", email: "")
        create.fingerprint = mark
        return .create(create)
    }

    /// Attaches the plan with a trial; true: the trial was to be had.
    private static func attach(
        _ environment: TallyEnvironment, _ name: String
    ) async throws -> Bool {
        let customer = try #require(CustomerID(name))
        let plan = try #require(environment.directory.current.pricing.plan(id: "trial"))
        let asked = AttachPlan(plan: plan, effectID: "eff_\(name)")
        let reply = try await environment.claimingTrials(
            for: customer, { $0.trials(of: .attach(asked), pricing: $1) }
        ) { (claims) async throws(ExecuteFault) -> Reply in
            var attach = asked
            attach.trialClaim = claims[plan]
            return try await environment.commit(.attach(attach), for: customer, request: nil).reply
        }
        guard case .attach(let attached) = reply else { return false }
        return attached.outcome == .active
    }

    @Test("Of forty customers with one fingerprint, at once, one has the trial", arguments: [1, 4])
    func fingerprints(partitions: Int) async throws {
        let folder = try TemporaryFolder()
        do {
            let bench = try await Self.bench(folder, partitions: partitions)
            let environment = bench.environment
            let mark = try #require(try environment.mark(of: "laptop"))
            #expect(try environment.mark(of: "laptop") == mark)
            for number in 0..<40 { try await bench.commit(Self.marked(mark), "c\(number)") }
            let had = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<40 {
                    group.addTask { try await Self.attach(environment, "c\(number)") }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(had == 1)
            let other = try #require(try environment.mark(of: "phone"))
            try await bench.commit(Self.marked(other), "other")
            #expect(try await Self.attach(environment, "other"))
            try environment.close()
        }
        // Nor after a restart, nor once the export of it is another environment.
        let bench = try await Self.bench(folder, partitions: partitions, publish: false)
        let mark = try #require(try bench.environment.mark(of: "laptop"))
        try await bench.commit(Self.marked(mark), "late")
        #expect(try await !Self.attach(bench.environment, "late"))
        try bench.environment.close()
        let copy = try await Self.copy(of: folder)
        #expect(try copy.bench.environment.mark(of: "laptop") == mark)
        try await copy.bench.commit(Self.marked(mark), "later")
        #expect(try await !Self.attach(copy.bench.environment, "later"))
        try copy.bench.environment.close()
    }

    private static func copy(
        of folder: TemporaryFolder
    ) async throws -> (bench: Bench, folder: TemporaryFolder) {
        var lines = ""
        _ = try EnvironmentExport("sandbox", in: folder.path + "/sandbox").run {
            lines += $0 + "\n"
        }
        let other = try TemporaryFolder()
        let file = other.path + "/export.ndjson"
        try lines.write(toFile: file, atomically: true, encoding: .utf8)
        _ = try EnvironmentImport(file, to: other.path).run()
        return (try await bench(other, publish: false), other)
    }

    @Test("An export has codes and referrals, and an import goes on with them")
    func export() async throws {
        let folder = try TemporaryFolder()
        let bench = try await Self.bench(folder)
        try await Self.create(bench, "referrer")
        try await Self.create(bench, "redeemer")
        let code = try bench.environment.referralCode(of: bench.id("referrer"), in: "friends")
        try await bench.commit(
            .noteReferralCode(NoteReferralCode(programmeID: "friends", code: code)), "referrer")
        try await bench.commit(Self.redeeming(bench.id("referrer"), "red_1"), "redeemer")
        let before = try Self.referrals(bench, "redeemer")
        try bench.environment.close()
        let copy = try await Self.copy(of: folder)
        #expect(try Self.referrals(copy.bench, "redeemer") == before)
        let known = try copy.bench.environment.referralCode(
            of: copy.bench.id("referrer"), in: "friends")
        #expect(known == code)
        try await Self.handOver(copy.bench)
        #expect(try Self.given(copy.bench, "referrer") == 1)
        try copy.bench.environment.close()
    }

    @Test("An erasure takes the fingerprint, and the trial stays had")
    func erasure() async throws {
        let folder = try TemporaryFolder()
        let bench = try await Self.bench(folder)
        let mark = try #require(try bench.environment.mark(of: "laptop"))
        try await bench.commit(Self.marked(mark), "a")
        #expect(try await Self.attach(bench.environment, "a"))
        try await bench.commit(.erase, "a")
        let id = bench.id("a")
        let kept = try bench.environment.customers(of: id).read(
            id, names: bench.environment.directory.current, in: Workspace()
        ) { customer, _ in customer.account.fingerprint }.answer
        #expect(kept == nil)
        try await bench.commit(Self.marked(mark), "b")
        #expect(try await !Self.attach(bench.environment, "b"))
        try bench.environment.close()
    }
}
