internal import Wire

/// What a denied customer may be offered, in the plan's older form, as a check still tells it.
extension ReplyShape {
    static let checkPreview = ReplyShape([
        .same("scenario"),
        Key("title") { source, context in .string(title(source, context)) },
        Key("message") { source, context in .string(message(source, context)) },
        .same("feature_id"),
        .same("feature_name"),
        Key("products") { source, context in
            .array(
                source.elements("plans").compactMap { context.newest(planOf: $0) }
                    .map { product.value($0, context) })
        },
        Key("upgrade_product_id") { source, _ in source.elements("plans").first?["plan_id"] },
    ])

    private static func title(_ source: JSONValue, _ context: ReplyContext) -> String {
        guard let plan = source.elements("plans").first, let name = plan.text("name") else {
            return "Feature Unavailable"
        }
        if plan["add_on"] == .bool(true) { return "Purchase \(name)" }
        let hasTrial = context.newest(planOf: plan)?["free_trial"] != nil
        return hasTrial ? "Start trial for \(name)" : "Upgrade to \(name)"
    }

    private static func message(_ source: JSONValue, _ context: ReplyContext) -> String {
        let feature = source.text("feature_name") ?? ""
        let met =
            source.text("scenario") == "usage_limit"
            ? "What you have of \(feature) is used up."
            : "\(feature) is not part of your plan."
        guard let name = source.elements("plans").first?.text("name") else { return met }
        return "\(met) \(name) has more of it."
    }

    private static let product = ReplyShape([
        .same("id", from: "plan_id"),
        .same("name"),
        .text("group"),
        .context("env") { $0.environment },
        .same("is_add_on", from: "add_on"),
        .same("is_default", from: "auto_enable"),
        .same("archived"),
        .same("version"),
        .fixed("created_at", .number("0")),
        Key("items") { source, context in
            let price = source["price"].map { basePriceItem.value($0, context) }
            let items = source.elements("items").map { productItem.value($0, context) }
            return .array((price.map { [$0] } ?? []) + items)
        },
        Key("free_trial") { source, context in
            source["free_trial"].map { productTrial.value($0, context) } ?? .null
        },
        .fixed("base_variant_id", .null),
    ])

    private static let basePriceItem = ReplyShape([
        .fixed("type", .string("price")),
        .fixed("feature_id", .null),
        .amount("price", from: "amount"),
        .repeats("interval"),
        .intervalCount("interval_count"),
    ])

    private static let productItem = ReplyShape([
        Key("type") { source, _ in
            let isPriced = source["usage_price"] != nil || source["prepaid_price"] != nil
            return .string(isPriced ? "priced_feature" : "feature")
        },
        .same("feature_id"),
        Key("included_usage") { source, _ in
            source["unlimited"] == .bool(true) ? .string("inf") : source["included"]
        },
        Key("interval") { source, context in
            Key.repeats("interval").value(source["reset"] ?? .null, context)
        },
        Key("usage_model") { source, _ in
            if let packs = source["prepaid_price"], !packs.isPerSeat { return .string("prepaid") }
            let isPaidByUse = source["usage_price"] != nil || source["prepaid_price"] != nil
            return isPaidByUse ? .string("pay_per_use") : nil
        },
        Key("price") { source, _ in
            let price = source["prepaid_price"] ?? source["usage_price"]
            return price?.text("amount").flatMap { $0.isEmpty ? nil : .number($0) }
        },
        Key("billing_units") { source, _ in
            let price = source["prepaid_price"] ?? source["usage_price"]
            return price?["billing_units"].flatMap { $0 == .number("0") ? .number("1") : $0 }
        },
    ])

    private static let productTrial = ReplyShape([
        .same("duration", from: "duration_type"),
        .same("length", from: "duration_length"),
        .same("unique_fingerprint"),
        Key("card_required") { source, _ in .bool(source["card_not_required"] != .bool(true)) },
    ])
}

extension ReplyShape.Key {
    /// An interval; null where nothing repeats.
    fileprivate static func repeats(_ name: String) -> Self {
        Self(name) { source, _ in
            let interval = source[name] ?? .null
            return interval == .string("one_off") ? .null : interval
        }
    }
}

extension ReplyContext {
    /// The plan that is sold now, as a message.
    fileprivate func newest(planOf offer: JSONValue) -> JSONValue? {
        catalog?.elements("plans").last { $0["plan_id"] == offer["plan_id"] }
    }
}
