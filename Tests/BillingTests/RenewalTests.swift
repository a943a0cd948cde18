import Stories
import Testing

@testable import Billing

/// Billing §11.1, §11.5: what a cycle's end charges.
@Suite("Renewal") struct RenewalTests {
    struct Row: RuleRow {
        let rule: String
        let plan: Plan
        /// Used in the first cycle.
        let used: [(String, Quantity)]
        /// Cents of the purchase and the renewals after it.
        let totals: [Int64]

        init(_ rule: String, _ plan: Plan, _ used: [(String, Quantity)], _ totals: [Int64]) {
            self.rule = rule
            self.plan = plan
            self.used = used
            self.totals = totals
        }
    }

    private static let features: [Feature] = [
        .sample("messages", .metered), .sample("words", .metered), .sample("seats", .allocated),
    ]

    private static let usage = PlanItem.sample("messages", 100, each: .month, price: "0.10")

    private static let falling: [Price.Tier] = [
        .init(upTo: 100, amount: "0.10"), .init(upTo: 500, amount: "0.05"),
        .init(upTo: nil, amount: "0.02"),
    ]
    private static let fine: [Price.Tier] = [
        .init(upTo: 50, amount: "0.0075"), .init(upTo: nil, amount: "0.0025"),
    ]
    private static let packs: [Price.Tier] = [
        .init(upTo: 600, amount: "10"), .init(upTo: nil, amount: "5"),
    ]

    static let rows = [
        Row("base only", .sample("p", price: "20"), [], [2000, 2000, 2000]),
        Row(
            "251 of 100 at $0.10: 35.10", .sample("p", price: "20", usage), [("messages", 251)],
            [2000, 3510, 2000]),
        Row(
            "900 over at $0.10: 110", .sample("p", price: "20", usage), [("messages", 1000)],
            [2000, 11000, 2000]),
        Row(
            "within the included: base only", .sample("p", price: "20", usage),
            [("messages", 100)], [2000, 2000, 2000]),
        Row(
            "§2: packs of 10 at $1, 155 of 100: 26",
            .sample("p", price: "20", .sample("messages", 100, each: .month, price: "1", per: 10)),
            [("messages", 155)], [2000, 2600, 2000]),
        Row(
            "§2: graduated, 250", .sample("p", price: "20", .tiered("messages", falling)),
            [("messages", 250)], [2000, 3750, 2000]),
        Row(
            "§2: graduated, 1000", .sample("p", price: "20", .tiered("messages", falling)),
            [("messages", 1000)], [2000, 6000, 2000]),
        Row(
            "§2: graduated, fractions of a cent",
            .sample("p", price: "20", .tiered("messages", fine)), [("messages", 75)],
            [2000, 2044, 2000]),
        Row(
            "§2: graduated packs, 100 included, 800",
            .sample("p", price: "20", .tiered("messages", of: 100, per: 100, packs)),
            [("messages", 800)], [2000, 8000, 2000]),
        Row(
            "5 seats held, 2 included at $10: 50 each time",
            .sample("p", price: "20", .sample("seats", 2, price: "10")), [("seats", 5)],
            [2000, 5000, 5000]),
        Row(
            "usage only: nothing, then usage, then nothing", .sample("p", usage),
            [("messages", 150)], [500]),
        Row(
            "two usage prices",
            .sample(
                "p", price: "20", usage, .sample("words", each: .month, price: "0.01")),
            [("messages", 150), ("words", 250)], [2000, 2750, 2000]),
        Row(
            "a fraction of a cent is rounded once",
            .sample("p", price: "20", .sample("messages", each: .month, price: "0.0075")),
            [("messages", 3)], [2000, 2002, 2000]),
    ]

    @Test("totals", arguments: rows)
    func totals(row: Row) throws {
        var desk = Desk(.sample(RenewalTests.features, [row.plan]))
        try desk.buy("p")
        for (featureID, value) in row.used { try desk.track(featureID, value) }
        for month in [2, 3] as [Int64] {
            desk.advance(to: .utc(2027, month, 10))
            if desk.customer.openEffect != nil { try desk.settle(.paid) }
        }
        #expect(desk.paidTotals == row.totals)
        #expect(desk.subscription("p")?.periodStart == .utc(2027, 3, 10))
        #expect(desk.subscription("p")?.periodEnd == .utc(2027, 4, 10))
        #expect(desk.subscription("p")?.status == .active)
    }

    private static func desk() throws -> Desk {
        var desk = Desk(
            .sample(
                features,
                [
                    .sample("p", price: "20", usage, .sample("words", 10, each: .day)),
                    .sample("extra", price: "5", addOn: true),
                ]))
        try desk.buy("p")
        return desk
    }

