import Stories

@testable import Billing

/// A customer who buys at random, out of one seed.
struct Shopper {
    var desk: Desk
    var dice: Dice
    /// What was done so far, for whoever has to find out what went wrong.
    private(set) var trace: [String] = []
    private var effects = 0

    /// Somewhere in time, with an entity, and mostly with a card.
    init(_ pricing: PricingState, _ dice: Dice) {
        var dice = dice
        desk = Desk(
            pricing,
            at: Timestamp.utc(2026, 1, 1).adding(
                milliseconds: Int64(dice.roll(0...1_000_000)) * 63_072))
        self.dice = dice
        note("\(pricing.plansText)\ncreate at \(desk.now.text)")
        _ = try? desk.create()
        if self.dice.chance(30) {
            var update = UpdateCustomer()
            update.zone = Zone(name: self.dice.pick(["America/New_York", "Australia/Lord_Howe"]))
            _ = try? desk.run(.update(update))
        }
        try? desk.entity("unit", "seats")
        if self.dice.chance(75) { desk.saveMethod() }
    }

    mutating func note(_ words: String) { trace.append(words) }

    /// The seed and the way to it.
    func story(_ seed: UInt64, _ fault: String) -> String {
        "seed \(seed): \(fault)\n" + trace.joined(separator: "\n")
    }

    mutating func nextEffectID() -> String {
        effects += 1
        return "purchase-\(effects)"
    }

    /// A quantity of each feature that a plan sells in packs, or of some.
    mutating func quantities(_ plan: Plan, chance: Int = 80) -> [AskedUnits] {
        var asked: [AskedUnits] = []
        for item in plan.items {
            guard let prepaid = item.packPrice, dice.chance(chance) else { continue }
            let packs = Int128(dice.roll(0...15))
            let total = item.included + Quantity(raw: prepaid.price.packSize.raw * packs)
            asked.append(
                AskedUnits(feature: desk.pricing.number(ofFeature: item.featureID), total: total))
        }
        return asked
    }

    /// Some plan, bought in some way.
    mutating func purchase() -> AttachPlan {
        let number = PlanNumber(rawValue: UInt32(dice.roll(1...12)))
        var attach = AttachPlan(plan: number, effectID: nextEffectID())
        attach.quantities = quantities(desk.pricing.plan(desk.pricing.latest(number)))
        if dice.chance(15) { attach.entity = "unit" }
        if dice.chance(20) { attach.schedule = dice.pick([.immediate, .endOfCycle]) }
        if dice.chance(10) { attach.startsCycle = true }
        if dice.chance(5) { attach.redirect = .always }
        attach.discounts = coupons()
        if dice.chance(10) {
            attach.customize = patch(desk.pricing.plan(desk.pricing.latest(number)))
        }
        if dice.chance(5) { attach.starts = moment(-60...60) }
        if dice.chance(5) { attach.ends = moment(1...90) }
        attach.terms = terms()
        attach.taxRate = taxRate()
        if attach.terms == nil, dice.chance(10) { attach.removed = removed(beside: attach) }
        return attach
    }

    /// Mostly none.
    private mutating func terms() -> InvoiceTerms? {
        guard dice.chance(12) else { return nil }
        return InvoiceTerms(
            netDays: UInt32(dice.pick([1, 14, 30, 60])), gives: dice.chance(50),
            finalizes: dice.chance(80))
    }

    /// A plan that the buyer has, mostly another one than is bought.
    private mutating func removed(beside attach: AttachPlan) -> [PlanNumber] {
        let entity = desk.customer.buckets.extras.entities.find(attach.entity)?.number ?? 0
        let present = desk.customer.subscriptions.filter {
            $0.status != .ended && $0.entity == entity
        }
        return present.isEmpty ? [] : [dice.pick(present).plan.plan]
    }

