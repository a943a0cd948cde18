import Stories
import Testing

@testable import Billing

/// Design §3: a catalog edit makes a new immutable revision; numbers never change.
@Suite("PricingState") struct PricingStateTests {
    private static let features = [
        Feature.sample("messages", .metered), Feature.sample("words", .metered),
        Feature.sample("credits", .creditSystem, costs: ["messages": "0.2"]),
        Feature.sample("tokens", .creditSystem, costs: ["words": "1", "messages": "3"]),
    ]
    private static let plans = [
        Plan.sample("free", autoEnable: true, .sample("messages", 10)),
        Plan.sample("pro", price: "20", .sample("messages", 100)),
    ]

    private static func draft(
        _ features: [Feature] = features, _ plans: [Plan] = plans
    ) -> PricingDraft {
        PricingDraft(currency: "usd", features: features, plans: plans)
    }

    @Test("the first publication creates everything, in order of appearance")
    func first() {
        let draft = PricingStateTests.draft()
        let changes = PricingState.empty.changes(publishing: draft)
        #expect(changes.map(\.id) == ["messages", "words", "credits", "tokens", "free", "pro"])
        #expect(changes.allSatisfy { $0.created })
        #expect(changes.map(\.revision) == [0, 0, 0, 0, 1, 1])
        let state = PricingState.empty.publishing(draft)
        #expect(state.sequence == 1)
        #expect(state.currency?.code == "usd")
        #expect(state.feature(id: "messages")?.rawValue == 1)
        #expect(state.feature(id: "tokens")?.rawValue == 4)
        #expect(state.plan(id: "pro")?.rawValue == 2)
        #expect(state.feature(id: "nothing") == nil)
        #expect(state.plan(id: "nothing") == nil)
    }

    @Test("publishing twice changes nothing")
    func twice() {
        let draft = PricingStateTests.draft()
        let state = PricingState.empty.publishing(draft)
        #expect(state.changes(publishing: draft).isEmpty)
        #expect(draft.validate(onto: state).isEmpty)
        let again = state.publishing(draft)
        #expect(again.plans == state.plans)
        #expect(again.features == state.features)
    }

    @Test("an edited plan gets a revision; the old one stays as it was")
    func revisions() throws {
        let state = PricingState.empty.publishing(PricingStateTests.draft())
        let dearer = Plan.sample("pro", price: "30", .sample("messages", 200))
        let draft = PricingStateTests.draft([], [dearer])
        let changes = state.changes(publishing: draft)
        #expect(
            changes == [PricingChange(subject: .plan, id: "pro", created: false, revision: 2)])
        let next = state.publishing(draft)
        let pro = try #require(next.plan(id: "pro"))
        #expect(pro == state.plan(id: "pro"))
        #expect(next.latest(pro) == PlanReference(plan: pro, revision: 2))
        #expect(next.plan(next.latest(pro)) == dearer)
        #expect(next.plan(PlanReference(plan: pro, revision: 1)) == PricingStateTests.plans[1])
        #expect(next.features == state.features)
        #expect(next.sequence == 2)
    }

    @Test("numbers stay when more is published before and after")
    func numbers() {
        let state = PricingState.empty.publishing(PricingStateTests.draft())
        let draft = PricingStateTests.draft(
            [.sample("new", .boolean)] + PricingStateTests.features.reversed(),
            [.sample("team", price: "50")] + PricingStateTests.plans.reversed())
        let next = state.publishing(draft)
        for feature in PricingStateTests.features {
            #expect(next.feature(id: feature.id) == state.feature(id: feature.id))
        }
        for plan in PricingStateTests.plans {
            #expect(next.plan(id: plan.id) == state.plan(id: plan.id))
        }
        #expect(next.feature(id: "new")?.rawValue == 5)
        #expect(next.plan(id: "team")?.rawValue == 3)
    }

    @Test("a feature changes in place")
    func featureChange() {
        let state = PricingState.empty.publishing(PricingStateTests.draft())
        let draft = PricingStateTests.draft(
            [.sample("credits", .creditSystem, costs: ["messages": "0.5"])], [])
        #expect(
            state.changes(publishing: draft) == [
                PricingChange(subject: .feature, id: "credits", created: false, revision: 0)
            ])
        let next = state.publishing(draft)
        let messages = next.number(ofFeature: "messages")
        #expect(next.pools(of: messages).map(\.cost) == ["0.5", "3"])
    }

    @Test("credit systems of a feature, in catalog order (§1.4)")
    func pools() {
        let state = PricingState.empty.publishing(PricingStateTests.draft())
        let messages = state.pools(of: state.number(ofFeature: "messages"))
        #expect(messages.map { state.feature($0.feature).id } == ["credits", "tokens"])
        #expect(messages.map(\.cost) == ["0.2", "3"])
        let words = state.pools(of: state.number(ofFeature: "words"))
        #expect(words.map { state.feature($0.feature).id } == ["tokens"])
        #expect(state.pools(of: state.number(ofFeature: "credits")).isEmpty)
    }

    @Test("defaults: the revisions sold now")
    func defaults() {
        let state = PricingState.empty.publishing(PricingStateTests.draft())
        #expect(state.autoEnabled.map { state.plan($0).id } == ["free"])
        let draft = PricingStateTests.draft(
            [], [.sample("free"), .sample("starter", autoEnable: true)])
        #expect(draft.validate(onto: state).isEmpty)
        let next = state.publishing(draft)
        #expect(next.autoEnabled.map { next.plan($0).id } == ["starter"])
    }

    @Test("a published default stands until it gives way")
    func defaultTaken() {
        let state = PricingState.empty.publishing(PricingStateTests.draft())
        let draft = PricingStateTests.draft([], [.sample("starter", autoEnable: true)])
        #expect(draft.validate(onto: state).map(\.path) == ["plans[0].auto_enable"])
    }
}
