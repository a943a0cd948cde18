internal import Billing
internal import Wire

/// A coupon that a subscription of Stripe's has.
struct StripeDiscount {
    enum Kind {
        /// Per cent, as text and with 10 decimals.
        case percentage(String, Int128)
        case amount(Int64, currency: String)
    }

    var coupon: String
    var kind: Kind
    var once: Bool
    /// From when on it doesn't count; nil: it always does.
    var end: Int64?
    /// It is for some products only.
    var isLimited: Bool

    init?(_ json: JSONValue) {
        guard let coupon = json["source"]?["coupon"] ?? json["coupon"],
            let id = coupon.text("id")
        else { return nil }
        if case .number(let text)? = coupon["percent_off"],
            let percentage = DecimalText.parseExactly(text, digits: 10)
        {
            kind = .percentage(text, percentage)
        } else if let amount = coupon.number("amount_off"), let code = coupon.text("currency") {
            kind = .amount(amount, currency: code)
        } else {
            return nil
        }
        self.coupon = String(
            id.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) }.prefix(63)
        )
        once = coupon.text("duration") == "once"
        end = json.number("end")
        isLimited = coupon.has("applies_to") || json.has("subscription_item")
    }

    var asked: JSONValue {
        var asked: JSONObject = ["coupon_id": .string(coupon), "once": .bool(once)]
        switch kind {
        case .percentage(let text, _): asked.append("percentage", .number(text))
        case .amount(let amount, let code):
            let money = StripeAmount.money(amount, code)
            asked.append(
                "amount",
                .object([
                    "currency": .string(code), "minor_units": .number(money?.minorUnits ?? amount),
                ]))
        }
        if let end {
            asked.append(
                "end_time", .string(Timestamp(milliseconds: end * 1000).rfc3339 ?? ""))
        }
        return .object(asked)
    }

    /// What is left of lines once each discount has taken off what the ones before it left, as
    /// Stripe does it: each part is rounded.
    static func taken(_ discounts: [StripeDiscount], off lines: [Int64]) -> Int64 {
        var left = lines
        for discount in discounts {
            switch discount.kind {
            case .percentage(_, let percentage):
                for index in left.indices {
                    let hundred: Int128 = 1_000_000_000_000
                    let part = (Int128(left[index]) * percentage + hundred / 2) / hundred
                    left[index] -= Int64(part)
                }
            case .amount(let amount, _):
                // However it is spread: the sum is what counts.
                var rest = min(amount, left.reduce(0, +))
                for index in left.indices {
                    let part = min(rest, left[index])
                    left[index] -= part
                    rest -= part
                }
            }
        }
        return left.reduce(0, +)
    }
}
