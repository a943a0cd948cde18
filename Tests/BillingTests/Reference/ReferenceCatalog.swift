import Stories

@testable import Billing

/// What one seed's sequence plays on.
struct ReferenceCatalog {
    let pricing: PricingState
    static let metered = ["api", "words", "jobs"]
    static let seats = "seats"
    static let ai = "ai"
    static let slots = "slots"
    static let models = ["p/a", "p/b", "q/c", "custom/d", "q/unheard"]
    static let list = ModelPrices([
        "p/a": TokenPrices(input: "5", output: "15"),
        "p/b": TokenPrices(input: "0.15", output: "0.6"),
        "q/c": TokenPrices(input: "33.333333333333", output: "7"),
    ])
    static let flag = "sso"
    private static let costs = ["0.2", "1.4", "2", "1", "0", "0.333333333333", "7.25"]

    init(_ dice: inout Dice) {
        var features = ReferenceCatalog.metered.prefix(dice.roll(1...3)).map {
            Feature.sample($0, .metered)
        }
        if dice.chance(50) { features.append(ReferenceCatalog.aiCredits(&dice)) }
        let members = features.map(\.id)
        features += [
            .sample(ReferenceCatalog.seats, .allocated), .sample(ReferenceCatalog.flag, .boolean),
        ]
        if dice.chance(60) { features.append(.sample(ReferenceCatalog.slots, .concurrency)) }
        for system in ["credits", "tokens"].prefix(dice.roll(0...2)) {
            var costs: [CreditCost] = []
            for member in members where costs.isEmpty || dice.chance(60) {
                guard let cost = UnitPrice(dice.pick(ReferenceCatalog.costs)) else { continue }
                costs.append(CreditCost(featureID: member, credits: cost))
            }
            features.append(
                Feature(id: system, name: system, kind: .creditSystem, creditCosts: costs))
        }
        var plans: [Plan] = []
        for (id, isAddOn) in [("base", false), ("next", false), ("add", true), ("more", true)] {
            var plan = Plan(id: id, name: id, addOn: isAddOn, autoEnable: id == "base")
            for feature in features where dice.chance(isAddOn ? 40 : 75) {
                plan.items.append(ReferenceCatalog.item(feature, &dice))
            }
            if dice.chance(25) {
                for feature in features { _ = plan.controls.number(of: feature.id) }
                repeat {
                    plan.controls.controls = ReferenceControls(features: features.count)
                        .some(&dice)
                } while !plan.controls.controls
                    .violations(kind: { features[Int($0.rawValue) - 1].kind }).isEmpty
            }
            plans.append(plan)
        }
        var draft = PricingDraft(currency: "usd", features: features, plans: plans)
        draft.settings = PricingSettings()
        draft.settings?.keepsFreeOverage = dice.chance(15)
        draft.settings?.reversesDeductionOrder = dice.chance(20)
        for index in draft.features.indices { draft.features[index].isShadow = dice.chance(10) }
        let faults = draft.validate(onto: .empty)
        precondition(faults.isEmpty, "\(faults)")
        pricing = PricingState.empty.publishing(draft)
    }

    private static func item(_ feature: Feature, _ dice: inout Dice) -> PlanItem {
        var item = PlanItem.sample(feature.id, dice.amount(0...60))
        switch feature.kind {
        case .boolean: return .sample(feature.id)
        case .allocated:
            item.included = Quantity(units: dice.roll(0...3))
            if dice.chance(30) { item.usagePrice = price(&dice) }
            return item
        case .concurrency:
            if dice.chance(10) { return .sample(feature.id, unlimited: true) }
            item.included = Quantity(units: dice.roll(0...4))
            if dice.chance(30) { item.entityFeatureID = seats }
            return item
        case .metered, .creditSystem, .aiCreditSystem: break
        }
        switch dice.roll(1...10) {
        case 1: return .sample(feature.id, unlimited: true)
        case 2...3: break
        case 4...5:
            item.reset = Cycle(dice.pick([.week, .month, .quarter, .year]))
            item.usagePrice = price(&dice)
        default:
            item.reset = Cycle(
                dice.pick([.minute, .hour, .hour, .day, .week, .month, .month, .semiAnnual]),
                count: UInt16(dice.pick([1, 1, 1, 2, 5])))
        }
        if let cycle = item.reset, item.usagePrice == nil, dice.chance(30) {
            item.rollover = rollover(&dice, each: cycle)
            if item.rollover != nil { item.included = dice.amount(5...60) }
        }
        if dice.chance(30) { item.entityFeatureID = seats }
        return item
    }

