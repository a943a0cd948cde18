// Another version of a plan, or one of the customer's own, in place (billing §10.1).
extension CustomerState {
    /// The difference is charged or given back at once, dearer or cheaper; what was used stays so.
    func pricePlan(
        _ quote: inout ChangeQuote, _ change: ChangeSubscription, _ published: PricingState,
        _ now: Timestamp
    ) throws(Refusal) {
        let subscription = quote.subscription
        let path = change.customize == nil ? "version" : "customize"
        guard !isOwing(subscription) else {
            throw .unfit(path, "cannot change while a payment is owed, which is tried again")
        }
        try checkPaid(subscription, path)
        let base =
            try change.version == nil
            ? subscription.plan : revision(change.version, of: subscription.plan.plan, published)
        let (reference, custom) = try customPlan(change.customize, of: base, published)
        let pricing = published.with(custom)
        try pricing.requireSold(reference, at: path)
        let (old, new) = (pricing.plan(subscription.plan), pricing.plan(reference))
        guard old.isOneOff == new.isOneOff else {
            throw .unfit(path, "cannot make a plan that renews of one that is bought once, or back")
        }
        let time = try quoteTime(change.quoteTime, subscription, now)
        var order = Order(
            .switch, reference, subscriptions: [subscription.number], lines: [], time: time,
            currency: pricing.requiredCurrency)
        order.entity = subscription.entity
        order.bought = try units(change, of: new, replacing: old, in: subscription, pricing)
        order.trialEnd = try trialEnd(change, new, subscription, pricing.zone, time)
        let isSame = reference == subscription.plan || old.isSameOffer(as: new)
        if isSame, order.bought == subscription.bought,
            change.customize?.trial ?? .kept == .kept
        {
            throw .unfit(path, "is as it is already")
        }
        order.startsCycle =
            subscription.isTrialing(at: time) && order.trialEnd == .never
            || old.isFree && !new.isFree && subscription.status != .scheduled
        var lines =
            subscription.status == .scheduled
            ? [] : lines(of: &order, from: old, to: new, subscription, change.prorates, pricing)
        try checkFree(change.prorates, order, of: subscription)
        try change.discounts.checkMinimum(lines, pricing)
        let added = quote.order.discounts
        lines = lines.map { $0.described(pricing) }
        if change.custom.isEmpty {
            lines.lower(by: discounts(on: lines, at: time, with: added))
            tax(&lines, asked: quote.order.taxRate, for: subscription.number, pricing)
        }
        order.discounts = added
        order.taxRate = quote.order.taxRate
        quote.course = .plan
        quote.customPlan = custom
        let hasCard = account.method != nil
        quote.order = Order(
            order, lines: lines,
            balance: account.credit?.minorUnits ?? 0,
            minimum: hasCard && change.terms == nil ? pricing.requiredCurrency.minimumCharge : 0,
            time: time)
        quote.order.successURL = change.successURL
        quote.needsPage = !hasCard && quote.order.due.minorUnits > 0
    }

    /// Without proration nothing is charged at once, so nothing can begin that would be (billing
    /// §5.4), and nothing comes back, so no trial can begin in what is paid for.
    private func checkFree(
        _ prorates: Bool, _ order: Order, of subscription: Subscription
    ) throws(Refusal) {
        let beginsTrial = order.trialEnd != .never && order.trialEnd != subscription.trialEnd
        guard !prorates, order.startsCycle || beginsTrial else { return }
        throw .unfit(
            "proration_behavior",
            beginsTrial
                ? "cannot be NONE: what is paid for ends when the trial begins"
                : "cannot be NONE: a period begins, and is paid")
    }

    private func lines(
        of order: inout Order, from old: Plan, to new: Plan, _ subscription: Subscription,
        _ prorates: Bool, _ pricing: PricingState
    ) -> [InvoiceLine] {
        var prices = new.advancePrices(order.plan, bought: order.bought, pricing)
        prices.removeAll { price in
            price.cycle.interval == .oneOff && old.sellsForGood(price.part.feature, pricing)
        }
        let isTrial = order.trialEnd != .never
        if isTrial || !prorates { prices.removeAll { $0.cycle.interval != .oneOff } }
        var lines = InvoiceLine.change(
            from: prorates ? subscription.charges : [], to: prices, at: order.time,
            anchor: order.startsCycle ? order.time : subscription.anchor,
            currency: pricing.requiredCurrency)
        for index in lines.indices { lines[index].subscription = subscription.number }
        // What waits is settled with what is charged or given back now.
        var waiting = subscription.pending
        waiting.shorten(by: &lines, of: subscription.charges, at: order.time)
        if lines.isEmpty, waiting == subscription.pending {
            order.pending = waiting
            return []
        }
        return waiting + lines
    }

