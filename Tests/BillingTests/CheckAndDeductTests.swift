import Stories
import Testing

@testable import Billing

/// Entitlements §1.6: check and deduct in one commit.
@Suite("Check and deduct") struct CheckAndDeductTests {
    private static let pricing = PricingState.sample([
        .sample("messages", .metered), .sample("sso", .boolean),
        .sample("credits", .creditSystem, costs: ["messages": "0.2"]),
    ])

    struct Row: RuleRow {
        let rule: String
        let buckets: [Bucket]
        let required: Quantity
        let reason: CheckReason
        /// Balances afterwards, in the order of `buckets`.
        let balances: [Quantity]

        init(
            _ rule: String, _ buckets: [Bucket], _ required: Quantity, _ reason: CheckReason,
            _ balances: Quantity...
        ) {
            self.rule = rule
            self.buckets = buckets
            self.required = required
            self.reason = reason
            self.balances = balances
        }
    }

    private static func own(
        _ balance: Quantity, most: Quantity = 0, _ flags: Bucket.Flags = []
    ) -> Bucket {
        .sample(1, 1, balance: balance, most: most, flags)
    }

    private static func credits(_ balance: Quantity) -> Bucket {
        .sample(2, 3, balance: balance)
    }

    static let rows = [
        Row("enough", [own(100)], 30, .included, 70),
        Row("just enough", [own(30)], 30, .included, 0),
        Row("too little: nothing deducted", [own(29)], 30, .insufficientBalance, 29),
        Row("no bucket", [], 1, .notIncluded),
        Row("no bucket, nothing required", [], 0, .nothingRequired),
        Row("no bucket, negative", [], -1, .nothingRequired),
        Row("nothing left, nothing required", [own(0)], 0, .included, 0),
        Row("negative gives back", [own(50)], -5, .nothingRequired, 55),
        Row("unlimited", [own(0, [.unlimited])], 5, .unlimited, -5),
        Row("pay-per-use", [own(2, [.priced])], 5, .overage, -3),
        Row("max purchase", [own(2, most: 3, [.priced, .limited])], 5, .overage, -3),
        Row("above max purchase", [own(2, most: 3, [.priced, .limited])], 6, .maxPurchase, 2),
        Row("free seats stay at 0", [own(1, [.allocated])], 2, .insufficientBalance, 1),
        Row("credits", [own(0), credits(2)], 10, .included, 0, 0),
        Row("too few credits", [own(0), credits(1)], 10, .insufficientBalance, 0, 1),
        Row("own and credits together", [own(5), credits(1)], 10, .included, 0, 0),
        Row(
            "own and credits, too little", [own(5), credits(1)], "10.1", .insufficientBalance, 5, 1),
    ]

    @Test("all or nothing", arguments: rows)
    func deduct(row: Row) throws {
        var desk = Desk(CheckAndDeductTests.pricing)
        desk.apply(row.buckets.map { .bucketOpened($0) })
        let facts = desk.facts.count
        let answer = try desk.checkAndDeduct("messages", row.required)
        #expect(answer.reason == row.reason)
        #expect(desk.customer.allBuckets.map(\.balance) == row.balances)
        let recorded = desk.facts.dropFirst(facts).contains(
            .usageRecorded(feature: FeatureNumber(rawValue: 1), value: row.required))
        #expect(recorded == (answer.allowed && !row.buckets.isEmpty))
        if !recorded { #expect(desk.facts.count == facts) }
        // The balance shown is the one after the deduction.
        if let shown = answer.balance {
            #expect(shown == desk.customer.balance(of: shown.feature))
        }
    }

    @Test("a boolean feature has nothing to deduct")
    func boolean() {
        var desk = Desk(CheckAndDeductTests.pricing)
        #expect(throws: Refusal.self) { try desk.checkAndDeduct("sso", 1) }
        #expect(desk.facts.isEmpty)
    }

    /// §2.4: a cost of 0 counts as 1 when drawn, though a check asks for 0 credits.
    @Test("what a check allows may still be too much to draw")
    func costOfNothing() throws {
        let pricing = PricingState.sample([
            .sample("messages", .metered),
            .sample("credits", .creditSystem, costs: ["messages": "0"]),
        ])
        var desk = Desk(pricing)
        desk.apply([.bucketOpened(.sample(1, 2, balance: 3))])
        #expect(desk.check("messages", 10).reason == .included)
        #expect(try desk.checkAndDeduct("messages", 10).reason == .insufficientBalance)
        #expect(desk.customer.buckets[0].balance == 3)
        #expect(try desk.checkAndDeduct("messages", 3).reason == .included)
        #expect(desk.customer.buckets[0].balance == .zero)
    }
}