    private static func aiCredits(_ dice: inout Dice) -> Feature {
        var feature = Feature.sample(ai, .aiCreditSystem)
        feature.markups.standard = dice.pick([0, 10, "12.5", -20])
        if dice.chance(50) { feature.markups.providers = [.init(name: "p", percentage: 40)] }
        if dice.chance(50) {
            feature.markups.models = [
                .init(id: "p/b", percentage: "33.3333"),
                .init(id: "custom/d", prices: TokenPrices(input: "1", output: "2")),
            ]
        }
        return feature
    }

    /// Costs nothing, so that no charge stands between a cycle and the next.
    private static func price(_ dice: inout Dice) -> UsagePrice {
        UsagePrice(
            amount: .zero, billingUnits: 1, maxPurchase: dice.chance(50) ? dice.amount(0...30) : nil
        )
    }

    /// Of short cycles not so much that there are hundreds of buckets; nil: nothing.
    static func rollover(_ dice: inout Dice, each cycle: Cycle) -> Rollover? {
        guard cycle.interval != .minute else { return nil }
        let cap: Rollover.Cap =
            switch dice.roll(1...3) {
            case 1 where cycle.interval != .hour: .none
            case 1...2: .units(dice.amount(0...80))
            default: .percentage(Quantity(units: dice.roll(0...150)))
            }
        let isMany = cap == .none && cycle.interval == .day
        return Rollover(cap: cap, months: isMany ? 1 : UInt32(dice.pick([0, 1, 1, 3])))
    }
}

/// Random controls over features 1 to `features`.
struct ReferenceControls {
    let features: Int

    func some(_ dice: inout Dice) -> Controls {
        var controls = Controls()
        if dice.chance(50) { controls.spendLimits = spendLimits(&dice) }
        if dice.chance(50) { controls.usageLimits = usageLimits(&dice) }
        if dice.chance(40) { controls.usageAlerts = usageAlerts(&dice) }
        if dice.chance(40) { controls.overagePermissions = permissions(&dice) }
        return controls
    }

    private func feature(_ dice: inout Dice) -> FeatureNumber {
        FeatureNumber(rawValue: UInt32(dice.roll(1...features)))
    }

    func spendLimits(_ dice: inout Dice) -> [SpendLimit] {
        (0..<dice.roll(0...2)).map { _ in
            SpendLimit(
                feature: dice.chance(85) ? feature(&dice) : nil, isEnabled: dice.chance(80),
                bound: bound(&dice))
        }
    }

    private func bound(_ dice: inout Dice) -> SpendLimit.Bound {
        switch dice.roll(1...10) {
        case 1...6: .units(dice.amount(0...40))
        case 7...9: .percentage(Quantity(units: dice.roll(0...150)))
        default: .absent
        }
    }

    func usageLimits(_ dice: inout Dice) -> [UsageLimit] {
        (0..<dice.roll(0...2)).map { _ in
            UsageLimit(
                feature: feature(&dice), isEnabled: dice.chance(85), limit: dice.amount(0...50),
                interval: dice.pick([.day, .week, .month, .year]),
                anchor: dice.chance(50) ? .utc : .billingCycle,
                filter: dice.chance(30) ? ReferenceControls.properties(&dice) : [])
        }
    }

    func usageAlerts(_ dice: inout Dice) -> [UsageAlert] {
        (0..<dice.roll(0...3)).map { index in
            let measure =
                dice.pick([.usage, .usagePercentage, .remaining, .remainingPercentage])
                as UsageAlert.Measure
            return UsageAlert(
                feature: dice.chance(80) ? feature(&dice) : nil, isEnabled: dice.chance(85),
                threshold: Quantity(units: dice.roll(1...90)), measure: measure, name: "a\(index)")
        }
    }

    func permissions(_ dice: inout Dice) -> [OveragePermission] {
        (0..<dice.roll(0...2)).map { _ in
            OveragePermission(feature: feature(&dice), isEnabled: dice.chance(50))
        }
    }

    static func properties(_ dice: inout Dice) -> [EventProperty] {
        var found = [EventProperty("tier", .text(dice.pick(["a", "b"])))]
        if dice.chance(40) { found.append(EventProperty("beta", .boolean(dice.chance(50)))) }
        return found
    }
}
