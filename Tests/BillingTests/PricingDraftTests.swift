import Stories
import Testing

@testable import Billing

/// Billing §1.1-1.3: what may be published, and where a fault is.
@Suite("PricingDraft.validate") struct PricingDraftTests {
    struct Row: RuleRow {
        let rule: String
        let draft: PricingDraft
        /// Paths of all its faults, in order.
        let paths: [String]

        init(_ rule: String, _ draft: PricingDraft, _ paths: String...) {
            self.rule = rule
            self.draft = draft
            self.paths = paths
        }
    }

    private static let messages = Feature.sample("messages", .metered)
    private static let seats = Feature.sample("seats", .allocated)
    private static let sso = Feature.sample("sso", .boolean)
    private static let credits = Feature.sample(
        "credits", .creditSystem, costs: ["messages": "0.2"])
    private static let all = [messages, seats, sso, credits]

    private static func features(_ features: Feature...) -> PricingDraft {
        PricingDraft(currency: "usd", features: features, plans: [])
    }

    private static func plans(_ plans: Plan...) -> PricingDraft {
        PricingDraft(currency: "usd", features: all, plans: plans)
    }

    private static func items(
        price: UnitPrice? = nil, each interval: Interval = .month, _ items: PlanItem...
    ) -> PricingDraft {
        var plan = Plan.sample("pro", price: price, each: interval)
        plan.items = items
        return plans(plan)
    }

    private static func currency(_ code: String) -> PricingDraft {
        PricingDraft(currency: code, features: [], plans: [])
    }

    static let headRows = [
        Row("empty", currency("usd")),
        Row("currency: upper case", currency("USD"), "currency"),
        Row("currency: none", currency(""), "currency"),
        Row("currency: no change", currency("eur"), "currency"),
        Row("§1.1: all kinds", plans()),
        Row(
            "§1.1: id empty", features(.sample("", .metered)), "features[0].feature_id",
            "features[0].name"),
        Row("§1.1: id with a space", features(.sample("a b", .metered)), "features[0].feature_id"),
        Row("§1.1: id not ASCII", features(.sample("é", .metered)), "features[0].feature_id"),
        Row("§1.1: id of 63 bytes", features(.sample(String(repeating: "a", count: 63), .metered))),
        Row(
            "§1.1: id of 64 bytes", features(.sample(String(repeating: "a", count: 64), .metered)),
            "features[0].feature_id"),
        Row(
            "§1.1: name too long",
            features(
                Feature(id: "a", name: String(repeating: "x", count: 257), kind: .metered)),
            "features[0].name"),
        Row("§1.1: id twice", features(messages, messages), "features[1].feature_id"),
        Row(
            "§1.1: a published kind stays", features(.sample("sso", .metered)),
            "features[0].type"),
        Row(
            "§1.1: costs on another kind",
            features(
                .sample("a", .metered, costs: ["messages": "1"])), "features[0].credit_costs"),
        Row("§1.1: no costs", features(.sample("a", .creditSystem)), "features[0].credit_costs"),
        Row(
            "§1.1: cost negative",
            features(
                .sample("a", .creditSystem, costs: ["messages": "-1"])),
            "features[0].credit_costs[0].credits"),
        Row("§1.1: cost of 0", features(.sample("a", .creditSystem, costs: ["messages": "0"]))),
        Row(
            "§1.1: member unknown",
            features(
                .sample("a", .creditSystem, costs: ["nothing": "1"])),
            "features[0].credit_costs[0].feature_id"),
        Row(
            "§1.1: member not metered",
            features(
                .sample("a", .creditSystem, costs: ["messages": "1", "seats": "1", "credits": "1"])),
            "features[0].credit_costs[1].feature_id", "features[0].credit_costs[2].feature_id"),
        Row(
            "§1.1: member twice",
            features(
                .sample("a", .creditSystem, costs: ["messages": "1", "messages": "2"])),
            "features[0].credit_costs[1].feature_id"),
        Row(
            "§1.1: member in the same draft",
            features(
                .sample("a", .creditSystem, costs: ["b": "1"]), .sample("b", .metered))),
    ]

