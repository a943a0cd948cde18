import Stories
import Testing

@testable import Billing

@Suite("Prices") struct PriceTests {
    struct Row: RuleRow {
        let rule: String
        let price: Price
        let units: Quantity
        let included: Quantity
        /// Major units, exactly.
        let amount: UnitPrice

        init(
            _ rule: String, _ price: Price, _ units: Quantity, of included: Quantity = 0,
            _ amount: UnitPrice
        ) {
            self.rule = rule
            self.price = price
            self.units = units
            self.included = included
            self.amount = amount
        }
    }

    private static let falling = Price(tiers: [
        .init(upTo: 100, amount: "0.10"), .init(upTo: 500, amount: "0.05"),
        .init(upTo: nil, amount: "0.02"),
    ])
    private static let fine = Price(tiers: [
        .init(upTo: 50, amount: "0.0075"), .init(upTo: nil, amount: "0.0025"),
    ])

    /// Boundaries count what is included, as they are written in a catalog.
    private static func packs(_ behavior: Price.TierBehavior, included: Quantity = 0) -> Price {
        Price(
            tiers: [
                .init(upTo: 500 + included, amount: "10"), .init(upTo: nil, amount: "5"),
            ], behavior: behavior, packSize: 100)
    }

    private static let withFlat = Price(
        tiers: [.init(upTo: 100, amount: "1", flat: "10"), .init(upTo: nil, amount: "0.5")],
        behavior: .volume)
    private static let flatOnly = Price(
        tiers: [
            .init(upTo: 100, amount: "0", flat: "20"), .init(upTo: nil, amount: "0", flat: "50"),
        ], behavior: .volume)

    static let rows = [
        Row("§2: single price", Price("0.10"), 3, "0.3"),
        Row("§2: packs of 10, 15 units", Price("1", packSize: 10), 15, "2"),
        Row("§2: packs of 10, 55 over", Price("1", packSize: 10), 155, of: 100, "6"),
        Row("§2: graduated, 250", falling, 250, "17.5"),
        Row("§2: graduated, 500", falling, 500, "30"),
        Row("§2: graduated, 1000", falling, 1000, "40"),
        Row("§2: graduated, fractions of a cent", fine, 75, "0.4375"),
        Row("§2: graduated packs, 800", packs(.graduated), 800, "65"),
        Row("§2: volume packs, 800", packs(.volume), 800, "40"),
        Row(
            "§2: graduated, included 100, 800", packs(.graduated, included: 100), 800, of: 100, "60"
        ),
        Row("§2: volume, included 100, 400", packs(.volume, included: 100), 400, of: 100, "40"),
        Row("§2: volume, included 100, 900", packs(.volume, included: 100), 900, of: 100, "45"),
        Row("§2: volume, what is included", packs(.volume, included: 100), 100, of: 100, "0"),
        Row("§2: volume with a flat amount", withFlat, 50, "60"),
        Row("§2: flat amounts only, 80", flatOnly, 80, "20"),
        Row("§2: flat amounts only, 150", flatOnly, 150, "50"),
        Row("§0.9: volume, nothing included, nothing bought", flatOnly, 0, "0"),
        Row("§2: at the end of a tier", flatOnly, 100, "20"),
        Row("§2: part of a unit after it", flatOnly, "100.5", "50"),
        Row("§2: never below 0", Price("1"), 50, of: 100, "0"),
        Row("§2: mirrored below 0", falling, -250, "-17.5"),
        Row("§2: mirrored, packs", Price("1", packSize: 10), -15, "-2"),
        Row("beyond: a millionth of a dollar", Price("0.000001"), 1_000_000, "1"),
        Row("beyond: 0.0075 × 75", Price("0.0075"), 75, "0.5625"),
        Row("a tier that is all included", falling, 250, of: 200, "2.5"),
    ]

    @Test("What units cost", arguments: rows)
    func amount(row: Row) {
        let amount = row.price.amount(of: row.units, included: row.included)
        #expect(amount == Amount(row.amount), "\(amount.raw)")
    }

    struct Rounded: RuleRow {
        let rule: String
        let amount: UnitPrice
        let currency: String
        let minorUnits: Int64

        init(
            _ rule: String, _ amount: UnitPrice, _ minorUnits: Int64,
            _ currency: String = "usd"
        ) {
            self.rule = rule
            self.amount = amount
            self.currency = currency
            self.minorUnits = minorUnits
        }
    }

    static let rounded = [
        Rounded("nothing", "0", 0),
        Rounded("beyond: 0.5625", "0.5625", 56),
        Rounded("§2: half away from zero", "0.125", 13),
        Rounded("§0.8: half away, negative", "-0.125", -13),
        Rounded("§19.1: 23,198 RWF", "23198", 23198, "rwf"),
        Rounded("beyond: 5.125 KWD", "5.125", 5130, "kwd"),
    ]

    @Test("An amount as money", arguments: rounded)
    func money(row: Rounded) throws {
        let currency = try #require(Currency(code: row.currency))
        let money = Money(Amount(row.amount), currency: currency)
        #expect(money.minorUnits == row.minorUnits)
    }

    @Test("What no bill reaches is cut", arguments: ["usd", "jpy", "kwd"])
    func cut(code: String) throws {
        let currency = try #require(Currency(code: code))
        for raw in [Int128.max / 2, -(Int128.max / 2)] {
            let money = Money(Amount(raw: raw), currency: currency)
            #expect(money.minorUnits.magnitude == Money.lineLimit.magnitude)
            #expect((money.minorUnits < 0) == (raw < 0))
        }
    }
}
