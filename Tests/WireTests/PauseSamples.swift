@testable import Billing

/// What is paused, and what pauses it.
enum PauseSamples {
    private static let order: Order = {
        var order = RewardSamples.order
        order.purpose = .purchase
        (order.starts, order.ends) = (.never, .never)
        order.trialEnd = ExtraSamples.time
        order.reverts = true
        return order
    }()

    private static let subscription: Subscription = {
        let time = ExtraSamples.time
        var subscription = Subscription(
            number: 1, plan: PlanReference(plan: PlanNumber(rawValue: 1), revision: 1),
            status: .pastDue, addOn: false, start: time, anchor: time, periodStart: time,
            periodEnd: time.adding(milliseconds: 7))
        subscription.netDays = 30
        subscription.pausedBy = 2
        return subscription
    }()

    static let facts: [Fact] = [
        .currencySet(Currency(code: "eur")!),
        .subscriptionChanged(subscription),
        .effectRequested(Effect(id: "p", kind: .collect, order: order, request: nil)),
    ]
}
