import Billing

/// What is paid by invoice (billing §5.1, §11.5, §12.3).
extension PurchaseStories {
    package static let invoices = StoryTable(
        "billing §5.1, §12.3: invoice mode", invoicePricing, sent, immediate, unpaid, changed)

    private static let now = InvoiceTerms(gives: true)
    private static let later = InvoiceTerms()
    private static let draft = InvoiceTerms(finalizes: false)

    private static let invoicePricing = PricingState.sample(
        [.sample("messages", .metered), .sample("words", .metered)],
        [
            .sample("free", autoEnable: true, .sample("words", 50, each: .month)),
            .sample("pro", price: "20", .sample("words", 100, each: .month)),
            .sample("premium", price: "50"),
            .sample("extra", price: "10", addOn: true),
            .sample("once", price: "10", each: .oneOff),
            .sample("packs", price: "20", .packs("messages", Price("10", packSize: 100))),
            trialOfInvoices,
        ])

    private static let trialOfInvoices: Plan = {
        var plan = Plan.sample("trial", price: "20")
        plan.trial = FreeTrial(length: 14, unit: .day)
        return plan
    }()

    private static func days(_ count: Int64) -> Timestamp {
        start.adding(milliseconds: count * 86_400_000)
    }

    /// The plan waits for its payment.
    private static let sent = [
        row(
            "12.3: the plan waits with its invoice",
            .purchase(Purchase("pro", terms: later)), .plan("pro", nil), .plan("free", .active),
            .statuses([.open]), .dueTime(1, days(30)), .invoices([]), .markPaid(1),
            .plan("pro", .active), .plan("free", .ended), .statuses([.paid]), .invoices([2000])),
        row(
            "12.3: its periods begin when it is paid", .purchase(Purchase("pro", terms: later)),
            .advance(to: days(20)), .markPaid(1), .left("words", 100),
            .advance(to: days(45)), .statuses([.paid]), .advance(to: days(51)),
            .statuses([.paid, .open])),
        row(
            "14.6: a draft is due after it is finalized", .purchase(Purchase("pro", terms: draft)),
            .statuses([.draft]), .dueTime(1, nil), .refused("invoice not final", .markPaid(1)),
            .refused("invoice not final", .payInvoice(1)), .advance(to: days(10)), .finalize(1),
            .statuses([.open]), .dueTime(1, days(40)), .refused("invoice final", .finalize(1)),
            .markPaid(1), .plan("pro", .active)),
        row(
            "void: it is never carried out", .purchase(Purchase("pro", terms: later)),
            .voidInvoice(1), .statuses([.void]), .plan("pro", nil),
            .refused("invoice not sent", .markPaid(1)),
            .refused("invoice not sent", .voidInvoice(1))),
        row(
            "void: credit that it drew goes back", .buy("pro"), .change(Change(cancel: .now)),
            .credit(2000), .purchase(Purchase("premium", terms: later)), .credit(0),
            .voidInvoice(3), .credit(2000)),
        row(
            "12.3: credit pays a part", .buy("pro"), .change(Change(cancel: .now)),
            .purchase(Purchase("premium", terms: later)), .payInvoice(3), .credit(0),
            .invoices([2000, -2000, 5000]), .refund(3, nil), .refunded([3000])),
        row(
            "5.4: the same again is the same invoice", .purchase(Purchase("pro", terms: later)),
            .purchase(Purchase("pro", terms: later)), .statuses([.open])),
        row(
            "5.4: another plan of the group takes its place",
            .purchase(Purchase("pro", terms: later)), .purchase(Purchase("premium", terms: later)),
            .statuses([.void, .open]), .purchase("pro"), .statuses([.void, .void, .paid])),
        row(
            "5.4: other terms take its place", .purchase(Purchase("pro", terms: later)),
            .purchase(Purchase("pro", terms: InvoiceTerms(netDays: 10))),
            .statuses([.void, .open]), .dueTime(2, days(10))),
        row(
            "an add-on beside it is another invoice", .purchase(Purchase("pro", terms: later)),
            .purchase(Purchase("extra", terms: later)), .statuses([.open, .open]), .markPaid(2),
            .markPaid(1), .plan("pro", .active), .plan("extra", .active)),
        row(
            "what is paid out of band can't go back to a card",
            .purchase(Purchase("pro", terms: later)), .markPaid(1),
            .refused("refund too large", .refund(1, nil))),
        row(
            "what is paid on its page can", .purchase(Purchase("pro", terms: later)),
            .payInvoice(1), .plan("pro", .active), .refund(1, nil), .refunded([2000])),
        row(
            "something for good", .purchase(Purchase("once", terms: later)), .plan("once", nil),
            .markPaid(1), .plan("once", .active), .invoices([1000])),
        row(
            "5.4: an upgrade waits for as long as its prices hold", .buy("pro"),
            .purchase(Purchase("premium", terms: later)), .advance(to: renewal),
            .statuses([.paid, .void, .paid]), .plan("pro", .active), .plan("premium", nil)),
        row(
            "nobody pays: it is void in the end", .purchase(Purchase("pro", terms: later)),
            .advance(to: days(30)), .statuses([.open]), .markPaid(1), .plan("pro", .active)),
        row(
            "nobody pays until the schedule is over", .purchase(Purchase("pro", terms: later)),
            .advance(to: days(37)), .statuses([.void]), .plan("pro", nil)),
        row(
            "a cheaper plan is only scheduled at once", .buy("premium"),
            .refused("invalid: invoice_mode", .purchase(Purchase("pro", terms: later))),
            .purchase(Purchase("pro", terms: now)), .plan("pro", .scheduled),
            .advance(to: renewal), .plan("pro", .active), .statuses([.paid, .open])),
        row(
            "5.4: it has no start",
            .refused(
                "invalid: start_time",
                .purchase(Purchase("pro", starts: days(3), terms: later)))),
    ]

