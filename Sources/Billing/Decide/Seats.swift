// Seats that are paid for in advance, as many as are held (billing §11.4). Taking one that isn't
// paid for is paid first; what is freed is given back as its plan says.

/// What taking or freeing seats asks for.
package enum SeatChange {
    /// They are paid for, and nothing comes back.
    case none
    /// To be paid before they are taken.
    case owed(Order)
    /// What freeing them does, or taking those that a later invoice is for.
    case settled([Fact])
}

extension CustomerState {
    /// Where more or fewer seats of a plan are held than were. One at a time: a command that takes
    /// seats of several plans is asked again when the first are paid for.
    ///
    /// - Parameter facts: what the command does, before which this is the state.
    package func seatChange(
        by facts: [Fact], pricing: PricingState, now: Timestamp, token: @autoclosure () -> String
    ) throws(Refusal) -> SeatChange {
        guard facts.contains(where: { buckets.concernsSeats($0) }) else { return .none }
        let pricing = pricing.with(plansOf: self)
        var after = FactSheet(self, pricing: pricing, now: now)
        for fact in facts { after.emit(fact) }
        let count = after.facts.count
        for subscription in after.customer.subscriptions where subscription.status.grantsAccess {
            let plan = pricing.plan(subscription.plan)
            guard plan.hasSeats, !isReverting(subscription),
                let before = self.subscription(subscription.number),
                before.plan == subscription.plan, before.bought == subscription.bought
            else { continue }
            for item in plan.items {
                guard let prepaid = item.prepaidPrice, prepaid.isPerSeat,
                    let feature = pricing.feature(id: item.featureID)
                else { continue }
                let need = after.customer.seatsBeyond(item, of: feature, in: subscription)
                let needed = seatsBeyond(item, of: feature, in: before)
                let paid = subscription.units(of: feature)
                let isMore = need > needed && need > paid
                let isLess = need < needed && need < paid && prepaid.onDecrease != .keep
                guard isMore || isLess else { continue }
                let order = try after.customer.order(
                    seats: AskedUnits(feature: feature, total: item.included + need),
                    in: subscription, pricing, now)
                if order.due.minorUnits > 0, subscription.netDays == 0 { return .owed(order) }
                after.settleSeats(order, netDays: subscription.netDays, token: token)
            }
        }
        let more = after.facts.dropFirst(count)
        return more.isEmpty ? .none : .settled(Array(more))
    }

    /// Asks the card on file for seats that are owed.
    package func facts(
        charging order: Order, pricing: PricingState, now: Timestamp, effectID: String
    ) -> [Fact] {
        var facts = FactSheet(self, pricing: pricing.with(plansOf: self), now: now)
        facts.voidWaiting { $0.isOfSame(as: order) }
        return charge(order, onPage: false, effectID: effectID, request: nil, facts).facts
    }

    private func order(
        seats: AskedUnits, in subscription: Subscription, _ pricing: PricingState, _ now: Timestamp
    ) throws(Refusal) -> Order {
        var change = ChangeSubscription()
        change.number = subscription.number
        change.quantities = [seats]
        change.countsSeats = true
        return try quote(change, pricing: pricing, now: now).order
    }

    /// Whole packs that cover what is held beyond what a subscription grants.
    func seatsBeyond(
        _ item: PlanItem, of feature: FeatureNumber, in subscription: Subscription
    ) -> Quantity {
        var overage = Quantity.zero
        buckets.each { bucket, entity in
            guard bucket.feature == feature, bucket.subscription == subscription.number,
                entity == subscription.entity, bucket.flags.isSeats
            else { return }
            overage = overage + bucket.overage
        }
        return overage.roundedUp(to: item.prepaidPrice?.price.packSize ?? Quantity(units: 1))
    }

    /// How many seats of a feature a plan begins with: those of what it replaces stay held
    /// (billing §7), and what was granted beside that plan stays free; where no balance counts
    /// them, the customer's entities.
    func heldSeats(
        of feature: FeatureNumber, for entity: UInt32, replacing current: Subscription?
    ) -> Quantity {
        var held: Quantity?
        var isCounted = false
        buckets.each { bucket, owner in
            guard bucket.feature == feature else { return }
            guard let current, bucket.subscription == current.number else {
                if owner == 0 { isCounted = true }
                return
            }
            guard owner == entity else { return }
            held = (held ?? .zero) + bucket.usage
        }
        if let held { return held }
        guard entity == 0, !isCounted, buckets.hasExtras else { return .zero }
        return Quantity(units: buckets.extras.entities.all.count { $0.feature == feature })
    }
}

