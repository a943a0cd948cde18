import Stories
import Testing

@testable import Billing

@Suite("DecimalText") struct DecimalTextTests {
    struct Row: RuleRow {
        let rule: String
        let text: String
        /// With two digits, rounded.
        let rounded: Int128?
        /// With two digits, nothing lost.
        let exact: Int128?

        init(_ rule: String, _ text: String, rounded: Int128?, exact: Int128?) {
            self.rule = rule
            self.text = text
            self.rounded = rounded
            self.exact = exact
        }

        init(_ rule: String, _ text: String, _ both: Int128?) {
            self.init(rule, text, rounded: both, exact: both)
        }
    }

    static let rows = [
        Row("whole", "19", 1900),
        Row("fraction", "19.99", 1999),
        Row("negative", "-0.2", -20),
        Row("leading zeros", "007.10", 710),
        Row("exponent up", "1.5e3", 150_000),
        Row("exponent with plus", "1E+2", 10_000),
        Row("exponent down", "150e-2", 150),
        Row("zero", "0", 0),
        Row("minus zero", "-0.000", 0),
        Row("zero with any exponent", "0e399", 0),
        Row("trailing zeros lose nothing", "1.2000", 120),
        Row("half to even, down", "0.125", rounded: 12, exact: nil),
        Row("half to even, up", "0.135", rounded: 14, exact: nil),
        Row("half to even, negative down", "-0.125", rounded: -12, exact: nil),
        Row("half to even, negative up", "-0.135", rounded: -14, exact: nil),
        Row("above half", "0.1250001", rounded: 13, exact: nil),
        Row("far below", "1e-399", rounded: 0, exact: nil),
        Row("just below nothing", "9e-40", rounded: 0, exact: nil),
        Row("36 digits", "0.123456789012345678901234567890123456", rounded: 12, exact: nil),
        Row("empty", "", nil),
        Row("sign alone", "-", nil),
        Row("point alone", ".", nil),
        Row("two points", "1.2.3", nil),
        Row("plus sign", "+1", nil),
        Row("space", " 1", nil),
        Row("exponent alone", "e5", nil),
        Row("exponent missing", "1e", nil),
        Row("exponent broken", "1e2.5", nil),
        Row("exponent too large", "1e400", nil),
        Row("exponent of many digits", "1e99999999999999999999", nil),
        Row("value too large", "1e37", nil),
        Row("not a number", "nan", nil),
        Row("infinite", "inf", nil),
        Row("hexadecimal", "0x10", nil),
        Row("other digits", "٣", nil),
        Row("other digits in the exponent", "1e³", nil),
        Row("too many digits", String(repeating: "1", count: 40), nil),
    ]

    @Test("rounded", arguments: rows)
    func rounded(row: Row) {
        #expect(DecimalText.parse(row.text, digits: 2) == row.rounded)
    }

    @Test("exact", arguments: rows)
    func exact(row: Row) {
        #expect(DecimalText.parseExactly(row.text, digits: 2) == row.exact)
    }

    static let texts: [(Int128, Int, String)] = [
        (0, 10, "0"), (5, 0, "5"), (-5, 0, "-5"), (1999, 2, "19.99"), (-20, 2, "-0.2"),
        (1, 10, "0.0000000001"), (-1, 10, "-0.0000000001"), (100, 2, "1"), (110, 2, "1.1"),
        (.max, 0, "170141183460469231731687303715884105727"),
        (.min, 0, "-170141183460469231731687303715884105728"),
    ]

    @Test("shortest text", arguments: texts)
    func text(raw: Int128, digits: Int, text: String) {
        #expect(DecimalText.text(raw, digits: digits) == text)
    }

    @Test("there and back", arguments: [41, 42] as [UInt64])
    func thereAndBack(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<3_000 {
            let digits = Int.random(in: 0...12, using: &generator)
            var limit: Int128 = 1
            for _ in 0..<Int.random(in: 1...36, using: &generator) { limit *= 10 }
            let raw = Int128.random(in: -limit...limit, using: &generator)
            let text = DecimalText.text(raw, digits: digits)
            #expect(DecimalText.parseExactly(text, digits: digits) == raw, "seed \(seed), \(text)")
        }
    }
}
