internal import Billing
package import Wire

/// A recurring price of Stripe's, and what so many of it cost there.
package struct StripePrice: Sendable {
    package struct Tier: Sendable, Equatable {
        /// nil: it has no end.
        package var upTo: Int64?
        package var unit: Int128
        package var flat: Int128
    }

    /// Amounts are in Stripe's units, with so many decimals.
    static let digits = 12
    private static let scale: Int128 = 1_000_000_000_000

    package var id: String
    package var product: String
    package var currency: String
    package var interval: String
    package var count: Int64
    package var isMetered: Bool
    package var isVolume: Bool
    package var unit: Int128
    package var tiers: [Tier]
    /// The units of a pack.
    package var pack: Int64
    package var roundsUp: Bool

    /// nil: it isn't recurring, or not read to the end.
    package init?(_ json: JSONValue) {
        guard let id = json.text("id"), let recurring = json["recurring"],
            let interval = recurring.text("interval"), let currency = json.text("currency")
        else { return nil }
        (self.id, self.interval, self.currency) = (id, interval, currency)
        product = json.reference("product") ?? ""
        count = recurring.number("interval_count") ?? 1
        isMetered = recurring.text("usage_type") == "metered"
        isVolume = json.text("tiers_mode") == "volume"
        pack = json["transform_quantity"]?.number("divide_by") ?? 1
        roundsUp = json["transform_quantity"]?.text("round") != "down"
        unit = StripePrice.amount(json, "unit_amount") ?? 0
        tiers = json.list("tiers").map { tier in
            Tier(
                upTo: tier.number("up_to"), unit: StripePrice.amount(tier, "unit_amount") ?? 0,
                flat: StripePrice.amount(tier, "flat_amount") ?? 0)
        }
        guard json.text("billing_scheme") != "tiered" || tiers.last?.upTo == nil && !tiers.isEmpty
        else { return nil }
        if tiers.isEmpty, StripePrice.amount(json, "unit_amount") == nil { return nil }
    }

    /// As a decimal where there is one, which is the exact one.
    private static func amount(_ json: JSONValue, _ key: String) -> Int128? {
        switch json["\(key)_decimal"] {
        case .string(let text)?, .number(let text)?:
            DecimalText.parseExactly(text, digits: digits)
        case nil, .null, .bool, .array, .object: json.number(key).map { Int128($0) * scale }
        }
    }

    /// What a line of so many costs: rounded once, half up, in Stripe's units.
    package func amount(of quantity: Int64) -> Int64 {
        let (whole, rest) = quantity.quotientAndRemainder(dividingBy: pack)
        let billed = whole + (roundsUp && rest > 0 ? 1 : 0)
        guard !tiers.isEmpty else { return StripePrice.rounded(unit * Int128(billed)) }
        var sum: Int128 = 0
        var below: Int64 = 0
        for tier in tiers {
            let isLast = tier.upTo.map { billed <= $0 } ?? true
            let part =
                isVolume
                ? (isLast ? billed : 0) : max((isLast ? billed : tier.upTo ?? billed) - below, 0)
            if part > 0 || isLast && below == 0 { sum += tier.unit * Int128(part) + tier.flat }
            if isLast { break }
            below = tier.upTo ?? below
        }
        return StripePrice.rounded(sum)
    }

    static func rounded(_ amount: Int128) -> Int64 {
        Int64((amount + scale / 2) / scale)
    }

    /// Months of a period, as a fraction: a week is 84 of 365 parts of a month's year.
    package var months: (numerator: Int128, denominator: Int128)? {
        switch interval {
        case "month": (Int128(count), 1)
        case "year": (Int128(count) * 12, 1)
        case "week": (Int128(count) * 84, 365)
        case "day": (Int128(count) * 12, 365)
        default: nil
        }
    }
}