    /// Some plans in one.
    mutating func purchases() -> AttachSeveral {
        let plans = (0..<dice.roll(1...4)).map { _ in
            var attach = purchase()
            attach.schedule = .automatic
            attach.startsCycle = false
            attach.discounts = []
            attach.starts = nil
            attach.ends = nil
            attach.removed = []
            attach.terms = nil
            attach.taxRate = nil
            return attach
        }
        var several = AttachSeveral(plans)
        several.discounts = coupons()
        several.taxRate = taxRate()
        several.startsCycle = dice.chance(10)
        if dice.chance(5) { several.redirect = .always }
        several.effectID = nextEffectID()
        return several
    }

    /// Some change of a plan that there is; nil: there is none.
    mutating func change() -> ChangeSubscription? {
        let present = desk.customer.subscriptions.filter { $0.status != .ended }
        guard !present.isEmpty else { return nil }
        let subscription = dice.pick(present)
        var change = ChangeSubscription(effectID: nextEffectID())
        change.number = subscription.number
        change.prorates = dice.chance(85)
        if dice.chance(55) {
            change.quantities = quantities(desk.pricing.plan(subscription.plan))
        }
        if dice.chance(25) {
            let pricing = desk.pricing.with(plansOf: desk.customer)
            change.customize = patch(pricing.plan(subscription.plan))
            change.taxRate = taxRate(chance: 15)
            return change
        }
        change.discounts = coupons()
        change.taxRate = taxRate(chance: 15)
        if !change.quantities.isEmpty { change.terms = terms() }
        if change.quantities.isEmpty, change.discounts.isEmpty, change.taxRate == nil {
            change.cancel = dice.pick([.now, .atEnd, .atEnd, .undo])
        }
        if change.cancel == .now, change.prorates, dice.chance(50) {
            change.refund = dice.pick([.prorated, .full])
        }
        return change
    }

    private mutating func moment(_ days: ClosedRange<Int>) -> Timestamp {
        desk.now.adding(milliseconds: Int64(dice.roll(days)) * 86_400_000)
    }

    /// Something of a plan is another.
    private mutating func patch(_ plan: Plan) -> PlanPatch {
        var patch = PlanPatch()
        switch dice.roll(1...10) {
        case 1...4:
            let cycle = plan.isOneOff ? Cycle(.oneOff) : Shop.cycle(&dice)
            patch.price = .set(BasePrice(amount: Shop.cents(1...30_000, &dice), cycle: cycle))
        case 5: patch.price = .removed
        case 6:
            var trial = FreeTrial(length: UInt16(dice.roll(1...30)), unit: .day)
            if dice.chance(60) { trial.onEnd = .revert }
            patch.trial = .set(trial)
        case 7: patch.trial = .removed
        default:
            patch.items = plan.items.map { item in
                var item = item
                item.prepaidPrice?.price.tiers[0].amount = Shop.cents(1...3_000, &dice)
                item.usagePrice?.amount = Shop.cents(1...90, &dice)
                return item
            }
        }
        return patch
    }

    /// Uses something that is billed afterwards.
    mutating func use() {
        let featureID = dice.pick(["tokens", "seats"])
        let value = Quantity(units: dice.roll(1...60))
        let isFreed = featureID == "seats" && dice.chance(40)
        note("use \(isFreed ? "-" : "")\(value.text) \(featureID)")
        _ = try? desk.track(featureID, isFreed ? -value : value)
    }

    /// Uses packs, of which some are bought when few are left.
    mutating func topUp() {
        let featureID = dice.pick(["messages", "words"])
        let feature = desk.pricing.number(ofFeature: featureID)
        if dice.chance(50) {
            var topUp = AutoTopUp(
                feature: feature, isEnabled: dice.chance(90),
                threshold: Quantity(units: dice.roll(0...300)),
                quantity: Quantity(units: dice.roll(1...400)))
            if dice.chance(30) {
                topUp.limit = AutoTopUp.PurchaseLimit(
                    UInt32(dice.roll(1...3)), in: Cycle(dice.pick([.hour, .day, .month])))
            }
            note("\(topUp)")
            var set = SetControls()
            set.autoTopUps = [topUp]
            _ = try? desk.run(.setControls(set))
        }
        let value = Quantity(units: dice.roll(1...600))
        note("use \(value.text) \(featureID)")
        _ = try? desk.track(featureID, value, dice.pick([.cap, .cap, .reject, .overflow]))
    }

