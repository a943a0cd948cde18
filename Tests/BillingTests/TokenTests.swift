import Stories
import Testing

@testable import Billing

/// What tokens cost (entitlements §2.1).
struct TokenCostRow: RuleRow {
    let rule: String
    var prices = TokenPrices(input: "5", output: "15")
    var counts: [TokenKind: UInt64]
    var markup: Quantity = 0
    let cost: Quantity

    static let rows: [TokenCostRow] = [
        .init(
            rule: "§2.1: 5,000 in, 2,500 out", counts: [.input: 5_000, .output: 2_500],
            cost: "0.0625"),
        .init(
            rule: "§2.1: 10,000 in, 5,000 out", counts: [.input: 10_000, .output: 5_000],
            cost: "0.125"),
        .init(rule: "§2.1: nothing", counts: [:], cost: 0),
        .init(
            rule: "§2.1: a mark-up of 20 %", counts: [.input: 5_000, .output: 2_500], markup: 20,
            cost: "0.075"),
        .init(
            rule: "§2.1: a mark-up of 33.3333 %", counts: [.input: 1_000_000], markup: "33.3333",
            cost: "6.666665"),
        .init(
            rule: "§2.1: a discount of 25 %", counts: [.input: 1_000_000], markup: -25,
            cost: "3.75"),
        .init(rule: "§2.1: for nothing", counts: [.input: 1_000_000], markup: -100, cost: 0),
        .init(
            rule: "what has no price of its own costs as input or output",
            counts: [.cacheRead: 1_000_000, .audioOutput: 1_000_000], cost: 20),
        .init(
            rule: "cache write and audio in cost as input, reasoning as output",
            counts: [.cacheWrite: 1_000_000, .audioInput: 1_000_000, .reasoning: 1_000_000],
            cost: 25),
        .init(
            rule: "each kind at its own price", prices: .each(1, 2, 4, 8, 16, 32, 64),
            counts: [
                .input: 1_000_000, .output: 1_000_000, .cacheRead: 1_000_000,
                .cacheWrite: 1_000_000, .audioInput: 1_000_000, .audioOutput: 1_000_000,
                .reasoning: 1_000_000,
            ],
            cost: 127),
        // 1 token at 0.00015 is 1.5 × 10^-10: half to even at ten decimals.
        .init(
            rule: "rounded once, half to even, up",
            prices: TokenPrices(input: "0.00015", output: "0.00025"), counts: [.input: 1],
            cost: "0.0000000002"),
        .init(
            rule: "rounded once, half to even, down",
            prices: TokenPrices(input: "0.00015", output: "0.00025"), counts: [.output: 1],
            cost: "0.0000000002"),
        .init(
            rule: "the sum is rounded, not its parts",
            prices: TokenPrices(input: "0.00004", output: "0.00004"),
            counts: [.input: 1, .output: 1], cost: "0.0000000001"),
        .init(
            rule: "the most there can be", prices: .most,
            counts: Dictionary(
                uniqueKeysWithValues: TokenKind.allCases.map { ($0, TokenCounts.limit) }),
            markup: 10_000, cost: 707_000_000_000_000),
    ]

    @Test(arguments: rows) static func costs(_ row: TokenCostRow) {
        var counts = TokenCounts()
        for (kind, count) in row.counts { counts[kind] = count }
        #expect(row.prices.cost(of: counts, markup: row.markup) == row.cost)
    }
}

extension TokenPrices {
    fileprivate static func each(_ prices: Int...) -> TokenPrices {
        var list = TokenPrices(input: "0", output: "0")
        for (kind, price) in zip(TokenKind.allCases, prices) {
            list[kind] = UnitPrice(raw: UnitPrice.scale * Int128(price))
        }
        return list
    }

    fileprivate static let most = TokenPrices(input: TokenPrices.limit, output: TokenPrices.limit)
}

/// Tracks of tokens, on a customer.
@Suite struct TokenTests {
    private static let list = ModelPrices([
        "openai/gpt": TokenPrices(input: "5", output: "15"),
        "openai/mini": TokenPrices(input: "1", output: "2"),
        "other/one": TokenPrices(input: "10", output: "10"),
    ])

    private static func features() -> [Feature] {
        var credits = Feature.sample("ai_credits", .aiCreditSystem)
        credits.markups.standard = 10
        credits.markups.providers = [.init(name: "openai", percentage: 0)]
        credits.markups.models = [
            .init(id: "openai/mini", percentage: 50),
            .init(id: "custom/mine", prices: TokenPrices(input: "2", output: "4")),
        ]
        return Fixture.features + [
            credits, .sample("ai_credits_2", .aiCreditSystem),
            .sample("orbs", .creditSystem, costs: ["ai_credits": "1000", "action1": "1"]),
        ]
    }

    private static func desk(_ items: PlanItem...) throws -> Desk {
        let plan = Plan(id: "plan", name: "plan", items: items)
        var desk = Desk(.sample(features(), [plan]))
        try desk.create()
        try desk.attach("plan")
        return desk
    }

