import Billing

/// What goes back to cards, and what is then left to come back (billing §0.1, §8.1, §10.3, §19.7).
extension PurchaseStories {
    package static let refunds = StoryTable(
        "billing §10.3, §19.7: refunds", refundPricing, returned, operated, reported)

    private static let refundPricing = PricingState.sample(
        [.sample("messages", .metered), .sample("words", .metered)],
        [
            .sample("free", autoEnable: true, .sample("words", 50, each: .month)),
            .sample("pro", price: "20", .sample("words", 100, each: .month)),
            .sample("premium", price: "50"),
            .sample("extra", price: "10", addOn: true),
            .sample("metered", price: "20", .sample("messages", 100, each: .month, price: "0.10")),
            .sample("packs", price: "20", .packs("messages", Price("10", packSize: 100))),
            .sample(
                "next", price: "20",
                .packs("messages", Price("10", packSize: 100), onIncrease: .prorateNextCycle)),
            trial,
        ])

    private static let trial: Plan = {
        var plan = Plan.sample("trial", price: "20")
        plan.trial = FreeTrial(length: 14, unit: .day)
        return plan
    }()

    /// `refund_last_payment`.
    private static let returned = [
        row(
            "19.7: refund_last_payment prorated at the start", .buy("pro"),
            .change(Change(cancel: .now, refund: .prorated)), .invoices([2000]), .credit(0),
            .refunded([2000]), .plan("pro", .ended), .plan("free", .active)),
        row(
            "19.7: refund_last_payment full at the start", .buy("pro"),
            .change(Change(cancel: .now, refund: .full)), .invoices([2000]), .credit(0),
            .refunded([2000])),
        row(
            "10.3: prorated in the middle", .buy("pro"), .advance(to: middle),
            .change(Change(cancel: .now, refund: .prorated)), .invoices([2000]),
            .refunded([1000])),
        row(
            "10.3: full in the middle", .buy("pro"), .advance(to: middle),
            .change(Change(cancel: .now, refund: .full)), .invoices([2000]), .refunded([2000])),
        row(
            "10.3: of the second month", .buy("pro"), .advance(to: renewal),
            .change(Change(cancel: .now, refund: .full)), .invoices([2000, 2000]),
            .refunded([2000])),
        row(
            "10.3: no more than the card paid, the rest becomes credit", .buy("premium"),
            .change(Change(cancel: .now)), .credit(5000), .buy("extra"), .credit(4000),
            .buy("pro"), .credit(2000), .buy("premium"),
            .invoices([5000, -5000, 1000, 2000, 3000]),
            .credit(0), .change(Change("premium", cancel: .now, refund: .full)),
            .refunded([1000]), .credit(4000)),
        row(
            "10.3: what credit paid becomes credit", .buy("pro"), .change(Change(cancel: .now)),
            .credit(2000), .buy("pro"), .credit(0),
            .change(Change(cancel: .now, refund: .prorated)), .refunded([]), .credit(2000)),
        row(
            "10.3: after a dearer plan: what the card paid last", .buy("pro"),
            .advance(to: middle), .buy("premium"), .invoices([2000, 1500]),
            .change(Change(cancel: .now, refund: .prorated)), .refunded([1500]), .credit(1000)),
        row(
            "10.3: of two payments", .purchase(Purchase("packs", ["messages": 100])),
            .buy("extra"), .change(Change("packs", ["messages": 300])),
            .invoices([3000, 1000, 2000]),
            .change(Change("packs", cancel: .now, refund: .full)), .refunded([2000, 2000]),
            .credit(1000)),
        row(
            "10.3: what waits for the next invoice isn't paid yet",
            .purchase(Purchase("next", ["messages": 100])), .change(Change(["messages": 200])),
            .change(Change(cancel: .now, refund: .full)), .refunded([2000]), .credit(1000)),
        row(
            "10.3: a plan's refund leaves the others of its invoice alone",
            .several(["pro", "extra"]),
            .change(Change("extra", cancel: .now, refund: .full)), .refunded([1000]),
            .change(Change("pro", cancel: .now)), .invoices([3000, -2000]), .credit(2000)),
        row(
            "10.3: overage is neither charged nor given back", .buy("metered"),
            .track("messages", 500), .change(Change(cancel: .now, refund: .full)),
            .invoices([2000]), .refunded([2000])),
        row(
            "10.3: a trial has no last payment", .buy("trial"),
            .change(Change(cancel: .now, refund: .full)), .invoices([]), .refunded([])),
        row(
            "10.3: only of what ends now", .buy("pro"),
            .refused(
                "invalid: refund_last_payment", .change(Change(cancel: .atEnd, refund: .full))),
            .refused("invalid: refund_last_payment", .change(Change(refund: .full)))),
        row(
            "10.3: not with proration_behavior none", .buy("pro"),
            .refused(
                "invalid: refund_last_payment",
                .change(Change(cancel: .now, prorates: false, refund: .prorated)))),
    ]

