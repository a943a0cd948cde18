import Billing

/// Tax that the payment provider finds (billing §18: automatic_tax), by the sandbox's rates.
package enum AutomaticTaxStories {
    package static let table = StoryTable(
        "billing §18: automatic tax", automatic(.exclusive), sold, billed, changed, refused)

    package static let within = StoryTable(
        "billing §18: automatic tax within prices", automatic(.inclusive), contained)

    package static let fallback = StoryTable(
        "billing §18: automatic tax, else a rate for all", automatic(.exclusive, else: "vat77"),
        elsewhere)

    private static func automatic(
        _ tax: AutomaticTax, else rate: String = ""
    ) -> PricingState {
        var draft = PricingDraft(currency: "usd", features: [], plans: [])
        draft.settings = PricingSettings()
        draft.settings?.automaticTax = tax
        draft.settings?.defaultTaxRate = rate
        return TaxStories.pricing.publishing(draft)
    }

    private static let middle = TaxStories.middle
    private static let renewal = TaxStories.renewal

    private static func row(_ rule: String, _ steps: Step...) -> Story {
        var story = Story(rule, after: steps)
        story.start = .utc(2026, 4, 1)
        return story
    }

    private static func buy(_ plan: String, _ rate: String?, in currency: String? = nil) -> Step {
        TaxStories.buy(plan, rate, in: currency)
    }

    private static let sold = [
        row(
            "Germany: 19 % on top, and so it renews", .address("DE"),
            .foreseen(.purchase("pro"), now: 2380, next: 2380), .buy("pro"), .invoices([2380]),
            .taxes([380]), .advance(to: renewal), .invoices([2380, 2380]), .taxes([380, 380])),
        row(
            "California: 7.25 %", .address("US", state: "CA"), .buy("pro"), .invoices([2145]),
            .taxes([145])),
        row(
            "where the seller owes none", .address("BR"), .buy("pro"), .invoices([2000]),
            .taxes([0])),
        row(
            "yen: 19 % of 3000", .address("DE"), buy("pro", nil, in: "jpy"), .invoices([3570]),
            .taxes([570])),
        row(
            "a rate that is asked for comes first", .address("DE"), buy("pro", "vat77"),
            .invoices([2154]), .taxes([154]), .advance(to: renewal), .invoices([2154, 2154])),
        row(
            "so does the customer's, and then no address is needed", .taxRate("zero"), .buy("pro"),
            .invoices([2000]), .taxes([0]), .advance(to: renewal), .invoices([2000, 2000])),
        row(
            "by invoice", .address("DE"), .purchase(Purchase("pro", terms: InvoiceTerms())),
            .markPaid(1), .invoices([2380]), .taxes([380])),
        row(
            "several plans", .address("DE"), .several(["pro", "extra"]), .invoices([3570]),
            .taxes([570])),
        row(
            "in phases", .address("DE"),
            .schedule([.now("pro"), .at(renewal, "premium")]), .invoices([2380]),
            .advance(to: renewal), .invoices([2380, 5950])),
    ]

    private static let billed = [
        row(
            "what was used beyond: 151 at 0.10", .address("DE"), .buy("metered"),
            .track("messages", 251), .advance(to: renewal), .invoices([2380, 4177]),
            .taxes([380, 667])),
        row(
            "a trial costs nothing, and then", .address("DE"), .buy("trial"), .invoices([]),
            .advance(to: .utc(2026, 4, 16)), .invoices([2380]), .taxes([380])),
        row(
            "who moves to Switzerland renews with 8.1 %", .address("DE"), .buy("pro"),
            .address("CH"), .advance(to: renewal), .invoices([2380, 2162]), .taxes([380, 162])),
        row(
            "an address that says too little: nothing is known", .address("DE"), .buy("pro"),
            .address("US"), .advance(to: renewal), .invoices([2380, 2000])),
        row(
            "nobody is to know the address any more", .address("DE"), .buy("pro"), .address(""),
            .advance(to: renewal), .invoices([2380, 2000])),
        row(
            "month after month", .address("DE"), .buy("pro"), .advance(to: .utc(2026, 8, 15)),
            .invoices([2380, 2380, 2380, 2380, 2380])),
        row(
            "a plan that starts later", .address("DE"), .buy("extra"),
            .purchase(Purchase("pro", starts: .utc(2026, 4, 20))), .invoices([1190]),
            .advance(to: .utc(2026, 4, 20)), .invoices([1190, 2380])),
    ]

    private static let changed = [
        row(
            "8.1: upgrade at mid cycle: -11.90 + 29.75", .address("DE"), .buy("pro"),
            .advance(to: middle), .buy("premium"), .invoices([2380, 1785]), .taxes([380, 285])),
        row(
            "8.1: what was taxed there comes back so: -11.90 + 25 + 2.03", .address("DE"),
            .buy("pro"), .advance(to: middle), .address("CH"), .buy("premium"),
            .invoices([2380, 1513]), .taxes([380, 13])),
        row(
            "10.3: cancelled at once", .address("DE"), .buy("pro"), .change(Change(cancel: .now)),
            .invoices([2380, -2380]), .taxes([380, -380]), .credit(2380)),
        row(
            "10.3: nobody needs an address to cancel", .address("DE"), .buy("pro"), .address(""),
            .change(Change(cancel: .now)), .invoices([2380, -2380]), .taxes([380, -380])),
        row(
            "more packs", .address("DE"), .purchase(Purchase("packs", ["messages": 100])),
            .change(Change(["messages": 200])), .invoices([3570, 1190]), .taxes([570, 190])),
    ]

    private static let refused = [
        row("without an address", .refused("tax address required", .attach("pro"))),
        row(
            "nor is there a trial", .refused("tax address required", .attach("trial"))),
        row(
            "an upgrade, once the address is gone", .address("DE"), .buy("pro"), .address(""),
            .refused("tax address required", .attach("premium")), .invoices([2380])),
        row(
            "several", .refused("tax address required", .several(["pro", "extra"]))),
    ]

    private static let contained = [
        row(
            "Germany: 19 / 119", .address("DE"), .foreseen(.purchase("pro"), now: 2000, next: 2000),
            .buy("pro"), .invoices([2000]), .taxes([319]), .advance(to: renewal),
            .invoices([2000, 2000]), .taxes([319, 319])),
        row(
            "upgrade at mid cycle: -10 + 25", .address("DE"), .buy("pro"), .advance(to: middle),
            .buy("premium"), .invoices([2000, 1500]), .taxes([319, 239])),
    ]

    private static let elsewhere = [
        row(
            "where nothing is known the rate for all is charged for renewals", .address("DE"),
            .buy("pro"), .address("US"), .advance(to: renewal), .invoices([2380, 2154])),
        row(
            "where none is due there is none", .address("BR"), .buy("pro"), .invoices([2000]),
            .advance(to: renewal), .invoices([2000, 2000])),
        row("nothing is sold by it", .refused("tax address required", .attach("pro"))),
    ]
}
