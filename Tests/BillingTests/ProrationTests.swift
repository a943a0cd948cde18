import Stories
import Testing

@testable import Billing

/// What changes of plan cost, by numbers alone: `§8.5` names the row.
@Suite("Proration") struct ProrationTests {
    /// A part of a plan: its plan's number, its feature's (0: the base price) and its price.
    struct Part: Sendable {
        let plan: UInt32
        var feature: UInt32 = 0
        let amount: Amount
        var cycle = Cycle(.month)
        var quantity: Quantity = 0

        var price: AdvancePrice {
            AdvancePrice(
                part: PricePart(
                    plan: PlanReference(plan: PlanNumber(rawValue: plan), revision: 1),
                    feature: feature == 0 ? nil : FeatureNumber(rawValue: feature)),
                amount: amount, cycle: cycle, quantity: quantity)
        }

        static func base(_ plan: UInt32, _ amount: UnitPrice, _ cycle: Cycle = Cycle(.month))
            -> Part
        {
            Part(plan: plan, amount: Amount(amount), cycle: cycle)
        }

        static func packs(
            _ plan: UInt32, _ price: Price, _ units: Quantity, included: Quantity = 0
        ) -> Part {
            Part(
                plan: plan, feature: 1, amount: price.amount(of: units, included: included),
                quantity: units)
        }
    }

    /// Bought one after the other, each in place of what was there before.
    struct Row: RuleRow {
        let rule: String
        let steps: [(time: Timestamp, parts: [Part])]
        /// Minor units of each step's invoice.
        let totals: [Int64]

        init(_ rule: String, _ steps: [(Timestamp, [Part])], _ totals: [Int64]) {
            self.rule = rule
            self.steps = steps
            self.totals = totals
        }

        /// From one set of parts to another, `at` into a month of 30 days.
        init(
            _ rule: String, from old: [Part], to new: [Part], at now: Timestamp = start,
            _ total: Int64
        ) {
            let whole = old.reduce(Amount.zero) { $0 + $1.amount }
            self.init(
                rule, [(start, old), (now, new)],
                [Int64(whole.raw * 100 / UnitPrice.scale), total])
        }
    }

    private static let start = Timestamp.utc(2026, 4, 1)
    private static let middle = Timestamp.utc(2026, 4, 16)
    private static let pro = Part.base(1, "20")
    private static let premium = Part.base(2, "50")
    private static let growth = Part.base(3, "100")
    private static let ultra = Part.base(4, "200")
    private static let annual = Part.base(5, "200", Cycle(.year))
    private static let hundreds = Price("10", packSize: 100)
    private static let fifties = Price("10", packSize: 50)
    private static let seats = Price("10")
    private static let volume = Price(
        tiers: [.init(upTo: 500, amount: "10"), .init(upTo: nil, amount: "5")],
        behavior: .volume, packSize: 100)

