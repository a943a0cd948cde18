import Billing
import Foundation
import Testing
import Wire

@testable import Repository

/// `TALLY_PAST_SEEDS=500` runs more random lives than the usual few.
@Suite("Looking back")
struct PastTests {
    static let seeds =
        ProcessInfo.processInfo.environment["TALLY_PAST_SEEDS"].flatMap { UInt64($0) } ?? 8

    private static let customers = ["acme", "Zoë", "big corp"]
    private static let day: Int64 = 86_400_000

    /// A monthly grant that goes over in part, on top of what `Samples` has.
    private static var team: PricingDraft {
        var messages = Samples.item("messages", 10)
        messages.rollover = Rollover(cap: .percentage(Quantity(units: 50)), months: 2)
        messages.entityFeatureID = "seats"
        let plan = Plan(id: "team", name: "Team", addOn: true, items: [messages])
        return PricingDraft(currency: "usd", features: [], plans: [plan])
    }

    /// One of many things that can happen to a customer, the same in both environments.
    private struct Deed {
        var kind: Int
        var name: String
        var amount: Int
        var text: String
    }

    private func run(_ deed: Deed, _ bench: Bench) async throws {
        let name = deed.name
        let messages = bench.feature("messages")
        let command: Command
        switch deed.kind {
        case 0..<6:
            var usage = TrackUsage(
                feature: messages, value: Quantity(units: deed.amount), overage: .cap)
            if deed.amount % 5 == 0 { usage.entity = bench.id("ada") }
            if deed.amount % 7 == 0 {
                usage.hold = HoldRequest(
                    id: deed.text,
                    expires: bench.environment.customerTime.adding(milliseconds: 40_000_000))
            }
            command = .track(usage)
        case 6:
            let plan = bench.names.pricing.plan(id: ["free", "pro", "team"][deed.amount % 3])
            command = .attach(AttachPlan(plan: try #require(plan), effectID: deed.text))
        case 7: try settle(bench, name); return
        case 8:
            command = .createEntity(
                CreateEntity(
                    id: deed.amount % 2 == 0 ? bench.id("ada") : bench.id("bob"),
                    feature: bench.feature("seats"), name: deed.text))
        case 9:
            var gift = OpenBalance(feature: messages)
            gift.granted = Quantity(units: deed.amount)
            if deed.amount % 2 == 0 { gift.reset = Cycle(.week) }
            command = .openBalance(gift)
        case 10: command = .update(UpdateCustomer(name: deed.text, email: "a@example.com"))
        case 11:
            var change = ChangeSubscription(effectID: deed.text)
            change.cancel = deed.amount % 2 == 0 ? .atEnd : .now
            command = .changeSubscription(change)
        default:
            var controls = SetControls()
            controls.usageLimits = [
                UsageLimit(
                    feature: messages, limit: Quantity(units: 30 + deed.amount), interval: .day)
            ]
            command = .setControls(controls)
        }
        do throws(ExecuteFault) {
            _ = try await bench.environment.commit(command, for: bench.id(name), request: nil)
        } catch .refused {
        }
    }

    /// What the provider and a person at its page would do.
    private func settle(_ bench: Bench, _ name: String) throws {
        let id = bench.id(name)
        let repository = bench.environment.customers(of: id)
        let open = try repository.read(id, names: bench.names, in: Workspace()) { customer, _ in
            (customer.openEffect, customer.account.checkout?.session)
        }.answer
        let command: Command
        if let effect = open.0 {
            let isCharge = effect.kind == .collect
            command = .settle(
                SettleEffect(
                    effectID: effect.id,
                    answer: isCharge ? .paid : .checkoutOpened(url: "https://pay.example.com")))
        } else if let session = open.1 {
            let card = PaymentMethod(token: "card", brand: "visa", last4: "4242")
            command = .completeCheckout(CompleteCheckout(session: session, method: card))
        } else {
            return
        }
        do throws(ExecuteFault) {
            _ = try repository.execute(
                command, for: id, request: nil, names: bench.names, in: Workspace())
        } catch .refused {
        }
    }

    private func publish(_ draft: PricingDraft, _ bench: Bench) async throws {
        _ = try await bench.environment.directory.publish(
            PublishCall(draft: draft, validateOnly: false, requestID: ""), found: [],
            time: bench.environment.now)
    }

    /// Every sight is what looking back gives.
    private func check(_ sights: [Sight], _ bench: Bench, _ comment: Comment) throws {
        for sight in sights {
            #expect(
                try bench.past(sight.customer, sight.time) == sight,
                "\(comment), \(sight.customer) at \(sight.time.milliseconds)")
        }
    }

    @Test(
        "What was seen at a moment is what looking back to it shows, whoever looked between",
        arguments: 0..<PastTests.seeds)
    func law(seed: UInt64) async throws {
        let (folder, quiet) = (try TemporaryFolder(), try TemporaryFolder())
        let partitions = seed % 2 == 0 ? 1 : 4
        let time = ManualTime()
        var sights: [Sight] = []
        do {
            // The first is looked at all the time, the second never.
            let benches = [
                try await Bench(folder, time: time, partitions: partitions),
                try await Bench(quiet, time: time, partitions: partitions),
            ]
            for bench in benches {
                try await publish(Self.team, bench)
                for name in Self.customers { try await bench.create(name) }
            }
            sights = try await live(benches, time, seed)
            for bench in benches { try check(sights, bench, "live, seed \(seed)") }
            for bench in benches { try bench.environment.close() }
        }
        #expect(sights.count > 60)
        for (index, folder) in [folder, quiet, quiet].enumerated() {
            if index == 2 { try folder.removeSnapshots() }
            let bench = try await Bench(
                folder, time: time, publish: false, partitions: partitions)
            try check(sights, bench, "restarted \(index), seed \(seed)")
            try bench.environment.close()
        }
    }

    /// The same in both, but that only the first is looked at; what was seen.
    private func live(
        _ benches: [Bench], _ time: ManualTime, _ seed: UInt64
    ) async throws -> [Sight] {
        var dice = Dice(seed: seed)
        var sights: [Sight] = []
        for step in 0..<60 {
            // Now and then so long that resets and renewals lie between.
            let pause =
                dice.chance(20) ? dice.roll(1...40) * 86_400_000 : dice.roll(1...9_000_000)
            time.advance(milliseconds: Int64(pause))
            let name = Self.customers[dice.roll(0...2)]
            if dice.chance(60) {
                for name in Self.customers { sights.append(try benches[0].look(name)) }
                time.advance(milliseconds: Int64(dice.roll(1...1_000)))
            }
            if seed % 3 == 0, dice.chance(10) {
                let move = ClockMove.by(Int64(dice.roll(1...60)) * Self.day)
                let whose = dice.chance(50) ? name : nil
                for bench in benches { try await advance(bench, whose, move) }
            }
            if step == 30 {
                var draft = Samples.draft
                draft.plans[0].items[0].included = Quantity(units: 70)
                for bench in benches { try await publish(draft, bench) }
            }
            let deed = Deed(
                kind: dice.roll(0...12), name: name, amount: dice.roll(1...60),
                text: "d\(step)")
            for bench in benches { try await run(deed, bench) }
            sights.append(try benches[0].look(name))
            if step % 6 == 0 { try benches[0].checkFilters("step \(step), seed \(seed)") }
            time.advance(milliseconds: 1)
            if dice.chance(8) {
                for bench in benches { try bench.environment.takeSnapshot() }
            }
        }
        return sights
    }

    @Test(
        "What a clock passed over in one move is what was seen in small ones",
        arguments: [nil, "acme"])
    func passedOver(whose: String?) async throws {
        let time = ManualTime()
        let folders = [try TemporaryFolder(), try TemporaryFolder()]
        let benches = [
            try await Bench(folders[0], time: time), try await Bench(folders[1], time: time),
        ]
        for bench in benches {
            for name in Self.customers { try await bench.create(name) }
            try await run(Deed(kind: 6, name: "acme", amount: 1, text: "buy"), bench)
            // The page opens, and is paid.
            for _ in 0..<2 { try settle(bench, "acme") }
            try await bench.track("acme", 1_250)
        }
        var sights: [Sight] = []
        for _ in 0..<30 {
            time.advance(milliseconds: 1)
            try await advance(benches[0], whose, .by(3 * Self.day))
            sights.append(try benches[0].look("acme"))
        }
        try await advance(benches[1], whose, .by(90 * Self.day))
        #expect(try benches[1].look("acme") == sights[29])
        time.advance(milliseconds: 1)
        #expect(Set(sights.map(\.message)).count > 3)
        for bench in benches {
            try check(sights, bench, "passed over")
            try bench.environment.close()
        }
    }

    /// Moves a clock and pays what falls due on the way.
    private func advance(_ bench: Bench, _ whose: String?, _ move: ClockMove) async throws {
        if let whose {
            try await bench.commit(.moveClock(move), whose)
        } else {
            _ = try bench.environment.directory.clock.move(
                move, request: nil, wall: bench.environment.now
            ) { (record) throws(ExecuteFault) in try bench.environment.directory.commit(record) }
        }
        for name in Self.customers {
            for _ in 0..<400 {
                guard bench.environment.openEffect(of: bench.id(name)) != nil else { break }
                try settle(bench, name)
            }
        }
    }
}

/// What a customer and its entities looked like at a moment, in bytes.
struct Sight: Equatable {
    var customer: String
    var time: Timestamp
    var message: [UInt8]

