package import Billing

/// Amounts as Stripe counts them. Nearly always they are minor units; where a currency has lost its
/// minor unit, or has thousandths, Stripe's own rules hold (docs.stripe.com/currencies).
package enum StripeAmount {
    /// Stripe counts hundredths where there are none.
    private static let inHundredths: Set<String> = ["ugx"]
    /// Stripe counts hundredths and takes whole units only.
    private static let wholeOnly: Set<String> = ["isk"]

    /// How many of Stripe's units a minor unit is.
    static func factor(_ currency: Currency) -> Int64 {
        inHundredths.contains(currency.code) ? 100 : 1
    }

    /// Every amount is a multiple of it, in Stripe's units.
    static func step(_ currency: Currency) -> Int64 {
        if wholeOnly.contains(currency.code) { return 100 }
        if inHundredths.contains(currency.code) { return 100 }
        return currency.minorDigits == 3 ? 10 : 1
    }

    /// Rounded to what Stripe takes, half away from zero.
    package static func amount(of money: Money) -> Int64 {
        let (amount, overflow) = money.minorUnits.multipliedReportingOverflow(
            by: factor(money.currency))
        precondition(!overflow, "an invoice line is far below")
        let step = step(money.currency)
        guard step > 1 else { return amount }
        let (whole, rest) = amount.quotientAndRemainder(dividingBy: step)
        guard rest.magnitude * 2 >= UInt64(step) else { return whole * step }
        return (whole + (amount < 0 ? -1 : 1)) * step
    }

    /// What Stripe calls it, in lower case. nil: it is no currency.
    package static func money(_ amount: Int64, _ code: String) -> Money? {
        guard let currency = Currency(code: code) else { return nil }
        return Money(minorUnits: amount / factor(currency), currency: currency)
    }
}
