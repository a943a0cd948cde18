import Stories
import Testing

@testable import Billing

@Suite("FixedPoint and UnitPrice") struct FixedPointTests {
    struct Row: RuleRow {
        let rule: String
        let a: Int128
        let b: Int128
        let divisor: Int128
        let even: Int128
        let away: Int128
        let down: Int128

        init(
            _ rule: String, _ a: Int128, _ b: Int128, _ divisor: Int128, even: Int128,
            away: Int128, down: Int128
        ) {
            self.rule = rule
            self.a = a
            self.b = b
            self.divisor = divisor
            self.even = even
            self.away = away
            self.down = down
        }
    }

    private static let huge: Int128 = 10_000_000_000_000_000_000_000_000_000_000_000_000

    static let rows = [
        Row("exact", 6, 7, 2, even: 21, away: 21, down: 21),
        Row("half above an even number", 5, 1, 2, even: 2, away: 3, down: 2),
        Row("half above an odd number", 7, 1, 2, even: 4, away: 4, down: 3),
        Row("half below an even number", -5, 1, 2, even: -2, away: -3, down: -2),
        Row("half below an odd number", 7, -1, 2, even: -4, away: -4, down: -3),
        Row("half of one", 1, 1, 2, even: 0, away: 1, down: 0),
        Row("half of minus one", -1, 1, 2, even: 0, away: -1, down: 0),
        Row("two negatives", -5, -1, 2, even: 2, away: 3, down: 2),
        Row("below half", 4, 1, 3, even: 1, away: 1, down: 1),
        Row("above half", 5, 1, 3, even: 2, away: 2, down: 1),
        Row("above half, negative", -5, 1, 3, even: -2, away: -2, down: -1),
        Row("zero", 0, -7, 3, even: 0, away: 0, down: 0),
        Row(
            "a middle wider than the result", huge, 30, 20, even: huge / 2 * 3,
            away: huge / 2 * 3, down: huge / 2 * 3),
        Row(
            "the same, negative", -huge, 30, 20, even: -huge / 2 * 3, away: -huge / 2 * 3,
            down: -huge / 2 * 3),
    ]

    @Test("half to even", arguments: rows)
    func even(row: Row) {
        #expect(FixedPoint.multiply(row.a, row.b, dividingBy: row.divisor) == row.even)
    }

    @Test("half away from zero", arguments: rows)
    func away(row: Row) {
        #expect(FixedPoint.multiplyAway(row.a, row.b, dividingBy: row.divisor) == row.away)
    }

    @Test("towards zero", arguments: rows)
    func down(row: Row) {
        #expect(FixedPoint.multiplyDown(row.a, row.b, dividingBy: row.divisor) == row.down)
    }

    @Test("as plain division where that fits", arguments: [51, 52] as [UInt64])
    func plainDivision(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<3_000 {
            let a = Int128(Int64.random(in: .min ... .max, using: &generator) >> 2)
            let b = Int128(Int64.random(in: .min ... .max, using: &generator) >> 2)
            let divisor = Int128(Int64.random(in: 1 ... .max, using: &generator) >> 20) + 1
            let (quotient, rest) = (a * b).quotientAndRemainder(dividingBy: divisor)
            let down = FixedPoint.multiplyDown(a, b, dividingBy: divisor)
            #expect(down == quotient, "seed \(seed)")
            let nearest = FixedPoint.multiply(a, b, dividingBy: divisor)
            let error = ((nearest - quotient) * divisor - rest).magnitude
            #expect(error * 2 <= divisor.magnitude, "seed \(seed)")
        }
    }

    static let prices: [(String, String?)] = [
        ("19.99", "19.99"), ("0.0075", "0.0075"), ("-1.50", "-1.5"), ("1e-12", "0.000000000001"),
        ("1e-13", nil), ("1000000000000", "1000000000000"), ("1000000000001", nil),
        ("-1000000000000", "-1000000000000"), ("", nil), ("free", nil),
    ]

    @Test("a unit price is an exact decimal of twelve digits", arguments: prices)
    func unitPrice(text: String, shown: String?) {
        #expect(UnitPrice(text)?.text == shown)
    }
}
