import Stories
import Testing

@testable import Billing

/// Billing §1.1, §3: what nobody uses can be deleted, and what is used says by whom.
@Suite("Deleting from the catalog") struct CatalogRemovalTests {
    struct Row: RuleRow {
        let rule: String
        var plans: [String] = []
        var features: [String] = []
        /// Paths of what is malformed, or of what is in use.
        var faults: [String] = []
        var uses: [String] = []
    }

    private static let catalog: PricingDraft = {
        var draft = PricingDraft(
            currency: "usd",
            features: [
                .sample("messages", .metered), .sample("words", .metered),
                .sample("faxes", .metered), .sample("telex", .metered),
                .sample("credits", .creditSystem, costs: ["words": "1"]),
            ],
            plans: [
                .sample("free", autoEnable: true, .sample("messages", 10)),
                .sample("pro", price: "20", .sample("messages", 100)),
                .sample("old", price: "5", .sample("faxes", 1)),
                .sample("given", price: "9", .sample("messages", 1)),
            ])
        draft.rewards.gifts = [PlanGift(id: "gift", name: "Gift", planID: "given")]
        draft.rewards.grants = [
            FeatureGrant(
                id: "grant", name: "Grant",
                parts: [.init(featureID: "telex", units: Quantity(units: 5))])
        ]
        return draft
    }()

    static let rows = [
        Row(rule: "a plan that nothing names", plans: ["pro"]),
        Row(rule: "what isn't there is gone already", plans: ["never"], features: ["never"]),
        Row(rule: "a plan that a gift gives", plans: ["given"], uses: ["deleted_plan_ids[0]"]),
        Row(rule: "a feature of a plan", features: ["faxes"], uses: ["deleted_feature_ids[0]"]),
        Row(rule: "a feature together with its only plan", plans: ["old"], features: ["faxes"]),
        Row(rule: "a credit system's", features: ["words"], uses: ["deleted_feature_ids[0]"]),
        Row(rule: "one together with its credit system", features: ["words", "credits"]),
        Row(rule: "one that codes give", features: ["telex"], uses: ["deleted_feature_ids[0]"]),
        Row(rule: "twice", plans: ["pro", "pro"], faults: ["deleted_plan_ids[1]"]),
        Row(
            rule: "no id", plans: [""], features: ["a b"],
            faults: ["deleted_plan_ids[0]", "deleted_feature_ids[0]"]),
    ]

    private static func draft(_ row: Row) -> PricingDraft {
        var draft = PricingDraft(currency: "usd", features: [], plans: [])
        draft.removedPlans = row.plans
        draft.removedFeatures = row.features
        return draft
    }

    @Test(arguments: rows) func uses(row: Row) {
        let state = PricingState.empty.publishing(Self.catalog)
        let draft = Self.draft(row)
        #expect(draft.validate(onto: state).map(\.path) == row.faults)
        #expect(state.uses(removedBy: draft).map(\.path) == row.uses)
    }

    @Test("what is deleted is no longer found or listed, and can still be read by its number")
    func gone() throws {
        let state = PricingState.empty.publishing(Self.catalog)
        let (plan, feature) = (try #require(state.plan(id: "old")), state.feature(id: "faxes"))
        let draft = Self.draft(Row(rule: "", plans: ["old"], features: ["faxes"]))
        #expect(
            state.changes(publishing: draft) == [
                PricingChange(
                    subject: .plan, id: "old", created: false, revision: 0, deleted: true),
                PricingChange(
                    subject: .feature, id: "faxes", created: false, revision: 0, deleted: true),
            ])
        let after = state.publishing(draft)
        #expect(after.plan(id: "old") == nil)
        #expect(after.feature(id: "faxes") == nil)
        #expect(!after.latestRevisions.contains { $0.plan == plan })
        #expect(!after.allVersions.contains { $0.plan == plan })
        #expect(after.listedFeatures.map(\.id) == ["messages", "words", "telex", "credits"])
        #expect(after.plan(PlanReference(plan: plan, revision: 1)).id == "old")
        #expect(after.feature(try #require(feature)).id == "faxes")
        #expect(after.changes(publishing: draft).isEmpty)
    }

    @Test("what is published under the id later is another one, of whatever type")
    func again() throws {
        let gone = PricingState.empty.publishing(Self.catalog)
            .publishing(Self.draft(Row(rule: "", plans: ["old"], features: ["faxes"])))
        let draft = PricingDraft(
            currency: "usd", features: [.sample("faxes", .boolean)],
            plans: [.sample("old", price: "7", .sample("messages", 2))])
        #expect(draft.validate(onto: gone).isEmpty)
        let after = gone.publishing(draft)
        #expect(after.plan(id: "old")?.rawValue == 5)
        #expect(after.latest(try #require(after.plan(id: "old"))).revision == 1)
        #expect(after.feature(id: "faxes")?.rawValue == 6)
        #expect(after.kind(of: try #require(after.feature(id: "faxes"))) == .boolean)
    }

    @Test("a version that gave what is deleted isn't sold any more; the others are")
    func versions() throws {
        let edited = PricingDraft(
            currency: "usd", features: [], plans: [.sample("old", price: "5")])
        let state = PricingState.empty.publishing(Self.catalog).publishing(edited)
            .publishing(Self.draft(Row(rule: "", features: ["faxes"])))
        let plan = try #require(state.plan(id: "old"))
        #expect(state.revision(ofVersion: 1, plan) == nil)
        #expect(state.revision(ofVersion: 2, plan)?.revision == 2)
        #expect(state.allVersions.filter { $0.plan == plan }.map(\.revision) == [2])
    }

    @Test("what is deleted can be used by nothing that the same catalog publishes")
    func both() {
        let state = PricingState.empty.publishing(Self.catalog)
        var draft = PricingDraft(
            currency: "usd", features: [],
            plans: [.sample("new", .sample("telex", 1)), .sample("pro", price: "1")])
        draft.removedPlans = ["pro"]
        draft.removedFeatures = ["telex"]
        #expect(
            draft.validate(onto: state).map(\.path)
                == ["plans[0].items[0].feature_id", "deleted_plan_ids[0]"])
    }
}
