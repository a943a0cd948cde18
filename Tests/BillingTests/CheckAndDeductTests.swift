import Stories
import Testing

@testable import Billing

/// Entitlements §1.6: check and deduct in one commit.
@Suite("Check and deduct") struct CheckAndDeductTests {
    @Test("all or nothing", arguments: CheckAndDeductStories.rows)
    func deduct(row: CheckAndDeductStories.Row) throws {
        var desk = Desk(CheckAndDeductStories.pricing)
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
        var desk = Desk(CheckAndDeductStories.pricing)
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
