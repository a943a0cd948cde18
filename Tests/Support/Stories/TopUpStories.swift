package import Billing

/// Entitlements §7.5: packs that are bought when little is left.
package enum TopUpStories {
    package static let table = StoryTable(
        "top-ups", pricing, numbers, sources, owners, byInvoice)

    /// 20 a month, and packs of messages for good.
    private static func selling(
        _ id: String, _ items: PlanItem..., price: UnitPrice? = "20", addOn: Bool = false,
        buying topUps: AutoTopUp...
    ) -> Plan {
        var plan = Plan.sample(id, price: price, addOn: addOn)
        plan.items = items
        plan.controls.controls.autoTopUps = topUps.map { topUp in
            var topUp = topUp
            topUp.feature = plan.controls.number(of: "messages")
            return topUp
        }
        return plan
    }

    private static func packs(
        _ feature: String = "messages", of units: Quantity = 100, _ amount: UnitPrice = "10"
    ) -> PlanItem {
        .packs(feature, Price(amount, packSize: units), each: .oneOff)
    }

    private static let volume = PlanItem.packs(
        "messages",
        Price(
            tiers: [Price.Tier(upTo: 1000, amount: "10"), Price.Tier(upTo: nil, amount: "8")],
            behavior: .volume, packSize: 100),
        each: .oneOff)

    package static let pricing = Fixture.pricing(
        selling("pro", packs()), selling("thousands", packs(of: 1000)),
        selling("monthly", .sample("messages", 50, each: .month), packs()),
        selling("credits", packs("credits")), selling("volume", volume),
        selling("plain", .sample("messages", 100, each: .month)),
        selling("metered", .sample("messages", 100, each: .month, price: "0.1"), packs()),
        selling("cheap", packs(of: 100, "0.3")),
        selling("topping", packs(), buying: low()),
        selling("topping_more", packs(), price: nil, addOn: true, buying: low(quantity: 300)),
        selling("extra", packs(of: 100, "7"), price: nil, addOn: true))

    package static func low(
        _ threshold: Quantity = 20, quantity: Quantity = 100,
        of feature: FeatureNumber = Fixture.messages, enabled: Bool = true,
        limit: AutoTopUp.PurchaseLimit? = nil
    ) -> AutoTopUp {
        AutoTopUp(
            feature: feature, isEnabled: enabled, threshold: threshold, quantity: quantity,
            limit: limit)
    }

    private static let hundred = Step.purchase(Purchase("pro", ["messages": 100]))
    private static let twenty = Step.set(.topUps(low()))

    private static func row(
        _ rule: String, _ steps: Step..., left: Quantity, of feature: String = "messages",
        invoices: [Int64]
    ) -> Story {
        Story(rule, after: steps, .charge, .invoices(invoices), .left(feature, left))
    }

    private static let atOnce = InvoiceTerms(netDays: 10, gives: true)
    private static let hundredMore = Step.change(
        Change("pro", ["messages": 100], terms: atOnce))

    /// Beside invoices that wait to be paid (billing §12.3).
    package static let byInvoice: [Story] = [
        row(
            "7.5: the card buys while another invoice waits", hundred, hundredMore, twenty,
            .track("messages", 185), .charge, .statuses([.paid, .open, .paid]), left: 115,
            invoices: [3000, 1000]),
        row(
            "7.5: so does the customer", hundred, hundredMore,
            .change(Change("pro", ["messages": 200])), .statuses([.paid, .open, .paid]),
            left: 400, invoices: [3000, 2000]),
        row(
            "7.5: not while the plan is past due; once it is paid", hundred, hundredMore, twenty,
            .advance(to: Story.usualStart.adding(milliseconds: 11 * 86_400_000)),
            .plan("pro", .pastDue), .track("messages", 185), .charge, .left("messages", 15),
            .statuses([.paid, .open]), .markPaid(2), .plan("pro", .active),
            .track("messages", 1), left: 114, invoices: [3000, 1000, 1000]),
        row(
            "7.5: what waits for other packs is void, and takes none away", hundred,
            .change(Change("pro", ["messages": 300], terms: InvoiceTerms())), twenty,
            .track("messages", 85), .charge, .statuses([.paid, .void, .paid]),
            .refused("invoice not sent", .markPaid(2)), left: 115, invoices: [3000, 1000]),
        row(
            "12.4: a refund of packs leaves them", hundred, twenty, .track("messages", 85),
            .charge, .refund(2, nil), .refunded([1000]), left: 115, invoices: [3000, 1000]),
        row(
            "12.3: void: what was given is used, and not charged", hundred, hundredMore,
            .voidInvoice(2), left: 200, invoices: [3000]),
    ]

    package static let numbers: [Story] = [
        row(
            "7.5: 100, threshold 20, quantity 100: track 85", hundred, twenty,
            .track("messages", 85), left: 115, invoices: [3000, 1000]),
        row("7.5: track 50", hundred, twenty, .track("messages", 50), left: 50, invoices: [3000]),
        row(
            "7.5: again when it is low again", hundred, twenty, .track("messages", 85), .charge,
            .track("messages", 50), .charge, .left("messages", 65), .track("messages", 50),
            left: 115, invoices: [3000, 1000, 1000]),
        row(
            "7.5: packs of 1000, quantity 1100",
            .purchase(Purchase("thousands", ["messages": 1000])),
            .set(.topUps(low(quantity: 1100))), .track("messages", 985), left: 2015,
            invoices: [3000, 2000]),
        row(
            "7.5: at the threshold", hundred, twenty, .track("messages", 80), left: 120,
            invoices: [3000, 1000]),
        row(
            "7.5: just above it", hundred, twenty, .track("messages", "79.9999999999"),
            left: "20.0000000001", invoices: [3000]),
        row(
            "7.5: threshold 0", hundred, .set(.topUps(low(0))), .track("messages", 99), .charge,
            .invoices([3000]), .track("messages", 5), left: 100, invoices: [3000, 1000]),
        row(
            "7.5: disabled", hundred, .set(.topUps(low(enabled: false))), .track("messages", 85),
            left: 15, invoices: [3000]),
        row(
            "7.5: taken away", hundred, twenty, .set(.topUps()), .track("messages", 85), left: 15,
            invoices: [3000]),
        row(
            "7.5: overage is paid down first", hundred, .set(.overage(Fixture.messages, true)),
            twenty, .track("messages", 150), left: 50, invoices: [3000, 1000]),
        row(
            "7.5: what is too little to charge is owed",
            .purchase(Purchase("cheap", ["messages": 100])), twenty, .track("messages", 90),
            .charge, .credit(-30), .invoices([2030, 30]), .track("messages", 95), left: 115,
            invoices: [2030, 30, 30]),
        row(
            "7.5: setting it buys nothing", hundred, .track("messages", 85), twenty, left: 15,
            invoices: [3000]),
        row(
            "7.5: twice in 10 minutes", hundred, twenty, .track("messages", 100), .charge,
            .track("messages", 100), .charge, .track("messages", 100), .charge,
            .invoices([3000, 1000, 1000]), .left("messages", 0),
            .advance(to: Story.usualStart.adding(milliseconds: 600_000)), .track("messages", 1),
            left: 100, invoices: [3000, 1000, 1000, 1000]),
        row(
            "7.5: a purchase limit", hundred,
            .set(.topUps(low(limit: AutoTopUp.PurchaseLimit(1, in: Cycle(.hour))))),
            .track("messages", 100), .charge, .track("messages", 100), .charge,
            .invoices([3000, 1000]), .advance(to: Story.usualStart.adding(milliseconds: 3_599_999)),
            .track("messages", 1), .charge, .invoices([3000, 1000]),
            .advance(to: Story.usualStart.adding(milliseconds: 3_600_000)),
            .track("messages", 1), left: 100, invoices: [3000, 1000, 1000]),
    ]

    package static let sources: [Story] = [
        row(
            "7.5: by a check that deducts", hundred, twenty, .deduct("messages", 85, .included),
            left: 115, invoices: [3000, 1000]),
        row(
            "7.5: by one that is denied", hundred, .track("messages", 85), twenty,
            .deduct("messages", 30, .insufficientBalance), left: 115, invoices: [3000, 1000]),
        row(
            "7.5: by a batch", hundred, .track("messages", 85), twenty,
            .batch([("messages", 1)]), left: 114, invoices: [3000, 1000]),
        row(
            "7.5: by what is held", hundred, twenty, .hold("messages", 85), .charge, .settle(0),
            left: 200, invoices: [3000, 1000]),
        row(
            "7.5: by what a hold comes to", hundred, twenty, .hold("messages", 50), .charge,
            .invoices([3000]), .settle(85), left: 115, invoices: [3000, 1000]),
        row(
            "7.5: by what is said to be used", hundred, twenty, .setUsage("messages", 85),
            left: 115, invoices: [3000, 1000]),
        row(
            "7.5: an event that feeds several", hundred, twenty, .event(["words", "messages"], 85),
            left: 115, invoices: [3000, 1000]),
        row(
            "7.5: usage of something else", hundred, .track("messages", 85), twenty,
            .track("words", 5), left: 15, invoices: [3000]),
        row(
            "7.5: credits, by a feature that draws them",
            .purchase(Purchase("credits", ["credits": 100])),
            .set(.topUps(low(of: Fixture.credits))), .track("action1", 400), left: 120,
            of: "credits", invoices: [3000, 1000]),
        row(
            "7.5: credits, not yet", .purchase(Purchase("credits", ["credits": 100])),
            .set(.topUps(low(of: Fixture.credits))), .track("action1", 399), left: "20.2",
            of: "credits", invoices: [3000]),
        row(
            "7.5: credits themselves", .purchase(Purchase("credits", ["credits": 100])),
            .set(.topUps(low(of: Fixture.credits))), .track("credits", 90), left: 110,
            of: "credits", invoices: [3000, 1000]),
        row(
            "7.5: by an entity", hundred, twenty, .entity("users", "a"),
            .track("messages", 85, of: "a"), left: 115, invoices: [3000, 1000]),
    ]

    package static let owners: [Story] = [
        row(
            "7.5: all that is left counts", .purchase(Purchase("monthly", ["messages": 100])),
            twenty, .track("messages", 129), .charge, .left("messages", 21),
            .track("messages", 1), left: 120, invoices: [3000, 1000]),
        row(
            "7.5: what was granted beside the plan, too", hundred, twenty,
            .open(Grant("messages", 50)), .track("messages", 100), left: 50, invoices: [3000]),
        row(
            "7.5: any amount is never low", hundred, twenty,
            .open(Grant("messages", nil, unlimited: true)), .track("messages", 500), .charge,
            left: 0, invoices: [3000]),
        row(
            "7.5: volume prices", .purchase(Purchase("volume", ["messages": 100])), twenty,
            .track("messages", 85), left: 15, invoices: [3000]),
        row(
            "7.5: nothing is sold for good", .buy("plain"), twenty, .track("messages", 85),
            left: 15, invoices: [2000]),
        row(
            "7.5: a plan without packs so far", .buy("metered"), twenty, .track("messages", 85),
            left: 115, invoices: [2000, 1000]),
        row(
            "7.5: a plan's", .purchase(Purchase("topping", ["messages": 100])),
            .track("messages", 85), left: 115, invoices: [3000, 1000]),
        row(
            "7.5: the customer's before a plan's",
            .purchase(Purchase("topping", ["messages": 100])),
            .set(.topUps(low(quantity: 200))), .track("messages", 85), left: 215,
            invoices: [3000, 2000]),
        row(
            "7.5: the customer's says no", .purchase(Purchase("topping", ["messages": 100])),
            .set(.topUps(low(enabled: false))), .track("messages", 85), left: 15,
            invoices: [3000]),
        row(
            "7.5: the newest plan's", .purchase(Purchase("topping", ["messages": 100])),
            .buy("topping_more"), .track("messages", 85), left: 315, invoices: [3000, 3000]),
        row(
            "7.5: of the newest plan that sells it", hundred, .buy("extra"), twenty,
            .track("messages", 85), left: 115, invoices: [3000, 700]),
        row(
            "7.5: not of a plan that has ended", hundred, twenty, .change(Change(cancel: .now)),
            .track("messages", 85), left: 15, invoices: [3000, -2000]),
        row(
            "7.5: an entity has none", hundred, .entity("users", "a"),
            .refused("invalid: auto_topups", .set(.topUps(low(), of: "a"))), left: 100,
            invoices: [3000]),
    ]
}
