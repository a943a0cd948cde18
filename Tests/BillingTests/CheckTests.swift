import Stories
import Testing

@testable import Billing

/// Entitlements §1.4 and §1.5.
@Suite("Check") struct CheckTests {
    @Test("decision order (§1.5)", arguments: CheckStories.decisions)
    func decision(story: Story) throws { try story.run(CheckStories.pricing) }

    @Test("which balance decides (§1.4)", arguments: CheckStories.pools)
    func pool(story: Story) throws { try story.run(CheckStories.pricing) }

    static let allowing: [CheckReason] = [
        .included, .unlimited, .overage, .flag, .planActive, .planCanceling, .planRenewing,
        .planPastDue, .nothingRequired,
    ]
    static let denying: [CheckReason] = [
        .notIncluded, .insufficientBalance, .maxPurchase, .planNotAttached, .planScheduled,
        .planEnded,
    ]

    @Test("reasons that allow and reasons that don't")
    func reasons() {
        #expect(CheckTests.allowing.allSatisfy { $0.allows })
        #expect(!CheckTests.denying.contains { $0.allows })
    }

    static let states: [([SubscriptionStatus], CheckReason)] = [
        ([], .planNotAttached), ([.active], .planActive), ([.canceling], .planCanceling),
        ([.renewing], .planRenewing), ([.pastDue], .planPastDue), ([.scheduled], .planScheduled),
        ([.ended], .planEnded), ([.ended, .active], .planActive), ([.active, .ended], .planActive),
        ([.scheduled, .ended], .planScheduled), ([.canceling, .scheduled], .planCanceling),
    ]

    @Test("a plan's state is the reason (§1.7)", arguments: states)
    func plan(states: [SubscriptionStatus], reason: CheckReason) {
        var customer = CustomerState.sample()
        for (index, status) in states.enumerated() {
            customer.apply([.subscriptionChanged(.sample(UInt32(index + 1), plan: 1, status))])
        }
        customer.apply([.subscriptionChanged(.sample(99, plan: 2, .active))])
        let answer = customer.check(plan: PlanNumber(rawValue: 1), pricing: CheckStories.pricing)
        #expect(answer.reason == reason)
        #expect((answer.subscription != nil) == (reason != .planNotAttached))
    }
}

extension Subscription {
    static func sample(
        _ number: UInt32, plan: UInt32, _ status: SubscriptionStatus
    ) -> Subscription {
        Subscription(
            number: number,
            plan: PlanReference(plan: PlanNumber(rawValue: plan), revision: 1), status: status,
            addOn: false, start: .epoch, anchor: .epoch, periodStart: .epoch, periodEnd: .never)
    }
}
