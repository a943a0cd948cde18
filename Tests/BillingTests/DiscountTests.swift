import Stories
import Testing

@testable import Billing

@Suite("Discounts") struct DiscountTests {
    struct Row: RuleRow {
        let rule: String
        /// Minor units before; the plan is the line's place.
        let lines: [Int64]
        let discounts: [Discount]
        let totals: [Int64]

        init(_ rule: String, _ lines: [Int64], _ discounts: [Discount], _ totals: [Int64]) {
            self.rule = rule
            self.lines = lines
            self.discounts = discounts
            self.totals = totals
        }
    }

    private static let dollars: Currency = {
        guard let dollars = Currency(code: "usd") else { preconditionFailure("it is a code") }
        return dollars
    }()

    private static func percent(
        _ percentage: Quantity, _ id: String = "p", plans: [UInt32] = []
    ) -> Discount {
        Discount(
            rewardID: id, .percentage(percentage), plans: plans.map { PlanNumber(rawValue: $0) })
    }

    private static func off(
        _ minorUnits: Int64, _ id: String = "a", plans: [UInt32] = []
    ) -> Discount {
        Discount(
            rewardID: id, .amount(Money(minorUnits: minorUnits, currency: dollars)),
            plans: plans.map { PlanNumber(rawValue: $0) })
    }

    static let rows = [
        Row("§19.5: 20 % of 20", [2000], [percent(20)], [1600]),
        Row("§19.5: 5 off 20", [2000], [off(500)], [1500]),
        Row("§19.5: 25 % of 20", [2000], [percent(25)], [1500]),
        Row("§19.5: 20 % of 20, then 2 off", [2000], [percent(20), off(200)], [1400]),
        Row("§19.5: whichever stands first", [2000], [off(200), percent(20)], [1400]),
        Row("§19.5: the same reward twice", [2000], [percent(20), percent(20)], [1600]),
        Row("§19.5: 20 % on an upgrade", [-2000, 5000], [percent(20)], [-2000, 4000]),
        Row(
            "§19.5: 10 % and 20 %", [-2000, 5000], [percent(10, "a"), percent(20, "b")],
            [-2000, 3600]),
        Row("§19.5: 50 → 100, 20 %", [-5000, 10000], [percent(20)], [-5000, 8000]),
        Row("§19.5: 50 → 100, 100 %", [-5000, 10000], [percent(100)], [-5000, 0]),
        Row("§19.5: 50 → 100, 1 %", [-5000, 10000], [percent(1)], [-5000, 9900]),
        Row("§19.5: 50 % and 30 off", [-5000, 10000], [percent(50), off(3000)], [-5000, 2000]),
        Row("§19.5: 10 → 5 at 10, 50 %", [-10000, 5000], [percent(50)], [-10000, 2500]),
        Row("§19.5: more than the charge", [-2000, 5000], [off(9000)], [-2000, 0]),
        Row("§19.5: half of 34.90", [3490], [percent(50)], [1745]),
        Row("§19.5: of another plan", [2000, 3000], [percent(50, plans: [1])], [2000, 1500]),
        Row("§8.2: spread in proportion", [2000, 3000], [off(1000)], [1600, 2400]),
        Row("§8.2: largest remainder", [1000, 1000, 1000], [off(100)], [966, 967, 967]),
        Row(
            "§0.13: by what lines were", [1000, 1000], [percent(50, plans: [0]), off(400)],
            [300, 800]),
        Row(
            "§8.2: limited to the line", [1000, 1000], [percent(90, plans: [0]), off(400)],
            [0, 800]),
        Row("§8.2: only lines of its plans", [1000, 1000], [off(400, plans: [1])], [1000, 600]),
        Row("§8.2: nothing to lower", [-1000, 0], [off(400), percent(50)], [-1000, 0]),
        Row("an eighth of a per cent", [10000], [percent("0.125")], [9988]),
    ]

    private static func line(_ index: Int, _ subtotal: Money) -> InvoiceLine {
        let plan = PlanReference(plan: PlanNumber(rawValue: UInt32(index)), revision: 1)
        return InvoiceLine(.charge, PricePart(plan: plan), subtotal: subtotal)
    }

    @Test("What is left", arguments: rows)
    func totals(row: Row) {
        var lines = row.lines.enumerated().map { index, minorUnits in
            DiscountTests.line(
                index, Money(minorUnits: minorUnits, currency: DiscountTests.dollars))
        }
        lines.apply(row.discounts)
        #expect(lines.map(\.total.minorUnits) == row.totals)
    }

    @Test("No line below 0, no more off than there is, whatever is combined", arguments: 0..<50)
    func laws(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        var lines = (0..<Int.random(in: 1...5, using: &dice)).map { index in
            DiscountTests.line(
                index,
                Money(
                    minorUnits: Int64.random(in: -5_000...10_000, using: &dice),
                    currency: DiscountTests.dollars))
        }
        let discounts = (0..<Int.random(in: 0...4, using: &dice)).map { index in
            Bool.random(using: &dice)
                ? DiscountTests.percent(
                    Quantity(units: Int.random(in: 0...100, using: &dice)), "p\(index)")
                : DiscountTests.off(Int64.random(in: 0...8_000, using: &dice), "a\(index)")
        }
        let before = lines
        lines.apply(discounts)
        for (old, new) in zip(before, lines) {
            let floor = min(old.subtotal.minorUnits, 0)
            #expect((floor...max(old.subtotal.minorUnits, floor)).contains(new.total.minorUnits))
        }
        for discount in discounts {
            guard case .amount(let most) = discount.kind else { continue }
            let taken = lines.flatMap(\.discounts).filter { $0.rewardID == discount.rewardID }
            #expect(taken.reduce(0) { $0 + $1.minorUnits } <= most.minorUnits)
        }
    }
}