    @Test("until the charge is answered the plan is renewing, in use, and reset")
    func renewing() throws {
        var desk = try RenewalTests.desk()
        try desk.track("messages", 251)
        desk.advance(to: .utc(2027, 2, 10))
        #expect(desk.subscription("p")?.status == .renewing)
        let effect = try #require(desk.customer.openEffect)
        #expect(effect.kind == .collect && effect.request == nil)
        #expect(effect.order.purpose == .renewal)
        #expect(
            effect.order.lines.map(\.description) == ["p - Base Price", "p - 151 messages"])
        #expect(effect.order.lines.map(\.total.minorUnits) == [2000, 1510])
        #expect(desk.balance("messages")?.remaining == 100)
        #expect(desk.check("messages", 100).reason == .included)
        let plan = desk.pricing.number(ofPlan: "p")
        #expect(desk.customer.check(plan: plan, pricing: desk.pricing).reason == .planRenewing)
    }

    @Test("§11.5: declined: past due, in use; paid when it is tried again: active")
    func declined() throws {
        var desk = try RenewalTests.desk()
        desk.advance(to: .utc(2027, 2, 10))
        try desk.settle(.declined(code: "card_declined"))
        #expect(desk.subscription("p")?.status == .pastDue)
        #expect(desk.check("messages").allowed)
        desk.advance(to: .utc(2027, 2, 13))
        try desk.settle(.paid)
        #expect(desk.subscription("p")?.status == .active)
        #expect(desk.customer.account.invoices.map(\.status) == [.paid, .paid])
    }

    @Test("several missed periods are charged one after the other")
    func missed() throws {
        var desk = try RenewalTests.desk()
        try desk.track("messages", 110)
        desk.advance(to: .utc(2027, 5, 15))
        #expect(desk.customer.account.effects.count == 1)
        #expect(desk.subscription("p")?.periodStart == .utc(2027, 2, 10))
        for month in [3, 4, 5] as [Int64] {
            try desk.settle(.paid)
            desk.advance(to: desk.now)
            #expect(desk.customer.account.effects.count == 1)
            #expect(desk.subscription("p")?.periodStart == .utc(2027, month, 10))
        }
        try desk.settle(.paid)
        desk.advance(to: desk.now)
        #expect(desk.customer.openEffect == nil)
        #expect(desk.paidTotals == [2000, 2100, 2000, 2000, 2000])
        #expect(desk.subscription("p")?.periodEnd == .utc(2027, 6, 10))
    }

    @Test("§14.1: two plans due at one moment are one invoice")
    func twoPlans() throws {
        var desk = try RenewalTests.desk()
        try desk.buy("extra")
        desk.advance(to: .utc(2027, 2, 10))
        #expect(desk.customer.openEffect?.order.total.minorUnits == 2500)
        #expect(desk.subscription("extra")?.status == .renewing)
        try desk.settle(.paid)
        desk.advance(to: desk.now)
        #expect(desk.customer.openEffect == nil)
        #expect(desk.customer.subscriptions.map(\.status) == [.active, .active])
        #expect(desk.paidTotals == [2000, 500, 2500])
    }

    @Test("what needs no charge goes on while a charge is open")
    func resetsGoOn() throws {
        var desk = try RenewalTests.desk()
        desk.advance(to: .utc(2027, 2, 10))
        try desk.track("words", 10)
        #expect(desk.balance("words")?.remaining == 0)
        desk.advance(to: .utc(2027, 2, 11))
        #expect(desk.balance("words")?.remaining == 10)
        #expect(desk.customer.account.effects.count == 1)
        #expect(desk.customer.nextDue == .utc(2027, 2, 12))
    }

    @Test("usage with a shorter cycle than the plan's is charged at its own end")
    func shorterCycle() throws {
        var desk = Desk(
            .sample(
                RenewalTests.features,
                [.sample("p", price: "20", .sample("messages", each: .week, price: "0.10"))]))
        try desk.buy("p")
        try desk.track("messages", 30)
        desk.advance(to: .utc(2027, 1, 17))
        #expect(desk.subscription("p")?.periodEnd == .utc(2027, 2, 10))
        try desk.settle(.paid)
        #expect(desk.paidTotals == [2000, 300])
        #expect(desk.balance("messages")?.overage == 0)
        #expect(desk.balance("messages")?.nextReset == .utc(2027, 1, 24))
    }

    @Test("§5.2: a month-end anchor is kept through renewals")
    func monthEnd() throws {
        var desk = Desk(
            .sample(RenewalTests.features, [.sample("p", price: "20", RenewalTests.usage)]),
            at: .utc(2027, 1, 31))
        try desk.buy("p")
        for end in [Timestamp.utc(2027, 2, 28), .utc(2027, 3, 31), .utc(2027, 4, 30)] {
            #expect(desk.subscription("p")?.periodEnd == end)
            #expect(desk.balance("messages")?.nextReset == end)
            desk.advance(to: end)
            try desk.settle(.paid)
        }
    }
}
