internal import Billing
internal import Wire

/// Usage events, rewards, and lists.
extension ReplyShape {
    static let eventList = ReplyShape([
        .list("list", from: "events", event), .cursor,
    ])

    private static let event = ReplyShape([
        .same("id", from: "event_id"),
        .time("timestamp", from: "event_time"),
        .same("feature_id"),
        .same("customer_id"),
        .same("value"),
        Key("properties") { source, _ in source.values("properties") },
        // What an event was drawn from isn't listed.
        .fixed("deductions", .null),
    ])

    /// Sums by bins: ours come by series, one for each feature and group.
    static let aggregate = ReplyShape([
        Key("list") { source, context in
            .array(
                source.elements("bin_start_times").enumerated().map { index, start in
                    bin(index, start, source.elements("series"))
                })
        },
        Key("total") { source, _ in .object(totals(source.elements("series"))) },
    ])

    private static func bin(_ index: Int, _ start: JSONValue, _ series: [JSONValue]) -> JSONValue {
        var bin = JSONObject()
        if case .string(let text) = start, let time = MessageJSON.milliseconds(ofTimestamp: text) {
            bin.append("period", .number(time))
        }
        var values = JSONObject()
        var groups = JSONObject()
        for part in series {
            let feature = part.text("feature_id") ?? ""
            let sum = part.elements("sums")[index]
            values.set(feature, JSONValue.sum(values[feature], sum))
            if let group = part.group {
                var sums = JSONObject()
                if case .object(let there)? = groups[feature] { sums = there }
                sums.set(group, sum)
                groups.set(feature, .object(sums))
            }
        }
        bin.append("values", .object(values))
        if !groups.isEmpty { bin.append("grouped_values", .object(groups)) }
        return .object(bin)
    }

    private static func totals(_ series: [JSONValue]) -> JSONObject {
        var totals = JSONObject()
        for part in series {
            let feature = part.text("feature_id") ?? ""
            let before = totals[feature]
            totals.set(
                feature,
                .object([
                    "count": .sum(before?["count"], part["total_count"] ?? .number("0")),
                    "sum": .sum(before?["sum"], part["total_sum"] ?? .number("0")),
                ]))
        }
        return totals
    }

    static let rewards = ReplyShape([
        .list("coupons", coupon),
        .list("feature_grants", featureGrant),
    ])

    private static let coupon = ReplyShape([
        .same("id", from: "coupon_id"),
        .text("name"),
        Key("type") { source, _ in
            .string(
                source["percentage"] != nil
                    ? "percentage_discount"
                    : source["amount"] != nil ? "fixed_discount" : "invoice_credits")
        },
        Key("value") { source, _ in
            source["percentage"]
                ?? (source.text("amount") ?? source.text("invoice_credits")).map { .number($0) }
        },
        Key("duration") { source, _ in
            let months = source.text("duration") == "months"
            return .object([
                "type": .string(
                    months ? "months" : source.text("duration") == "once" ? "one_off" : "forever"),
                "length": months ? source["months"] ?? .null : .null,
            ])
        },
        Key("plan_ids") { source, _ in
            let plans = source.elements("plan_ids")
            return plans.isEmpty ? .null : .array(plans)
        },
        .list(
            "promo_codes", from: "promotion_codes",
            ReplyShape([
                .same("code"),
                .same("global_max_redemption", from: "max_redemptions"),
                .same("first_time_transaction", from: "first_purchase_only"),
            ])),
        .fixed("created_at", .number("0")),
    ])

    private static let featureGrant = ReplyShape([
        .same("id", from: "feature_grant_id"),
        .text("name"),
        .list(
            "grants",
            ReplyShape([
                .same("feature_id"),
                .same("included", from: "quantity"),
                Key("expiry") { source, _ in expiry(source) },
            ])),
        .list(
            "promo_codes", from: "promotion_codes",
            ReplyShape([.same("code"), .same("max_uses", from: "max_redemptions")])),
        .fixed("created_at", .number("0")),
    ])

    private static func expiry(_ source: JSONValue) -> JSONValue {
        for (type, field) in [("day", "expire_days"), ("month", "expire_months")] {
            if let length = source[field], length != .number("0") {
                return .object(["type": .string(type), "length": length])
            }
        }
        return .null
    }

    static let redeemedReward = ReplyShape([
        .same("reward_id", from: "feature_grant_id"),
        .list(
            "entitlements_granted", from: "granted",
            ReplyShape([.same("feature_id"), .same("balance", from: "quantity")])),
    ])

    static let referralCode = ReplyShape(
        of: "referral_code",
        ReplyShape([
            .same("code"), .same("customer_id"), .time("created_at", from: "create_time"),
        ]))

    static let redeemedReferral = ReplyShape(
        of: "referral",
        ReplyShape([
            .same("id", from: "redemption_id"),
            .same("customer_id", from: "redeemer_id"),
            .same("reward_id"),
            Key("referrer") { source, _ in .object(["id": source["referrer_id"] ?? .null]) },
            Key("redeemer") { source, _ in .object(["id": source["redeemer_id"] ?? .null]) },
        ]))

    /// Most calls that change something say no more.
    static let success = ReplyShape([.fixed("success", .bool(true))])
}

extension ReplyShape.Key {
    /// Where the next page begins; null: there is none.
    static let cursor = text("next_cursor", from: "next_page_token")
}

extension JSONValue {
    /// Exact to ten decimals.
    fileprivate static func sum(_ a: JSONValue?, _ b: JSONValue) -> JSONValue {
        guard case .number(let left)? = a, case .number(let right) = b,
            let first = DecimalText.parse(left, digits: 10),
            let second = DecimalText.parse(right, digits: 10)
        else { return b }
        return .number(DecimalText.text(first + second, digits: 10))
    }

    /// The name of a series' group; nil: nothing is grouped.
    fileprivate var group: String? {
        if let customer = text("customer_id") { return customer }
        if self["other"] == .bool(true) { return "Other" }
        if self["absent"] == .bool(true) { return "" }
        if let value = self["value"] {
            return value.text("string_value")
                ?? (value["number_value"] ?? value["bool_value"]).map { JSONWriter.text($0) }
        }
        return nil
    }
}
