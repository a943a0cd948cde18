internal import Billing
internal import Wire

extension ReplyShape {
    static let check = ReplyShape([
        .same("allowed"),
        .context("customer_id") { $0.customerID },
        .context("entity_id") { $0.entityID },
        .same("required_balance", from: "required_quantity"),
        .nested("balance", balance),
        .nested("flag", flag),
        .nested("preview", checkPreview),
    ])

    /// The answer about a plan; `status` only when the customer has it, or had.
    static let productCheck = ReplyShape([
        .same("allowed"),
        .context("customer_id") { $0.customerID },
        .fixed("code", .string("product_found")),
        .context("product_id") { $0.productID },
        .context("entity_id") { $0.entityID },
        Key("status") { source, _ in
            source["subscription"]?.text("status").map { .string(productStatus($0)) }
        },
        .fixed("preview", .null),
    ])

    /// `entity_id` and `event_name` only when they were asked about: the strict clients take no
    /// null there.
    static let track = ReplyShape([
        .context("customer_id") { $0.customerID },
        .contextIfAny("entity_id") { $0.entityID },
        .contextIfAny("event_name") { $0.eventName },
        Key("value") { source, _ in
            source.elements("features").first?["value"] ?? source["value"] ?? source["cost"]
        },
        Key("balance") { source, context in
            let features = source.elements("features")
            let shown = features.count == 1 ? features[0] : source
            return shown["balance"].map { balance.value($0, context) } ?? .null
        },
        Key("balances") { source, context in
            let features = source.elements("features")
            guard features.count > 1 else { return nil }
            var balances = JSONObject()
            for shown in features.compactMap({ $0["balance"] }) {
                balances.set(shown.text("feature_id") ?? "", balance.value(shown, context))
            }
            return .object(balances)
        },
        Key("deductions") { source, context in
            let drawn =
                source.elements("deductions")
                + source.elements("features").flatMap { $0.elements("deductions") }
            return .array(drawn.map { deduction.value($0, context) })
        },
    ])

    static let balance = ReplyShape([
        .same("feature_id"),
        .same("granted"),
        .same("remaining"),
        .same("usage"),
        .same("unlimited"),
        .same("overage_allowed"),
        .same("max_purchase"),
        .time("next_reset_at", from: "next_reset_time"),
        Key("feature") { source, context in
            context.feature("balance.feature", source.text("feature_id"))
                ?? context.feature("balances.feature", source.text("feature_id"))
        },
        Key("breakdown") { source, context in
            let feature = source.text("feature_id") ?? ""
            let shape = context.isHeld(feature) ? heldPart : part
            return .array(
                source.elements("parts").filter { $0["rollover"] != .bool(true) }
                    .map { shape.value($0, context) })
        },
        Key("rollovers") { source, context in
            let parts = source.elements("parts").filter { $0["rollover"] == .bool(true) }
            return parts.isEmpty ? nil : .array(parts.map { rollover.value($0, context) })
        },
    ])

    private static let rollover = ReplyShape([
        .same("balance", from: "remaining"),
        .time("expires_at", from: "expire_time"),
        .same("granted"),
    ])

    static let flag = ReplyShape([
        Key("id") { source, context in
            let feature = source.text("feature_id") ?? ""
            return .string(context.bucket(ofFeature: feature)?.id ?? feature)
        },
        .same("feature_id"),
        .text("plan_id"),
        Key("expires_at") { source, context in
            context.bucket(ofFeature: source.text("feature_id") ?? "")?.expires ?? .null
        },
        Key("feature") { source, context in
            context.feature("flag.feature", source.text("feature_id"))
                ?? context.feature("flags.feature", source.text("feature_id"))
        },
    ])

    private static let part = ReplyShape(part(reset: .nestedHere("reset", reset)))
    /// Of a held level, which never resets.
    private static let heldPart = ReplyShape(part(reset: .fixed("reset", .null)))

    private static func part(reset: Key) -> [Key] {
        [
            .same("id", from: "balance_id"),
            .text("plan_id"),
            Key("included_grant") { source, _ in source.included },
            .same("prepaid_grant", from: "prepaid"),
            .same("remaining"),
            .same("usage"),
            .same("unlimited"),
            reset,
            Key("price") { source, context in
                context.bucket(source.text("balance_id"))?.price ?? .null
            },
            .time("expires_at", from: "expire_time"),
        ]
    }

    private static let reset = ReplyShape([
        .same("interval", from: "reset_interval"),
        Key("interval_count") { source, _ in
            source["reset_interval_count"].flatMap { $0 == .number("1") ? nil : $0 }
        },
        .time("resets_at", from: "reset_time"),
    ])

    /// The plan and cycle are the bucket's, as long as it is there.
    private static let deduction = ReplyShape([
        .same("balance_id"),
        .same("feature_id"),
        Key("plan_id") { source, context in
            context.bucket(source.text("balance_id"))?.planID.map { .string($0) } ?? .null
        },
        Key("reset") { source, context in
            context.bucket(source.text("balance_id"))?.reset ?? .null
        },
        .same("value"),
    ])

    private static func productStatus(_ status: String) -> String {
        switch status {
        case "canceling": "canceled"
        case "renewing": "active"
        case "ended": "expired"
        default: status
        }
    }
}

extension JSONValue {
    /// What was granted beside what was bought in packs.
    fileprivate var included: JSONValue {
        guard case .number(let granted)? = self["granted"],
            case .number(let bought)? = self["prepaid"], bought != "0",
            let all = DecimalText.parse(granted, digits: 10),
            let packs = DecimalText.parse(bought, digits: 10)
        else { return self["granted"] ?? .null }
        return .number(DecimalText.text(all - packs, digits: 10))
    }
}

extension ReplyShape.Key {
    /// An object made of the same source.
    fileprivate static func nestedHere(_ name: String, _ shape: ReplyShape) -> Self {
        Self(name) { source, context in shape.value(source, context) }
    }
}
