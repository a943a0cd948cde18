/// An amount of money that isn't rounded yet: exact decimal in major units, 12 digits.
package struct Amount: Sendable, Equatable, Comparable, AdditiveArithmetic {
    package var raw: Int128

    package static let zero = Amount(raw: 0)
    /// More than any bill; some of them can be added up.
    package static let limit = Amount(raw: UnitPrice.scale * Int128(Money.lineLimit))

    package init(raw: Int128) {
        self.raw = raw
    }

    /// The price of one.
    package init(_ price: UnitPrice) {
        raw = price.raw
    }

    package static func < (a: Amount, b: Amount) -> Bool { a.raw < b.raw }
    package static func + (a: Amount, b: Amount) -> Amount { Amount(raw: a.raw + b.raw) }
    package static func - (a: Amount, b: Amount) -> Amount { Amount(raw: a.raw - b.raw) }
    package static prefix func - (a: Amount) -> Amount { Amount(raw: -a.raw) }
}

extension Money {
    /// Rounded once, half away from zero; currencies with thousandths go in steps of ten (billing
    /// §0.8). What no bill reaches is cut at `lineLimit`, so that sums of lines can't overflow.
    package init(_ amount: Amount, currency: Currency) {
        var factor: Int128 = 1
        for _ in 0..<min(currency.minorDigits, 2) { factor *= 10 }
        let limit = Int128(Money.lineLimit)
        let most = Amount.limit.raw / factor
        let bounded = min(max(amount.raw, -most), most)
        var units = FixedPoint.multiplyAway(bounded, factor, dividingBy: UnitPrice.scale)
        if currency.minorDigits == 3 { units = min(max(units * 10, -limit), limit) }
        self.init(minorUnits: Int64(units), currency: currency)
    }
}
