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

    private static let planned: Order = {
        var planned = order
        planned.purpose = .schedule
        planned.entity = 3
        return planned
    }()

    static let schedules = [
        PhaseSchedule(
            owners: [0, 3],
            phases: [
                PhaseSchedule.Phase(start: ExtraSamples.time, begins: [4, 5], ends: [7]),
                PhaseSchedule.Phase(start: .never, begins: [], ends: [4]),
            ]),
        PhaseSchedule(owners: [9], phases: []),
    ]

    static let facts: [Fact] = [
        .effectRequested(Effect(id: "e", kind: .collect, order: planned, request: nil)),
        .payerSet(reference: ""), .methodRemoved, .payerSet(reference: "cus_1"),
        .takeoverSet(Takeover(source: "cus_1", status: .pending)),
        .takeoverSet(
            Takeover(
                source: "sub_1", subscriptions: [4, 7], status: .ended, until: ExtraSamples.time)),
        .trialUsed(TrialMark(plan: PlanNumber(rawValue: 3), entity: 2)),
        .methodSaved(
            PaymentMethod(
                token: "pm_2", brand: "visa", last4: "4242",
                expiry: CardExpiry(year: 2031, month: 12))),
        .schedulesSet(schedules), .schedulesSet([]), .phaseBegan(time: ExtraSamples.time),
        .effectRequested(Effect(id: "e", kind: .collect, order: order, request: nil)),
        .checkoutOpened(Checkout(session: "s", url: "https://example.com", order: order)),
    ]
}
