import Stories
import Testing

@testable import Billing

@Suite("Money") struct MoneyTests {
    struct Row: RuleRow {
        let rule: String
        let price: UnitPrice
        let count: Quantity
        let currency: String
        let minorUnits: Int64?
        let text: String

        init(
            _ rule: String, _ price: UnitPrice, _ count: Quantity, _ currency: String,
            _ minorUnits: Int64?, _ text: String
        ) {
            self.rule = rule
            self.price = price
            self.count = count
            self.currency = currency
            self.minorUnits = minorUnits
            self.text = text
        }
    }

    static let rows = [
        Row("§2: $0.10, 3 units", "0.10", 3, "usd", 30, "0.30 USD"),
        Row("§2: rounded once, half up", "0.005", 1, "usd", 1, "0.01 USD"),
        Row("§2: below half", "0.00499", 1, "usd", 0, "0.00 USD"),
        Row("§0.8: half away, negative", "-0.005", 1, "usd", -1, "-0.01 USD"),
        Row("§0.8: half away, negative count", "0.005", -1, "usd", -1, "-0.01 USD"),
        Row("§2: the sum is rounded, not the unit", "0.004", 100, "usd", 40, "0.40 USD"),
        Row("§2: part of a unit", "10", "0.5", "eur", 500, "5.00 EUR"),
        Row("§2: no minor unit", "500", 1, "jpy", 500, "500 JPY"),
        Row("§2: no minor unit, half away", "0.5", 1, "jpy", 1, "1 JPY"),
        Row("§2: no minor unit, half away, negative", "-0.5", 1, "krw", -1, "-1 KRW"),
        Row("§0.8: thousandths go in tens", "1.234", 1, "bhd", 1230, "1.230 BHD"),
        Row("§0.8: thousandths, half away", "1.235", 1, "kwd", 1240, "1.240 KWD"),
        Row("§0.8: thousandths, negative", "-1.235", 1, "tnd", -1240, "-1.240 TND"),
        Row("nothing", "0", 5, "usd", 0, "0.00 USD"),
        Row("large", "1000000000000", 1, "usd", 100_000_000_000_000, "1000000000000.00 USD"),
        Row("too large", "1000000000000", 1_000_000_000, "usd", nil, ""),
    ]

    @Test("price × count", arguments: rows)
    func product(row: Row) throws {
        let currency = try #require(Currency(code: row.currency))
        let money = Money(price: row.price, count: row.count, currency: currency)
        #expect(money?.minorUnits == row.minorUnits)
        if let money { #expect(money.text == row.text) }
    }

    /// Design §3: a refund is the charge, negative.
    @Test("refund is minus charge", arguments: [61] as [UInt64])
    func refund(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let currency = try #require(Currency(code: "usd"))
        for _ in 0..<2_000 {
            let price = UnitPrice(
                raw: Int128(Int64.random(in: 0...9_000_000_000_000_000, using: &generator)))
            let count = Quantity(
                raw: Int128(Int64.random(in: 0...9_000_000_000_000_000, using: &generator)))
            let charge = Money(price: price, count: count, currency: currency)
            let refund = Money(
                price: UnitPrice(raw: -price.raw), count: count, currency: currency)
            #expect(charge.map { -$0.minorUnits } == refund?.minorUnits, "seed \(seed)")
        }
    }

    @Test("a currency is three lower-case letters", arguments: ["usd", "jpy", "kwd"])
    func currency(code: String) {
        #expect(Currency(code: code)?.code == code)
    }

    @Test("anything else is none", arguments: ["", "us", "usdx", "USD", "u1d", "ü$"])
    func noCurrency(code: String) {
        #expect(Currency(code: code) == nil)
    }

    struct UsageRow: RuleRow {
        let rule: String
        let price: UnitPrice
        let pack: Quantity
        let overage: Quantity
        let cents: Int64
    }

    static let usage = [
        UsageRow(rule: "§2: $0.10, 3 units", price: "0.10", pack: 1, overage: 3, cents: 30),
        UsageRow(rule: "§2: bu 10 @ $1, 15 units", price: "1", pack: 10, overage: 15, cents: 200),
        UsageRow(rule: "§2: bu 10 @ $1, 55 over", price: "1", pack: 10, overage: 55, cents: 600),
        UsageRow(rule: "§2: bu 3 @ $1, 7 units", price: "1", pack: 3, overage: 7, cents: 300),
        UsageRow(rule: "nothing used", price: "1", pack: 10, overage: 0, cents: 0),
        UsageRow(rule: "part of a unit", price: "0.10", pack: 1, overage: "0.5", cents: 10),
    ]

    @Test("usage price", arguments: usage)
    func usageCharge(row: UsageRow) throws {
        let price = UsagePrice(amount: row.price, billingUnits: row.pack, maxPurchase: nil)
        let currency = try #require(Currency(code: "usd"))
        let charge = price.charge(for: row.overage, beyond: 100, currency: currency)
        #expect(charge.minorUnits == row.cents)
    }

    /// The largest overage at the largest price in the smallest packs: too much, and no trap.
    @Test("a charge too large is the most a line may be")
    func tooLarge() throws {
        let price = UsagePrice(
            amount: "1000000000000", billingUnits: "0.000001", maxPurchase: nil)
        let currency = try #require(Currency(code: "usd"))
        #expect(
            price.charge(for: .balanceLimit, beyond: 0, currency: currency).minorUnits
                == Money.lineLimit)
    }
}
