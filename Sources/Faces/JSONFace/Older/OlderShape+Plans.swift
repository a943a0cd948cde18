internal import Wire

/// Plans as 2.0 had them, and as the products of 1.2.
extension ReplyShape {
    static let plan20 = ReplyShape([
        .same("id"), .same("name"), .same("description"), .same("group"), .same("version"),
        .same("add_on"), .same("default", from: "auto_enable"), .same("price"),
        .list("features", from: "items", planFeature20),
        .ifAny("free_trial"), .same("created_at"), .same("env"), .same("archived"),
        .same("base_variant_id"),
        Key("customer_eligibility") { source, _ in
            source.given("customer_eligibility").map { eligibility in
                var older: JSONObject = ["scenario": .string(scenario(eligibility))]
                if let trial = eligibility["trial_available"] {
                    older.append("trial_available", trial)
                }
                return .object(older)
            }
        },
    ])

    /// What attaching a plan would be.
    private static func scenario(_ eligibility: JSONValue) -> String {
        switch eligibility.text("attach_action") {
        case "upgrade": "upgrade"
        case "downgrade": "downgrade"
        case "none": "active"
        default: "new"
        }
    }

    private static let planFeature20 = ReplyShape([
        .same("feature_id"),
        .same("granted_balance", from: "included", or: .number("0")),
        .same("unlimited"),
        Key("reset") { source, _ in
            source.given("reset")?.adding("reset_when_enabled", .bool(true)) ?? .null
        },
        Key("price") { source, context in
            source.given("price").map { price20.value($0, context) } ?? .null
        },
        .ifAny("rollover"),
    ])

    private static let price20 = ReplyShape([
        .ifAny("amount"), .ifAny("tiers"), .same("interval"), .ifAny("interval_count"),
        .same("billing_units"),
        Key("usage_model") { source, _ in .string(usageModel(source)) },
        .same("max_purchase"),
    ])

    private static func usageModel(_ price: JSONValue) -> String {
        price["billing_method"] == .string("prepaid") ? "prepaid" : "pay_per_use"
    }

    static let product12 = ReplyShape([
        .same("id"), .same("name"), .same("group"), .same("env"),
        .same("is_add_on", from: "add_on"), .same("is_default", from: "auto_enable"),
        .same("archived"), .same("version"), .same("created_at"),
        Key("items") { source, context in .array(items(source, context)) },
        Key("free_trial") { source, context in
            source.given("free_trial").map { trial12.value($0, context) } ?? .null
        },
        .same("base_variant_id"),
        Key("scenario") { source, _ in
            source.given("customer_eligibility").map { .string(scenario($0)) }
        },
        Key("properties") { source, context in properties12.value(source, context) },
    ])

    static let properties12 = ReplyShape([
        Key("is_free") { source, _ in .bool(!source.isPriced) },
        Key("is_one_off") { source, _ in
            .bool(source["price", "interval"] == .string("one_off"))
        },
        Key("interval_group") { source, _ in
            let interval = source["price", "interval"] ?? .null
            return interval == .string("one_off") ? .null : interval
        },
        Key("has_trial") { source, _ in .bool(source.given("free_trial") != nil) },
        Key("updateable") { source, _ in
            .bool(
                source.elements("items").contains {
                    $0["price", "billing_method"] == .string("prepaid")
                })
        },
    ])

    static func items(_ plan: JSONValue, _ context: ReplyContext) -> [JSONValue] {
        let price = plan.given("price").map { priceItem12.value($0, context) }
        return (price.map { [$0] } ?? [])
            + plan.elements("items").map { item12.value($0, context) }
    }

    private static let priceItem12 = ReplyShape([
        .fixed("type", .string("price")),
        .fixed("feature_id", .null),
        .same("price", from: "amount"),
        .older("interval"),
        .ifAny("interval_count"),
    ])

    private static let item12 = ReplyShape([
        Key("type") { source, _ in
            .string(source.given("price") == nil ? "feature" : "priced_feature")
        },
        .same("feature_id"),
        Key("feature_type") { source, context in
            context.feature(of: source).map { .string($0.type12) } ?? .null
        },
        Key("included_usage") { source, _ in
            source["unlimited"] == .bool(true) ? .string("inf") : source["included"] ?? .null
        },
        Key("interval") { source, context in
            Key.older("interval").value(
                source.given("reset") ?? source.given("price") ?? .null, context)
        },
        Key("interval_count") { source, _ in
            (source.given("reset") ?? source.given("price"))?["interval_count"]
        },
        Key("usage_model") { source, _ in source.given("price").map { .string(usageModel($0)) } },
        Key("price") { source, _ in source["price", "amount"] },
        Key("tiers") { source, _ in source["price", "tiers"] },
        Key("billing_units") { source, _ in source["price", "billing_units"] },
        Key("usage_limit") { source, _ in
            source.given("price")?.given("max_purchase").map {
                .quantity(raw: $0.raw + (source["included"] ?? .null).raw)
            }
        },
        .ifAny("entity_feature_id"),
    ])

    private static let trial12 = ReplyShape([
        .same("duration", from: "duration_type"),
        .same("length", from: "duration_length"),
        // Trials are told apart by fingerprint as it is.
        .fixed("unique_fingerprint", .bool(true)),
        .same("card_required"),
    ])

    static let feature12 = ReplyShape([
        .same("id"),
        .same("name"),
        Key("type") { source, _ in .string(source.type12) },
        .ifAny("credit_schema"),
        .same("archived"),
    ])
}

extension ReplyShape.Key {
    /// What never comes round had no interval.
    static func older(_ name: String) -> Self {
        Self(name) { source, _ in
            let interval = source[name] ?? .null
            return interval == .string("one_off") ? .null : interval
        }
    }
}

extension JSONValue {
    /// Of a plan.
    var isPriced: Bool {
        given("price") != nil || elements("items").contains { $0.given("price") != nil }
    }

    /// Of a feature: its type in one word.
    var type12: String {
        switch text("type") {
        case "boolean": "static"
        case "credit_system": "credit_system"
        default: self["consumable"] == .bool(false) ? "continuous_use" : "single_use"
        }
    }
}

extension ReplyContext {
    /// The feature that something is of, in its newest shape.
    func feature(of source: JSONValue) -> JSONValue? {
        if let feature = source.given("feature") { return feature }
        guard let id = source.text("feature_id") else { return nil }
        return catalog?.elements("features").first { $0.text("feature_id") == id }
            .map { ReplyShape.feature.value($0, self) }
    }

    /// The plan that something is of, in its newest shape.
    func plan(ofOlder source: JSONValue) -> JSONValue? {
        if let plan = source.given("plan") { return plan }
        guard let id = source.text("plan_id") else { return nil }
        return catalog?.elements("plans").last { $0.text("plan_id") == id }
            .map { ReplyShape.plan.value($0, self) }
    }
}
