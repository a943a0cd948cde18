import Stories
import Testing

@testable import Billing

/// How a check's answer is explained: entitlements §1.3 to §1.5 and §2.3. That it is always the
/// check's own answer is held on random states, by `ExplainLaws` in the reference runs.
@Suite("Explain") struct ExplainTests {
    private static let pricing = Fixture.pricing(
        .sample("free", .sample("messages", 10, each: .month)),
        .sample(
            "capped", price: "20", .sample("messages", 10, each: .month, price: "0.1", most: 5)),
        limited)

    /// Seven messages a day, for whoever has it.
    private static var limited: Plan {
        var plan = Plan.sample("limited", addOn: true)
        let messages = plan.controls.number(of: "messages")
        plan.controls.controls.usageLimits = [
            UsageLimit(feature: messages, limit: 7, interval: .day, anchor: .utc)
        ]
        return plan
    }

    /// A pool's rules as "rule" or "rule required/available", and what it says.
    struct Row: RuleRow {
        let rule: String
        let steps: [Step]
        let featureID: String
        let required: Quantity
        let entity: InlineText
        let pools: [String]
        /// Bucket numbers and what they give.
        let parts: [String]
        let missing: Quantity
        let excluded: [String]

        init(
            _ rule: String, _ steps: [Step], of featureID: String = "messages",
            asking required: Quantity = 1, as entity: InlineText = .empty, _ pools: [String],
            _ parts: [String] = [], missing: Quantity = 0, excluded: [String] = []
        ) {
            self.rule = rule
            self.steps = steps
            self.featureID = featureID
            self.required = required
            self.entity = entity
            self.pools = pools
            self.parts = parts
            self.missing = missing
            self.excluded = excluded
        }
    }

    private static let ten = Step.open(Grant("messages", 10))

    static let decisions = [
        Row(
            "1.5.1: nothing", [], ["messages* owned: notIncluded"], missing: 1),
        Row("1.5.1: no flag", [], of: "dashboard", ["dashboard* owned: notIncluded"]),
        Row(
            "1.5.2: a flag", [.open(Grant("dashboard", nil))], of: "dashboard",
            ["dashboard* owned, flag: flag"], ["1 gives 0"]),
        Row(
            "1.5.3: unlimited", [.open(Grant("messages", nil, unlimited: true))], asking: 7,
            ["messages* owned, unlimited: unlimited"], ["1 gives 7"]),
        Row(
            "1.5.4: negative", [ten, .track("messages", 4)], asking: -3,
            ["messages* owned, unlimited, negative: nothingRequired"], ["1 gives -3"]),
        Row(
            "1.5.5: a usage limit",
            [ten, .set(.usage(UsageLimit(feature: Fixture.messages, limit: 5, interval: .day)))],
            asking: 6,
            ["messages* owned, unlimited, negative, usageLimit 6/5: usageLimit"], ["1 gives 5"],
            missing: 1),
        Row(
            "1.5.8: enough", [ten], asking: 10,
            ["messages* owned, unlimited, negative, remaining 10/10: included"], ["1 gives 10"]),
        Row(
            "1.5.6: not enough, and no overage", [ten], asking: 11,
            ["messages* owned, unlimited, negative, remaining 11/10, overage: insufficientBalance"],
            ["1 gives 10"], missing: 1),
        Row(
            "1.5.7: a maximum", [.buy("capped")], asking: 16,
            [
                "messages* owned, unlimited, negative, remaining 16/10, overage, "
                    + "maxPurchase 16/15: maxPurchase"
            ], ["1 gives 15"], missing: 1),
        Row(
            "1.5.7: a spend limit", [.buy("capped"), .set(.spend(Fixture.messages, .units(8)))],
            asking: 16,
            [
                "messages* owned, unlimited, negative, remaining 16/10, overage, "
                    + "spendLimit 16/18: overage"
            ], ["1 gives 16"]),
    ]

