/// An exact quantity of a feature: fixed point with 10 decimals.
///
/// The range is ±10^15 units on the wire; sums inside stay far below what `Int128` holds, and an
/// overflow is a bug that traps rather than a wrong balance.
package struct Quantity: Sendable, Equatable, Comparable, AdditiveArithmetic {
    /// Ten-billionths of a unit.
    package var raw: Int128

    package static let scale: Int128 = 10_000_000_000
    package static let zero = Quantity(raw: 0)
    /// The largest magnitude accepted from outside, in units.
    package static let limit = Quantity(units: 1_000_000_000_000_000)

    /// The largest magnitude of one balance. Usage counters and overage may run on for ever; up to
    /// here their whole units, and sums over buckets, fit what is stored and sent.
    package static let balanceLimit = Quantity(units: 100_000_000_000_000_000)

    @inlinable
    package init(raw: Int128) {
        self.raw = raw
    }

    package init(units: Int) {
        raw = Int128(units) * Quantity.scale
    }

    package static func < (a: Quantity, b: Quantity) -> Bool { a.raw < b.raw }
    package static func + (a: Quantity, b: Quantity) -> Quantity { Quantity(raw: a.raw + b.raw) }
    package static func - (a: Quantity, b: Quantity) -> Quantity { Quantity(raw: a.raw - b.raw) }
    package static prefix func - (a: Quantity) -> Quantity { Quantity(raw: -a.raw) }

    /// Never below zero: what is left of a balance, or how far one is overdrawn.
    package var clampedToZero: Quantity { raw < 0 ? .zero : self }

    /// For people, and for JSON: "12.5".
    package var text: String { DecimalText.text(raw, digits: 10) }

    /// Without what follows the point.
    package var wholeUnits: Quantity { Quantity(raw: raw - raw % Quantity.scale) }

    /// Whole units and ten-billionths, both with the quantity's sign: how it is stored on disk.
    package var parts: (whole: Int64, fraction: Int64) {
        // Most are short, and then no division is needed: the scale is known.
        if let short = Int64(exactly: raw) {
            let (whole, fraction) = short.quotientAndRemainder(dividingBy: 10_000_000_000)
            return (whole, fraction)
        }
        let (whole, fraction) = raw.quotientAndRemainder(dividingBy: Quantity.scale)
        return (Int64(whole), Int64(fraction))
    }

    package init(whole: Int64, fraction: Int64) {
        raw = Int128(whole) * Quantity.scale + Int128(fraction)
    }
}

/// A quantity in 12 bytes, as balances are kept: enough for ±10^18 units. More is a bug, and traps.
struct PackedQuantity: Sendable, Equatable {
    private var low: UInt32
    private var middle: UInt32
    private var high: Int32

    init(_ quantity: Quantity) {
        low = UInt32(truncatingIfNeeded: quantity.raw)
        middle = UInt32(truncatingIfNeeded: quantity.raw >> 32)
        high = Int32(quantity.raw >> 64)
    }

    var quantity: Quantity {
        let lower = UInt64(middle) << 32 | UInt64(low)
        return Quantity(raw: Int128(high) << 64 | Int128(lower))
    }
}

/// Credits for one unit of a metered feature: exact decimal with 12 digits.
extension Quantity {
    /// What this many units cost in credits, rounded half to even at 10 decimals.
    package func credits(at cost: UnitPrice) -> Quantity {
        Quantity(raw: FixedPoint.multiply(raw, cost.raw, dividingBy: UnitPrice.scale))
    }

    /// How many units this many credits cover, rounded down: never more than was paid for.
    package func units(at cost: UnitPrice) -> Quantity {
        Quantity(raw: FixedPoint.multiplyDown(raw, UnitPrice.scale, dividingBy: cost.raw))
    }

    /// The least multiple of `step` that covers this, for prices sold in packs.
    package func roundedUp(to step: Quantity) -> Quantity {
        let (whole, rest) = raw.quotientAndRemainder(dividingBy: step.raw)
        return Quantity(raw: (rest > 0 ? whole + 1 : whole) * step.raw)
    }
}

/// Products of two fixed-point numbers, through a double-width middle so that nothing is lost.
enum FixedPoint {
    /// a × b ÷ divisor, rounded half to even. The divisor is positive.
    static func multiply(_ a: Int128, _ b: Int128, dividingBy divisor: Int128) -> Int128 {
        let (quotient, remainder) = divisor.dividingFullWidth(a.multipliedFullWidth(by: b))
        let twice = remainder.magnitude * 2
        let half = divisor.magnitude
        guard twice > half || (twice == half && quotient % 2 != 0) else { return quotient }
        return (a < 0) == (b < 0) ? quotient + 1 : quotient - 1
    }

    /// a × b ÷ divisor, rounded half away from zero: how money is rounded.
    static func multiplyAway(_ a: Int128, _ b: Int128, dividingBy divisor: Int128) -> Int128 {
        let (quotient, remainder) = divisor.dividingFullWidth(a.multipliedFullWidth(by: b))
        guard remainder.magnitude * 2 >= divisor.magnitude else { return quotient }
        return (a < 0) == (b < 0) ? quotient + 1 : quotient - 1
    }

    /// a × b ÷ divisor, rounded towards zero.
    static func multiplyDown(_ a: Int128, _ b: Int128, dividingBy divisor: Int128) -> Int128 {
        divisor.dividingFullWidth(a.multipliedFullWidth(by: b)).quotient
    }
}
