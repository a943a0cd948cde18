import Billing

extension CustomLine {
    package init(cents: Int64) {
        self.init(
            Money(minorUnits: cents, currency: Currency(code: "usd")!), CustomLine.words(of: cents))
    }

    /// What the invoice says of it.
    package static func words(of cents: Int64) -> String { "Agreed: \(cents)" }
}

/// What a seller asks for in place of what is computed (billing §5.1, §5.4, §10).
extension PurchaseStories {
    package static let customLines = StoryTable(
        "billing §5.1, §5.4: custom line items", customPricing, bought, changed, byInvoice, refused)

    private static let customPricing = PricingState.sample(
        [.sample("messages", .metered), .sample("words", .metered)],
        [
            .sample("free", autoEnable: true, .sample("words", 50, each: .month)),
            .sample("pro", price: "20", .sample("words", 100, each: .month)),
            .sample("premium", price: "50"),
            .sample("extra", price: "10", addOn: true),
            .sample("once", price: "10", each: .oneOff),
            .sample("packs", price: "20", .packs("messages", Price("10", packSize: 100))),
            triedPlan,
        ], [Coupon(id: "once10", name: "Once", .amount("10"), .once)])

    private static let triedPlan: Plan = {
        var plan = Plan.sample("tried", price: "60")
        plan.trial = FreeTrial(length: 14, unit: .day)
        return plan
    }()

    /// Of a month of 30 days.
    private static let half = start.adding(milliseconds: 15 * 86_400_000)
    private static let now = Change(cancel: .now)
    private static let path = "invalid: custom_line_items"

    /// A plan beside or in place of what is paid for.
    private static let bought = [
        row(
            "5.1: they are what is charged", .buy("pro"),
            .purchase(Purchase("premium", custom: [500])),
            .invoices([2000, 500]), .plan("premium", .active), .plan("pro", .ended)),
        row(
            "8.1: bought and cancelled at once, all comes back", .buy("pro"),
            .purchase(Purchase("premium", custom: [500])), .change(now), .credit(2500)),
        row(
            "8.1: dearer than computed, too", .buy("pro"),
            .purchase(Purchase("premium", custom: [7000])), .change(now), .credit(9000)),
        row(
            "8.1: half of the period gives back half of what was paid for it", .buy("pro"),
            .purchase(Purchase("premium", custom: [500])), .advance(to: half), .change(now),
            .credit(1250)),
        row(
            "5.1: below 0 it is credit, and nothing was paid for the plan", .buy("pro"),
            .purchase(Purchase("premium", custom: [-3000])), .credit(3000), .change(now),
            .credit(3000)),
        row(
            "5.1: what is left of the old plan, less what is given", .buy("pro"),
            .purchase(Purchase("premium", custom: [-1500])), .credit(1500), .change(now),
            .credit(2000)),
        row(
            "5.1: several, up and down", .buy("pro"),
            .purchase(Purchase("premium", custom: [4000, -1000, 0])), .invoices([2000, 3000])),
        row(
            "5.1: nothing at all is an invoice, too", .buy("pro"),
            .purchase(Purchase("premium", custom: [0])), .invoices([2000, 0]), .change(now),
            .credit(2000)),
        row(
            "5.1: an add-on", .buy("pro"), .purchase(Purchase("extra", custom: [300])),
            .change(Change("extra", cancel: .now)), .credit(300)),
        row(
            "12.4: a card gets back what it paid, and no more", .buy("pro"),
            .purchase(Purchase("extra", custom: [1000, -400])), .refund(2, nil), .refunded([600]),
            .change(Change("extra", cancel: .now)), .credit(0)),
        row(
            "12.4: what went back to the card isn't credit again", .buy("pro"),
            .purchase(Purchase("premium", custom: [500])), .refund(2, nil), .refunded([500]),
            .change(now), .credit(2000)),
        row(
            "11: renewals are as ever", .buy("pro"), .purchase(Purchase("premium", custom: [500])),
            .advance(to: half.adding(milliseconds: 16 * 86_400_000)), .invoices([2000, 500, 5000])),
        row(
            "8.2: discounts don't lower them, and wait", .buy("pro"), .give("once10"),
            .purchase(Purchase("premium", custom: [500])), .invoices([2000, 500])),
    ]