    private static func tokens(
        _ model: String, _ input: UInt64, _ output: UInt64, feature: FeatureNumber? = nil,
        overage: OverageBehavior = .cap
    ) -> TrackTokens {
        var tokens = TrackTokens(
            modelID: model, counts: TokenCounts(input: input, output: output), overage: overage)
        tokens.prices = list[model]
        tokens.feature = feature
        return tokens
    }

    private static func run(
        _ desk: inout Desk, _ tokens: TrackTokens
    ) throws(Refusal) -> TokenReply {
        guard case .trackTokens(let reply) = try desk.run(.trackTokens(tokens)).reply else {
            preconditionFailure("tokens are answered with what they cost")
        }
        return reply
    }

    @Test("§2.1: the cost is drawn from AI credits")
    func own() throws {
        var desk = try Self.desk(.sample("ai_credits", 10, each: .month))
        let first = try Self.run(&desk, Self.tokens("openai/gpt", 5_000, 2_500))
        #expect(first.track.value == "0.0625")
        #expect(first.track.balance?.remaining == "9.9375")
        let second = try Self.run(&desk, Self.tokens("openai/gpt", 10_000, 5_000))
        #expect(second.track.value == "0.125")
        #expect(second.track.balance?.remaining == "9.8125")
        #expect(second.feature == desk.pricing.number(ofFeature: "ai_credits"))
    }

    @Test("§14: orbs at 1,000 for 1 USD pay for AI credits")
    func orbs() throws {
        var desk = try Self.desk(.sample("orbs", 100, each: .month))
        let reply = try Self.run(&desk, Self.tokens("openai/gpt", 5_000, 2_500))
        #expect(reply.track.value == "0.0625")
        #expect(reply.track.draws.map(\.amount) == ["62.5"])
        #expect(desk.balance("orbs")?.remaining == "37.5")
    }

    @Test("§2.3: own AI credits first, then orbs")
    func ownThenOrbs() throws {
        var desk = try Self.desk(
            .sample("ai_credits", "0.05", each: .month), .sample("orbs", 100, each: .month))
        let reply = try Self.run(&desk, Self.tokens("openai/gpt", 5_000, 2_500))
        #expect(reply.track.draws.map(\.amount) == ["0.05", "12.5"])
        #expect(desk.balance("ai_credits")?.remaining == 0)
        #expect(desk.balance("orbs")?.remaining == "87.5")
    }

    static let markups: [(model: String, cost: Quantity)] = [
        ("openai/gpt", 5), ("openai/mini", "1.5"), ("other/one", 11), ("custom/mine", "2.2"),
    ]

    @Test("§10.3: the model's mark-up before its provider's before the default", arguments: markups)
    func markup(model: String, cost: Quantity) throws {
        var desk = try Self.desk(.sample("ai_credits", 100, each: .month))
        let reply = try Self.run(&desk, Self.tokens(model, 1_000_000, 0))
        #expect(reply.track.value == cost)
    }