    init(
        _ name: String, _ time: Timestamp, _ customer: borrowing CustomerState,
        _ names: PricingNames
    ) {
        self.customer = name
        self.time = time
        let arena = Arena(cap: .max)
        let writer = ReplyWriter(arena: arena, names: names)
        message = withExtendedLifetime(arena) {
            var bytes = Array(writer.getCustomer(customer))
            for entity in customer.buckets.extras.entities.all {
                if let shown = try? writer.getEntity(entity.id, of: customer) {
                    bytes += Array(shown)
                }
            }
            return bytes
        }
    }
}

extension Bench {
    /// As somebody sees it who looks now.
    func look(_ name: String) throws -> Sight {
        let repository = environment.customers(of: id(name))
        let time = repository.environmentTime
        return try repository.read(id(name), names: names, in: Workspace()) { customer, names in
            Sight(name, customer.buckets.clock.time(at: time), customer, names)
        }.answer
    }

    func past(_ name: String, _ time: Timestamp) throws -> Sight {
        let (customer, names) = try environment.past(of: id(name), at: time)
        return Sight(name, time, customer, names)
    }

    /// How looking back is refused; nil: it isn't.
    func refusal(_ name: String, _ time: Timestamp) throws -> Refusal? {
        do {
            _ = try past(name, time)
            return nil
        } catch ExecuteFault.refused(let refusal) {
            return refusal
        }
    }
}

/// SplitMix64.
private struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func roll(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    mutating func chance(_ percent: Int) -> Bool { roll(1...100) <= percent }
}
