import Stories

@testable import Billing

/// A command, and how long nothing happens before it.
struct ReferenceStep {
    var pause: Int64
    var command: Command
    /// Asked after it, without a deduction.
    var question: CheckQuery
}

/// Commands drawn from a small world, whatever the state is, so that a sequence with some of them
/// left out is a sequence too.
struct ReferenceCommands {
    let catalog: ReferenceCatalog
    private let features: Int

    init(_ catalog: ReferenceCatalog) {
        self.catalog = catalog
        features = catalog.pricing.features.count
    }

    func steps(_ count: Int, from start: Timestamp, _ dice: inout Dice) -> [ReferenceStep] {
        var now = start
        return (0..<count).map { index in
            let pause = index == 0 ? 0 : pause(&dice)
            now = now.adding(milliseconds: pause)
            let command =
                switch index {
                case 0: Command.create(CreateCustomer(name: "Acme", email: ""))
                case 2...3 where dice.chance(60): entity(&dice)
                default: command(at: now, &dice)
                }
            return ReferenceStep(
                pause: pause, command: command, question: query(at: now, &dice, holding: false))
        }
    }

    private func pause(_ dice: inout Dice) -> Int64 {
        switch dice.roll(1...100) {
        case 1...60: 0
        case 61...76: Int64(dice.roll(1...60_000))
        case 77...87: Int64(dice.roll(1...120)) * 60_000
        case 88...95: Int64(dice.roll(1...72)) * 3_600_000
        case 96...98: Int64(dice.roll(1...24)) * 86_400_000
        default: Int64(dice.roll(20...200)) * 86_400_000
        }
    }

    private func feature(_ dice: inout Dice) -> FeatureNumber {
        FeatureNumber(rawValue: UInt32(dice.roll(1...features)))
    }

    private func entity(_ dice: inout Dice, _ percent: Int = 40) -> InlineText {
        dice.chance(percent) ? dice.pick(["e1", "e2", "e10"]) : .empty
    }

    private func later(_ now: Timestamp, _ hours: ClosedRange<Int>, _ dice: inout Dice) -> Timestamp
    {
        now.adding(milliseconds: Int64(dice.roll(hours)) * 3_600_000)
    }

    private func command(at now: Timestamp, _ dice: inout Dice) -> Command {
        switch dice.roll(1...100) {
        case 1...30: return .track(usage(at: now, &dice))
        case 31...33: return .trackTokens(tokens(at: now, &dice))
        case 34: return .trackTokensAll((0..<2).map { _ in tokens(at: now, &dice) })
        case 35...37:
            return .trackAll((0..<dice.roll(1...3)).map { _ in usage(at: now, &dice) })
        case 38...51: return .checkAndDeduct(query(at: now, &dice, holding: dice.chance(60)))
        case 52...61:
            let value: Quantity? = dice.chance(30) ? nil : dice.amount(-10...40)
            return .settleHold(
                SettleHold(id: holdID(&dice), value: dice.chance(25) ? .zero : value))
        case 62...63:
            return .extendHold(
                ExtendHold(id: holdID(&dice), expires: later(now, 0...25, &dice)))
        case 64...70: return .openBalance(open(at: now, &dice))
        case 71...77: return .updateBalance(update(at: now, &dice))
        case 78...80:
            var filter = filter(&dice)
            if dice.chance(30) { filter.feature = nil }
            return .deleteBalance(DeleteBalance(filter: filter, keepsUsage: dice.chance(50)))
        case 81...83: return .recalculateBalances(RecalculateBalances(filter: filter(&dice)))
        case 84...87:
            return entity(&dice)
        case 88: return .deleteEntity(id: dice.pick(["e1", "e2", "e10"]))
        case 89...95: return .setControls(controls(&dice))
        case 96...98:
            let plan = PlanNumber(rawValue: UInt32(dice.roll(1...catalog.pricing.plans.count)))
            return .attach(AttachPlan(plan: plan, successURL: "", effectID: "x", request: nil))
        default: break
        }
        return .advance
    }

    private func entity(_ dice: inout Dice) -> Command {
        let seats = catalog.pricing.feature(id: ReferenceCatalog.seats)
        return .createEntity(
            CreateEntity(
                id: dice.pick(["e1", "e2", "e10", .empty]),
                feature: dice.chance(95) ? seats ?? feature(&dice) : feature(&dice), name: ""))
    }

    /// Of those that can be held, most of the time.
    private func consumable(_ dice: inout Dice) -> FeatureNumber {
        for _ in 0..<3 {
            let found = feature(&dice)
            let kind = catalog.pricing.kind(of: found)
            if kind != .boolean, kind != .allocated { return found }
        }
        return feature(&dice)
    }

