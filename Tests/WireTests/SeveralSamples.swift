@testable import Billing

/// Orders of several plans, and what asks for them.
enum SeveralSamples {
    private static let order: Order = {
        var order = RewardSamples.order
        var (first, later) = (order, order)
        first.lines.append(first.lines[0])
        first.lines[1].discounts = [
            AppliedDiscount(rewardID: "a", minorUnits: 3, holder: AppliedDiscount.holder(ofPart: 1))
        ]
        first.entity = 3
        first.trialEnd = ExtraSamples.time
        later.lines = []
        later.startsLater = true
        later.starts = ExtraSamples.time
        order.purpose = .several
        order.discounts = []
        order.parts = [first, later]
        order.removed = [7, 9]
        order.subscriptions = [7, 9, 4]
        var own = order.lines[0]
        own.kind = .credit
        own.subscription = 7
        order.lines = [own] + first.lines
        return order
    }()

    static let facts: [Fact] = [
        .effectRequested(Effect(id: "e", kind: .collect, order: order, request: nil)),
        .checkoutOpened(Checkout(session: "s", url: "https://example.com", order: order)),
    ]
}
