internal import Billing
internal import Wire

extension ReplyShape {
    static let feature = ReplyShape([
        .same("id", from: "feature_id"),
        .same("name"),
        Key("type") { source, _ in
            let type = source.text("type") ?? ""
            return .string(["allocated", "concurrency"].contains(type) ? "metered" : type)
        },
        Key("consumable") { source, _ in
            .bool(
                ["metered", "credit_system", "ai_credit_system"]
                    .contains(source.text("type") ?? ""))
        },
        .same("archived"),
        .listIfAny("event_names"),
        .listIfAny("credit_schema", from: "credit_costs", creditCost),
        Key("default_markup") { source, _ in
            source.text("type") == "ai_credit_system" ? source["default_markup"] : nil
        },
        .keyed("provider_markups", by: "provider") { ["markup": $0["percentage"] ?? .null] },
        .keyed("model_markups", by: "model_id", modelMarkup),
    ])

    private static let creditCost = ReplyShape([
        .same("metered_feature_id", from: "feature_id"),
        .amount("credit_cost", from: "credits"),
    ])

    private static func modelMarkup(_ source: JSONValue) -> JSONObject {
        var markup = JSONObject()
        if let percentage = source["percentage"] { markup.append("markup", percentage) }
        for (name, field) in [("input_cost", "input"), ("output_cost", "output")] {
            guard let price = source["prices"]?.text(field), !price.isEmpty else { continue }
            markup.append(name, .number(price))
        }
        return markup
    }

    static let plan = ReplyShape([
        .same("id", from: "plan_id"),
        .same("name"),
        .fixed("description", .null),
        .text("group"),
        .same("version"),
        .same("add_on"),
        .same("auto_enable"),
        .nested("price", basePrice),
        Key("items") { source, context in
            let cycle = source["price", "interval"] ?? .string("month")
            return .array(
                source.elements("items").map { item in
                    planItem.value(item.adding("plan_interval", cycle), context)
                })
        },
        Key("free_trial") { source, context in
            source["free_trial"].map { freeTrial.value($0, context) }
        },
        // When a plan was published isn't kept.
        .fixed("created_at", .number("0")),
        .context("env") { $0.environment },
        .same("archived"),
        .fixed("base_variant_id", .null),
        .fixed("config", .object(["ignore_past_due": .bool(false)])),
        .fixed("metadata", .object([:])),
        Key("billing_controls") { source, context in
            source["controls"].map { controls(source: "plan").value($0, context) }
        },
        Key("customer_eligibility") { source, _ in source["customer_eligibility"] },
    ])

    static let basePrice = ReplyShape([
        .amount("amount"),
        .same("interval"),
        .intervalCount("interval_count"),
        .listIfAny("additional_currencies", otherPrice),
    ])

    private static let otherPrice = ReplyShape([.same("currency"), .amount("amount")])

    private static let freeTrial = ReplyShape([
        .same("duration_length"),
        .same("duration_type"),
        Key("card_required") { source, _ in .bool(source["card_not_required"] != .bool(true)) },
        Key("on_end") { source, _ in
            .string(source.text("on_end") == "revert" ? "revert" : "bill")
        },
    ])

    private static let planItem = ReplyShape([
        .same("feature_id"),
        .same("included"),
        .same("unlimited"),
        .nested("reset", ReplyShape([.same("interval"), .intervalCount("interval_count")])),
        Key("price") { source, context in
            if let prepaid = source["prepaid_price"] {
                let method = prepaid.isPerSeat ? "usage_based" : "prepaid"
                return itemPrice(method).value(prepaid, context)
            }
            guard let price = source["usage_price"] else { return .null }
            let reset = source["reset", "interval"]
            let interval = reset ?? source["plan_interval"] ?? .string("month")
            return itemPrice("usage_based").value(price.adding("interval", interval), context)
        },
        // Of seats alone it says what taking one costs.
        Key("proration") { source, context in
            guard let prepaid = source["prepaid_price"], prepaid.isPerSeat else { return nil }
            return itemProration.value(prepaid, context)
        },
        Key("rollover") { source, context in
            source["rollover"].map { itemRollover.value($0, context) }
        },
        Key("entity_feature_id") { source, _ in
            source.text("entity_feature_id").flatMap { $0.isEmpty ? nil : .string($0) }
        },
    ])

