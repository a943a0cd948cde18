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

/// A part of a whole, such as what is left of a period, exactly.
package struct Share: Sendable, Equatable {
    package let part: Int64
    package let whole: Int64

    package static let all = Share(part: 1, whole: 1)

    /// - Precondition: the whole is more than nothing.
    package init(part: Int64, whole: Int64) {
        precondition(whole > 0, "a share is of something")
        self.part = part
        self.whole = whole
    }

    /// What is left of a period at a moment in it (billing §8.1): all of it before it begins,
    /// nothing once it is over.
    package init(leftOf period: Range<Timestamp>, at now: Timestamp) {
        let end = period.upperBound.milliseconds
        let whole = end - period.lowerBound.milliseconds
        guard whole > 0 else {
            self = Share(part: 0, whole: 1)
            return
        }
        self.init(part: min(max(end - now.milliseconds, 0), whole), whole: whole)
    }
}

extension Money {
    /// A share of an amount, rounded once, half away from zero; currencies with thousandths go in
    /// steps of ten (billing §0.8). What no real bill reaches is cut at `lineLimit`, so that sums
    /// of lines can't overflow.
    package init(_ amount: Amount, _ share: Share = .all, currency: Currency) {
        var factor: Int128 = 1
        for _ in 0..<min(currency.minorDigits, 2) { factor *= 10 }
        let limit = Int128(Money.lineLimit)
        let most = Amount.limit.raw / factor
        let bounded = min(max(amount.raw, -most), most)
        var units = FixedPoint.multiplyAway(
            bounded * factor, Int128(share.part), dividingBy: UnitPrice.scale * Int128(share.whole))
        units = min(max(units * Int128(currency.chargeStep), -limit), limit)
        self.init(minorUnits: Int64(units), currency: currency)
    }

    /// A share of what is already in minor units, rounded as charges are: of what was paid for a
    /// period, what falls to the rest of it.
    package func times(_ share: Share) -> Money {
        let step = Int128(currency.chargeStep)
        let units = FixedPoint.multiplyAway(
            Int128(minorUnits), Int128(share.part), dividingBy: Int128(share.whole) * step)
        return Money(minorUnits: Int64(units * step), currency: currency)
    }
}
