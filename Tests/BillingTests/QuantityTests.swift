import Stories
import Testing

@testable import Billing

@Suite("Quantity") struct QuantityTests {
    struct Row: RuleRow {
        let rule: String
        let double: Double
        let raw: Int128?

        init(_ rule: String, _ double: Double, _ raw: Int128?) {
            self.rule = rule
            self.double = double
            self.raw = raw
        }
    }

    static let doubles = [
        Row("whole", 5, 50_000_000_000),
        Row("zero", 0, 0),
        Row("minus zero", -0.0, 0),
        Row("fraction", 0.2, 2_000_000_000),
        Row("negative fraction", -0.2, -2_000_000_000),
        Row("smallest step", 1e-10, 1),
        Row("a sum's dust goes", 0.1 + 0.2, 3_000_000_000),
        Row("half to even, down", 5e-11, 0),
        Row("half to even, up", 1.5e-10, 2),
        Row("below half", 4.9e-11, 0),
        Row("tiny", .leastNonzeroMagnitude, 0),
        Row("eleven digits, rounded down", 1.234_567_890_12, 12_345_678_901),
        Row("eleven digits, rounded up", 1.234_567_890_19, 12_345_678_902),
        Row("text path, large with fraction", 123_456_789_012.25, 1_234_567_890_122_500_000_000),
        Row("limit", 1e15, 10_000_000_000_000_000_000_000_000),
        Row("lower limit", -1e15, -10_000_000_000_000_000_000_000_000),
        Row("just beyond the limit", (1e15).nextUp, nil),
        Row("just below the lower limit", (-1e15).nextDown, nil),
        Row("largest double", .greatestFiniteMagnitude, nil),
        Row("not a number", .nan, nil),
        Row("infinite", .infinity, nil),
        Row("minus infinite", -.infinity, nil),
    ]

    @Test("from a double", arguments: doubles)
    func fromDouble(row: Row) {
        #expect(Quantity(row.double)?.raw == row.raw)
    }

    /// The quick way through binary arithmetic gives what the number's text says.
    @Test("quick way and text way agree", arguments: [11, 12, 13] as [UInt64])
    func quickWayIsTextWay(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<4_000 {
            let size = Double.random(in: -12...15, using: &generator)
            var value = Double.random(in: -1...1, using: &generator)
            for _ in 0..<Int(size.magnitude) { value = size < 0 ? value / 10 : value * 10 }
            let text = DecimalText.parse(value.description, digits: 10)
            #expect(Quantity(value)?.raw == text, "seed \(seed), \(value)")
        }
    }

    /// Up to half a million, ten decimals survive the way to the wire and back.
    @Test("there and back", arguments: [21, 22] as [UInt64])
    func thereAndBack(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<4_000 {
            let digits = Int.random(in: 1...15, using: &generator)
            var limit: Int64 = 5
            for _ in 0..<digits { limit *= 10 }
            let quantity = Quantity(
                raw: Int128(Int64.random(in: -limit...limit, using: &generator)))
            #expect(Quantity(quantity.double) == quantity, "seed \(seed), \(quantity.raw)")
        }
    }

    @Test("to the nearest double", arguments: [31, 32] as [UInt64])
    func nearestDouble(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let limit = Quantity.limit.raw
        for _ in 0..<2_000 {
            let raw = Int128.random(in: -limit...limit, using: &generator)
            let text = DecimalText.text(raw, digits: 10)
            #expect(Quantity(raw: raw).double == Double(text), "seed \(seed), \(raw)")
        }
    }

    @Test(
        "whole and fraction carry the sign",
        arguments: [0, 1, -1, "2.5", "-2.5", "-0.5"] as [Quantity])
    func parts(quantity: Quantity) {
        let (whole, fraction) = quantity.parts
        #expect(Quantity(whole: whole, fraction: fraction) == quantity)
        #expect(whole == 0 || fraction == 0 || (whole < 0) == (fraction < 0))
    }

    struct CreditRow: RuleRow {
        let rule: String
        let units: Quantity
        let cost: UnitPrice
        let credits: Quantity
    }

    static let credits = [
        CreditRow(rule: "§1.4: 10 at 0.2", units: 10, cost: "0.2", credits: 2),
        CreditRow(rule: "§3: 27.89 at 0.2", units: "27.89", cost: "0.2", credits: "5.578"),
        CreditRow(rule: "negative", units: -10, cost: "0.2", credits: -2),
        CreditRow(rule: "half to even, down", units: "0.0000000001", cost: "0.5", credits: 0),
        CreditRow(
            rule: "half to even, up", units: "0.0000000003", cost: "0.5",
            credits: "0.0000000002"),
        CreditRow(rule: "cost of nothing", units: 10, cost: "0", credits: 0),
        CreditRow(
            rule: "largest amount at a large cost", units: 1_000_000_000_000_000, cost: "1000",
            credits: 1_000_000_000_000_000_000),
    ]

    @Test("units to credits", arguments: credits)
    func unitsToCredits(row: CreditRow) {
        #expect(row.units.credits(at: row.cost) == row.credits)
    }

    @Test("credits cover units, rounded down")
    func creditsToUnits() {
        #expect(Quantity(units: 2).units(at: "0.2") == 10)
        #expect(Quantity(units: 1).units(at: "3") == "0.3333333333")
        #expect(Quantity(units: -1).units(at: "3") == "-0.3333333333")
    }

    struct PackRow: RuleRow {
        let rule: String
        let overage: Quantity
        let pack: Quantity
        let covered: Quantity
    }

    static let packs = [
        PackRow(rule: "§2: 15 in packs of 10", overage: 15, pack: 10, covered: 20),
        PackRow(rule: "§2: 55 in packs of 10", overage: 55, pack: 10, covered: 60),
        PackRow(rule: "exact", overage: 60, pack: 10, covered: 60),
        PackRow(rule: "nothing", overage: 0, pack: 10, covered: 0),
        PackRow(rule: "a part of one", overage: "0.5", pack: 1, covered: 1),
        PackRow(rule: "a pack of a part", overage: "0.6", pack: "0.25", covered: "0.75"),
    ]

    @Test("begun packs count in full", arguments: packs)
    func roundedUp(row: PackRow) {
        #expect(row.overage.roundedUp(to: row.pack) == row.covered)
    }
}
