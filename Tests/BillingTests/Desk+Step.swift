import Stories
import Testing

@testable import Billing

/// Steps of stories.
extension Desk {
    mutating func perform(_ step: Step, _ comment: Comment) throws(Refusal) {
        if try !command(step) { try look(step, comment) }
    }

    /// false: it is none.
    private mutating func command(_ step: Step) throws(Refusal) -> Bool {
        switch step {
        case .given(let buckets): apply(buckets.map { .bucketOpened($0) })
        case .attach(let plan): try attach(plan)
        case .buy(let plan): try buy(plan)
        case .purchase(let purchase): try self.purchase(purchase)
        case .several(let purchases, let discounts, let startsCycle):
            try several(purchases, discounts, startsCycle)
        case .schedule(let phases, let entity, let discounts):
            try create(schedule(phases, entity, discounts))
        case .unschedule(let entity): try run(.createSchedule(schedule([], entity)))
        case .change(let change): try self.change(change)
        case .zone(let name):
            var update = UpdateCustomer()
            update.zone = Zone(name: name)
            try run(.update(update))
        case .taxRate(let id):
            var update = UpdateCustomer()
            update.taxRate = id
            try run(.update(update))
        case .address(let country, let state):
            try move(to: country, state)
        case .migrate(let plan, let from, let to, let custom, let moved):
            try migrate(plan, from: from, to: to, custom: custom, moved: moved)
        case .open(let grant): try open(grant)
        case .entity(let feature, let id, let controls):
            try entity(id, feature, controls: controls)
        case .deleteEntity(let id): try deleteEntity(id)
        case .event(let features, let value): try track(event: features, value)
        case .batch(let parts, let overage): try track(batch: parts, overage)
        case .track(let feature, let value, let entity, let overage, let properties):
            try track(feature, value, of: entity, overage, properties)
        case .setUsage(let feature, let value, let entity):
            try setUsage(feature, value, of: entity)
        case .trackAt(let feature, let value, let time, let refusesLate):
            try track(feature, value, at: time, refusesLate: refusesLate)
        case .hold(let feature, let value, let entity, let id, let expires, let properties):
            try hold(id, feature, value, of: entity, until: expires, properties)
        case .holdTrack(let feature, let value, let id):
            try holdTrack(id, feature, value)
        case .settle(let value, let id): try settleHold(id, at: value)
        case .extend(let expires, let id):
            try run(.extendHold(ExtendHold(id: id, expires: expires)))
        case .update(let pick, let amount, let granted):
            try update(filter(pick), amount, granted: granted)
        case .moveReset(let pick, let time): try update(filter(pick), nextReset: time)
        case .moveExpiry(let pick, let time): try update(filter(pick), expires: time)
        case .delete(let pick, let keepsUsage):
            try delete(filter(pick), keepsUsage: keepsUsage)
        case .recalculate(let pick): try recalculate(filter(pick))
        case .set(let controls): try set(controls)
        case .advance(let time): try wait(until: time)
        case .refund(let invoice, let amount): try refund(invoice, amount)
        case .providerRefund(let invoice, let amount):
            try reportRefund("provider_\(facts.count)", of: invoice, amount)
        case .dispute(let invoice, let amount, let status):
            try reportDispute("dispute", of: invoice, amount, status)
        case .give(let name, let plan): try give(name, to: plan)
        case .takeAway(let coupon, let plan): try takeAway(coupon, from: plan)
        case .redeem(let code): try redeem(code)
        case .finalize(let number): try run(.invoice(InvoiceCommand(number: number, .finalize)))
        case .markPaid(let number): try run(.invoice(InvoiceCommand(number: number, .markPaid)))
        case .voidInvoice(let number): try run(.invoice(InvoiceCommand(number: number, .void)))
        case .payInvoice(let number): try payInvoice(number)
        case .charge: if customer.openEffect != nil { try settle(.paid) }
        default: return false
        }
        return true
    }

