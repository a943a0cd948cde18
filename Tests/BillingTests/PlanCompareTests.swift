import Stories
import Testing

@testable import Billing

/// Billing §2, "Comparing plans".
@Suite("Plan.isUpgrade") struct PlanCompareTests {
    struct Row: RuleRow {
        let rule: String
        let from: Plan
        let to: Plan
        let upgrade: Bool

        init(_ rule: String, _ from: Plan, _ to: Plan, _ upgrade: Bool) {
            self.rule = rule
            self.from = from
            self.to = to
            self.upgrade = upgrade
        }
    }

    private static let free = Plan.sample("free", .sample("messages", 10, each: .month))
    private static let zero = Plan.sample("zero", price: "0")
    private static let usage = Plan.sample(
        "usage", .sample("messages", 10, each: .month, price: "0.10"))
    private static let quarterlyUsage = Plan.sample(
        "usage_quarter", .sample("messages", 10, each: .quarter, price: "0.10"))
    private static let oneOff = Plan.sample("top_up", price: "10", each: .oneOff)

    private static func monthly(_ price: UnitPrice) -> Plan { .sample("monthly", price: price) }
    private static func yearly(_ price: UnitPrice) -> Plan {
        .sample("yearly", price: price, each: .year)
    }

    static let rows = [
        Row("1: free → paid", free, monthly("20"), true),
        Row("1: paid → free", monthly("20"), free, false),
        Row("1: free → usage only", free, usage, true),
        Row("1: usage only → free", usage, free, false),
        Row("free → free", free, free, true),
        Row("free → a price of 0", free, zero, true),
        Row("2: paid → one-off", monthly("20"), oneOff, true),
        Row("2: one-off → paid", oneOff, monthly("20"), true),
        Row("2: both usage only", usage, usage, true),
        Row("2: both usage only, to a shorter interval", quarterlyUsage, usage, true),
        Row("3: usage only → longer paid", usage, yearly("1"), true),
        Row("4: paid → usage only", monthly("20"), usage, false),
        Row("4: usage only → paid", usage, monthly("20"), true),
        Row("4: $20/mo → $20/mo", monthly("20"), monthly("20"), true),
        Row("4: $20/mo → $50/mo", monthly("20"), monthly("50"), true),
        Row("4: $50/mo → $20/mo", monthly("50"), monthly("20"), false),
        Row("4: a cent less", monthly("20"), monthly("19.99"), false),
        Row("4: $200/yr → $20/mo", yearly("200"), monthly("20"), true),
        Row("4: $240/yr → $20/mo", yearly("240"), monthly("20"), true),
        Row("4: $250/yr → $20/mo", yearly("250"), monthly("20"), false),
        Row("4: $300/yr → $20/mo", yearly("300"), monthly("20"), false),
        Row(
            "4: $60/quarter → $20/mo", .sample("q", price: "60", each: .quarter), monthly("20"),
            true),
        Row(
            "4: $61/quarter → $20/mo", .sample("q", price: "61", each: .quarter), monthly("20"),
            false),
        Row(
            "4: $120/half year → $20/mo", .sample("h", price: "120", each: .semiAnnual),
            monthly("20"), true),
        Row("3: $20/mo → $500/yr", monthly("20"), yearly("500"), true),
        Row("3: $20/mo → $200/yr", monthly("20"), yearly("200"), true),
        Row("3: $5/week → $1/mo", .sample("w", price: "5", each: .week), monthly("1"), true),
        Row(
            "4: $20/mo → $5/week, a quarter of a month", monthly("20"),
            .sample("w", price: "5", each: .week), true),
        Row("4: $20/mo → $4/week", monthly("20"), .sample("w", price: "4", each: .week), false),
    ]

    @Test("table", arguments: rows)
    func isUpgrade(row: Row) {
        #expect(row.from.isUpgrade(to: row.to) == row.upgrade)
    }

    struct KindRow: RuleRow {
        let rule: String
        let plan: Plan
        let free: Bool
        let oneOff: Bool
        let main: Bool
        let billed: Cycle?
    }

    static let kinds = [
        KindRow(
            rule: "§1.2: no price", plan: free, free: true, oneOff: false, main: true, billed: nil),
        KindRow(
            rule: "§1.2: a price of 0", plan: zero, free: true, oneOff: false, main: true,
            billed: Cycle(.month)),
        KindRow(
            rule: "§1.2: usage only", plan: usage, free: false, oneOff: false, main: true,
            billed: Cycle(.month)),
        KindRow(
            rule: "§1.2: one-off", plan: oneOff, free: false, oneOff: true, main: false,
            billed: nil),
        KindRow(
            rule: "§1.2: a one-off price of 0",
            plan: .sample("gift", price: "0", each: .oneOff), free: true, oneOff: false,
            main: true, billed: nil),
        KindRow(
            rule: "§4: add-on", plan: .sample("extra", price: "5", addOn: true), free: false,
            oneOff: false, main: false, billed: Cycle(.month)),
        KindRow(
            rule: "§1.4: seats alone are billed monthly",
            plan: .sample("seats", .sample("seats", 2, price: "10")), free: false, oneOff: false,
            main: true, billed: Cycle(.month)),
    ]

    @Test("kinds of plan", arguments: kinds)
    func kind(row: KindRow) {
        #expect(row.plan.isFree == row.free)
        #expect(row.plan.isOneOff == row.oneOff)
        #expect(row.plan.isMain == row.main)
        #expect(row.plan.billingCycles.last == row.billed)
    }
}
