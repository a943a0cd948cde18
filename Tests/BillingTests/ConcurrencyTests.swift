import Stories
import Testing

@testable import Billing

/// Limits of how many may be held open at a time: beyond the reference.
@Suite struct ConcurrencyTests {
    @Test("Concurrency limits", arguments: ConcurrencyStories.rows)
    func concurrency(_ story: Story) throws {
        try story.run(ConcurrencyStories.pricing)
    }

    static let faults: [(path: String, item: PlanItem)] = [
        ("reset", .sample("jobs", 1, each: .month)),
        ("usage_price", .sample("jobs", 1, price: "1")),
        ("included", .sample("jobs", -1)),
    ]

    @Test("A plan can't reset or sell slots", arguments: faults)
    func plans(path: String, item: PlanItem) {
        let draft = PricingDraft(
            currency: "usd", features: ConcurrencyStories.features,
            plans: [Plan(id: "p", name: "p", items: [item])])
        #expect(draft.validate(onto: .empty).map(\.path) == ["plans[0].items[0].\(path)"])
    }

    @Test("Slots never roll over, and no event feeds them")
    func others() {
        var jobs = Feature.sample("jobs", .concurrency)
        jobs.eventNames = ["job.started"]
        let rolling = PlanItem.sample("jobs", 1).rolling(Rollover(cap: .none, months: 1))
        var draft = PricingDraft(
            currency: "usd", features: [jobs],
            plans: [Plan(id: "p", name: "p", items: [rolling])])
        #expect(
            draft.validate(onto: .empty).map(\.path) == [
                "features[0].event_names", "plans[0].items[0].rollover",
                "plans[0].items[0].rollover",
            ])
        draft.plans = []
        draft.features[0].eventNames = []
        #expect(draft.validate(onto: .empty).isEmpty)
    }
}
