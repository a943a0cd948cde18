// What customers have must be there: a plan or a feature that somebody needs isn't deleted.
extension CustomerState {
    /// Which of these the customer has, had as far as that is still shown, or is about to get
    /// (billing §3).
    package func needs(
        _ removal: CatalogRemoval, _ pricing: PricingState
    ) -> CatalogRemoval {
        var needed = CatalogRemoval()
        let pricing = pricing.with(plansOf: self)
        let orders = account.orders
        let plans = subscriptions.map(\.plan) + orders.map(\.plan).filter { $0 != .none }
        needed.plans = removal.plans.intersection(
            plans.map(\.plan) + account.customPlans.map(\.base.plan))
        guard !removal.features.isEmpty else { return needed }
        let bought = subscriptions.flatMap(\.bought) + orders.flatMap(\.bought)
        needed.features = removal.features.intersection(
            buckets.needed + bought.map(\.feature))
        let custom = account.customPlans.map(\.plan)
        let listed = plans.map { pricing.listed($0) } + custom
        for number in removal.features.subtracting(needed.features) {
            let id = pricing.feature(number).id
            if listed.contains(where: { $0.names(feature: id) }) { needed.features.insert(number) }
        }
        return needed
    }
}

extension Account {
    /// What is being paid, and with what it comes.
    fileprivate var orders: [Order] {
        let open =
            effects.map(\.order) + (checkout.map { [$0.order] } ?? [])
            + receivables.map(\.order) + debts.map(\.order)
        return open + open.flatMap(\.parts)
    }
}

extension BucketSet {
    /// Features of balances, entities, limits and what is held open.
    fileprivate var needed: [FeatureNumber] {
        var found: [FeatureNumber] = []
        each { bucket, _ in found.append(bucket.feature) }
        let entities = extras.entities.all
        found += entities.map(\.feature) + entities.flatMap(\.controls.features)
        found += extras.controls.flatMap(\.controls.features)
        return found + extras.topUps.map(\.feature) + extras.holds.map(\.feature)
    }
}

extension Controls {
    fileprivate var features: [FeatureNumber] {
        spendLimits.compactMap(\.feature) + usageLimits.map(\.feature)
            + usageAlerts.compactMap(\.feature) + overagePermissions.map(\.feature)
            + autoTopUps.map(\.feature)
    }
}
