import Stories
import Testing

@testable import Billing

/// Entitlements §1.7: what a denied customer may be offered.
@Suite("Preview") struct PreviewTests {
    private static let pricing = Fixture.pricing(
        .sample("free", .sample("messages", 10, each: .month)),
        .sample("team", price: "100", .sample("messages", 500, each: .month), .sample("dashboard")),
        .sample("pro", price: "20", .sample("messages", 100, each: .month)),
        .sample("yearly", price: "120", each: .year, .sample("messages", 100, each: .month)),
        .sample("other", price: "1", group: "other", .sample("messages", 1)),
        .sample("none", price: "50", .sample("words", 1)),
        .sample("pack", price: "5", each: .oneOff, addOn: true, .sample("messages", 50)),
        .sample("boost", price: "3", addOn: true, .sample("messages", 20, each: .month)),
        .sample("credits", price: "7", group: "credits", .sample("credits", 10)))

    struct Row: RuleRow {
        let rule: String
        let steps: [Step]
        let featureID: String
        let required: Quantity
        let scenario: CheckPreview.Scenario?
        let plans: [String]

        init(
            _ rule: String, _ steps: [Step], of featureID: String = "messages",
            asking required: Quantity = 1_000, _ scenario: CheckPreview.Scenario?, _ plans: [String]
        ) {
            self.rule = rule
            self.steps = steps
            self.featureID = featureID
            self.required = required
            self.scenario = scenario
            self.plans = plans
        }
    }

    static let rows = [
        Row(
            "1.7: nothing owned: every plan with it, the cheapest first", [], .featureFlag,
            ["free", "other", "boost", "pack", "yearly", "pro", "team"]),
        Row(
            "1.7: a balance: upgrades of the group, and what else there is", [.attach("free")],
            .usageLimit, ["other", "boost", "pack", "yearly", "pro", "team"]),
        Row(
            "1.7: only upgrades", [.buy("pro")], .usageLimit,
            ["other", "boost", "pack", "yearly", "team"]),
        Row(
            "1.7: nothing above it in its group", [.buy("team")], .usageLimit,
            ["other", "boost", "pack", "yearly"]),
        Row(
            "1.7: recurring add-ons once, one-off ones always",
            [.buy("pro"), .buy("boost"), .buy("pack")], .usageLimit,
            ["other", "pack", "yearly", "team"]),
        Row("1.7: a flag", [.buy("pro")], of: "dashboard", .featureFlag, ["team"]),
        Row("1.7: credits help, too", [], of: "action1", asking: 5, .featureFlag, ["credits"]),
        Row("1.7: nothing is for sale", [], of: "workflows", .featureFlag, []),
        Row("1.7: allowed", [.buy("pro")], asking: 100, nil, []),
        Row("1.7: allowed, a flag", [.buy("team")], of: "dashboard", asking: 1, nil, []),
    ]

    @Test("what is offered (§1.7)", arguments: rows)
    func offers(row: Row) throws {
        var desk = Desk(PreviewTests.pricing)
        for step in row.steps { try desk.perform(step, "\(row.rule): \(step)") }
        var query = CheckQuery(
            feature: desk.pricing.number(ofFeature: row.featureID), required: row.required)
        let plain = try desk.customer.check(query, pricing: desk.pricing, now: desk.now)
        #expect(plain.preview == nil)
        query.wantsPreview = true
        var answer = try desk.customer.check(query, pricing: desk.pricing, now: desk.now)
        #expect(answer.preview?.scenario == row.scenario)
        let offered = answer.preview?.plans.map { desk.pricing.plan($0).id } ?? []
        #expect(offered == row.plans)
        answer.preview = nil
        #expect(answer == plain)
        guard row.featureID != "dashboard" else { return }
        let before = StateView(desk.customer)
        let deducted = try desk.checkAndDeduct(query)
        #expect(deducted.preview?.plans.map { desk.pricing.plan($0).id } ?? [] == row.plans)
        #expect(deducted.allowed != (StateView(desk.customer) == before))
    }

    @Test("§3: what is archived is offered to nobody, and doesn't take another's place")
    func archived() throws {
        var draft = PricingDraft(currency: "usd", features: [], plans: [])
        draft.plans = ["pro", "pack", "free"].map { id in
            let number = PreviewTests.pricing.number(ofPlan: id)
            return PreviewTests.pricing.plan(PreviewTests.pricing.latest(number)).archived()
        }
        var desk = Desk(PreviewTests.pricing.publishing(draft))
        var query = CheckQuery(feature: Fixture.messages, required: 1_000)
        query.wantsPreview = true
        func offered() throws -> [String] {
            let answer = try desk.customer.check(query, pricing: desk.pricing, now: desk.now)
            return answer.preview?.plans.map { desk.pricing.plan($0).id } ?? []
        }
        #expect(try offered() == ["other", "boost", "yearly", "team"])
        // Whoever has one is offered what leads upwards from it.
        try desk.perform(.buy("pro"), "bought by its id")
        #expect(try offered() == ["other", "boost", "yearly", "team"])
    }

    @Test("the latest revision is offered, and at most 20 plans")
    func limit() throws {
        let plans = (1...25).map {
            Plan.sample("p\($0)", group: "g\($0)", .sample("messages", 1))
        }
        var desk = Desk(.sample(Fixture.features, plans))
        let dearer = Plan.sample("p1", group: "g1", .sample("messages", 2))
        let next = desk.pricing.publishing(
            PricingDraft(currency: "usd", features: [], plans: [dearer]))
        desk = Desk(next)
        var query = CheckQuery(feature: Fixture.messages, required: 1)
        query.wantsPreview = true
        let preview = try desk.customer.check(query, pricing: next, now: desk.now).preview
        #expect(preview?.plans.count == CheckPreview.planLimit)
        #expect(preview?.plans.first?.revision == 2)
    }
}