    static let planRows = [
        Row(
            "§1.2: id and name", plans(.sample("", price: "1")), "plans[0].plan_id",
            "plans[0].name"),
        Row("§1.2: id twice", plans(.sample("a"), .sample("a")), "plans[1].plan_id"),
        Row("§1.2: price negative", plans(.sample("a", price: "-1")), "plans[0].price.amount"),
        Row(
            "§1.2: price by the minute", plans(.sample("a", price: "1", each: .minute)),
            "plans[0].price.interval"),
        Row(
            "§1.2: price by the hour", plans(.sample("a", price: "1", each: .hour)),
            "plans[0].price.interval"),
        Row(
            "§1.2: price by the day", plans(.sample("a", price: "1", each: .day)),
            "plans[0].price.interval"),
        Row(
            "§1.2: price too large",
            plans(
                Plan(
                    id: "a", name: "a",
                    price: BasePrice(
                        amount: UnitPrice(raw: .max / 4), cycle: Cycle(.month)))),
            "plans[0].price.amount"),
        Row(
            "§1.2: a paid default", plans(.sample("a", price: "1", autoEnable: true)),
            "plans[0].auto_enable"),
        Row(
            "§1.2: two defaults",
            plans(
                .sample("a", autoEnable: true), .sample("b", autoEnable: true)),
            "plans[1].auto_enable"),
        Row(
            "§1.2: a default in each group",
            plans(
                .sample("a", autoEnable: true), .sample("b", group: "b", autoEnable: true))),
        Row(
            "§1.2: a default add-on first",
            plans(
                .sample("a", addOn: true, autoEnable: true), .sample("b", autoEnable: true))),
        Row(
            "§1.2: a default add-on last",
            plans(
                .sample("a", autoEnable: true), .sample("b", addOn: true, autoEnable: true))),
    ]

    static let itemRows = [
        Row(
            "§1.3: all kinds",
            items(
                price: "20", .sample("messages", 100, each: .month, price: "0.10", most: 50),
                .sample("seats", 2, price: "10"), .sample("sso"),
                .sample("credits", unlimited: true))),
        Row("§1.3: feature unknown", items(.sample("nothing")), "plans[0].items[0].feature_id"),
        Row(
            "§1.3: feature twice", items(.sample("sso"), .sample("sso")),
            "plans[0].items[1].feature_id"),
        Row("§1.1: a boolean with an amount", items(.sample("sso", 1)), "plans[0].items[0]"),
        Row(
            "§1.1: a boolean without limit", items(.sample("sso", unlimited: true)),
            "plans[0].items[0]"),
        Row(
            "§1.1: seats that reset", items(.sample("seats", 1, each: .month)),
            "plans[0].items[0].reset"),
        Row(
            "§1.3: included negative", items(.sample("messages", -1)),
            "plans[0].items[0].included"),
        Row("§1.3: included 10^13", items(.sample("messages", 10_000_000_000_000))),
        Row(
            "§1.3: included above 10^13", items(.sample("messages", 10_000_000_000_001)),
            "plans[0].items[0].included"),
        Row(
            "§1.3: unlimited with an amount", items(.sample("messages", 1, unlimited: true)),
            "plans[0].items[0]"),
        Row(
            "§1.3: unlimited with a price",
            items(
                .sample("messages", each: .month, unlimited: true, price: "1")), "plans[0].items[0]"
        ),
        Row(
            "§1.3: usage price negative",
            items(
                .sample("messages", each: .month, price: "-1")),
            "plans[0].items[0].usage_price.amount"),
        Row(
            "§1.3: billing units of 0",
            items(
                .sample("messages", each: .month, price: "1", per: 0)),
            "plans[0].items[0].usage_price.billing_units"),
        Row(
            "§1.3: billing units too small to count",
            items(.sample("messages", each: .month, price: "1", per: "0.0000009999")),
            "plans[0].items[0].usage_price.billing_units"),
        Row(
            "§1.3: the smallest billing units",
            items(.sample("messages", each: .month, price: "1", per: "0.000001"))),
        Row(
            "§1.3: max purchase negative",
            items(
                .sample("messages", each: .month, price: "1", most: -1)),
            "plans[0].items[0].usage_price.max_purchase"),
        Row(
            "§1.3: tiers",
            items(
                .tiered(
                    "messages", of: 10,
                    [.init(upTo: 20, amount: "2"), .init(upTo: nil, amount: "1")]))
        ),
        Row(
            "§1.3: a tier within what is included",
            items(
                .tiered(
                    "messages", of: 10,
                    [.init(upTo: 10, amount: "2"), .init(upTo: nil, amount: "1")])),
            "plans[0].items[0].usage_price.tiers[0].up_to"),
        Row(
            "§1.3: a tier that ends before the one before it",
            items(
                .tiered(
                    "messages",
                    [
                        .init(upTo: 20, amount: "2"), .init(upTo: 20, amount: "1"),
                        .init(upTo: nil, amount: "1"),
                    ])), "plans[0].items[0].usage_price.tiers[1].up_to"),
        Row(
            "§1.3: the last tier has no end",
            items(.tiered("messages", [.init(upTo: 5, amount: "2")])),
            "plans[0].items[0].usage_price.tiers[0].up_to"),
        Row(
            "§1.3: only the last tier has none",
            items(
                .tiered(
                    "messages", [.init(upTo: nil, amount: "2"), .init(upTo: nil, amount: "1")])),
            "plans[0].items[0].usage_price.tiers[0].up_to"),
        Row(
            "§1.3: a tier's amount is negative",
            items(.tiered("messages", [.init(upTo: nil, amount: "-1")])),
            "plans[0].items[0].usage_price.tiers[0].amount"),
        Row(
            "§1.3: too many tiers",
            items(
                .tiered(
                    "messages",
                    (1...50).map { .init(upTo: Quantity(units: $0), amount: "1") }
                        + [.init(upTo: nil, amount: "1")])),
            "plans[0].items[0].usage_price.tiers"),
        Row(
            "§1.3: usage without a reset", items(.sample("messages", price: "1")),
            "plans[0].items[0].reset"),
        Row(
            "§1.3: usage by the day", items(.sample("messages", each: .day, price: "1")),
            "plans[0].items[0].reset"),
    ]

