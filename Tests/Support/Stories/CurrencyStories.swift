import Billing

/// Prices in other currencies than the catalog's (billing §1.2, §1.3, §5.4).
package enum CurrencyStories {
    package static let table = StoryTable(
        "billing §5.4: paid in other currencies", pricing, amounts, refused)

    private static func others(_ amounts: KeyValuePairs<String, UnitPrice>) -> [CurrencyPrice] {
        amounts.compactMap { code, amount in
            Currency(code: code).map { CurrencyPrice($0, amount) }
        }
    }

    private static func plan(
        _ id: String, _ price: UnitPrice, _ amounts: KeyValuePairs<String, UnitPrice>,
        _ items: PlanItem...
    ) -> Plan {
        var plan = Plan.sample(id, price: price)
        plan.price?.others = others(amounts)
        plan.items = items
        return plan
    }

    private static var overage: PlanItem {
        var item = PlanItem.sample("words", 10, each: .month, price: "1")
        item.usagePrice?.others = others(["eur": "0.9"])
        return item
    }

    private static var packs: PlanItem {
        var item = PlanItem.packs("messages", Price("10", packSize: 100))
        item.prepaidPrice?.others = others(["eur": "9"])
        return item
    }

    /// 0.10 up to 100, then 0.05; 10 and 5 in yen.
    private static var steps: PlanItem {
        func tiers(_ first: UnitPrice, _ next: UnitPrice) -> [Price.Tier] {
            [Price.Tier(upTo: 100, amount: first), Price.Tier(upTo: nil, amount: next)]
        }
        var item = PlanItem.packs("messages", Price(tiers: tiers("0.1", "0.05")))
        item.prepaidPrice?.others =
            Currency(code: "jpy").map {
                [CurrencyPrice($0, .zero, tiers: tiers("10", "5"))]
            } ?? []
        return item
    }

    private static let pricing = PricingState.sample(
        [.sample("words", .metered), .sample("messages", .metered)],
        [
            .sample("free", autoEnable: true, .sample("words", 50, each: .month)),
            plan("pro", "20", ["eur": "18", "jpy": "3000", "kwd": "6.5"]),
            plan("premium", "50", ["eur": "45", "jpy": "7500", "kwd": "15.255"]),
            plan("domestic", "30", [:]),
            plan("metered", "10", ["eur": "9"], overage),
            plan("packs", "20", ["eur": "18"], packs),
            plan("steps", "20", ["jpy": "2000"], steps),
        ],
        [
            Coupon(id: "five", name: "Five", .amount("5"), .forever),
            Coupon(id: "tenth", name: "Tenth", .percentage(10), .forever),
        ])

    private static let middle = Timestamp.utc(2026, 4, 16)
    private static let renewal = Timestamp.utc(2026, 5, 1)

    private static func row(_ rule: String, _ steps: Step...) -> Story {
        var story = Story(rule, after: steps)
        story.start = .utc(2026, 4, 1)
        return story
    }

    private static func buy(_ plan: String, in currency: String?) -> Step {
        .purchase(Purchase(plan, in: currency))
    }

    private static var dearer: PlanPatch {
        var patch = PlanPatch()
        patch.price = .set(BasePrice(amount: "30", cycle: Cycle(.month)))
        return patch
    }

    private static var dearerEverywhere: PlanPatch {
        var patch = PlanPatch()
        var price = BasePrice(amount: "30", cycle: Cycle(.month))
        price.others = others(["eur": "27"])
        patch.price = .set(price)
        return patch
    }

    private static let amounts = [
        row(
            "1.2: euros, and so it renews", .foreseen(buy("pro", in: "eur"), now: 1800, next: 1800),
            buy("pro", in: "eur"), .invoices([1800]), .advance(to: renewal),
            .invoices([1800, 1800])),
        row("1.2: the catalog's", buy("pro", in: "usd"), .invoices([2000])),
        row(
            "8.1: prorated at mid cycle: -9 + 22.50", buy("pro", in: "eur"),
            .advance(to: middle), buy("premium", in: nil), .invoices([1800, 1350]),
            .advance(to: renewal), .invoices([1800, 1350, 4500])),
        row(
            "2: yen have no hundredths", buy("pro", in: "jpy"), .advance(to: middle),
            buy("premium", in: "jpy"), .invoices([3000, 2250])),
        row(
            "0.8: dinars have thousandths, in steps of ten", buy("premium", in: "kwd"),
            .invoices([15_260])),
        row(
            "0.8: dinars, prorated: -3.250 + 7.630", buy("pro", in: "kwd"),
            .advance(to: middle), buy("premium", in: nil), .invoices([6500, 4380])),
        row(
            "1.3: what is used beyond: 5 at 0.90", buy("metered", in: "eur"),
            .track("words", 15), .advance(to: renewal), .invoices([900, 1350])),
        row(
            "1.3: packs, and more of them",
            .purchase(Purchase("packs", ["messages": 200], in: "eur")),
            .change(Change("packs", ["messages": 400])), .invoices([3600, 1800])),
        row(
            "1.3: tiers: 100 at 10, 50 at 5",
            .purchase(Purchase("steps", ["messages": 150], in: "jpy")),
            .invoices([3250])),
        row(
            "10.3: credit, and what it pays", buy("pro", in: "eur"),
            .change(Change(cancel: .now)), .credit(1800), buy("premium", in: nil),
            .invoices([1800, -1800, 4500]), .credit(0)),
        row(
            "8.2: a percentage", .purchase(Purchase("pro", with: ["tenth"], in: "eur")),
            .invoices([1620])),
        row(
            "5.1: a plan of one's own",
            .purchase(Purchase("pro", customize: dearerEverywhere, in: "eur")),
            .invoices([2700])),
    ]

    private static let refused = [
        row(
            "5.4: once charged it stays", buy("pro", in: "eur"),
            .refused("currency mismatch", buy("premium", in: "usd")),
            .refused("currency mismatch", buy("premium", in: "jpy"))),
        row(
            "5.4: the catalog's too", buy("pro", in: nil),
            .refused("currency mismatch", buy("premium", in: "eur")),
            buy("premium", in: "usd"), .invoices([2000, 3000])),
        row(
            "5.4: what has no price in it",
            .refused("invalid: plan_id", buy("domestic", in: "eur")),
            buy("domestic", in: nil), .invoices([3000])),
        row(
            "5.4: nor later", buy("pro", in: "eur"),
            .refused("invalid: plan_id", buy("domestic", in: nil)),
            .refused("invalid: plan_id", buy("steps", in: nil))),
        row(
            "5.4: nor in a later phase", buy("pro", in: "eur"),
            .refused(
                "invalid: phases[1].plans[0].plan_id",
                .schedule([.now("pro"), .at(renewal, "domestic")])),
            .schedule([.now("pro"), .at(renewal, "premium")]), .advance(to: renewal),
            .plan("premium", .active)),
        row(
            "5.4: nor one of one's own",
            .refused(
                "invalid: customize", .purchase(Purchase("pro", customize: dearer, in: "eur"))),
            buy("pro", in: "eur"),
            .refused("invalid: customize", .change(Change("pro", customize: dearer)))),
        row(
            "13: an amount off is in one currency",
            .refused("currency mismatch", .purchase(Purchase("pro", with: ["five"], in: "eur"))),
            buy("pro", in: "eur"), .refused("currency mismatch", .give("five")),
            .give("tenth"), .advance(to: renewal), .invoices([1800, 1620])),
        row(
            "5.4: nor does one that is held change",
            .give("five"), .refused("currency mismatch", buy("pro", in: "eur")),
            buy("pro", in: nil), .invoices([1500])),
    ]
}
