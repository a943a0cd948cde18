internal import Billing

/// What random purchases found wrong once: each row is the shortest way to it.
extension PurchaseStories {
    package static let found = StoryTable("billing: found by the laws", pricing, rows)

    private static let tens = Price("10", packSize: 100)
    private static let flat = Price(
        tiers: [
            .init(upTo: 500, amount: "0", flat: "30"), .init(upTo: nil, amount: "0", flat: "60"),
        ], behavior: .volume, packSize: 100)
    private static let volume = Price(
        tiers: [.init(upTo: 500, amount: "10"), .init(upTo: nil, amount: "5")],
        behavior: .volume, packSize: 100)

    private static let pricing = PricingState.sample(
        [.sample("messages", .metered), .sample("tokens", .metered)],
        [
            .sample("pro", price: "20"),
            .sample("flat", price: "20", .packs("messages", flat)),
            .sample("bill", .packs("messages", volume, onIncrease: .bill)),
            .sample(
                "free_drop", price: "20",
                .packs("messages", tens, onIncrease: .billNextCycle, onDecrease: .drop)),
            .sample(
                "next", price: "20", .packs("messages", tens, onIncrease: .prorateNextCycle)),
            .sample("weekly", price: "7", each: .week, .packs("messages", tens)),
            .sample(
                "weekly_keep", price: "7", each: .week,
                .packs("messages", tens, onDecrease: .keep)),
            .sample(
                "weekly_next", price: "7", each: .week,
                .packs("messages", tens, onIncrease: .prorateNextCycle)),
            .sample(
                "bill_next", price: "20",
                .packs("messages", tens, onIncrease: .bill, onDecrease: .prorateNextCycle)),
            .sample("keep", price: "20", .packs("messages", tens, onDecrease: .keep)),
            .sample(
                "next_drop", price: "20",
                .packs("messages", tens, onIncrease: .prorateNextCycle, onDecrease: .drop)),
            tried,
        ],
        [Coupon(id: "half", name: "Half", .percentage("50"), .forever)])

    private static let dearer: PlanPatch = {
        var patch = PlanPatch()
        patch.items = [.packs("messages", Price("12", packSize: 100), onDecrease: .keep)]
        return patch
    }()

    private static let tried: Plan = {
        var plan = Plan.sample("tried", price: "50")
        plan.trial = FreeTrial(length: 7, unit: .day)
        return plan
    }()