    static let pools = [
        Row(
            "1.4.2: own suffices", [.open(Grant("action1", 10)), .open(Grant("credits", 5))],
            of: "action1", asking: 10,
            ["action1* owned, unlimited, negative, remaining 10/10: included"],
            ["1 gives 10", "2 gives 0"]),
        Row(
            "1.4.3: credits, compared before the conversion",
            [.open(Grant("action1", 5)), .open(Grant("credits", 100))], of: "action1", asking: 10,
            [
                "action1 owned, unlimited, negative, remaining 10/5, overage: insufficientBalance",
                "credits* (owned, unlimited, negative, remaining 10/100) "
                    + "unlimited, negative, remaining 2/100: included",
            ], ["1 gives 5", "2 gives 1"]),
        Row(
            "1.4.4: none suffices: the first owned",
            [.open(Grant("action1", 5)), .open(Grant("credits", 1))], of: "action1", asking: 20,
            [
                "action1 owned, unlimited, negative, remaining 20/5, overage: insufficientBalance",
                "credits* (owned, unlimited, negative, remaining 20/1, overage) "
                    + "unlimited, negative, remaining 4/1, overage: insufficientBalance",
            ], ["1 gives 5", "2 gives 1"], missing: 10),
        Row(
            "1.4.5: own, and no credits",
            [.open(Grant("action1", 5))], of: "action1", asking: 6,
            [
                "action1* owned, unlimited, negative, remaining 6/5, overage: insufficientBalance",
                "credits owned: notIncluded",
            ], ["1 gives 5"], missing: 1),
    ]

    static let parts = [
        Row(
            "2.3: resetting before lifetime", [ten, .attach("free")], asking: 12,
            ["messages* owned, unlimited, negative, remaining 12/20: included"],
            ["2 gives 10", "1 gives 2"]),
        Row(
            "1.3: what entities have alone doesn't count for the customer",
            [ten, .entity("users", "ada"), .open(Grant("messages", 5, of: "ada"))], asking: 1,
            ["messages* owned, unlimited, negative, remaining 1/10: included"], ["1 gives 1"],
            excluded: ["2 entityOnly"]),
        Row(
            "1.3: nor what another has",
            [
                ten, .entity("users", "ada"), .entity("users", "bob"),
                .open(Grant("messages", 5, of: "ada")), .open(Grant("messages", 5, of: "bob")),
            ], asking: 6, as: "ada",
            ["messages* owned, unlimited, negative, remaining 6/15: included"],
            ["2 gives 5", "1 gives 1"], excluded: ["3 otherEntity"]),
        Row(
            "1.3: pooling is disabled",
            [
                ten, .entity("users", "ada"), .open(Grant("messages", 5, of: "ada")),
                .set(.pooling(isDisabled: true)),
            ], asking: 5, as: "ada",
            ["messages* owned, unlimited, negative, remaining 5/5: included"], ["2 gives 5"],
            excluded: ["1 poolingDisabled"]),
    ]

    private func text(_ rules: [CheckTrace.Rule]) -> String {
        rules.map { rule in
            guard let available = rule.available else { return "\(rule.rule)" }
            let texts = [rule.required, available].map { DecimalText.text($0.raw, digits: 10) }
            return "\(rule.rule) \(texts[0])/\(texts[1])"
        }.joined(separator: ", ")
    }

    private func text(_ pool: CheckExplanation.Pool, _ pricing: PricingState) -> String {
        let choosing = pool.choosing.isEmpty ? "" : "(\(text(pool.choosing))) "
        let mark = pool.decides ? "*" : ""
        return "\(pricing.feature(pool.feature).id)\(mark) \(choosing)\(text(pool.rules)): "
            + "\(pool.reason)"
    }

