import Stories
import Testing

@testable import Billing

/// Entitlements §5; what the state keeps.
@Suite("Advance") struct AdvanceTests {
    private static let pricing = PricingState.sample(
        [.sample("messages", .metered), .sample("seats", .allocated), .sample("words", .metered)],
        [
            .sample(
                "free", .sample("messages", 100, each: .month), .sample("seats", 3),
                .sample("words", unlimited: true)),
            .sample("a", group: "a"), .sample("b", group: "a"),
            .sample("pro", price: "20"), .sample("basic", price: "20"),
        ])

    @Test("nothing is due before its moment")
    func notYet() throws {
        var desk = Desk(AdvanceTests.pricing)
        try desk.attach("free")
        #expect(desk.customer.nextDue == .utc(2027, 2, 10))
        #expect(desk.advance(to: .utc(2027, 2, 10).adding(milliseconds: -1)).isEmpty)
        #expect(desk.advance(to: .utc(2027, 2, 10)).count == 1)
        #expect(desk.advance(to: .utc(2027, 2, 10)).isEmpty)
    }

    @Test("§5.2: missed cycles of which nothing goes over are one reset")
    func collapse() throws {
        var desk = Desk(AdvanceTests.pricing)
        try desk.attach("free")
        try desk.track("messages", 70)
        let facts = desk.advance(to: .utc(2027, 8, 1))
        #expect(facts == [.bucketReset(bucket: 1, balance: 100, nextReset: .utc(2027, 8, 10))])
        #expect(desk.balance("messages")?.remaining == 100)
    }

    @Test("§5.1: allocated and unlimited never reset")
    func neverReset() throws {
        var desk = Desk(AdvanceTests.pricing)
        try desk.attach("free")
        try desk.track("seats", 5)
        try desk.track("words", 5)
        desk.advance(to: .utc(2029, 1, 1))
        #expect(desk.balance("seats")?.usage == 5)
        #expect(desk.balance("words")?.usage == 5)
        #expect(desk.balance("seats")?.nextReset == .never)
    }

    @Test("a bucket that has expired is gone")
    func expiry() {
        var desk = Desk(AdvanceTests.pricing)
        desk.apply([
            .bucketOpened(.sample(1, 1, expires: .utc(2027, 2, 1))),
            .bucketOpened(.sample(2, 1, expires: .utc(2027, 3, 1))),
        ])
        #expect(desk.customer.nextDue == .utc(2027, 2, 1))
        desk.advance(to: .utc(2027, 2, 1))
        #expect(desk.customer.allBuckets.map(\.number) == [2])
        desk.advance(to: .utc(2028, 1, 1))
        #expect(desk.customer.buckets.count == 0)
        #expect(desk.balance("messages") == nil)
        #expect(desk.customer.nextDue == .never)
    }

    @Test("a track counts in the cycle it falls in")
    func trackAfterReset() throws {
        var desk = Desk(AdvanceTests.pricing)
        try desk.attach("free")
        try desk.track("messages", 100)
        desk.now = .utc(2027, 2, 10)
        try desk.track("messages", 10)
        #expect(desk.balance("messages")?.remaining == 90)
    }

    @Test("ended subscriptions are bounded, the latest kept")
    func endedSubscriptions() throws {
        var desk = Desk(AdvanceTests.pricing)
        try desk.attach("free")
        for round in 0..<50 {
            desk.advance(to: desk.now.adding(milliseconds: 1000))
            try desk.attach(round % 2 == 0 ? "a" : "b")
        }
        let ended = desk.customer.subscriptions.filter { $0.status == .ended }
        #expect(ended.count == FactSheet.keptSubscriptions)
        #expect(ended.map(\.number) == (35...50).map { UInt32($0) })
        #expect(desk.subscription("b")?.status == .active)
        // The oldest of all by number, the latest by its end: it is not the one to go.
        try desk.buy("pro")
        #expect(desk.subscription("free")?.status == .ended)
        let kept = desk.customer.subscriptions.filter { $0.status == .ended }
        #expect(kept.count == FactSheet.keptSubscriptions)
    }

    @Test("invoices are bounded, the latest kept")
    func invoices() throws {
        var desk = Desk(AdvanceTests.pricing)
        try desk.buy("pro")
        for _ in 0..<30 {
            desk.advance(to: desk.subscription("pro")?.periodEnd ?? .never)
            try desk.settle(.paid)
        }
        #expect(desk.customer.account.invoices.count == FactSheet.keptInvoices)
        #expect(desk.customer.account.invoices.map(\.number) == (20...31).map { UInt32($0) })
    }

    struct ViewRow: RuleRow {
        let rule: String
        let buckets: [Bucket]
        let granted: Quantity
        let remaining: Quantity
        let usage: Quantity
        let overage: Quantity
        let most: Quantity?
        let overageAllowed: Bool
    }

    static let views = [
        ViewRow(
            rule: "§4.2: sums", buckets: [.sample(1, 1, balance: 30), .sample(2, 1, balance: 60)],
            granted: 200, remaining: 90, usage: 110, overage: 0, most: nil, overageAllowed: false),
        ViewRow(
            rule: "§4.2: one overdrawn",
            buckets: [.sample(1, 1, balance: -30, [.priced]), .sample(2, 1, balance: 60)],
            granted: 200, remaining: 60, usage: 170, overage: 30, most: nil, overageAllowed: true),
        ViewRow(
            rule: "§4.2: max purchase",
            buckets: [
                .sample(1, 1, balance: 0, most: 5, [.priced, .limited]),
                .sample(2, 1, balance: 0, most: 7, [.priced, .limited]),
            ], granted: 200, remaining: 0, usage: 200, overage: 0, most: 12, overageAllowed: true),
        ViewRow(
            rule: "§4.2: one without limit",
            buckets: [
                .sample(1, 1, balance: 0, most: 5, [.priced, .limited]),
                .sample(2, 1, balance: 0, [.priced]),
            ], granted: 200, remaining: 0, usage: 200, overage: 0, most: nil, overageAllowed: true),
        ViewRow(
            rule: "§4.2: above what was granted", buckets: [.sample(1, 1, balance: 130)],
            granted: 100, remaining: 130, usage: -30, overage: 0, most: nil,
            overageAllowed: false),
    ]

    @Test("balance (§4.2)", arguments: views)
    func view(row: ViewRow) throws {
        var customer = CustomerState.sample()
        customer.apply(row.buckets.map { .bucketOpened($0) })
        let view = try #require(customer.balance(of: FeatureNumber(rawValue: 1)))
        #expect(view.granted == row.granted && view.remaining == row.remaining)
        #expect(view.usage == row.usage && view.overage == row.overage)
        #expect(view.maxPurchase == row.most && view.overageAllowed == row.overageAllowed)
        #expect(view.parts.map(\.bucket) == row.buckets.map(\.number))
    }
}