    @Test("A model without a price is refused by its field, and nothing is drawn")
    func unknownModel() throws {
        var desk = try Self.desk(.sample("ai_credits", 10, each: .month))
        let refusal = #expect(throws: Refusal.self) {
            try Self.run(&desk, Self.tokens("openai/unheard", 1, 1))
        }
        #expect(refusal?.word == "invalid: model_id")
        #expect(desk.balance("ai_credits")?.usage == 0)
    }

    @Test("Without a feature it is the first AI credit system that the customer has")
    func choice() throws {
        var desk = try Self.desk(.sample("ai_credits_2", 10, each: .month))
        let reply = try Self.run(&desk, Self.tokens("openai/gpt", 1_000_000, 0))
        #expect(reply.feature == desk.pricing.number(ofFeature: "ai_credits_2"))
        #expect(desk.balance("ai_credits_2")?.remaining == 5)
    }

    @Test("Whoever has no AI credits must name them")
    func noCredits() throws {
        var desk = try Self.desk(.sample("messages", 10, each: .month))
        let refusal = #expect(throws: Refusal.self) {
            try Self.run(&desk, Self.tokens("openai/gpt", 1, 1))
        }
        #expect(refusal?.word == "invalid: feature_id")
        let named = desk.pricing.number(ofFeature: "ai_credits")
        let reply = try Self.run(&desk, Self.tokens("openai/gpt", 1, 1, feature: named))
        #expect(reply.track.balance == nil)
        #expect(reply.track.draws.isEmpty)
    }

    @Test("A feature that takes no tokens is refused")
    func wrongFeature() throws {
        var desk = try Self.desk(.sample("messages", 10, each: .month))
        let refusal = #expect(throws: Refusal.self) {
            try Self.run(&desk, Self.tokens("openai/gpt", 1, 1, feature: Fixture.messages))
        }
        #expect(refusal?.word == "invalid: feature_id")
    }

    @Test("§2.4: what no balance covers is dropped, or refused as a whole")
    func overage() throws {
        var desk = try Self.desk(.sample("ai_credits", 1, each: .month))
        let refusal = #expect(throws: Refusal.self) {
            try Self.run(&desk, Self.tokens("openai/gpt", 1_000_000, 0, overage: .reject))
        }
        #expect(refusal?.word == "insufficient balance")
        #expect(desk.balance("ai_credits")?.remaining == 1)
        let capped = try Self.run(&desk, Self.tokens("openai/gpt", 1_000_000, 0))
        #expect(capped.track.value == 5)
        #expect(capped.track.draws.map(\.amount) == [1])
    }

    @Test("The event says model and tokens, beside what the caller says")
    func event() throws {
        var desk = try Self.desk(.sample("ai_credits", 1, each: .month))
        var tokens = Self.tokens("openai/gpt", 5_000, 2_500)
        tokens.label = EventLabel(time: nil, properties: [EventProperty("team", .text("a"))])
        _ = try Self.run(&desk, tokens)
        let label = desk.facts.compactMap { fact -> EventLabel? in
            if case .usageRecorded(_, "0.0625", let label) = fact { label } else { nil }
        }
        #expect(
            label.first?.properties == [
                EventProperty("$input_tokens", .number(bits: 5_000.0.bitPattern)),
                EventProperty("$model", .text("openai/gpt")),
                EventProperty("$output_tokens", .number(bits: 2_500.0.bitPattern)),
                EventProperty("team", .text("a")),
            ])
    }

    @Test("A batch is all or nothing, and names the item that is wrong")
    func batch() throws {
        var desk = try Self.desk(.sample("ai_credits", 10, each: .month))
        let good = Self.tokens("openai/gpt", 5_000, 2_500)
        let refusal = #expect(throws: Refusal.self) {
            try desk.run(.trackTokensAll([good, Self.tokens("openai/unheard", 1, 1)]))
        }
        #expect(refusal?.word == "invalid: items[1].model_id")
        #expect(desk.balance("ai_credits")?.usage == 0)
        guard case .trackTokensAll(let replies) = try desk.run(.trackTokensAll([good, good])).reply
        else { preconditionFailure("a batch is answered with a list") }
        #expect(replies.map(\.track.balance?.remaining) == ["9.9375", "9.875"])
    }

    @Test("An AI credit system is tracked and checked like any other balance")
    func direct() throws {
        var desk = try Self.desk(.sample("ai_credits", 10, each: .month))
        try desk.track("ai_credits", "2.5")
        #expect(desk.check("ai_credits", "7.5").reason == .included)
        #expect(desk.check("ai_credits", "7.6").reason == .insufficientBalance)
    }
}

/// What a catalog may say of tokens.
@Suite struct TokenPricingTests {
    private static func faults(_ change: (inout Feature) -> Void) -> [String] {
        var feature = Feature.sample("ai", .aiCreditSystem)
        change(&feature)
        return PricingDraft(currency: "usd", features: [feature], plans: [])
            .validate(onto: .empty).map(\.path)
    }

    static let rows: [(name: String, path: String, model: TokenMarkups.Model)] = [
        ("no slash", "model_id", .init(id: "gpt", percentage: 1)),
        ("no provider", "model_id", .init(id: "/gpt", percentage: 1)),
        ("no model", "model_id", .init(id: "openai/", percentage: 1)),
        ("a space", "model_id", .init(id: "openai/gpt 5", percentage: 1)),
        ("too low", "percentage", .init(id: "openai/gpt", percentage: -101)),
        ("too high", "percentage", .init(id: "openai/gpt", percentage: 10_001)),
        ("nothing said", "percentage", .init(id: "openai/gpt")),
        ("custom without prices", "prices", .init(id: "custom/mine", percentage: 1)),
        (
            "negative", "prices.output",
            .init(id: "custom/mine", prices: TokenPrices(input: "1", output: "-1"))
        ),
        (
            "beyond a million", "prices.input",
            .init(id: "custom/mine", prices: TokenPrices(input: "1000001", output: "1"))
        ),
    ]

    @Test("A model's mark-up that makes no sense is refused by its field", arguments: rows)
    func model(name: String, path: String, model: TokenMarkups.Model) {
        #expect(
            Self.faults { $0.markups.models = [model] } == ["features[0].model_markups[0].\(path)"])
    }

    @Test("What appears twice, and what other features can't have")
    func others() {
        let model = TokenMarkups.Model(id: "openai/gpt", percentage: 1)
        #expect(
            Self.faults { $0.markups.models = [model, model] } == [
                "features[0].model_markups[1].model_id"
            ])
        #expect(
            Self.faults {
                $0.markups.providers = [
                    .init(name: "a", percentage: 1), .init(name: "a", percentage: 2),
                    .init(name: "a/b", percentage: 3),
                ]
            } == [
                "features[0].provider_markups[1].provider",
                "features[0].provider_markups[2].provider",
            ])
        #expect(
            Self.faults { $0.markups.standard = 10_001 } == ["features[0].default_markup"])
        #expect(
            Self.faults {
                $0.kind = .metered
                $0.markups.standard = 1
            } == ["features[0].model_markups"])
    }
}
