import Stories
import Testing

@testable import Billing

/// What holds for every sequence of commands. A failure names the seed that repeats it.
@Suite("Laws") struct LawTests {
    static let pricing = PricingState.sample(
        [
            .sample("messages", .metered), .sample("words", .metered),
            .sample("seats", .allocated), .sample("sso", .boolean),
            .sample("credits", .creditSystem, costs: ["messages": "0.2", "words": "0.5"]),
        ],
        [
            .sample(
                "free", autoEnable: true, .sample("messages", 50, each: .month),
                .sample("seats", 1)),
            .sample(
                "pro", price: "20", .sample("messages", 100, each: .month, price: "0.10"),
                .sample("credits", 20, each: .week), .sample("seats", 2, price: "10"),
                .sample("sso")),
            .sample(
                "team", price: "500", each: .year, .sample("messages", unlimited: true),
                .sample("credits", 50, each: .month, price: "0.50", most: 30)),
            .sample("usage", .sample("words", 10, each: .month, price: "0.01", per: 10)),
            .sample("extra", price: "5", addOn: true, .sample("words", 30, each: .day)),
            .sample("top_up", price: "10", each: .oneOff, .sample("credits", 100)),
            .sample("lite", group: "b", .sample("words", 7, each: .hour, count: 5)),
            .sample("full", price: "1", each: .week, group: "b", .sample("words", 70, each: .week)),
        ])

    private static let planIDs = [
        "free", "pro", "team", "usage", "extra", "top_up", "lite", "full",
    ]
    private static let featureIDs = ["messages", "words", "seats", "credits", "sso"]

    /// Some command that the state allows or refuses.
    private static func command(
        for desk: Desk, number: Int, using generator: inout SeededGenerator
    ) -> Command {
        let feature = FeatureNumber(rawValue: UInt32.random(in: 1...5, using: &generator))
        let value = Quantity(
            raw: Int128(Int.random(in: -30_000...90_000, using: &generator)) * 10_000_000)
        switch Int.random(in: 0..<20, using: &generator) {
        case 0: return .create(CreateCustomer(name: "Acme", email: ""))
        case 1...6:
            let overage: OverageBehavior = Bool.random(using: &generator) ? .cap : .reject
            return .track(TrackUsage(feature: feature, value: value, overage: overage))
        case 7...9: return .checkAndDeduct(CheckQuery(feature: feature, required: value))
        case 10...13:
            let plan = PlanNumber(rawValue: UInt32.random(in: 1...8, using: &generator))
            return .attach(
                AttachPlan(
                    plan: plan, successURL: "", effectID: "attach-\(number)", request: nil))
        case 14...17:
            guard let effect = desk.customer.openEffect else { return .advance }
            let answer: SettleEffect.Answer =
                if effect.kind == .openCheckout {
                    .checkoutOpened(url: "https://pay/\(number)")
                } else if Int.random(in: 0..<4, using: &generator) == 0 {
                    .declined(code: "card_declined")
                } else {
                    .paid
                }
            return .settle(SettleEffect(effectID: effect.id, answer: answer))
        case 18:
            guard let checkout = desk.customer.account.checkout else { return .advance }
            return .completeCheckout(
                CompleteCheckout(session: checkout.session, method: Desk.visa))
        default: return .advance
        }
    }

    /// Runs commands at random intervals, up to a quarter apart, and looks after each of them.
    private static func run(
        seed: UInt64, commands: Int, looking: (Desk, Decision?) -> Void
    ) -> Desk {
        var generator = SeededGenerator(seed: seed)
        var desk = Desk(pricing)
        for number in 0..<commands {
            let longest: Int64 = 1 << Int64.random(in: 1...33, using: &generator)
            let pause = Int64.random(in: 0..<longest, using: &generator)
            desk.advance(to: desk.now.adding(milliseconds: pause))
            let command = command(for: desk, number: number, using: &generator)
            let before = StateView(desk.customer)
            let copy = desk.customer
            let decision = try? copy.decide(command, pricing: pricing, now: desk.now)
            if StateView(copy) != before { Issue.record("decide changed what it read: \(seed)") }
            desk.apply(decision?.facts ?? [])
            looking(desk, decision)
        }
        return desk
    }

    static let seeds = Array(1...40) as [UInt64]

