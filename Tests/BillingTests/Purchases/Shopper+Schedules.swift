import Stories
import Testing

@testable import Billing

/// Plans come and go in phases: a naive account finds nothing that is paid for twice, and no money
/// that is lost; and what a preview says is what is charged, at once and next.
@Suite("Phases, paid once") struct PhaseLaws {
    @Test("the account adds up", arguments: PurchaseSeeds.batches(80))
    func account(seeds: [UInt64]) {
        for seed in seeds {
            var dice = Dice(seed: seed)
            let pricing = Shop.catalog(&dice)
            var market = Market(shopper: Shopper(pricing, dice))
            for _ in 0..<60 where market.ledger.fault == nil { market.stepInPhases() }
            if let fault = market.ledger.fault {
                Issue.record("\(market.shopper.story(seed, fault))")
                return
            }
            var replayed = CustomerState(id: market.shopper.desk.customer.id)
            replayed.apply(market.shopper.desk.facts)
            #expect(
                StateView(replayed) == StateView(market.shopper.desk.customer), "seed \(seed)")
            if let fault = market.shopper.desk.planFault {
                Issue.record("\(market.shopper.story(seed, fault))")
                return
            }
        }
    }

    @Test("the charge is what the preview said", arguments: PurchaseSeeds.batches(30))
    func charge(seeds: [UInt64]) {
        for seed in seeds {
            var dice = Dice(seed: seed)
            let pricing = Shop.catalog(&dice)
            for pair in 0..<PreviewLaws.pairs {
                var shopper = Shopper(pricing, Dice(seed: seed &* 1_000 &+ UInt64(pair)))
                if let fault = shopper.compareSchedule() {
                    Issue.record("\(shopper.story(seed, fault))")
                    return
                }
            }
        }
    }

    @Test("whoever looks when, phases come to the same", arguments: PurchaseSeeds.batches(30))
    func looks(seeds: [UInt64]) {
        for seed in seeds {
            var dice = Dice(seed: seed)
            let pricing = Shop.catalog(&dice)
            var shopper = Shopper(pricing, dice)
            shopper.desk.saveMethod()
            for _ in 0..<4 { shopper.plan() }
            shopper.payAll()
            var often = shopper
            // Both are paid at the same moments: those are outside's.
            for week in 1...30 {
                let time = shopper.desk.now.adding(milliseconds: 7 * 86_400_000)
                for day in 1...7 where week % 3 > 0 {
                    often.desk.advance(to: often.desk.now.adding(milliseconds: 86_400_000))
                    if day == 5 { often.desk.advance(to: often.desk.now) }
                }
                shopper.desk.advance(to: time)
                often.desk.advance(to: time)
                shopper.payAll()
                often.payAll()
            }
            let (once, many) = (StateView(shopper.desk.customer), StateView(often.desk.customer))
            #expect(once.subscriptions == many.subscriptions, "seed \(seed)")
            #expect(once.buckets == many.buckets, "seed \(seed)")
            #expect(once.last == many.last, "seed \(seed)")
            #expect(once.account.invoices.map(\.total) == many.account.invoices.map(\.total))
            #expect(once.account.credit == many.account.credit, "seed \(seed)")
        }
    }
}

extension Desk {
    /// nil: what is planned is there, at its moment.
    fileprivate var planFault: String? {
        for phase in customer.account.schedules.flatMap(\.phases) {
            for number in phase.begins {
                let next = customer.subscription(number)
                guard next?.status == .scheduled, next?.start == phase.start else {
                    return "\(phase) begins \(next.map { "\($0)" } ?? "nothing")"
                }
            }
            for number in phase.ends where customer.subscription(number)?.end != phase.start {
                return "\(phase) ends \(customer.subscription(number).map { "\($0)" } ?? "")"
            }
        }
        return nil
    }
}

extension Shopper {
    /// Some phases of some plans.
    mutating func schedule() -> CreateSchedule {
        var schedule = CreateSchedule([])
        for index in 0..<dice.roll(1...4) {
            let plans = (0..<dice.roll(1...3)).map { _ in
                var attach = purchase()
                attach.schedule = .automatic
                attach.startsCycle = false
                attach.discounts = []
                attach.starts = nil
                attach.ends = nil
                attach.removed = []
                attach.terms = nil
                if dice.chance(60) { attach.customize = nil }
                // Mostly what the phase before has, or there is, goes on.
                if index > 0, dice.chance(50), let kept = schedule.phases[index - 1].plans.first {
                    return kept
                }
                return attach
            }
            var start = CreateSchedule.Phase.Start.now
            if index > 0 || dice.chance(20) {
                let days = Int64(dice.roll(1...70)) + 71 * Int64(index)
                start = .at(desk.now.adding(milliseconds: days * 86_400_000))
            }
            if index > 0, dice.chance(50) {
                start = .after(
                    Cycle(dice.pick([.day, .week, .month, .quarter]), count: 1))
            }
            schedule.phases.append(CreateSchedule.Phase(start: start, plans: plans))
        }
        if dice.chance(15) { schedule.entity = "unit" }
        if case .now = schedule.phases[0].start { schedule.discounts = coupons() }
        if dice.chance(5) { schedule.redirect = .always }
        if dice.chance(10) { schedule = CreateSchedule([]) }
        schedule.effectID = nextEffectID()
        return schedule
    }

    /// Some schedule that isn't refused, of a few.
    mutating func plan() {
        for _ in 0..<6 {
            let schedule = schedule()
            guard (try? desk.run(.createSchedule(schedule))) != nil else { continue }
            note(schedule.words)
            return
        }
    }

    /// Buys, and compares what a preview of a schedule says with what comes of it; nil: it is the
    /// same.
    fileprivate mutating func compareSchedule() -> String? {
        for _ in 0..<dice.roll(0...2) {
            _ = try? buy(purchase())
            if dice.chance(40) { use() }
            if dice.chance(60) { wait(0...60) }
        }
        desk.advance(to: desk.now)
        payAll()
        for _ in 0..<6 {
            let schedule = schedule()
            guard !schedule.phases.isEmpty,
                (try? desk.askForTaxes(.createSchedule(schedule))) != nil,
                let preview = try? desk.customer.preview(
                    schedule, pricing: desk.pricing, now: desk.now)
            else { continue }
            note(schedule.words)
            do {
                let reply = try finish(desk.run(.createSchedule(schedule)))
                return fault(of: preview, reply) ?? nextFault(of: preview)
            } catch { return "previewed, and refused: \(error)" }
        }
        return nil
    }
}

extension CreateSchedule {
    var words: String {
        "schedule of \(entity.text) \(redirect)" + discounts.words
            + phases.map { phase in
                "\n  \(phase.start):" + phase.plans.map { "\n    \($0.words)" }.joined()
            }.joined()
    }
}