    /// What there is.
    private static let changed = [
        row(
            "10.2: other quantities", .purchase(Purchase("packs", ["messages": 100])),
            .change(Change(nil, ["messages": 300], custom: [100])), .invoices([3000, 100]),
            .change(now), .credit(3100)),
        row(
            "10.2: fewer, and less given back", .purchase(Purchase("packs", ["messages": 300])),
            .change(Change(nil, ["messages": 100], custom: [-500])), .credit(500), .change(now),
            .credit(5000)),
        row(
            "10.1: another price", .buy("pro"),
            .change(Change("pro", customize: dearer, custom: [700])), .invoices([2000, 700]),
            .change(now), .credit(2700)),
        row(
            "10.3: leaving gives back what was agreed", .buy("pro"),
            .change(Change(cancel: .now, custom: [-500])), .credit(500), .plan("pro", .ended)),
        row(
            "10.3: leaving costs something: on top of the next invoice", .buy("pro"),
            .change(Change(cancel: .now, custom: [700])), .credit(-700)),
    ]

    private static let dearer: PlanPatch = {
        var patch = PlanPatch()
        patch.price = .set(BasePrice(amount: "30", cycle: Cycle(.month)))
        return patch
    }()

    private static let later = InvoiceTerms()
    private static let atOnce = InvoiceTerms(gives: true)

    private static let byInvoice = [
        row(
            "5.1: the plan waits for them", .buy("pro"),
            .purchase(Purchase("premium", terms: later, custom: [500])), .plan("premium", nil),
            .statuses([.paid, .open]), .markPaid(2), .plan("premium", .active),
            .invoices([2000, 500]), .change(now), .credit(2500)),
        row(
            "5.1: the same once more is the same invoice", .buy("pro"),
            .purchase(Purchase("premium", terms: later, custom: [500])),
            .purchase(Purchase("premium", terms: later, custom: [500])), .statuses([.paid, .open]),
            .purchase(Purchase("premium", terms: later, custom: [600])),
            .statuses([.paid, .void, .open])),
        row(
            "5.1: the plan starts before they are paid", .buy("pro"),
            .purchase(Purchase("premium", terms: atOnce, custom: [500])),
            .plan("premium", .active), .statuses([.paid, .open]), .markPaid(2), .change(now),
            .credit(2500)),
        row(
            "5.1: it ends before they are paid: what the old one left comes back", .buy("pro"),
            .purchase(Purchase("premium", terms: atOnce, custom: [500])), .change(now),
            .credit(2000)),
        row(
            "5.1: they are void: what the old one left comes back", .buy("pro"),
            .purchase(Purchase("premium", terms: atOnce, custom: [500])), .voidInvoice(2),
            .credit(2000)),
        row(
            "10.2: other quantities wait", .purchase(Purchase("packs", ["messages": 100])),
            .change(Change(nil, ["messages": 300], terms: later, custom: [100])), .markPaid(2),
            .change(now), .credit(3100)),
    ]

    private static let refused = [
        row("5.4: the first plan", .refused(path, .purchase(Purchase("pro", custom: [500])))),
        row(
            "5.4: a plan that starts later", .buy("premium"),
            .refused(path, .purchase(Purchase("pro", custom: [500])))),
        row(
            "5.4: a trial begins", .buy("pro"),
            .refused(path, .purchase(Purchase("tried", custom: [500])))),
        row(
            "5.4: a trial ends", .purchase("tried"),
            .refused(path, .change(Change("tried", customize: untried, custom: [500])))),
        row(
            "5.4: together with plans that end", .buy("pro"), .buy("extra"),
            .refused(
                path, .purchase(Purchase("premium", removing: ["extra"], custom: [500])))),
        row(
            "5.4: nothing is charged at the end", .buy("pro"),
            .refused(path, .change(Change(cancel: .atEnd, custom: [500])))),
        row(
            "5.4: nothing changes", .buy("pro"),
            .refused(path, .change(Change(with: ["once10"], custom: [500])))),
        row(
            "5.4: without proration", .buy("pro"),
            .refused(path, .change(Change(cancel: .now, prorates: false, custom: [500])))),
        row(
            "5.4: together with a refund", .buy("pro"),
            .refused(
                path, .change(Change(cancel: .now, refund: .full, custom: [500])))),
        row(
            "5.4: a plan that is paid once", .buy("once"),
            .refused(path, .change(Change("once", cancel: .now, custom: [500])))),
    ]

    private static let untried: PlanPatch = {
        var patch = PlanPatch()
        patch.trial = .removed
        return patch
    }()
}
