import Stories
import Testing

@testable import Billing

/// Billing §1.2, §5.4: what is paid in.
@Suite("Currencies") struct CurrencyTests {
    @Test("§5.4: told", arguments: CurrencyStories.table.stories)
    func tell(story: Story) throws { try story.run(CurrencyStories.table.pricing) }

    @Test("§1.2: what a catalog can't have")
    func validation() throws {
        let euro = try #require(Currency(code: "eur"))
        let dollar = try #require(Currency(code: "usd"))
        var plan = Plan.sample("pro", price: "20", .packs("words", Price("10")))
        plan.price?.others = [
            CurrencyPrice(euro, "18"), CurrencyPrice(euro, "-1"), CurrencyPrice(dollar, "1"),
        ]
        plan.items[0].prepaidPrice?.others = [
            CurrencyPrice(euro, .zero, tiers: [Price.Tier(upTo: 5, amount: "1")])
        ]
        let draft = PricingDraft(
            currency: "usd", features: [.sample("words", .metered)], plans: [plan])
        let path = "plans[0].price.additional_currencies"
        #expect(
            draft.validate(onto: .empty).map(\.path) == [
                "\(path)[1].currency", "\(path)[1].amount", "\(path)[2].currency",
                "plans[0].items[0].prepaid_price.additional_currencies[0].tiers[0].up_to",
            ])
    }
}