extension FactSheet {
    /// From now on as many are paid for as are held.
    ///
    /// - Parameter held: by what it replaces; nil: it is renewed, and counts those whose period
    ///   begins.
    mutating func countSeats(of subscription: inout Subscription, held: [Seats: Quantity]? = nil) {
        for item in pricing.plan(subscription.plan).items {
            guard let prepaid = item.prepaidPrice, prepaid.isPerSeat,
                held != nil || begins(prepaid.cycle, of: subscription),
                let feature = pricing.feature(id: item.featureID)
            else { continue }
            var units = customer.seatsBeyond(item, of: feature, in: subscription)
            if let held {
                let entity = subscription.entity
                let count =
                    held[Seats(feature: feature, entity: entity)]
                    ?? (entity == 0 ? seats(of: feature) : .zero)
                units = prepaid.packs(for: count, included: item.included)
            }
            subscription.bought.removeAll { $0.feature == feature }
            guard units > .zero else { continue }
            subscription.bought.append(BoughtUnits(feature: feature, units: units))
            subscription.bought.sort { $0.feature.rawValue < $1.feature.rawValue }
        }
    }

    /// Does what needs no card: credit for seats that were freed, an invoice that is sent for those
    /// that were taken.
    fileprivate mutating func settleSeats(
        _ order: Order, netDays: UInt32, token: () -> String
    ) {
        var order = order
        var changed: Subscription?
        voidWaiting { $0.isOfSame(as: order) }
        closeCheckout()
        if order.due.minorUnits > 0 {
            _ = give(
                order, InvoiceTerms(netDays: netDays, gives: true), token: token(),
                started: &changed)
        } else {
            changed = fulfil(&order)
            invoice(order, .paid, of: &changed)
        }
    }
}

extension BucketSet {
    /// One of these does. `mutating`, as the compiler would copy what is borrowed.
    package mutating func areSeats(of facts: [Fact]) -> Bool {
        for fact in facts {
            guard case .deducted(let number, _, 0) = fact else {
                if concernsSeats(fact) { return true }
                continue
            }
            if let index = index(ofNumber: number), flags(at: index).isSeats { return true }
        }
        return false
    }

    /// A fact that may change how many seats are held that cost something.
    package func concernsSeats(_ fact: Fact) -> Bool {
        if case .bucketChanged(let bucket, _) = fact { return bucket.flags.isSeats }
        guard case .deducted(let number, _, let entity) = fact else { return false }
        guard entity == 0 else {
            let buckets = extras.entities.entity(entity)?.buckets ?? []
            return buckets.contains { $0.number == number && $0.flags.isSeats }
        }
        guard let index = index(ofNumber: number) else { return false }
        return self[index].flags.isSeats
    }
}

extension Bucket.Flags {
    /// Seats that cost something.
    fileprivate var isSeats: Bool { isSuperset(of: [.allocated, .priced]) }
}

extension Order {
    fileprivate func isOfSame(as other: Order) -> Bool {
        !Set(subscriptions).isDisjoint(with: other.subscriptions)
    }
}

extension Command {
    /// It may take or free seats; what else changes them counts them itself.
    package var takesSeats: Bool {
        switch self {
        case .track, .trackAll, .checkAndDeduct, .settleHold, .updateBalance, .createEntity,
            .deleteEntity:
            true
        case .create, .trackTokens, .trackTokensAll, .extendHold, .openBalance, .deleteBalance,
            .recalculateBalances, .updateEntity, .setControls, .attach, .changeSubscription,
            .settle, .completeCheckout, .update, .erase, .delete, .sealProfile, .advance,
            .moveClock, .refund, .setupPayment, .saveMethod, .applyDiscount, .removeDiscount,
            .redeemCode, .migrate, .attachSeveral, .createSchedule, .invoice, .noteReferralCode,
            .redeemReferral, .handOver, .provider, .importCustomer, .settleTakeover,
            .recordInvoices:
            false
        }
    }
}

extension Plan {
    /// It sells seats as they are taken.
    package var hasSeats: Bool { items.contains { $0.isPerSeat } }
}

extension Refusal {
    static func seatsAreCounted(_ featureID: String, at path: String) -> Refusal {
        .unfit(
            path,
            "\"\(featureID)\" is bought by taking it: create an entity, or track it")
    }
}
