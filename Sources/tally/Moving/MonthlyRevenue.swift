internal import Billing
internal import Wire

/// What is charged again and again, for a month: exact fractions of it, rounded once at the end.
struct MonthlyRevenue: Equatable {
    /// By currency, minor units.
    private var sums: [String: Fraction] = [:]

    private struct Fraction: Equatable {
        var numerator: Int128
        var denominator: Int128

        static func + (a: Fraction, b: Fraction) -> Fraction {
            Fraction(
                a.numerator * b.denominator + b.numerator * a.denominator,
                a.denominator * b.denominator)
        }

        init(_ numerator: Int128, _ denominator: Int128) {
            var (a, b) = (numerator.magnitude, denominator.magnitude)
            while b != 0 { (a, b) = (b, a % b) }
            let divisor = a == 0 ? 1 : Int128(a)
            (self.numerator, self.denominator) = (numerator / divisor, denominator / divisor)
        }
    }

    mutating func add(
        _ minorUnits: Int64, _ currency: String, months: (numerator: Int128, denominator: Int128)
    ) {
        guard months.numerator > 0 else { return }
        sums[currency] =
            (sums[currency] ?? Fraction(0, 1))
            + Fraction(Int128(minorUnits) * months.denominator, months.numerator)
    }

    mutating func add(_ other: MonthlyRevenue) {
        for (currency, sum) in other.sums {
            sums[currency] = (sums[currency] ?? Fraction(0, 1)) + sum
        }
    }

    /// As the API says what is charged for a period.
    mutating func add(recurring: JSONValue) {
        let count = Int128(recurring.text("interval_count")) ?? 1
        let months: (Int128, Int128)? =
            switch recurring.text("interval") {
            case "week": (count * 84, 365)
            case "month": (count, 1)
            case "quarter": (count * 3, 1)
            case "semi_annual": (count * 6, 1)
            case "year": (count * 12, 1)
            default: nil
            }
        guard let months, let amount = recurring["amount"] else { return }
        add(
            Int64(amount.text("minor_units")) ?? 0, amount.text("currency"),
            months: (months.0, months.1))
    }

    /// Minor units, half away from zero.
    var minorUnits: [(currency: String, amount: Int64)] {
        sums.keys.sorted().map { currency in
            let sum = sums[currency] ?? Fraction(0, 1)
            return (
                currency,
                Int64((sum.numerator * 2 + sum.denominator) / (sum.denominator * 2))
            )
        }
    }

    var json: JSONValue {
        .object(
            JSONObject(minorUnits.map { JSONObject.Member($0.currency, .number($0.amount)) }))
    }

    var text: String {
        let amounts = minorUnits.map { currency, amount in
            HumanText.money(
                .object([
                    "currency": .string(currency), "minor_units": .string(String(amount)),
                ]))
        }
        return amounts.isEmpty ? "nothing" : amounts.joined(separator: ", ")
    }
}