    static let rows = [
        Row("§8.5: free → pro", from: [], to: [pro], 2000),
        Row("§8.5: pro → premium at once", from: [pro], to: [premium], 3000),
        Row("§8.5: premium → ultra at once", from: [premium], to: [ultra], 15000),
        Row(
            "§8.5: pro → premium after 10 of 30 days", from: [pro], to: [premium],
            at: .utc(2026, 4, 11), 2000),
        Row("§8.5: pro → premium at mid cycle", from: [pro], to: [premium], at: middle, 1500),
        Row(
            "§8.5: free → pro → premium → growth on day 0",
            [(start, [pro]), (start, [premium]), (start, [growth])], [2000, 3000, 5000]),
        Row("§8.5: pro → proAnnual at once", from: [pro], to: [annual], 18000),
        Row(
            "§8.5: pro (anchor 1 Jan) → proAnnual on 16 Feb",
            [
                (.utc(2026, 1, 1), [pro]), (.utc(2026, 2, 1), [pro]),
                (.utc(2026, 2, 16), [annual]),
            ], [2000, 2000, 16550]),
        Row("§8.5: proAnnual → 50 a month at once", from: [annual], to: [premium], -15000),
        Row(
            "§8.5: seats, 5 held: 3 included → 10 included",
            from: [pro, .packs(1, seats, 5, included: 3)],
            to: [premium, .packs(2, seats, 5, included: 10)], 1000),
        Row(
            "§8.5: prepaid 200 → 500 with pro → premium",
            from: [pro, .packs(1, hundreds, 200)], to: [premium, .packs(2, hundreds, 500)], 6000),
        Row(
            "§8.5: prepaid 500 → 200 with pro → premium",
            from: [pro, .packs(1, hundreds, 500)], to: [premium, .packs(2, hundreds, 200)], 0),
        Row(
            "§8.5: 200 units, packs of 100 → of 50",
            from: [pro, .packs(1, hundreds, 200)], to: [premium, .packs(2, fifties, 200)], 5000),
        Row(
            "§8.5: 200 units, packs of 50 → of 100",
            from: [pro, .packs(1, fifties, 200)], to: [premium, .packs(2, hundreds, 200)], 1000),
        Row(
            "§8.5: 2 packs, 10 → 15 each",
            from: [pro, .packs(1, hundreds, 200)],
            to: [premium, .packs(2, Price("15", packSize: 100), 200)], 4000),
        Row(
            "§8.5: 2 packs, 15 → 10 each",
            from: [pro, .packs(1, Price("15", packSize: 100), 200)],
            to: [premium, .packs(2, hundreds, 200)], 2000),
        Row(
            "§8.5: 200 units, nothing included → 100 included",
            from: [pro, .packs(1, hundreds, 200)],
            to: [premium, .packs(2, hundreds, 200, included: 100)], 2000),
        Row(
            "§8.5: 200 units, 100 included → nothing included",
            from: [pro, .packs(1, hundreds, 200, included: 100)],
            to: [premium, .packs(2, hundreds, 200)], 4000),
        Row(
            "§8.5: volume 300 → 800 with pro → premium",
            from: [pro, .packs(1, volume, 300)], to: [premium, .packs(2, volume, 800)], 4000),
        Row(
            "§8.5: volume 800 → 600",
            from: [pro, .packs(1, volume, 800)], to: [premium, .packs(2, volume, 600)], 2000),
        Row(
            "§8.5: volume 300 → 300",
            from: [pro, .packs(1, volume, 300)], to: [premium, .packs(2, volume, 300)], 3000),
        Row(
            "§8.5: 5 entities, 3 included", from: [],
            to: [pro, .packs(1, seats, 5, included: 3)], 4000),
        Row(
            "§8.5: recurring and one-off item", from: [],
            to: [pro, Part(plan: 1, feature: 1, amount: Amount("25"), cycle: Cycle(.oneOff))], 4500),
        Row("§10.1: price 20 → 30", from: [pro], to: [.base(1, "30")], 1000),
        Row("§10.1: price 30 → 20", from: [.base(1, "30")], to: [.base(1, "20")], -1000),
        Row("§10.1: 20 → free", from: [pro], to: [], -2000),
        Row("§10.1: monthly → annual 200", from: [pro], to: [.base(1, "200", Cycle(.year))], 18000),
        Row(
            "§10.2: 10 → 20 units at 8",
            from: [.packs(1, Price("8"), 10)], to: [.packs(1, Price("8"), 20)], 8000),
        Row(
            "§10.2: 20 → 5 units at 8",
            from: [.packs(1, Price("8"), 20)], to: [.packs(1, Price("8"), 5)], -12000),
        Row(
            "§10.2: 10 → 20 units at 8, mid cycle",
            from: [.packs(1, Price("8"), 10)], to: [.packs(1, Price("8"), 20)], at: middle, 4000),
        Row("nothing changes", from: [pro], to: [pro], at: middle, 0),
        Row(
            "beyond: premium on day 10, growth on day 20, cancel then",
            [
                (start, [pro]), (.utc(2026, 4, 11), [premium]), (.utc(2026, 4, 21), [growth]),
                (.utc(2026, 4, 21), []),
            ], [2000, 2000, 1666, -3333]),
    ]

    @Test("What is charged, step by step", arguments: rows)
    func totals(row: Row) throws {
        let dollars = try #require(Currency(code: "usd"))
        let anchor = row.steps[0].time
        var charges: [PaidCharge] = []
        var totals: [Int64] = []
        for (now, parts) in row.steps {
            // What is over was used up; a renewal charges anew.
            charges.removeAll { $0.period.upperBound <= now }
            let lines = InvoiceLine.change(
                from: charges, to: parts.map(\.price), at: now, anchor: anchor, currency: dollars)
            totals.append(lines.total?.minorUnits ?? 0)
            charges.removeAll { charge in
                lines.contains { $0.kind == .credit && $0.part == charge.part }
            }
            for line in lines where line.kind == .charge {
                let period = try #require(line.period)
                charges.append(
                    PaidCharge(
                        part: line.part, quantity: line.quantity, period: period,
                        paid: line.total))
            }
        }
        #expect(totals == row.totals)
    }

    @Test("JPY 2000 → 5000 at day 10 of 30")
    func yen() throws {
        let yen = try #require(Currency(code: "jpy"))
        let paid = PaidCharge(
            part: ProrationTests.pro.price.part, quantity: 0,
            period: ProrationTests.start..<Timestamp.utc(2026, 5, 1),
            paid: Money(minorUnits: 2000, currency: yen))
        let lines = InvoiceLine.change(
            from: [paid], to: [Part.base(2, "5000").price], at: .utc(2026, 4, 11),
            anchor: ProrationTests.start, currency: yen)
        #expect(lines.total?.minorUnits == 2000)
    }

    @Test("§8.1: out of what was paid, less what was given back")
    func returned() throws {
        let dollars = try #require(Currency(code: "usd"))
        func unused(_ paid: Int64, returned: Int64, _ now: Timestamp) -> Int64 {
            PaidCharge(
                part: ProrationTests.pro.price.part, quantity: 0,
                period: ProrationTests.start..<Timestamp.utc(2026, 5, 1),
                paid: Money(minorUnits: paid, currency: dollars), returned: returned
            ).unused(at: now).minorUnits
        }
        #expect(unused(2000, returned: 500, ProrationTests.middle) == 750)
        #expect(unused(1000, returned: 0, ProrationTests.start) == 1000)
        #expect(unused(2000, returned: 2500, ProrationTests.middle) == 0)
        #expect(unused(0, returned: 0, ProrationTests.middle) == 0)
    }
}