    /// The plan is given at once.
    private static let immediate = [
        row(
            "5.1: enable_plan_immediately", .purchase(Purchase("pro", terms: now)),
            .plan("pro", .active), .left("words", 100), .statuses([.open]), .invoices([]),
            .markPaid(1), .invoices([2000]), .plan("pro", .active)),
        row(
            "12.3: its renewals are sent too", .purchase(Purchase("pro", terms: now)), .markPaid(1),
            .advance(to: renewal), .statuses([.paid, .open]), .plan("pro", .active), .markPaid(2),
            .invoices([2000, 2000]), .advance(to: days(61)), .statuses([.paid, .paid, .open])),
        row(
            "18: after the first payment the card is charged",
            .purchase(Purchase("pro", terms: now)), .payInvoice(1), .advance(to: renewal),
            .statuses([.paid, .paid]), .invoices([2000, 2000])),
        row(
            "9: a trial by invoice needs no card", .purchase(Purchase("trial", terms: now)),
            .plan("trial", .active), .statuses([]), .advance(to: days(14)), .statuses([.open]),
            .plan("trial", .active), .dueTime(1, days(44))),
        row(
            "cancelled before it is paid: what is left isn't owed",
            .purchase(Purchase("pro", terms: now)), .change(Change(cancel: .now)), .credit(0),
            .statuses([.void])),
        row(
            "cancelled in the middle: what was used is", .purchase(Purchase("pro", terms: now)),
            .advance(to: middle), .change(Change(cancel: .now)), .credit(0), .statuses([.open]),
            .markPaid(1), .invoices([1000])),
        row(
            "it ends and is owed still",
            .purchase(Purchase("pro", terms: InvoiceTerms(netDays: 60, gives: true))),
            .change(Change(cancel: .atEnd)), .advance(to: renewal), .plan("pro", .ended),
            .statuses([.open]), .markPaid(1), .invoices([2000])),
        row(
            "replaced before it is paid", .purchase(Purchase("pro", terms: now)),
            .advance(to: middle), .purchase(Purchase("premium", terms: now)),
            .statuses([.open, .open]), .markPaid(1), .markPaid(2), .invoices([1000, 2500])),
        row(
            "what it gives back stays the customer's", .buy("pro"),
            .purchase(Purchase("premium", terms: now)), .statuses([.paid, .open]),
            .voidInvoice(2), .plan("premium", .ended), .plan("free", .active), .credit(2000)),
    ]

    /// Nobody pays by the due date.
    private static let unpaid = [
        row(
            "11.5: past due, then over",
            .purchase(Purchase("pro", terms: InvoiceTerms(netDays: 10, gives: true))),
            .advance(to: days(10)), .plan("pro", .pastDue), .left("words", 100),
            .statuses([.open]), .advance(to: days(17)), .statuses([.uncollectible]),
            .plan("pro", .ended), .plan("free", .active)),
        row(
            "11.5: paid late",
            .purchase(Purchase("pro", terms: InvoiceTerms(netDays: 10, gives: true))),
            .advance(to: days(12)), .plan("pro", .pastDue), .markPaid(1), .plan("pro", .active),
            .advance(to: days(20)), .plan("pro", .active)),
        row(
            "void: as if nobody had paid", .purchase(Purchase("pro", terms: now)),
            .voidInvoice(1), .statuses([.void]), .plan("pro", .ended), .plan("free", .active)),
    ]

    /// Changes that are paid so.
    private static let changed = [
        row(
            "10.2: packs wait for their invoice", .purchase(Purchase("packs", ["messages": 100])),
            .change(Change(nil, ["messages": 300], terms: later)), .left("messages", 100),
            .statuses([.paid, .open]), .markPaid(2), .left("messages", 300),
            .invoices([3000, 2000])),
        row(
            "10.2: packs at once", .purchase(Purchase("packs", ["messages": 100])),
            .change(Change(nil, ["messages": 300], terms: now)), .left("messages", 300),
            .statuses([.paid, .open]), .markPaid(2), .invoices([3000, 2000]),
            .refused("invalid: invoice_mode", .change(Change(nil, ["messages": 100], terms: later)))
        ),
        row(
            "what is unpaid can't be changed", .purchase(Purchase("packs", terms: now)),
            .refused("invalid: quantities", .change(Change(["messages": 300]))), .markPaid(1),
            .change(Change(["messages": 300])), .left("messages", 300)),
        row(
            "another change takes its place", .purchase(Purchase("packs", ["messages": 100])),
            .change(Change(nil, ["messages": 300], terms: later)),
            .change(Change(["messages": 200])), .statuses([.paid, .void, .paid]),
            .left("messages", 200)),
        row(
            "5.4: nothing to bill", .buy("pro"),
            .refused("invalid: invoice_mode", .change(Change(cancel: .atEnd, terms: now)))),
    ]
}