    private func usage(at now: Timestamp, _ dice: inout Dice) -> TrackUsage {
        let time = dice.chance(10) ? later(now, -900...1, &dice) : nil
        let properties = dice.chance(40) ? ReferenceControls.properties(&dice) : []
        let value = dice.chance(8) ? dice.amount(100...400) : dice.amount(-15...40)
        var usage = TrackUsage(
            feature: feature(&dice), value: value,
            overage: dice.pick([.cap, .cap, .reject, .overflow]),
            label: EventLabel(time: time, properties: properties))
        usage.entity = entity(&dice)
        if dice.chance(8) { usage.others = [feature(&dice), feature(&dice)] }
        usage.setsUsage = dice.chance(7)
        usage.refusesLate = dice.chance(40)
        if usage.others.isEmpty, !usage.setsUsage, dice.chance(12) {
            usage.feature = consumable(&dice)
            usage.hold = hold(at: now, &dice)
        }
        return usage
    }

    private func tokens(at now: Timestamp, _ dice: inout Dice) -> TrackTokens {
        let time = dice.chance(10) ? later(now, -900...1, &dice) : nil
        var counts = TokenCounts()
        for kind in TokenKind.allCases where dice.chance(40) {
            counts[kind] = UInt64(dice.roll(0...2_000_000))
        }
        var tokens = TrackTokens(
            modelID: dice.pick(ReferenceCatalog.models), counts: counts,
            overage: dice.pick([.cap, .reject, .overflow]),
            label: EventLabel(
                time: time, properties: dice.chance(40) ? ReferenceControls.properties(&dice) : []))
        tokens.prices = ReferenceCatalog.list[tokens.modelID]
        if dice.chance(20) { tokens.feature = feature(&dice) }
        tokens.entity = entity(&dice)
        tokens.refusesLate = dice.chance(30)
        return tokens
    }

    private func query(at now: Timestamp, _ dice: inout Dice, holding: Bool) -> CheckQuery {
        let feature = holding ? consumable(&dice) : feature(&dice)
        var query = CheckQuery(feature: feature, required: dice.amount(-3...30))
        query.entity = entity(&dice)
        if dice.chance(40) { query.properties = ReferenceControls.properties(&dice) }
        if holding { query.hold = hold(at: now, &dice) }
        return query
    }

    private func holdID(_ dice: inout Dice) -> String { dice.pick(["h1", "h2"]) }

    private func hold(at now: Timestamp, _ dice: inout Dice) -> HoldRequest {
        HoldRequest(
            id: holdID(&dice), expires: dice.chance(40) ? nil : later(now, 0...25, &dice))
    }

    private func open(at now: Timestamp, _ dice: inout Dice) -> OpenBalance {
        var open = OpenBalance(feature: feature(&dice))
        open.entity = entity(&dice, 30)
        if dice.chance(15) {
            open.unlimited = true
        } else if catalog.pricing.kind(of: open.feature) != .boolean || dice.chance(10) {
            open.granted = dice.amount(0...60)
        }
        if dice.chance(40), !open.unlimited {
            let cycle = Cycle(dice.pick([.hour, .day, .week, .month, .quarter]))
            open.reset = cycle
            if dice.chance(25) { open.nextReset = later(now, 0...900, &dice) }
            if dice.chance(40) {
                open.rollover = ReferenceCatalog.rollover(&dice, each: cycle)
                if open.granted != nil { open.granted = dice.amount(5...60) }
            }
        }
        if dice.chance(30) { open.expires = later(now, 0...2_000, &dice) }
        if dice.chance(20) { open.name = dice.pick(["n1", "n2"]) }
        return open
    }

    private func filter(_ dice: inout Dice) -> BalanceFilter {
        var filter = BalanceFilter(feature: feature(&dice))
        filter.entity = entity(&dice, 30)
        if dice.chance(25) {
            filter.id = dice.chance(50) ? dice.pick(["n1", "n2"]) : "bal_\(dice.roll(1...20))"
        }
        if dice.chance(20) { filter.interval = dice.pick([.oneOff, .hour, .week, .month]) }
        return filter
    }

    private func update(at now: Timestamp, _ dice: inout Dice) -> UpdateBalance {
        var update = UpdateBalance(filter: filter(&dice))
        switch dice.roll(1...5) {
        case 1: update.amount = .remaining(dice.amount(0...120))
        case 2: update.amount = .added(dice.amount(-20...50))
        case 3: update.amount = .usage(dice.amount(0...120))
        default: break
        }
        if dice.chance(30) { update.granted = dice.amount(0...120) }
        if dice.chance(15) { update.nextReset = later(now, -1...900, &dice) }
        if dice.chance(15) { update.expires = later(now, -1...900, &dice) }
        return update
    }

    private func controls(_ dice: inout Dice) -> SetControls {
        var set = SetControls(entity: entity(&dice))
        let some = ReferenceControls(features: features)
        if dice.chance(40) { set.spendLimits = some.spendLimits(&dice) }
        if dice.chance(50) { set.usageLimits = some.usageLimits(&dice) }
        if dice.chance(40) { set.usageAlerts = some.usageAlerts(&dice) }
        if dice.chance(40) { set.overagePermissions = some.permissions(&dice) }
        if dice.chance(10) { set.isPoolingDisabled = dice.chance(40) }
        return set
    }
}