    /// `RefundInvoice`.
    private static let operated = [
        row(
            "0.1: 20 paid, 5 refunded, half left: 7.50", .buy("pro"), .refund(1, 500),
            .refunded([500]), .advance(to: middle), .change(Change(cancel: .now)),
            .invoices([2000, -750]), .credit(750)),
        row(
            "0.1: the same back to the card", .buy("pro"), .refund(1, 500),
            .advance(to: middle), .change(Change(cancel: .now, refund: .prorated)),
            .refunded([500, 750]), .credit(0)),
        row(
            "0.1: pro 20 refunded, then cancelled: 0, not −20", .buy("pro"), .refund(1, nil),
            .refunded([2000]), .change(Change(cancel: .now)), .invoices([2000]), .credit(0)),
        row(
            "0.1: refunded, then a dearer plan", .buy("pro"), .refund(1, nil), .buy("premium"),
            .invoices([2000, 5000])),
        row(
            "0.1: no more than is left", .buy("pro"), .refund(1, 1500),
            .refused("refund too large", .refund(1, 501)), .refund(1, 500),
            .refused("refund too large", .refund(1, nil)), .refunded([1500, 500])),
        row(
            "0.1: what became credit isn't refunded too", .buy("pro"), .advance(to: middle),
            .change(Change(cancel: .now)), .credit(1000),
            .refused("refund too large", .refund(1, 1001)), .refund(1, nil), .refunded([1000])),
        row(
            "0.1: what paid for another plan isn't refunded too", .buy("pro"), .buy("premium"),
            .invoices([2000, 3000]), .refused("refund too large", .refund(1, 1)),
            .refund(2, nil), .refunded([3000]), .change(Change(cancel: .now)), .credit(2000)),
        row(
            "0.1: what credit waits for isn't refunded too",
            .purchase(Purchase("next", ["messages": 100])), .change(Change(["messages": 200])),
            .refused("refund too large", .refund(1, 2001)), .refund(1, nil), .refunded([2000])),
        row(
            "0.1: an invoice below zero paid nothing", .buy("pro"), .change(Change(cancel: .now)),
            .refused("refund too large", .refund(2, nil))),
        row("0.1: an invoice that isn't there", .refused("invoice not found", .refund(1, nil))),
        row(
            "11.1: the next month is charged in full", .buy("pro"), .refund(1, nil),
            .advance(to: renewal), .invoices([2000, 2000])),
    ]

    /// What starts at the provider.
    private static let reported = [
        row(
            "the provider refunds 5, half left: 7.50", .buy("pro"), .providerRefund(1, 500),
            .refunded([500]), .advance(to: middle), .change(Change(cancel: .now)), .credit(750)),
        row(
            "a dispute of all: nothing comes back", .buy("pro"), .dispute(1, 2000, .open),
            .plan("pro", .active), .change(Change(cancel: .now)), .invoices([2000]), .credit(0)),
        row(
            "a dispute of a part", .buy("pro"), .dispute(1, 500, .open),
            .refused("refund too large", .refund(1, 1501)), .advance(to: middle),
            .change(Change(cancel: .now)), .credit(750)),
        row(
            "a dispute that is won", .buy("pro"), .dispute(1, 2000, .open),
            .refused("refund too large", .refund(1, nil)), .dispute(1, 2000, .won),
            .change(Change(cancel: .now)), .credit(2000)),
        row(
            "a dispute that is lost", .buy("pro"), .dispute(1, 2000, .open),
            .dispute(1, 2000, .lost), .change(Change(cancel: .now)), .credit(0)),
    ]
}