    private mutating func look(_ step: Step, _ comment: Comment) throws(Refusal) {
        switch step {
        case .refused(let word, let refused): refuse(refused, word, comment)
        case .deduct(let feature, let value, let entity, let reason):
            var query = CheckQuery(feature: pricing.number(ofFeature: feature), required: value)
            query.entity = entity
            #expect(try checkAndDeduct(query).reason == reason, comment)
        case .check(let feature, let required, let entity, let reason, let properties):
            advance(to: now)
            let answer = try check(feature, required, of: entity, properties)
            #expect(answer.reason == reason, comment)
        case .decided(let feature, let required, let reason, let compared, let shown):
            let answer = try check(feature, required, of: .empty)
            #expect(answer.reason == reason, comment)
            #expect(answer.required == compared, comment)
            #expect(answer.balance.map { pricing.feature($0.feature).id } == shown, comment)
            #expect((answer.flag != nil) == (reason == .flag), comment)
        case .left(let feature, let expected, let entity):
            let shown = try balance(feature, of: entity)
            #expect(shown?.remaining == expected, comment)
        case .used(let feature, let expected, let entity):
            #expect(try balance(feature, of: entity)?.usage == expected, comment)
        case .granted(let feature, let expected, let entity):
            #expect(try balance(feature, of: entity)?.granted == expected, comment)
        case .reset(let feature, let expected, let entity):
            #expect(try balance(feature, of: entity)?.nextReset == expected, comment)
        case .shown(let feature, let expected, let entity):
            let view = try balance(feature, of: entity)
            #expect(view.map { Shown($0) } == expected, comment)
            #expect(try check(feature, 1, of: entity).balance == view, comment)
        case .balances(let expected):
            #expect(customer.allBuckets.map(\.balance) == expected, comment)
        case .slices(let expected, let id):
            let entity = customer.buckets.extras.entities.find(id)
            #expect(entity?.buckets.map(\.balance) == expected, comment)
        case .window(let feature, let expected, let entity):
            #expect(try windowUse(of: feature, entity) == expected, comment)
        case .events(let expected): #expect(eventValues == expected, comment)
        case .invoices(let expected): #expect(paidTotals == expected, comment)
        case .taxes(let expected): #expect(paidTaxes == expected, comment)
        case .credit(let expected):
            #expect(customer.account.credit?.minorUnits ?? 0 == expected, comment)
        case .discounts(let expected, let plan):
            #expect(discounts(of: plan).map(\.couponID) == expected, comment)
        case .creditsLeft(let coupon, let expected):
            let held = customer.account.discounts.first { $0.couponID == coupon }
            guard case .credits(let left)? = held?.kind else {
                Issue.record("\(comment): no credits")
                return
            }
            #expect(left.minorUnits == expected, comment)
        case .foreseen(.change(let change), let first, let next):
            let seen = try foresee(change)
            #expect(seen.now == first && seen.next == next, comment)
        case .foreseen(.purchase(let purchase), let first, let next):
            let seen = try foresee(purchase)
            #expect(seen.now == first && seen.next == next, comment)
        case .plan(let plan, let expected): #expect(status(ofPlan: plan) == expected, comment)
        case .notices(let expected): #expect(notices.count == expected, comment)
        case .alertsTold(let expected):
            #expect(notices.filter(\.isAlert).map(\.words) == expected, comment)
        case .limitsTold(let expected):
            #expect(notices.filter { !$0.isAlert }.map(\.words) == expected, comment)
        case .statuses(let expected):
            #expect(customer.account.invoices.map(\.status) == expected, comment)
        case .dueTime(let number, let expected):
            let time = customer.invoice(number)?.dueTime ?? .never
            #expect(time == expected ?? .never, comment)
        case .refunded(let expected): #expect(refundedCents == expected, comment)
        case .refundedTaxes(let expected): #expect(refundedTaxes == expected, comment)
        case .holds(let expected):
            #expect(customer.buckets.extras.holds.count == expected, comment)
        default: preconditionFailure("a command")
        }
    }

    private mutating func refuse(_ step: Step, _ word: String, _ comment: Comment) {
        advance(to: now)
        let before = StateView(customer)
        do {
            try perform(step, comment)
            Issue.record("\(comment) was not refused")
        } catch {
            #expect(error.word == word, comment)
        }
        #expect(StateView(customer) == before, comment)
    }

    private func filter(_ pick: Pick) -> BalanceFilter {
        filter(pick.featureID, of: pick.entity, id: pick.id, pick.interval)
    }

    private mutating func open(_ grant: Grant) throws(Refusal) {
        try open(
            grant.featureID, grant.amount, of: grant.entity, each: grant.reset,
            expires: grant.expires, name: grant.name, rollover: grant.rollover,
            unlimited: grant.unlimited, nextReset: grant.nextReset)
    }

    private mutating func track(event features: [String], _ value: Quantity) throws(Refusal) {
        let numbers = features.map { pricing.number(ofFeature: $0) }
        var usage = TrackUsage(feature: numbers[0], value: value, overage: .cap)
        usage.others = Array(numbers.dropFirst())
        try run(.track(usage))
    }

    private mutating func track(
        _ featureID: String, _ value: Quantity, at time: Timestamp, refusesLate: Bool
    ) throws(Refusal) {
        var usage = TrackUsage(
            feature: pricing.number(ofFeature: featureID), value: value, overage: .cap,
            label: EventLabel(time: time, properties: []))
        usage.refusesLate = refusesLate
        try track(usage)
    }

    private mutating func track(
        batch: [(String, Quantity)], _ overage: OverageBehavior
    ) throws(Refusal) {
        let parts = batch.map { (feature, value) in
            TrackUsage(
                feature: pricing.number(ofFeature: feature), value: value, overage: overage)
        }
        try run(.trackAll(parts))
    }

    /// What a track holds: as much as there is.
    private mutating func holdTrack(
        _ id: String, _ featureID: String, _ value: Quantity
    ) throws(Refusal) {
        var usage = TrackUsage(
            feature: pricing.number(ofFeature: featureID), value: value, overage: .cap)
        usage.hold = HoldRequest(id: id, expires: nil)
        try track(usage)
    }

    /// What the present window of a usage limit has counted, over all filters.
    private func windowUse(of featureID: String, _ entity: InlineText) throws(Refusal) -> Quantity {
        let scope = try customer.buckets.scope(of: entity)
        let feature = pricing.number(ofFeature: featureID)
        return customer.buckets.extras.windows
            .filter {
                $0.key.feature == feature && $0.key.entity == scope.entity && $0.start <= now
                    && now < $0.end
            }
            .reduce(.zero) { $0 + $1.used }
    }
}

extension Shown {
    fileprivate init(_ view: BalanceView) {
        self.init(
            granted: view.granted, remaining: view.remaining, usage: view.usage,
            overage: view.overage,
            parts: view.parts.map { [$0.granted, $0.remaining, $0.usage] },
            overageAllowed: view.overageAllowed, maxPurchase: view.maxPurchase,
            unlimited: view.unlimited)
    }
}