    private static let rows = [
        row(
            "10.2: fewer units at the same price come back whole",
            .purchase(Purchase("flat", ["messages": 400])), .change(Change(["messages": 200])),
            .change(Change(cancel: .now)), .invoices([5000, -5000])),
        row(
            "10.2: bill_immediately to a cheaper tier",
            .purchase(Purchase("bill", ["messages": 500])), .change(Change(["messages": 600])),
            .change(Change(cancel: .now)), .invoices([5000, -2000, -3000])),
        row(
            "10.2: units that were never paid for go first",
            .purchase(Purchase("free_drop", ["messages": 100])),
            .change(Change(["messages": 400])), .change(Change(["messages": 200])),
            .change(Change(cancel: .now)), .invoices([3000, -3000])),
        row(
            "10.2: what waits for the next invoice isn't given back before",
            .purchase(Purchase("next", ["messages": 300])), .change(Change(["messages": 400])),
            .change(Change(["messages": 300])), .invoices([5000]), .credit(0),
            .advance(to: .utc(2026, 5, 1)), .invoices([5000, 5000])),
        row(
            "9: a trial in the middle of a paid month ends with a charge", .buy("pro"),
            .advance(to: .utc(2026, 4, 11)), .purchase("tried"), .invoices([2000, -1333]),
            .advance(to: .utc(2026, 4, 18)), .invoices([2000, -1333, 5000]),
            .advance(to: .utc(2026, 5, 18)), .invoices([2000, -1333, 5000, 5000])),
        row(
            "11.2: a week that was begun before the end of the month comes back",
            .purchase(Purchase("weekly", ["messages": 100])), .change(Change(cancel: .atEnd)),
            .advance(to: .utc(2026, 4, 8)), .advance(to: .utc(2026, 4, 15)),
            .advance(to: .utc(2026, 4, 22)), .advance(to: .utc(2026, 4, 29)),
            .advance(to: .utc(2026, 5, 1)), .plan("weekly", .ended),
            .invoices([1700, 700, 700, 700, 700, -500])),
        row(
            "11.1: packs by the month stay until the month is over",
            .purchase(Purchase("weekly_keep", ["messages": 300])),
            .change(Change(["messages": 100])), .advance(to: .utc(2026, 4, 8)),
            .granted("messages", 300), .advance(to: .utc(2026, 4, 15)),
            .advance(to: .utc(2026, 4, 22)), .advance(to: .utc(2026, 4, 29)),
            .advance(to: .utc(2026, 5, 1)),
            .granted("messages", 100)),
        row(
            "10.2: what waited for an invoice comes back once",
            .purchase(Purchase("weekly_next", ["messages": 100])),
            .change(Change(["messages": 200])), .advance(to: .utc(2026, 4, 8)),
            .change(Change(cancel: .now)), .invoices([1700, 1700, -2233])),
        row(
            "10.2: and only the last of two changes",
            .purchase(Purchase("weekly_next", ["messages": 100])),
            .change(Change(["messages": 200])), .change(Change(["messages": 300])),
            .advance(to: .utc(2026, 4, 8)), .change(Change(cancel: .now)),
            .invoices([1700, 2700, -3000])),
        row(
            "10.2: as many units once more as wait for the next invoice",
            .purchase(Purchase("bill_next", ["messages": 700])),
            .change(Change(["messages": 400])), .change(Change(["messages": 800])),
            .change(Change(cancel: .now)), .invoices([9000, 1000, -10_000])),
        row(
            "8.1: a refund is of the units that go and of those that stay",
            .purchase(Purchase("free_drop", ["messages": 400])), .refund(1, 3000),
            .change(Change(["messages": 200])), .change(Change(cancel: .now)),
            .invoices([6000, -2000]), .refunded([3000])),
        row(
            "0.1: a refund is of nothing that comes back with the next invoice",
            .purchase(Purchase("bill_next", ["messages": 700])),
            .change(Change(["messages": 400])), .refund(1, nil), .refunded([2000]),
            .change(Change(cancel: .now)), .invoices([9000, -7000])),
        row(
            "10.2: what waits and ends early is for what was used of it, with a coupon",
            .purchase(Purchase("next", ["messages": 100])),
            .change(Change(["messages": 300], with: ["half"])), .advance(to: .utc(2026, 4, 16)),
            .change(Change(cancel: .now)), .invoices([3000, -1250])),
        row(
            "10.3: full refund of what waits for the next invoice, with a coupon",
            .purchase(Purchase("next", ["messages": 300])),
            .change(Change(["messages": 400], with: ["half"])),
            .change(Change(cancel: .now, refund: .full)), .invoices([5000, -3000]),
            .refunded([2000])),
        row(
            "10.3: the same, of fewer units since",
            .purchase(Purchase("next_drop", ["messages": 300])),
            .change(Change(["messages": 800], with: ["half"])),
            .change(Change(["messages": 400])), .advance(to: .utc(2026, 4, 16)),
            .change(Change(cancel: .now)), .invoices([5000, -1000])),
        row(
            "5.4: a past start in what was paid for before", .buy("pro"),
            .advance(to: .utc(2026, 4, 11)), .change(Change(cancel: .now)),
            .advance(to: .utc(2026, 4, 16)),
            .refused(
                "invalid: start_time", .purchase(Purchase("keep", starts: .utc(2026, 4, 10)))),
            .purchase(Purchase("keep", starts: .utc(2026, 4, 11))),
            .invoices([2000, -1333, 2000])),
        row(
            "5.1: an end before the start at the end of the cycle", .buy("pro"),
            .refused(
                "invalid: end_time",
                .purchase(Purchase("keep", schedule: .endOfCycle, ends: .utc(2026, 4, 20)))),
            .purchase(Purchase("keep", schedule: .endOfCycle, ends: .utc(2026, 5, 20)))),
        row(
            "10.1: units that are kept are kept without proration",
            .purchase(Purchase("keep", ["messages": 300])), .change(Change(["messages": 100])),
            .change(Change(prorates: false, customize: dearer)), .granted("messages", 300),
            .invoices([5000]), .advance(to: .utc(2026, 5, 1)), .granted("messages", 100),
            .invoices([5000, 3200])),
    ]
}
