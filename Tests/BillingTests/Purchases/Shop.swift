import Stories

@testable import Billing

/// Random catalogs to buy from: every way of paying, and of being billed.
enum Shop {
    private static let features: [Feature] = [
        .sample("messages", .metered), .sample("words", .metered), .sample("tokens", .metered),
        .sample("seats", .allocated),
    ]
    private static let currencies = ["usd", "usd", "jpy", "kwd"]
    private static let intervals: [Interval] = [
        .week, .month, .month, .month, .quarter, .semiAnnual, .year,
    ]

    /// Main plans of two groups, add-ons, and plans that are bought once; free ones among them.
    static func catalog(_ dice: inout Dice) -> PricingState {
        let currency = dice.pick(currencies)
        var plans = dice.chance(50) ? [Plan.sample("free", autoEnable: true)] : []
        while plans.count < 12 {
            let plan = plan("plan-\(plans.count)", &dice)
            let alone = PricingDraft(currency: currency, features: features, plans: [plan])
            if alone.validate(onto: .empty).isEmpty { plans.append(plan) }
        }
        var draft = PricingDraft(currency: currency, features: features, plans: plans)
        draft.rewards.coupons = coupons(plans.map(\.id), &dice)
        taxes(&draft, &dice)
        // Whoever buys one by its id notices nothing.
        for index in draft.plans.indices where index % 5 == 4 {
            draft.plans[index].isArchived = true
        }
        let faults = draft.validate(onto: .empty)
        precondition(faults.isEmpty, "\(faults)")
        return PricingState.empty.publishing(draft)
    }

    private static func plan(_ id: String, _ dice: inout Dice) -> Plan {
        var plan = Plan.sample(id)
        plan.addOn = dice.chance(20)
        plan.group = dice.chance(20) ? "other" : ""
        let isOnce = dice.chance(10)
        if isOnce || dice.chance(80) {
            let cycle = isOnce ? Cycle(.oneOff) : cycle(&dice)
            plan.price = BasePrice(amount: cents(1...30_000, &dice), cycle: cycle)
        }
        if dice.chance(60) { plan.items.append(packs("messages", &dice)) }
        if dice.chance(20) { plan.items.append(packs("words", &dice)) }
        if !isOnce {
            if dice.chance(30) {
                plan.items.append(
                    .sample(
                        "tokens", Quantity(units: dice.roll(0...50)),
                        each: dice.pick([.week, .month, .quarter]), price: cents(1...90, &dice)))
            }
            if dice.chance(15) {
                plan.items.append(.sample("seats", 1, price: cents(1...900, &dice)))
            } else if dice.chance(20) {
                plan.items.append(seats(&dice))
            }
            if dice.chance(25) {
                plan.trial = FreeTrial(
                    length: UInt16(dice.roll(1...30)), unit: .day, needsCard: dice.chance(60))
                if !plan.addOn, dice.chance(40) { plan.trial?.onEnd = .revert }
            }
        }
        return plan
    }

    static func cycle(_ dice: inout Dice) -> Cycle {
        Cycle(dice.pick(intervals), count: dice.chance(80) ? 1 : UInt16(dice.roll(2...3)))
    }

    static func cents(_ range: ClosedRange<Int>, _ dice: inout Dice) -> UnitPrice {
        UnitPrice(raw: Int128(dice.roll(range)) * UnitPrice.scale / 100)
    }

    private static func seats(_ dice: inout Dice) -> PlanItem {
        var item = packs("seats", &dice)
        item.prepaidPrice?.isPerSeat = true
        item.reset = nil
        return item
    }

    private static func packs(_ featureID: String, _ dice: inout Dice) -> PlanItem {
        let size = dice.pick([1, 10, 100])
        let included = Quantity(units: dice.chance(50) ? 0 : size * dice.roll(1...3))
        var price = Price(cents(1...3_000, &dice), packSize: Quantity(units: size))
        if dice.chance(60) {
            let isVolume = dice.chance(50)
            let ends = [size * dice.roll(4...6), size * dice.roll(7...12), nil]
            price.behavior = isVolume ? .volume : .graduated
            price.tiers = ends.map { end in
                Price.Tier(
                    upTo: end.map { Quantity(units: $0) },
                    amount: dice.chance(20) ? .zero : cents(1...3_000, &dice),
                    flat: isVolume && dice.chance(50) ? cents(0...5_000, &dice) : .zero)
            }
        }
        var item = PlanItem.sample(featureID, included)
        item.prepaidPrice = PrepaidPrice(
            price: price, cycle: dice.chance(15) ? Cycle(.oneOff) : cycle(&dice),
            onIncrease: dice.pick([.prorate, .prorate, .bill, .prorateNextCycle, .billNextCycle]),
            onDecrease: dice.pick([.prorate, .prorate, .prorateNextCycle, .keep, .drop]))
        if item.prepaidPrice?.cycle.interval != .oneOff, dice.chance(60) {
            item.reset = Cycle(.month)
        }
        return item
    }
}

extension Plan {
    /// Something is sold for good, or fewer packs give nothing back.
    var keepsMoney: Bool {
        price?.cycle.interval == .oneOff
            || items.contains { item in
                item.prepaidPrice.map { $0.cycle.interval == .oneOff || $0.onDecrease == .drop }
                    ?? false
            }
    }
}
