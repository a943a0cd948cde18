// What a plan costs whoever has it, for people.
extension PricingState {
    /// What a subscription's periods cost in advance, one for each length, the shortest first;
    /// empty: nothing, or once only.
    package func recurringCosts(
        of subscription: Subscription
    ) -> [(money: Money, cycle: Cycle)] {
        var costs: [(money: Money, cycle: Cycle)] = []
        let prices = plan(subscription.plan).advancePrices(
            subscription.plan, bought: subscription.bought, self)
        for price in prices where price.cycle.interval != .oneOff {
            let money = Money(price.amount, currency: requiredCurrency)
            if let index = costs.firstIndex(where: { $0.cycle == price.cycle }) {
                costs[index].money.minorUnits += money.minorUnits
            } else {
                costs.append((money, price.cycle))
            }
        }
        return costs.sorted {
            ($0.cycle.interval.rawValue, $0.cycle.count) < (
                $1.cycle.interval.rawValue, $1.cycle.count
            )
        }
    }

    /// It also costs what is used beyond what it includes.
    package func chargesUsage(_ reference: PlanReference) -> Bool {
        plan(reference).items.contains { $0.usagePrice.map { !$0.price.isFree } ?? false }
    }
}