    private static func event(_ names: String...) -> PricingDraft {
        var feature = messages
        feature.eventNames = names
        return features(feature)
    }

    private static func item(
        _ featureID: String = "messages", each interval: Interval? = .month,
        unlimited: Bool = false, rollover: Bool = false, of entityFeatureID: String? = nil
    ) -> PricingDraft {
        var item = PlanItem.sample(
            featureID, unlimited ? 0 : 10, each: unlimited ? nil : interval, unlimited: unlimited)
        if rollover { item.rollover = Rollover(cap: .none, months: 1) }
        item.entityFeatureID = entityFeatureID
        return items(item)
    }

    private static func limits(_ featureIDs: String...) -> PricingDraft {
        var plan = Plan.sample("pro")
        plan.controls.controls.spendLimits = featureIDs.map { id in
            SpendLimit(
                feature: plan.controls.number(of: id), isEnabled: true, bound: .units(5))
        }
        return plans(plan)
    }

    static let balanceRows: [Row] = [
        Row("§0: events", event("used", "image.made")),
        Row(
            "§0: event empty, long, with a space",
            event("", String(repeating: "e", count: 64), "a b"),
            "features[0].event_names[0]", "features[0].event_names[1]",
            "features[0].event_names[2]"),
        Row("§0: event twice", event("used", "used"), "features[0].event_names[1]"),
        Row("§5.3: rollover", item(rollover: true)),
        Row("§5.3: without reset", item(each: nil, rollover: true), "plans[0].items[0].rollover"),
        Row(
            "§5.3: once only", item(each: .oneOff, rollover: true),
            "plans[0].items[0].rollover"),
        Row(
            "§5.3: unlimited", item(unlimited: true, rollover: true),
            "plans[0].items[0].rollover"),
        Row(
            "§5.3: continuous", item("seats", each: nil, rollover: true),
            "plans[0].items[0].rollover", "plans[0].items[0].rollover"),
        Row("§0: for each seat", item(of: "seats")),
        Row(
            "§0: for each of what isn't allocated", item(of: "sso"),
            "plans[0].items[0].entity_feature_id"),
        Row(
            "§0: seats for each seat", item("seats", each: nil, of: "seats"),
            "plans[0].items[0].entity_feature_id"),
        Row("§7.1: limits", limits("messages", "credits")),
        Row("§7.1: of an unknown feature", limits("nothing"), "plans[0].controls"),
        Row(
            "§7.1: twice", limits("messages", "messages"),
            "plans[0].controls.spend_limits[1].feature_id"),
    ]

    @Test("events, rollovers, entities, limits", arguments: balanceRows)
    func balance(row: Row) {
        check(row)
    }

    @Test("currency and features", arguments: headRows)
    func head(row: Row) {
        check(row)
    }

    @Test("plans", arguments: planRows)
    func plan(row: Row) {
        check(row)
    }

    @Test("items", arguments: itemRows)
    func item(row: Row) {
        check(row)
    }

    private func check(_ row: Row) {
        let faults = row.draft.validate(onto: .sample(PricingDraftTests.all))
        #expect(faults.map(\.path) == row.paths)
        #expect(faults.allSatisfy { !$0.message.isEmpty })
    }

    @Test("a bad draft has all its faults in one answer")
    func everything() {
        let draft = PricingDraft(
            currency: "dollars",
            features: [.sample("a b", .metered), .sample("x", .creditSystem)],
            plans: [
                .sample("p q", price: "-1", .sample("sso", 1), .sample("nothing")),
                .sample(
                    "r", price: "1", each: .day,
                    .sample("messages", -1, price: "-1", per: 0, most: -1)),
            ])
        let faults = draft.validate(onto: .sample(PricingDraftTests.all))
        #expect(
            faults.map(\.path) == [
                "currency", "features[0].feature_id", "features[1].credit_costs",
                "plans[0].plan_id", "plans[0].price.amount", "plans[0].items[0]",
                "plans[0].items[1].feature_id", "plans[1].price.interval",
                "plans[1].items[0].included", "plans[1].items[0].usage_price.amount",
                "plans[1].items[0].usage_price.billing_units",
                "plans[1].items[0].usage_price.max_purchase", "plans[1].items[0].reset",
            ])
    }
}
