import Stories
import Testing

@testable import Billing

/// Purchases as stories have them: previewed, paid, and charged as previewed.
extension Desk {
    mutating func purchase(_ purchase: Purchase) throws(Refusal) {
        var attach = self.attach(purchase)
        advance(to: now)
        try askForTaxes(.attach(attach))
        // Nothing of the past is sold on a page.
        let isOfPast = purchase.starts.map { $0 <= now } ?? false
        let cardless =
            isOfPast ? nil : try customer.preview(attach, pricing: pricing, now: now)
        if customer.account.method == nil, purchase.terms == nil { saveMethod() }
        let preview = try customer.preview(attach, pricing: pricing, now: now)
        if let cardless { #expect(preview.invoice?.lines == cardless.invoice?.lines) }
        attach.effectID = "effect-p\(facts.count)"
        try compare(preview, run(.attach(attach)))
    }

    private func attach(_ purchase: Purchase) -> AttachPlan {
        var attach = AttachPlan(plan: pricing.number(ofPlan: purchase.plan))
        attach.entity = purchase.entity
        attach.quantities = asked(purchase.quantities)
        attach.schedule = purchase.schedule
        attach.startsCycle = purchase.startsCycle
        attach.carriesBalances = purchase.balances?.map { pricing.number(ofFeature: $0) }
        attach.carriesUsages = purchase.usages?.map { pricing.number(ofFeature: $0) }
        attach.discounts = discounts(purchase.discounts)
        attach.version = purchase.version
        attach.customize = purchase.customize
        attach.starts = purchase.starts
        attach.ends = purchase.ends
        attach.terms = purchase.terms
        attach.custom = purchase.custom.map { CustomLine(cents: $0) }
        attach.currency = purchase.currency.flatMap { Currency(code: $0) }
        attach.taxRate = purchase.taxRate
        attach.prorates = purchase.prorates
        attach.removed = purchase.removed.map { pricing.number(ofPlan: $0) }
        return attach
    }

    mutating func several(
        _ purchases: [Purchase], _ discounts: [String], _ startsCycle: Bool
    ) throws(Refusal) {
        var several = AttachSeveral(purchases.map { attach($0) })
        several.discounts = self.discounts(discounts)
        several.startsCycle = startsCycle
        several.taxRate = purchases.compactMap(\.taxRate).first
        several.effectID = "effect-s\(facts.count)"
        advance(to: now)
        try askForTaxes(.attachSeveral(several))
        let cardless = try customer.preview(several, pricing: pricing, now: now)
        if customer.account.method == nil { saveMethod() }
        let preview = try customer.preview(several, pricing: pricing, now: now)
        #expect(preview.invoice?.lines == cardless.invoice?.lines)
        try compare(preview, run(.attachSeveral(several)))
    }

    func schedule(
        _ phases: [AskedPhase], _ entity: InlineText = .empty, _ discounts: [String] = []
    ) -> CreateSchedule {
        var schedule = CreateSchedule(
            phases.map { phase in
                CreateSchedule.Phase(start: phase.start, plans: phase.plans.map { attach($0) })
            })
        schedule.entity = entity
        schedule.taxRate = phases.flatMap(\.plans).compactMap(\.taxRate).first
        schedule.discounts = self.discounts(discounts)
        schedule.effectID = "effect-s\(facts.count)"
        return schedule
    }

    mutating func create(_ schedule: CreateSchedule) throws(Refusal) {
        advance(to: now)
        try askForTaxes(.createSchedule(schedule))
        let cardless = try customer.preview(schedule, pricing: pricing, now: now)
        if customer.account.method == nil { saveMethod() }
        let preview = try customer.preview(schedule, pricing: pricing, now: now)
        #expect(preview.invoice?.lines == cardless.invoice?.lines)
        try compare(preview, run(.createSchedule(schedule)))
    }

    mutating func change(_ change: Change) throws(Refusal) {
        let command = command(change)
        advance(to: now)
        try askForTaxes(.changeSubscription(command))
        _ = try customer.preview(command, pricing: pricing, now: now)
        if customer.account.method == nil, change.terms == nil { saveMethod() }
        let preview = try customer.preview(command, pricing: pricing, now: now)
        try compare(preview, run(.changeSubscription(command)))
        try settleRefunds()
    }

    private func command(_ change: Change) -> ChangeSubscription {
        var command = ChangeSubscription(effectID: "effect-c\(facts.count)")
        command.plan = change.plan.map { pricing.number(ofPlan: $0) }
        command.quantities = asked(change.quantities)
        command.cancel = change.cancel
        command.prorates = change.prorates
        command.refund = change.refund
        command.discounts = discounts(change.discounts)
        command.version = change.version
        command.customize = change.customize
        command.terms = change.terms
        command.taxRate = change.taxRate
        command.custom = change.custom.map { CustomLine(cents: $0) }
        command.also = change.also.map { self.command($0) }
        return command
    }

    /// What a change would cost, now and next.
    mutating func foresee(_ change: Change) throws(Refusal) -> (now: Int64?, next: Int64?) {
        advance(to: now)
        try askForTaxes(.changeSubscription(command(change)))
        let preview = try customer.preview(command(change), pricing: pricing, now: now)
        return (preview.invoice?.total.minorUnits, preview.nextInvoice?.total.minorUnits)
    }

    mutating func foresee(_ purchase: Purchase) throws(Refusal) -> (now: Int64?, next: Int64?) {
        advance(to: now)
        try askForTaxes(.attach(attach(purchase)))
        let preview = try customer.preview(attach(purchase), pricing: pricing, now: now)
        return (preview.invoice?.total.minorUnits, preview.nextInvoice?.total.minorUnits)
    }

    /// With a redemption for each code, as a directory would reserve it.
    private func discounts(_ names: [String]) -> [AskedDiscount] {
        names.enumerated().map { index, name in
            asked(name, redemption: "red-\(facts.count)-\(index)")
        }
    }

    private func asked(_ name: String, redemption: String) -> AskedDiscount {
        guard name.hasPrefix("#") else { return AskedDiscount(.coupon(name)) }
        var asked = AskedDiscount(.code(String(name.dropFirst())))
        asked.redemption = redemption
        return asked
    }

    mutating func give(_ name: String, to plan: String?) throws(Refusal) {
        let number = plan.flatMap { subscription($0)?.number }
        let asked = asked(name, redemption: "red-\(facts.count)")
        try run(.applyDiscount(ApplyDiscount(subscription: number, asked)))
    }

    mutating func takeAway(_ coupon: String, from plan: String?) throws(Refusal) {
        let number = plan.flatMap { subscription($0)?.number }
        try run(.removeDiscount(RemoveDiscount(subscription: number, couponID: coupon)))
    }

    mutating func redeem(_ code: String) throws(Refusal) {
        var redeem = RedeemCode(code)
        redeem.redemption = "red-\(facts.count)"
        try run(.redeemCode(redeem))
    }

    func discounts(of plan: String?) -> [HeldDiscount] {
        guard let plan else { return customer.account.discounts }
        return subscription(plan)?.discounts ?? []
    }

    mutating func migrate(
        _ plan: String, from: UInt32?, to: UInt32?, custom: Bool, moved: Int
    ) throws(Refusal) {
        var migrate = MigrateCustomer(plan: pricing.number(ofPlan: plan))
        migrate.from = from
        migrate.to = to
        migrate.includesCustom = custom
        advance(to: now)
        let preview = try customer.preview(migrate, pricing: pricing, now: now)
        guard case .migrated(let migrations) = try run(.migrate(migrate)).reply else {
            preconditionFailure("a migration replies with what it did")
        }
        #expect(migrations == preview)
        #expect(migrations.count { $0.outcome == .migrated } == moved)
    }

    /// What falls due is paid, one moment after the other, if there is a card.
    mutating func wait(until time: Timestamp) throws(Refusal) {
        repeat {
            advance(to: time)
            if customer.openEffect?.kind == .findTaxes {
                try answerTaxes()
                continue
            }
            guard let effect = customer.openEffect, effect.kind == .collect else { return }
            let hasCard = customer.account.method != nil
            try settle(hasCard ? .paid : .declined(code: "payment_method_missing"))
        } while true
    }

    /// What is charged is what the preview said.
    private mutating func compare(
        _ preview: PurchasePreview, _ decision: Decision
    ) throws(Refusal) {
        guard case .attach(var reply) = decision.reply else {
            preconditionFailure("a purchase replies with an attach")
        }
        if reply.outcome == .processing { reply = try settle(.paid) }
        #expect(reply.outcome == preview.outcome)
        #expect(reply.invoice?.lines == preview.invoice?.lines)
        #expect(reply.invoice?.total == preview.invoice?.total)
        #expect(reply.invoice?.due == preview.invoice?.due)
        #expect(reply.refund == preview.refund)
        #expect(reply.invoice?.dueTime == preview.invoice?.dueTime)
    }

    private func asked(_ quantities: [(featureID: String, total: Quantity)]) -> [AskedUnits] {
        quantities.map {
            AskedUnits(feature: pricing.number(ofFeature: $0.featureID), total: $0.total)
        }
    }

    /// The newest subscription's.
    func status(ofPlan planID: String) -> SubscriptionStatus? { subscription(planID)?.shownStatus }
}
