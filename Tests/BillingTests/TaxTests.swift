import Stories
import Testing

@testable import Billing

/// Billing §5.1, §8, §14.6: tax rates.
@Suite("Taxes") struct TaxTests {
    @Test("§5.1: told", arguments: TaxStories.table.stories)
    func tell(story: Story) throws { try story.run(TaxStories.table.pricing) }

    @Test(
        "§18: told, with what the provider finds",
        arguments: [
            AutomaticTaxStories.table, AutomaticTaxStories.within, AutomaticTaxStories.fallback,
        ])
    func tellAutomatic(table: StoryTable) throws {
        for story in table.stories { try story.run(table.pricing) }
    }

    /// A desk whose customer is billed there.
    private func desk(_ country: String, state: String = "") throws -> Desk {
        var desk = Desk(AutomaticTaxStories.table.pricing)
        try desk.create()
        try desk.move(to: country, state)
        return desk
    }

    @Test("§18: an address that says too little is asked for once, and then refused")
    func insufficient() throws {
        var desk = try desk("US")
        let pro = desk.pricing.number(ofPlan: "pro")
        for _ in 1...2 {
            #expect(throws: Refusal.taxAddressRequired(isThere: true)) {
                try desk.run(.attach(AttachPlan(plan: pro)))
            }
        }
        let asked = desk.facts.count { if case .effectRequested = $0 { true } else { false } }
        #expect(asked == 1)
        try desk.move(to: "US", "NY")
        try desk.buy("pro")
        #expect(desk.customer.account.invoices.map(\.total.minorUnits) == [2080])
    }

    @Test("§18: what can't be found out: nothing is sold, and renewals cost what they did")
    func failed() throws {
        var desk = try desk("DE")
        try desk.buy("pro")
        let address = desk.customer.account.address
        desk.advance(to: desk.now.adding(milliseconds: 86_400_000))
        let question = try #require(
            try desk.customer.taxQuestion(
                for: .provider(.taxesWanted), pricing: desk.pricing, now: desk.now, effectID: "q"))
        desk.apply([.effectRequested(question)])
        // An answer for an address that it doesn't have any more is none.
        try desk.run(.settle(SettleEffect(effectID: "q", answer: .taxes(.none, nil))))
        #expect(desk.customer.openEffect == nil && desk.customer.account.taxes?.status == .due)
        desk.apply([.effectRequested(question)])
        let failure = SettleEffect.Answer.taxes(.failed(code: "taxes_calculation_failed"), address)
        try desk.run(.settle(SettleEffect(effectID: "q", answer: failure)))
        let premium = desk.pricing.number(ofPlan: "premium")
        #expect(throws: Refusal.taxUnknown(code: "taxes_calculation_failed")) {
            try desk.run(.attach(AttachPlan(plan: premium)))
        }
        #expect(desk.customer.account.taxes?.rate?.percentage == 19)
        var change = ChangeSubscription()
        change.cancel = .now
        try desk.run(.changeSubscription(change))
        #expect(desk.customer.account.credit?.minorUnits ?? 0 > 0)
    }

    @Test("§18: while it is asked, nothing is billed")
    func asksAtRenewal() throws {
        var desk = try desk("DE")
        try desk.buy("pro")
        let end = desk.customer.subscriptions.map(\.periodEnd).filter { $0 != .never }[0]
        desk.advance(to: end.adding(milliseconds: 3_600_000))
        #expect(desk.customer.openEffect?.kind == .findTaxes)
        #expect(desk.customer.account.invoices.count == 1)
        #expect(throws: Refusal.purchaseInProgress) {
            try desk.run(
                .attach(AttachPlan(plan: desk.pricing.number(ofPlan: "premium"))))
        }
        try desk.answerTaxes()
        desk.advance(to: desk.now)
        #expect(desk.customer.openEffect?.kind == .collect)
        #expect(desk.customer.openEffect?.order.time == end)
    }

    @Test("§18: a name of its own can't be published")
    func reserved() {
        var draft = PricingDraft(currency: "usd", features: [], plans: [])
        draft.taxRates = [TaxRate(id: "automatic", name: "VAT", percentage: 19)]
        #expect(
            draft.validate(onto: AutomaticTaxStories.table.pricing).map(\.path)
                == ["tax_rates[0].tax_rate_id"])
    }

    @Test("§18: told, with a rate for all", arguments: TaxStories.usual.stories)
    func tellUsual(story: Story) throws { try story.run(TaxStories.usual.pricing) }

    @Test("what a catalog can't have")
    func validation() throws {
        let published = TaxStories.table.pricing
        var draft = PricingDraft(currency: "usd", features: [], plans: [])
        draft.taxRates = [
            TaxRate(id: "vat 19", name: "VAT", percentage: 19),
            TaxRate(id: "more", name: "", percentage: 101),
            TaxRate(id: "less", name: "VAT", percentage: -1),
            TaxRate(id: "fine", name: "VAT", percentage: Quantity(raw: Quantity.scale / 100_000)),
            TaxRate(id: "vat19", name: "VAT", percentage: 20, isInclusive: true),
            TaxRate(
                id: "more", name: "VAT", percentage: 1,
                jurisdiction: String(repeating: "x", count: 65)),
        ]
        draft.settings = PricingSettings()
        draft.settings?.defaultTaxRate = "nowhere"
        #expect(
            draft.validate(onto: published).map(\.path) == [
                "tax_rates[0].tax_rate_id", "tax_rates[1].name", "tax_rates[1].percentage",
                "tax_rates[2].percentage", "tax_rates[3].percentage", "tax_rates[4].percentage",
                "tax_rates[4].inclusive", "tax_rates[5].tax_rate_id",
                "tax_rates[5].jurisdiction", "settings.default_tax_rate_id",
            ])
    }

    @Test("the name of a rate may change; invoices keep theirs")
    func renamed() throws {
        let published = TaxStories.table.pricing
        var draft = PricingDraft(currency: "usd", features: [], plans: [])
        draft.taxRates = [TaxRate(id: "vat19", name: "USt", percentage: 19, jurisdiction: "DE")]
        #expect(draft.validate(onto: published).isEmpty)
        #expect(published.changes(publishing: draft).map(\.id) == ["vat19"])
        var desk = Desk(published)
        try desk.create()
        try desk.perform(.purchase(Purchase("pro", taxed: "vat19")), "bought")
        let later = published.publishing(draft)
        #expect(later.taxRate(id: "vat19")?.name == "USt")
        #expect(later.taxRates.count == published.taxRates.count)
        #expect(desk.customer.account.invoices.last?.taxes.map(\.rate.name) == ["VAT"])
    }

    /// As `Decimal` has it, in steps of what can be charged.
    @Test("rounded half away from zero, per line", arguments: [19, 77, 200, 8875, 10_000_000])
    func rounding(tenths: Int) throws {
        let percentage = Quantity(
            raw: Quantity.scale * Int128(tenths) / (tenths > 1000 ? 1000 : 10))
        guard percentage <= 100 else { return }
        for (code, step) in [("usd", 1), ("jpy", 1), ("kwd", 10)] as [(String, Int128)] {
            let currency = try #require(Currency(code: code))
            for units in [-2000, -1, 0, 1, 5, 10, 333, 1999, 2000, 3490, 1_000_003] as [Int64] {
                let amount = units * Int64(step)
                let money = Money(minorUnits: amount, currency: currency)
                for isInclusive in [false, true] {
                    let rate = TaxRate(
                        id: "r", name: "VAT", percentage: percentage, isInclusive: isInclusive)
                    let tax = Int128(rate.tax(of: money).minorUnits)
                    let whole = Quantity.scale * 100 + (isInclusive ? percentage.raw : 0)
                    // |tax × whole − amount × percentage| is at most half a step, and away from 0.
                    let exact = Int128(amount) * percentage.raw
                    let twice = (tax * whole - exact).magnitude * 2
                    #expect(twice <= (whole * step).magnitude && tax % step == 0)
                    if twice == (whole * step).magnitude {
                        #expect((tax * whole).magnitude > exact.magnitude)
                    }
                }
            }
        }
    }
}
