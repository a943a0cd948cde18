@testable import Billing

/// Discounts of every kind, and facts with them.
enum RewardSamples {
    private static let plan = PlanReference(plan: PlanNumber(rawValue: 1), revision: 1)
    private static let money = Money(minorUnits: 500, currency: dollars)
    private static let dollars: Currency = {
        guard let dollars = Currency(code: "usd") else { preconditionFailure("it is a code") }
        return dollars
    }()

    static let discounts: [HeldDiscount] = {
        var part = HeldDiscount(couponID: "a", .percentage(Quantity(units: 20)))
        part.plans = [plan.plan, PlanNumber(rawValue: 7)]
        part.end = ExtraSamples.time
        part.code = "SPRING"
        part.redemption = "red_1"
        var amount = HeldDiscount(couponID: "b", .amount(money))
        amount.once = true
        var credits = HeldDiscount(couponID: "c", .credits(money))
        credits.usageOnly = true
        return [part, amount, credits]
    }()

    static let order: Order = {
        var line = InvoiceLine(.charge, PricePart(plan: plan), subtotal: money)
        line.discounts = [
            AppliedDiscount(rewardID: "a", minorUnits: 5),
            AppliedDiscount(
                rewardID: "b", minorUnits: 7, holder: AppliedDiscount.newSubscription),
        ]
        var order = Order(
            purpose: .purchase, plan: plan, subscriptions: [], lines: [line], total: money,
            time: ExtraSamples.time)
        order.discounts = discounts
        return order
    }()

    private static let subscription: Subscription = {
        var subscription = Subscription(
            number: 1, plan: plan, status: .active, addOn: false, start: ExtraSamples.time,
            anchor: ExtraSamples.time, periodStart: ExtraSamples.time, periodEnd: .never)
        subscription.discounts = discounts
        return subscription
    }()

    static let facts: [Fact] = [
        .subscriptionChanged(subscription),
        .discountsSet(discounts), .discountsSet([]),
        .codeRedeemed(Redemption(id: "red_1", code: "SPRING", time: ExtraSamples.time)),
        .effectRequested(Effect(id: "e", kind: .collect, order: order, request: nil)),
        .checkoutOpened(Checkout(session: "s", url: "https://example.com", order: order)),
        .referralSet(redeemed), .referralSet(redeemed.handedOver(by: somebody)),
        .referralCodeSet(
            ReferralCode(programmeID: "friends", code: "ABC123", created: ExtraSamples.time)),
        .fingerprintSet(FingerprintMark(rawValue: .max)), .fingerprintSet(nil),
    ]

    private static let somebody: CustomerID = {
        guard let id = CustomerID("somebody") else { preconditionFailure("it is short") }
        return id
    }()

    private static let redeemed: Referral = {
        var referral = Referral(
            id: "red_2", .redeemer, programmeID: "friends", code: "ABC123", other: somebody,
            rewardID: "a", .gift, created: ExtraSamples.time, reward: .due)
        referral.earned = ExtraSamples.time
        referral.ready = ExtraSamples.time
        referral.rewardsBoth = true
        referral.plans = [plan.plan]
        referral.excludesTrial = true
        referral.told = .redeemed
        return referral
    }()
}
