/// The only place of this module that knows binary floating point: quantities come from and go to
/// the wire as `double`.
extension Quantity {
    /// The value rounded half to even at 10 decimals; nil when it isn't finite or beyond ±10^15.
    package init?(_ value: Double) {
        guard value.isFinite, value.magnitude <= 1e15 else { return nil }
        let scaled = (value * 1e10).rounded(.toNearestOrEven)
        if scaled.magnitude < 1e15, scaled / 1e10 == value {
            raw = Int128(Int64(scaled))
        } else if value == value.rounded(.towardZero) {
            raw = Int128(Int64(value)) * Quantity.scale
        } else if let exact = DecimalText.parse(value.description, digits: 10) {
            raw = exact
        } else {
            return nil
        }
    }

    /// The nearest `double`.
    package var double: Double {
        if let small = Int64(exactly: raw), small.magnitude < 1 << 53 {
            return Double(small) / 1e10
        }
        let (whole, fraction) = parts
        return Double(whole) + Double(fraction) / 1e10
    }
}
