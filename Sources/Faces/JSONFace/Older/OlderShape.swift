internal import Billing
internal import Wire

/// Balances, checks and usage as 2.0 had them.
extension ReplyShape {
    static let check20 = ReplyShape([
        .same("allowed"),
        .same("customer_id"),
        .ifAny("code"),
        .ifAny("product_id"),
        .ifAny("status"),
        .same("entity_id"),
        .ifAny("required_balance"),
        Key("balance") { source, context in
            if let flag = source.given("flag") { return flag20.value(flag, context) }
            return source.given("balance").map { balance20.value($0, context) } ?? .null
        },
        .same("preview"),
    ])

    static let track20 = ReplyShape([
        .same("customer_id"),
        .ifAny("entity_id"),
        .ifAny("event_name"),
        .same("value"),
        .nested("balance", balance20),
        Key("balances") { source, context in
            source.given("balances").map { $0.mapped { balance20.value($0, context) } }
        },
    ])

    static let balance20 = ReplyShape([
        .same("feature_id"),
        .same("unlimited"),
        Key("granted_balance") { source, _ in
            .quantity(raw: (source["granted"] ?? .null).raw - source.prepaid)
        },
        Key("purchased_balance") { source, _ in
            .quantity(raw: source.overage + source.prepaid)
        },
        .same("current_balance", from: "remaining"),
        .same("usage"),
        .same("overage_allowed"),
        .same("max_purchase"),
        Key("reset") { source, _ in source.commonReset },
        Key("plan_id") { source, _ in
            let plans = Set(source.elements("breakdown").map { $0.text("plan_id") })
            return plans.count == 1 ? plans.first!.map { .string($0) } ?? .null : .null
        },
        .askedFor("feature", by: ["balances.feature", "balance.feature"], .feature20),
        .list("breakdown", part20),
        .ifAny("rollovers"),
    ])

    private static let part20 = ReplyShape([
        .same("id"),
        .same("plan_id"),
        .same("granted_balance", from: "included_grant"),
        Key("purchased_balance") { source, _ in
            .quantity(raw: source.partOverage + (source["prepaid_grant"] ?? .null).raw)
        },
        .same("current_balance", from: "remaining"),
        .same("usage"),
        Key("overage_allowed") { source, _ in
            .bool(source["price", "billing_method"] == .string("usage_based"))
        },
        Key("max_purchase") { source, _ in source["price", "max_purchase"] ?? .null },
        .same("reset"),
        .same("prepaid_quantity", from: "prepaid_grant"),
        .same("expires_at"),
    ])

    /// What is there or not was a balance of nothing.
    static let flag20 = ReplyShape([
        .same("feature_id"),
        .fixed("unlimited", .bool(false)),
        .fixed("granted_balance", .number("0")),
        .fixed("purchased_balance", .number("0")),
        .fixed("current_balance", .number("0")),
        .fixed("usage", .number("0")),
        .fixed("overage_allowed", .bool(false)),
        .fixed("max_purchase", .null),
        .fixed("reset", .null),
        .same("plan_id"),
        .askedFor(
            "feature", by: ["balances.feature", "balance.feature", "flag.feature"], .feature20),
    ])

    /// As it is.
    static let feature20 = ReplyShape { source, _ in source }

    /// Each of a list by a shape.
    static func listed(_ shape: ReplyShape) -> ReplyShape {
        ReplyShape([.list("list", shape), .ifAny("next_cursor")])
    }
}

extension ReplyShape.Key {
    /// The caller's body, beside the newest answer.
    static let request = "$request"

    /// Left out when it isn't there.
    static func ifAny(_ name: String, from field: String? = nil) -> Self {
        Self(name) { source, _ in source[field ?? name] }
    }

    /// Only when the caller asked for it.
    static func askedFor(_ name: String, by words: Set<String>, _ shape: ReplyShape) -> Self {
        Self(name) { source, context in
            guard !context.expand.isDisjoint(with: words) else { return nil }
            return source[name].map { shape.value($0, context) }
        }
    }
}

extension JSONValue {
    /// Neither absent nor null.
    func given(_ field: String) -> JSONValue? {
        self[field].flatMap { $0 == .null ? nil : $0 }
    }

    /// In units of the tenth decimal; 0 where there is no number.
    var raw: Int128 {
        guard case .number(let literal) = self else { return 0 }
        return DecimalText.parse(literal, digits: 10) ?? 0
    }

    static func quantity(raw: Int128) -> JSONValue { .number(DecimalText.text(raw, digits: 10)) }

    /// An object with each of its values made into another.
    func mapped(_ make: (JSONValue) -> JSONValue) -> JSONValue {
        guard case .object(let object) = self else { return self }
        return .object(JSONObject(object.members.map { .init($0.key, make($0.value)) }))
    }

    /// Of a balance: what was bought in packs.
    var prepaid: Int128 {
        elements("breakdown").reduce(0) { $0 + ($1["prepaid_grant"] ?? .null).raw }
    }

    /// Of a balance: what was used beyond what there was.
    var overage: Int128 {
        elements("breakdown").reduce(0) { $0 + $1.partOverage }
    }

    /// Of one part of it.
    var partOverage: Int128 {
        guard self["unlimited"] != .bool(true) else { return 0 }
        let granted = (self["included_grant"] ?? .null).raw + (self["prepaid_grant"] ?? .null).raw
        return max(0, (self["usage"] ?? .null).raw - granted)
    }

    /// Of a balance: how its parts are reset, "multiple" when each is in its own way.
    var commonReset: JSONValue {
        let resets = elements("breakdown").compactMap { $0.given("reset") }
        guard let first = resets.first else { return .null }
        let words = resets.map { [$0["interval"], $0["interval_count"]] }
        guard words.contains(where: { $0 != words[0] }) else { return first }
        return .object([
            "interval": .string("multiple"), "resets_at": self["next_reset_at"] ?? .null,
        ])
    }
}