    /// Answers what is open as a provider and its customer would who pay.
    @discardableResult
    mutating func payAll() -> AttachReply? {
        var reply: AttachReply?
        while let effect = desk.customer.openEffect {
            if effect.kind == .findTaxes {
                answerTaxes()
                continue
            }
            note("paid: \(effect.kind) \(effect.order.due.minorUnits)")
            reply = try? desk.settle(
                effect.kind == .collect ? .paid : .checkoutOpened(url: "https://example.com/pay"))
        }
        for receivable in desk.customer.account.receivables { payOutOfBand(receivable.invoice) }
        return reply
    }

    /// Time passes, and what falls due is paid.
    mutating func wait(_ days: ClosedRange<Int>) {
        let span = Int64(dice.roll(days)) * 86_400_000 + Int64(dice.roll(0...86_400_000))
        let time = desk.now.adding(milliseconds: span)
        note("until \(time.text)")
        repeat {
            desk.advance(to: time)
            let isWaiting = desk.customer.openEffect != nil
            payAll()
            guard isWaiting else { return }
        } while true
    }
}

extension Timestamp {
    fileprivate var text: String {
        let date = CivilDate(self)
        return "\(date.year)-\(date.month)-\(date.day) +\(milliseconds % 86_400_000)"
    }
}

extension PricingState {
    /// What a failure is read with.
    var plansText: String {
        (1...12 as ClosedRange<UInt32>).map { number in
            let plan = plan(latest(PlanNumber(rawValue: number)))
            return "\(number) \(plan.id) \(plan.group) \(plan.addOn ? "add-on" : "") "
                + "\(plan.price.map { "\($0)" } ?? "") \(plan.trial.map { "\($0)" } ?? "") "
                + plan.items.map { "\n    \($0)" }.joined()
        }.joined(separator: "\n")
            + rewards.coupons.map { "\n\($0)" }.joined()
            + taxRates.map { "\n\($0.id) \($0.percentage.text) \($0.isInclusive)" }.joined()
            + " \(settings.defaultTaxRate)"
    }
}

extension AttachPlan {
    var words: String {
        "attach \(plan.rawValue) of \(entity.text) \(schedule) anew: \(startsCycle) \(redirect): "
            + quantities.words + discounts.words + (customize.map { " \($0)" } ?? "")
            + (starts.map { " from \($0.milliseconds)" } ?? "")
            + (ends.map { " to \($0.milliseconds)" } ?? "")
            + removed.map { " without \($0.rawValue)" }.joined()
            + (terms.map { " \($0)" } ?? "") + (taxRate.map { " at \($0)" } ?? "")
    }
}

extension AttachSeveral {
    var words: String {
        "several, anew: \(startsCycle) \(redirect):" + discounts.words + (taxRate ?? "")
            + plans.map { "\n    \($0.words)" }.joined()
    }
}

extension ChangeSubscription {
    var words: String {
        "change \(number ?? 0) \(cancel.map { "\($0)" } ?? "") prorates: \(prorates) "
            + (refund.map { "refund \($0) " } ?? "")
            + quantities.words + discounts.words + (customize.map { " \($0)" } ?? "")
            + (terms.map { " \($0)" } ?? "") + (taxRate.map { " at \($0)" } ?? "")
    }
}

extension [AskedUnits] {
    fileprivate var words: String { map { "\($0.feature.rawValue): \($0.total.text)" }.joined() }
}