    private func explain(_ row: Row) throws {
        var desk = Desk(ExplainTests.pricing)
        for step in row.steps { try desk.perform(step, "\(row.rule): \(step)") }
        var query = CheckQuery(
            feature: desk.pricing.number(ofFeature: row.featureID), required: row.required)
        query.entity = row.entity
        let told = try desk.customer.explain(query, pricing: desk.pricing, now: desk.now)
        #expect(told.pools.map { text($0, desk.pricing) } == row.pools)
        #expect(
            told.parts.map {
                "\($0.bucket.number) gives \(DecimalText.text($0.gives.raw, digits: 10))"
            } == row.parts)
        #expect(told.missing == row.missing)
        #expect(told.excluded.map { "\($0.bucket.number) \($0.reason)" } == row.excluded)
        let laws = ExplainLaws(pricing: desk.pricing, customer: desk.customer, now: desk.now)
        #expect(laws.broken(by: query) == nil)
    }

    @Test("the rules that were tried (§1.5)", arguments: decisions)
    func decision(row: Row) throws { try explain(row) }

    @Test("the balances that were looked at (§1.4)", arguments: pools)
    func pool(row: Row) throws { try explain(row) }

    @Test("the parts, and those that don't count (§1.3, §2.3)", arguments: parts)
    func part(row: Row) throws { try explain(row) }

    @Test("whose limits count, and what they leave (§7.2)")
    func limits() throws {
        var desk = Desk(ExplainTests.pricing)
        try desk.open("messages", 100)
        try desk.entity("ada", "users")
        try desk.attach("limited")
        try desk.set(.spend(Fixture.messages, .units(20)))
        try desk.set(.overage(Fixture.messages, true, of: "ada"))
        try desk.track("messages", 3, of: "ada")
        var query = CheckQuery(feature: Fixture.messages, required: 5)
        query.entity = "ada"
        let told = try desk.customer.explain(query, pricing: desk.pricing, now: desk.now)
        #expect(told.answer.reason == .usageLimit)
        let limits = told.pools[0].limits
        #expect(limits.map(\.owner) == [.subscription(1), .customer, .entity(1)])
        #expect(limits[0].plan == desk.pricing.number(ofPlan: "limited"))
        guard case .window(let limit, let window) = limits[0].kind,
            case .spend(let spend) = limits[1].kind,
            case .permission(let isAllowed) = limits[2].kind
        else { return #expect(Bool(false), "\(limits)") }
        #expect(limit.limit == 7)
        #expect(window.used == 3)
        #expect(spend.limit == 20)
        #expect(isAllowed)
    }

    @Test("a past-due plan's parts don't count, by setting (§1.3)")
    func pastDue() throws {
        var settings = PricingSettings()
        settings.includesPastDue = false
        let plan = Plan.sample("pro", price: "20", .sample("messages", 10, each: .month))
        var desk = Desk(PricingState.sample([plan], settings))
        try desk.buy("pro")
        desk.advance(to: .utc(2027, 2, 10))
        try desk.settle(.declined(code: "card_declined"))
        let query = CheckQuery(feature: Fixture.messages, required: 1)
        let told = try desk.customer.explain(query, pricing: desk.pricing, now: desk.now)
        #expect(told.answer.reason == .notIncluded)
        #expect(told.parts.isEmpty)
        #expect(told.excluded.map(\.reason) == [.pastDue])
    }

    @Test("in shadow mode it says what would be denied, and what is drawn")
    func shadow() throws {
        var desk = Desk(PricingState.sample([], PricingSettings(), shadow: ["messages"]))
        try desk.open("messages", 10)
        let query = CheckQuery(feature: Fixture.messages, required: 14)
        let told = try desk.customer.explain(query, pricing: desk.pricing, now: desk.now)
        #expect(told.answer.reason == .insufficientBalance)
        #expect(told.answer.isShadow && told.answer.allowed)
        #expect(told.parts.map(\.gives) == [14])
        #expect(told.missing == .zero)
    }

    @Test("an unknown entity is refused as a check refuses it")
    func unknown() {
        let desk = Desk(ExplainTests.pricing)
        var query = CheckQuery(feature: Fixture.messages, required: 1)
        query.entity = "nobody"
        #expect(throws: Refusal.entityNotFound("nobody")) {
            try desk.customer.explain(query, pricing: desk.pricing, now: desk.now)
        }
    }
}