    @Test("replayed facts give the live state", arguments: seeds)
    func replay(seed: UInt64) {
        let desk = LawTests.run(seed: seed, commands: 150) { _, _ in }
        var replayed = CustomerState(id: desk.customer.id)
        replayed.apply(desk.facts)
        #expect(StateView(replayed) == StateView(desk.customer), "seed \(seed)")
    }

    @Test("what always holds", arguments: seeds)
    func invariants(seed: UInt64) {
        _ = LawTests.run(seed: seed, commands: 150) { desk, decision in
            let customer = desk.customer
            #expect(customer.account.effects.count <= 1, "seed \(seed)")
            #expect(customer.account.effects.isEmpty || customer.nextDue >= desk.now)
            for bucket in customer.allBuckets where bucket.balance < .zero {
                let mayRun: Bucket.Flags = [.priced, .allocated, .unlimited]
                #expect(!bucket.flags.isDisjoint(with: mayRun), "seed \(seed)")
                let limited = bucket.flags.contains(.limited)
                #expect(!limited || bucket.overage <= bucket.maxOverage, "seed \(seed)")
            }
            for bucket in customer.allBuckets where !bucket.flags.contains(.unlimited) {
                #expect(bucket.balance <= max(bucket.granted, .zero), "seed \(seed)")
            }
            for bucket in customer.allBuckets where bucket.subscription != 0 {
                let subscription = customer.subscription(bucket.subscription)
                #expect(subscription?.status.grantsAccess == true, "seed \(seed)")
            }
            LawTests.checkGroups(customer, seed: seed)
            let ended = customer.subscriptions.filter { $0.status == .ended }
            #expect(ended.count <= FactSheet.keptSubscriptions)
            #expect(customer.account.invoices.count <= FactSheet.keptInvoices)
            if case .attach(let reply) = decision?.reply, reply.outcome == .processing {
                #expect(customer.openEffect?.id == reply.effectID)
            }
        }
    }

    /// One main plan in use in each group, at most one more to come.
    private static func checkGroups(_ customer: CustomerState, seed: UInt64) {
        for group in ["", "b"] {
            let main = customer.subscriptions.filter {
                let plan = pricing.plan($0.plan)
                return plan.isMain && plan.group == group
            }
            #expect(main.filter { $0.status.grantsAccess }.count <= 1, "seed \(seed)")
            #expect(main.filter { $0.status == .scheduled }.count <= 1, "seed \(seed)")
        }
    }

    /// At costs that divide evenly: what was drawn, in units, and what was dropped make the value.
    @Test("draws and rest make the value", arguments: seeds)
    func sums(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        _ = LawTests.run(seed: seed, commands: 100) { desk, _ in
            let feature = FeatureNumber(rawValue: UInt32.random(in: 1...5, using: &generator))
            let value = Quantity(
                raw: Int128(Int.random(in: -30_000...90_000, using: &generator)) * 10_000_000)
            let pricing = LawTests.pricing
            guard pricing.feature(feature).kind != .boolean else { return }
            var deduction = Deduction(
                of: value, feature: feature, from: desk.customer.buckets, pricing: pricing,
                overage: .cap, now: desk.now)
            var total = Quantity.zero
            for draw in deduction.run() {
                let cost = pricing.pools(of: feature).first { $0.feature == draw.feature }?.cost
                total = total + (cost.map { draw.amount.units(at: $0) } ?? draw.amount)
            }
            #expect(total + deduction.rest == value, "seed \(seed)")
            #expect(deduction.rest == .zero || (deduction.rest < .zero) == (value < .zero))
        }
    }

    /// Design §3: the state at a moment does not depend on who looked when.
    @Test("one step or many", arguments: seeds)
    func steps(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        _ = LawTests.run(seed: seed, commands: 40) { desk, _ in
            let span = Int64.random(in: 0..<12_000_000_000, using: &generator)
            var once = desk
            once.advance(to: desk.now.adding(milliseconds: span))
            var often = desk
            for step in 1...20 as ClosedRange<Int64> {
                often.advance(to: desk.now.adding(milliseconds: span * step / 20))
            }
            #expect(LawTests.masked(once) == LawTests.masked(often), "seed \(seed)")
        }
    }

    /// Effect ids are given from outside, a new one for each look.
    private static func masked(_ desk: Desk) -> StateView {
        var customer = desk.customer
        for index in customer.account.effects.indices { customer.account.effects[index].id = "" }
        return StateView(customer)
    }
}