    private static func itemPrice(_ method: String) -> ReplyShape {
        ReplyShape([
            Key("amount") { source, _ in
                source.text("amount").flatMap { $0.isEmpty ? nil : .number($0) }
            },
            .listIfAny("tiers", tier),
            Key("tier_behavior") { source, _ in
                source.elements("tiers").isEmpty ? nil : source.tierBehavior
            },
            .same("interval"),
            .intervalCount("interval_count"),
            Key("billing_units") { source, _ in
                let units = source["billing_units"] ?? .null
                return [.null, .number("0")].contains(units) ? .number("1") : units
            },
            .fixed("billing_method", .string(method)),
            .same("max_purchase"),
            .listIfAny("additional_currencies", otherPrice),
        ])
    }

    private static let itemProration = ReplyShape([
        Key("on_increase") { source, _ in
            let word = source.text("on_increase") ?? "prorate"
            let names = ["prorate": "prorate_immediately", "bill": "bill_immediately"]
            return .string(names[word] ?? word)
        },
        Key("on_decrease") { source, _ in
            let word = source.text("on_decrease") ?? "prorate"
            let names = ["prorate": "prorate_immediately", "keep": "none", "drop": "no_prorations"]
            return .string(names[word] ?? word)
        },
    ])

    private static let tier = ReplyShape([
        Key("to") { source, _ in source["up_to"] ?? .string("inf") },
        .amount("amount"),
        Key("flat_amount") { source, _ in
            source.text("flat_amount").flatMap { $0.isEmpty ? nil : .number($0) }
        },
    ])

    private static let itemRollover = ReplyShape([
        .same("max"),
        Key("max_percentage") { source, _ in source["max_percentage"] },
        Key("expiry_duration_type") { source, _ in
            .string(source["months"] == .number("0") ? "forever" : "month")
        },
        Key("expiry_duration_length") { source, _ in
            source["months"].flatMap { $0 == .number("0") ? nil : $0 }
        },
    ])
}

extension JSONValue {
    fileprivate var tierBehavior: JSONValue {
        .string(text("tier_behavior") == "volume" ? "volume" : "graduated")
    }

    /// Of a prepaid price: what is held is what is bought.
    var isPerSeat: Bool { self["per_seat"] == .bool(true) }

    /// An object with one more key.
    func adding(_ name: String, _ value: JSONValue) -> JSONValue {
        guard case .object(var object) = self else { return self }
        object.set(name, value)
        return .object(object)
    }
}

extension ReplyShape.Key {
    /// An exact decimal that our messages have as text.
    static func amount(_ name: String, from field: String? = nil) -> Self {
        Self(name) { source, _ in
            let text = source.text(field ?? name) ?? ""
            return .number(text.isEmpty ? "0" : text)
        }
    }

    /// Left out when it is 1, or 0, which says the same.
    static func intervalCount(_ name: String) -> Self {
        Self(name) { source, _ in
            source[name].flatMap { [.number("0"), .number("1")].contains($0) ? nil : $0 }
        }
    }

    /// A list, left out when it is empty.
    static func listIfAny(
        _ name: String, from field: String? = nil, _ shape: ReplyShape? = nil
    ) -> Self {
        Self(name) { source, context in
            let elements = source.elements(field ?? name)
            guard !elements.isEmpty else { return nil }
            return .array(
                shape.map { shape in elements.map { shape.value($0, context) } } ?? elements)
        }
    }

    /// A list of ours as an object by one of its elements' fields; left out when it is empty.
    static func keyed(
        _ name: String, by field: String,
        _ value: @escaping @Sendable (JSONValue) -> JSONObject
    ) -> Self {
        Self(name) { source, _ in
            let elements = source.elements(name)
            guard !elements.isEmpty else { return nil }
            return .object(
                JSONObject(
                    elements.map {
                        JSONObject.Member($0.text(field) ?? "", .object(value($0)))
                    }))
        }
    }
}
