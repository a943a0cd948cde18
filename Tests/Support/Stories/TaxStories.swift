import Billing

/// Tax rates (billing §5.1, §8, §14.6): what is added, what is within, and what comes back.
package enum TaxStories {
    package static let table = StoryTable(
        "billing §5.1: taxes", pricing, charged, changed, returned, elsewhere, refused)

    /// The same catalog, where everybody pays tax.
    package static let usual = StoryTable(
        "billing §18: a tax rate for all", usually(pricing), forAll)

    private static func usually(_ pricing: PricingState) -> PricingState {
        var draft = PricingDraft(currency: "usd", features: [], plans: [])
        draft.settings = PricingSettings()
        draft.settings?.defaultTaxRate = "vat19"
        return pricing.publishing(draft)
    }

    private static let rates = [
        TaxRate(id: "vat19", name: "VAT", percentage: 19, jurisdiction: "DE"),
        TaxRate(id: "vat77", name: "VAT", percentage: percent("7.7"), jurisdiction: "CH"),
        TaxRate(id: "nyc", name: "Sales tax", percentage: percent("8.875")),
        TaxRate(id: "in19", name: "VAT", percentage: 19, isInclusive: true),
        TaxRate(id: "in20", name: "VAT", percentage: 20, isInclusive: true, jurisdiction: "GB"),
        TaxRate(id: "zero", name: "VAT", percentage: 0),
    ]

    private static func percent(_ text: String) -> Quantity {
        Quantity(raw: DecimalText.parseExactly(text, digits: 10) ?? 0)
    }

    private static func inOthers(
        _ id: String, _ price: UnitPrice, _ yen: UnitPrice, _ dinars: UnitPrice
    ) -> Plan {
        var plan = Plan.sample(id, price: price)
        plan.price?.others = [("jpy", yen), ("kwd", dinars)].compactMap { code, amount in
            Currency(code: code).map { CurrencyPrice($0, amount) }
        }
        return plan
    }

    private static let trial: Plan = {
        var plan = Plan.sample("trial", price: "20")
        plan.trial = FreeTrial(length: 14, unit: .day)
        return plan
    }()

    static let pricing: PricingState = {
        var draft = PricingDraft(
            currency: "usd",
            features: [.sample("messages", .metered), .sample("words", .metered)],
            plans: [
                .sample("free", autoEnable: true, .sample("words", 50, each: .month)),
                inOthers("pro", "20", "3000", "6.5"), inOthers("premium", "50", "7500", "15.255"),
                .sample("odd", price: "34.90"), .sample("extra", price: "10", addOn: true),
                .sample(
                    "metered", price: "20", .sample("messages", 100, each: .month, price: "0.10")),
                .sample("packs", price: "20", .packs("messages", Price("10", packSize: 100))),
                trial,
            ])
        draft.rewards.coupons = [
            Coupon(id: "half", name: "Half", .percentage(50), .forever),
            Coupon(id: "all", name: "All", .percentage(100), .forever),
            Coupon(id: "five", name: "Five", .amount("5"), .forever),
        ]
        draft.taxRates = rates
        let faults = draft.validate(onto: .empty)
        precondition(faults.isEmpty, "\(faults)")
        return PricingState.empty.publishing(draft)
    }()

    static let middle = Timestamp.utc(2026, 4, 16)
    static let renewal = Timestamp.utc(2026, 5, 1)

    static func row(_ rule: String, _ steps: Step...) -> Story {
        var story = Story(rule, after: steps)
        story.start = .utc(2026, 4, 1)
        return story
    }

    static func buy(
        _ plan: String, _ rate: String?, in currency: String? = nil, with coupons: String...
    ) -> Step {
        .purchase(Purchase(plan, with: coupons, in: currency, taxed: rate))
    }

    private static let charged = [
        row(
            "19 % on top, and so it renews", .foreseen(buy("pro", "vat19"), now: 2380, next: 2380),
            buy("pro", "vat19"), .invoices([2380]), .taxes([380]), .advance(to: renewal),
            .invoices([2380, 2380]), .taxes([380, 380])),
        row("7.7 % on top", buy("pro", "vat77"), .invoices([2154]), .taxes([154])),
        row(
            "8.875 % on top: 1.775, half away from zero", buy("pro", "nyc"), .invoices([2178]),
            .taxes([178])),
        row("8.875 % of 34.90: 3.097375", buy("odd", "nyc"), .invoices([3800]), .taxes([310])),
        row("20 % within: 20 / 6", buy("pro", "in20"), .invoices([2000]), .taxes([333])),
        row("19 % within: 20 × 19 / 119", buy("pro", "in19"), .invoices([2000]), .taxes([319])),
        row("0 %", buy("pro", "zero"), .invoices([2000]), .taxes([0])),
        row("none", .buy("pro"), .invoices([2000]), .taxes([0])),
        row(
            "yen: 8.875 % of 3000 is 266.25", buy("pro", "nyc", in: "jpy"), .invoices([3266]),
            .taxes([266])),
        row(
            "dinars: 19 % of 6.500 is 1.235, in steps of ten", buy("pro", "vat19", in: "kwd"),
            .invoices([7740]), .taxes([1240])),
        row(
            "dinars: 19 % within 6.500", buy("pro", "in19", in: "kwd"), .invoices([6500]),
            .taxes([1040])),
        row(
            "after a coupon", buy("pro", "vat19", with: "half"), .invoices([1190]), .taxes([190]),
            .advance(to: renewal), .invoices([1190, 1190])),
        row(
            "after an amount off", buy("pro", "vat19", with: "five"), .invoices([1785]),
            .taxes([285])),
        row(
            "of what a coupon lowers to nothing", buy("pro", "vat19", with: "all"),
            .invoices([0]), .taxes([0])),
        row(
            "packs: each line by itself",
            .purchase(Purchase("packs", ["messages": 200], taxed: "nyc")), .invoices([4356]),
            .taxes([356]), .change(Change(["messages": 300])), .invoices([4356, 1088]),
            .taxes([356, 88])),
        row(
            "what was used beyond: 151 at 0.10", buy("metered", "vat19"),
            .track("messages", 251), .advance(to: renewal), .invoices([2380, 4177]),
            .taxes([380, 667])),
        row(
            "a trial costs nothing, and then", buy("trial", "vat19"), .invoices([]),
            .advance(to: .utc(2026, 4, 16)), .invoices([2380]), .taxes([380])),
        row(
            "credit pays it", buy("pro", "vat19"), .change(Change(cancel: .now)), .credit(2380),
            buy("premium", "vat19"), .credit(0), .invoices([2380, -2380, 5950]),
            .taxes([380, -380, 950])),
        row(
            "by invoice",
            .purchase(Purchase("pro", terms: InvoiceTerms(), taxed: "vat19")),
            .markPaid(1), .invoices([2380]), .taxes([380])),
        row(
            "given at once, and paid afterwards",
            .purchase(Purchase("pro", terms: InvoiceTerms(gives: true), taxed: "vat19")),
            .markPaid(1), .invoices([2380]), .change(Change(cancel: .now)),
            .invoices([2380, -2380]), .taxes([380, -380])),
    ]

    private static let changed = [
        row(
            "8.1: upgrade at mid cycle: -11.90 + 29.75", buy("pro", "vat19"),
            .advance(to: middle), .buy("premium"), .invoices([2380, 1785]), .taxes([380, 285]),
            .advance(to: renewal), .invoices([2380, 1785, 5950])),
        row(
            "8.1: the same at 8.875 %: -10.89 + 27.22", buy("pro", "nyc"),
            .advance(to: middle), .buy("premium"), .invoices([2178, 1633]), .taxes([178, 133])),
        row(
            "8.1: the same with 19 % within: -10 + 25", buy("pro", "in19"),
            .advance(to: middle), .buy("premium"), .invoices([2000, 1500]), .taxes([319, 239])),
        row(
            "8.1: after 10 of 30 days: -13.33 + 33.33 is 20, and 3.80", buy("pro", "vat19"),
            .advance(to: .utc(2026, 4, 11)), .buy("premium"), .invoices([2380, 2380]),
            .taxes([380, 380])),
        row(
            "8.1: what was untaxed comes back without tax", .buy("pro"), .advance(to: middle),
            buy("premium", "vat19"), .invoices([2000, 1975]), .taxes([0, 475])),
        row(
            "8.1: what was taxed comes back with it", buy("pro", "vat19"), .advance(to: middle),
            buy("premium", "zero"), .invoices([2380, 1310]), .taxes([380, -190])),
        row(
            "11.2: downgrade, with the same rate", buy("premium", "vat19"), .purchase("pro"),
            .advance(to: renewal), .invoices([5950, 2380]), .taxes([950, 380])),
        row(
            "another rate from the renewal on", .buy("pro"), .change(Change("pro", taxed: "vat19")),
            .invoices([2000]), .advance(to: renewal), .invoices([2000, 2380])),
        row(
            "another rate with other packs",
            .purchase(Purchase("packs", ["messages": 100], taxed: "vat19")),
            .change(Change("packs", ["messages": 200], taxed: "zero")),
            .invoices([3570, 810]), .taxes([570, -190])),
        row(
            "5.1: a line of the seller's own", buy("pro", "vat19"),
            .purchase(Purchase("premium", custom: [3000])), .invoices([2380, 3570]),
            .taxes([380, 570]), .change(Change(cancel: .now)), .invoices([2380, 3570, -5950]),
            .taxes([380, 570, -950]), .credit(5950)),
        row(
            "the customer's, and a subscription's own", .taxRate("vat19"), .buy("pro"),
            buy("extra", "zero"), .invoices([2380, 1000]), .taxRate("zero"),
            .advance(to: renewal), .invoices([2380, 1000, 3000])),
        row(
            "its own stays, whatever the customer's is", buy("pro", "vat19"), .taxRate("zero"),
            .advance(to: renewal), .invoices([2380, 2380])),
        row(
            "14.3: several plans", .taxRate("vat19"), .several(["pro", "extra"]),
            .invoices([3570]), .taxes([570])),
        row(
            "14.3: several plans at a rate",
            .several([Purchase("pro", taxed: "nyc"), Purchase("extra", taxed: "nyc")]),
            .invoices([3267]), .taxes([267]), .advance(to: renewal), .invoices([3267, 3267])),
        row(
            "14.4: in phases",
            .schedule([.now(Purchase("pro", taxed: "vat19")), .at(renewal, "premium")]),
            .invoices([2380]), .advance(to: renewal), .invoices([2380, 5950])),
    ]

    private static let returned = [
        row(
            "10.3: cancelled at once", buy("pro", "vat19"), .change(Change(cancel: .now)),
            .invoices([2380, -2380]), .taxes([380, -380]), .credit(2380)),
        row(
            "10.3: in the middle", buy("pro", "vat19"), .advance(to: middle),
            .change(Change(cancel: .now)), .invoices([2380, -1190]), .credit(1190)),
        row(
            "10.3: in the middle, 19 % within", buy("pro", "in19"), .advance(to: middle),
            .change(Change(cancel: .now)), .invoices([2000, -1000]), .taxes([319, -160])),
        row(
            "10.3: back to the card", buy("pro", "vat19"), .advance(to: middle),
            .change(Change(cancel: .now, refund: .prorated)), .refunded([1190]),
            .refundedTaxes([190])),
        row(
            "10.3: what credit paid becomes credit, with its tax", buy("pro", "vat19"),
            .change(Change(cancel: .now)), buy("premium", "vat19"), .credit(0),
            .change(Change(cancel: .now, refund: .full)), .refunded([3570]),
            .refundedTaxes([570]), .invoices([2380, -2380, 5950, -2380]),
            .taxes([380, -380, 950, -380]), .credit(2380)),
        row(
            "0.1: all of it", buy("pro", "vat19"), .refund(1, nil), .refunded([2380]),
            .refundedTaxes([380]), .change(Change(cancel: .now)), .credit(0)),
        row(
            "0.1: in three parts: the last one gets what is left", buy("pro", "vat19"),
            .refund(1, 1000), .refund(1, 1000), .refused("refund too large", .refund(1, 381)),
            .refund(1, 380), .refunded([1000, 1000, 380]), .refundedTaxes([160, 159, 61])),
        row(
            "0.1: in three parts, 8.875 %", buy("pro", "nyc"), .refund(1, 700),
            .refund(1, 700), .refund(1, nil), .refunded([700, 700, 778]),
            .refundedTaxes([57, 57, 64])),
        row(
            "0.1: in three parts, 20 % within", buy("pro", "in20"), .refund(1, 700),
            .refund(1, 700), .refund(1, nil), .refunded([700, 700, 600]),
            .refundedTaxes([117, 116, 100])),
        row(
            "0.1: a quarter refunded, then half of the rest", buy("pro", "vat19"),
            .refund(1, 595), .refundedTaxes([95]), .advance(to: middle),
            .change(Change(cancel: .now)), .invoices([2380, -893]), .taxes([380, -143]),
            .credit(893)),
        row(
            "0.1: what is over has its tax, too", buy("metered", "vat19"),
            .track("messages", 251), .advance(to: renewal), .invoices([2380, 4177]),
            .refund(2, nil), .refundedTaxes([667])),
        row(
            "0.1: at the provider", buy("pro", "vat19"), .providerRefund(1, 1190),
            .refunded([1190]), .refundedTaxes([190]), .change(Change(cancel: .now)),
            .credit(1190)),
        row(
            "12.4: a dispute takes the tax, too", buy("pro", "vat19"),
            .dispute(1, 1190, .lost), .change(Change(cancel: .now)), .invoices([2380, -1190]),
            .taxes([380, -190])),
        row(
            "12.4: won, all of it is there again", buy("pro", "vat19"),
            .dispute(1, 2380, .open), .dispute(1, 2380, .won), .change(Change(cancel: .now)),
            .invoices([2380, -2380]), .taxes([380, -380])),
    ]

    /// A rate that others have changes nothing here.
    private static let elsewhere = [
        row(
            "none: as if there were no rates", .buy("pro"), .advance(to: middle), .buy("premium"),
            .refund(1, 500), .invoices([2000, 1500]), .taxes([0, 0]), .refundedTaxes([0]))
    ]

    private static let refused = [
        row(
            "5.1: what isn't published",
            .refused("invalid: tax_rate_id", buy("pro", "nowhere")),
            .refused("invalid: tax_rate_id", .several([Purchase("pro", taxed: "nowhere")])),
            .refused(
                "invalid: tax_rate_id", .schedule([.now(Purchase("pro", taxed: "nowhere"))])),
            .refused("invalid: tax_rate_id", .taxRate("nowhere")), .buy("pro"),
            .refused("invalid: tax_rate_id", .change(Change("pro", taxed: "nowhere"))),
            .invoices([2000])),
        row(
            "10.3: not with a cancellation", .buy("pro"),
            .refused(
                "invalid: cancel_action", .change(Change("pro", cancel: .now, taxed: "vat19")))),
    ]

    private static let forAll = [
        row(
            "who has none pays the usual one", .buy("pro"), .invoices([2380]), .taxes([380]),
            .advance(to: renewal), .invoices([2380, 2380])),
        row("another one", buy("pro", "zero"), .invoices([2000]), .taxes([0])),
        row(
            "the customer's", .taxRate("nyc"), .buy("pro"), .invoices([2178]), .taxRate(""),
            .advance(to: renewal), .invoices([2178, 2380])),
    ]
}