    private func trialEnd(
        _ change: ChangeSubscription, _ plan: Plan, _ subscription: Subscription, _ zone: Zone,
        _ now: Timestamp
    ) throws(Refusal) -> Timestamp {
        let isTrialing = subscription.isTrialing(at: now)
        switch change.customize?.trial ?? .kept {
        case .set(let trial):
            guard !plan.isFree else {
                throw .unfit("customize.free_trial", "is for a plan that costs something")
            }
            guard trial.onEnd == .bill else {
                throw .unfit(
                    "customize.free_trial.on_end",
                    "cannot be REVERT for a plan that is there already: attach another one")
            }
            return trial.end(from: now, in: zone)
        case .removed:
            guard isTrialing else {
                throw .unfit("customize.remove_free_trial", "there is no trial that runs")
            }
            return .never
        case .kept: return isTrialing && !plan.isFree ? subscription.trialEnd : .never
        }
    }

    /// Packs from then on: those that were asked for, or else as many units as before (billing §7).
    private func units(
        _ change: ChangeSubscription, of plan: Plan, replacing old: Plan,
        in subscription: Subscription, _ pricing: PricingState
    ) throws(Refusal) -> [BoughtUnits] {
        var bought: [BoughtUnits] = []
        for item in plan.items {
            guard let prepaid = item.prepaidPrice,
                let feature = pricing.feature(id: item.featureID)
            else { continue }
            let before = old.prepaidItem(of: item.featureID)
            let present = subscription.bought.first { $0.feature == feature }
            if prepaid.isPerSeat {
                if let index = change.quantities.firstIndex(where: { $0.feature == feature }) {
                    throw .seatsAreCounted(item.featureID, at: "quantities[\(index)]")
                }
                let held = heldSeats(
                    of: feature, for: subscription.entity, replacing: subscription)
                var units = prepaid.packs(for: held, included: item.included)
                // What is paid for stays until its period is over, if it doesn't come back.
                if let before, let present, !change.prorates {
                    let total = before.included + present.units
                    units = max(units, prepaid.packs(for: total, included: item.included))
                }
                if units > .zero { bought.append(BoughtUnits(feature: feature, units: units)) }
            } else if let index = change.quantities.firstIndex(where: { $0.feature == feature }) {
                let path = "quantities[\(index)]"
                let total = change.quantities[index].total
                try prepaid.check(total, included: item.included, at: path)
                let units = prepaid.packs(for: total, included: item.included)
                if units > .zero { bought.append(BoughtUnits(feature: feature, units: units)) }
            } else if let before, before.prepaidPrice?.price == prepaid.price,
                before.included == item.included
            {
                if let present { bought.append(present) }
            } else if let before {
                func packs(_ units: Quantity) -> Quantity {
                    prepaid.packs(for: before.included + units, included: item.included)
                }
                let next = packs(present?.next ?? present?.units ?? .zero)
                // What is paid for stays until its period is over, if it doesn't come back.
                let now = change.prorates ? next : max(next, packs(present?.units ?? .zero))
                guard now > .zero else { continue }
                bought.append(
                    BoughtUnits(feature: feature, units: now, next: next == now ? nil : next))
            } else {
                throw .unfit("quantities", "must say how many \"\(item.featureID)\" are bought")
            }
        }
        for (index, asked) in change.quantities.enumerated()
        where plan.prepaidItem(of: pricing.feature(asked.feature).id) == nil {
            throw .unfit(
                "quantities[\(index)].feature_id",
                "\"\(plan.id)\" sells no packs of \"\(pricing.feature(asked.feature).id)\"")
        }
        return bought.sorted { $0.feature.rawValue < $1.feature.rawValue }
    }
}

extension Plan {
    /// The base price, or packs of a feature, were paid once and for all.
    func sellsForGood(_ feature: FeatureNumber?, _ pricing: PricingState) -> Bool {
        guard let feature else { return price?.cycle.interval == .oneOff }
        let item = prepaidItem(of: pricing.feature(feature).id)
        return item?.prepaidPrice?.cycle.interval == .oneOff
    }
}
