internal import Billing

/// A JSON number that is whole, however it is written: 2, 2.0, 2e0.
enum WholeNumber {
    /// nil: it has a fraction, or is far beyond 64 bits.
    static func parse(_ literal: String) -> Int128? {
        DecimalText.parseExactly(literal, digits: 0)
    }
}
