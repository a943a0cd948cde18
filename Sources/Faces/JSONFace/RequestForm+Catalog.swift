internal import Billing
internal import Wire

/// Plans and features, which are published in a catalog of their own.
extension RequestForm {
    static let createPlan = RequestForm(
        "PublishCatalogRequest",
        [
            .text("plan_id").required,
            .text("name").required,
        ] + RequestShape.planKeys)

    static let updatePlan = RequestForm(
        "PublishCatalogRequest",
        [.text("plan_id").required, .text("name")] + RequestShape.planKeys
            + RequestShape.Key.later(
                "version", "base_plan_id", "new_plan_id", "disable_version",
                "all_versions", "migration", "force_version", "update_variant_ids",
                "update_license_parents", "variants", "is_default"))

    static let createFeature = RequestForm(
        "PublishCatalogRequest",
        [
            .text("feature_id").required,
            .text("name").required,
            RequestShape.featureType.required,
            .flag("consumable", as: "consumable"),
        ] + RequestShape.featureKeys)

    static let updateFeature = RequestForm(
        "PublishCatalogRequest",
        [
            .text("feature_id").required,
            .text("name"),
            RequestShape.featureType,
            .flag("consumable", as: "consumable"),
        ] + RequestShape.featureKeys + RequestShape.Key.later("new_feature_id"))
}

extension RequestShape {
    fileprivate static let planKeys: [Key] =
        [
            .text("group"),
            .flag("add_on"),
            .flag("auto_enable"),
            .flag("archived"),
            .object("price", basePrice).null("remove_price", .bool(true)),
            .list("items", planItem),
            .object("free_trial", freeTrial).null("remove_free_trial", .bool(true)),
            .object("billing_controls", as: "controls", RequestShape(controls())),
            .object("config", as: "", RequestShape(Key.later("ignore_past_due"))),
            // Nothing is made anywhere else, whatever this says.
            .flag("create_in_stripe", as: nil),
        ] + Key.later("description", "licenses", "metadata")

    fileprivate static let featureType = Key.word(
        "type", ["boolean", "metered", "credit_system", "ai_credit_system"])

    fileprivate static let featureKeys: [Key] =
        [
            .list("credit_schema", as: "credit_costs", creditCost),
            .number("default_markup"),
            Key(
                "provider_markups",
                .own("must be an object of objects with a markup", providers),
                as: "provider_markups"
            ).described(.map(.open(["markup": .number]))),
            Key(
                "model_markups",
                .own("must be an object of objects with markup, input_cost, output_cost", models),
                as: "model_markups"
            ).described(
                .map(
                    .open([
                        "markup": .number.optional, "input_cost": .number.optional,
                        "output_cost": .number.optional,
                    ]))),
            .texts("event_names"),
            .flag("archived"),
        ] + Key.later("display")

    private static let creditCost = RequestShape([
        .text("metered_feature_id", as: "feature_id").required,
        .number("credit_cost", as: "credits").required,
    ])

    private static func providers(_ value: JSONValue, _: Filler) -> JSONValue? {
        guard case .object(let object) = value else { return nil }
        var list: [JSONValue] = []
        for member in object.members {
            guard case .number? = member.value["markup"] else { return nil }
            list.append(
                .object([
                    "provider": .string(member.key), "percentage": member.value["markup"] ?? .null,
                ]))
        }
        return .array(list)
    }

    private static func models(_ value: JSONValue, _: Filler) -> JSONValue? {
        guard case .object(let object) = value else { return nil }
        var list: [JSONValue] = []
        for member in object.members {
            guard case .object(let given) = member.value else { return nil }
            var model: JSONObject = ["model_id": .string(member.key)]
            if let markup = given["markup"] { model.append("percentage", markup) }
            if let input = given["input_cost"], let output = given["output_cost"] {
                model.append("prices", .object(["input": input, "output": output]))
            }
            list.append(.object(model))
        }
        return .array(list)
    }
}

/// The parts of plans, of the catalog's and of a customer's own.
extension RequestShape {
    static let customize = RequestShape(
        [
            .object("price", basePrice).null("remove_price", .bool(true)),
            .list("items", as: "items.items", planItem),
            .list("add_items", planItem),
            .list(
                "remove_items",
                RequestShape(
                    [
                        .text("feature_id").required,
                        .word("interval", as: "reset_interval", intervals),
                    ] + Key.later("billing_method", "interval_count"))),
            .object("free_trial", freeTrial).null("remove_free_trial", .bool(true)),
            .object("billing_controls", as: "controls", RequestShape(controls())),
        ] + Key.later("upsert_licenses"))

    static let basePrice = RequestShape([
        .number("amount").required,
        .word("interval", ["one_off", "week", "month", "quarter", "semi_annual", "year"])
            .required,
        .count("interval_count"),
        .list("additional_currencies", otherPrice),
    ])

    private static let otherPrice = RequestShape(
        [.text("currency").required, .number("amount").required])

    static let freeTrial = RequestShape([
        .count("duration_length").required,
        .word("duration_type", ["day", "month", "year"]).standard(.string("month")),
        Key("card_required", .notFlag, as: "card_not_required"),
        .word("on_end", ["bill", "revert"]),
    ])

    static let planItem = RequestShape(
        [
            .text("feature_id").required,
            .number("included"),
            .flag("unlimited"),
            .object("reset", interval),
            .object("price", itemPrice),
            .object("proration", proration),
            .object("rollover", itemRollover),
            .text("entity_feature_id"),
        ] + Key.later("pooled"), finish: { fields, filler in priced(fields, &filler) })

    private static let itemPrice = RequestShape([
        .word("interval", ["one_off", "week", "month", "quarter", "semi_annual", "year"])
            .required,
        .word("billing_method", ["prepaid", "usage_based"]).required,
        .number("amount"),
        .list("tiers", tier),
        .word("tier_behavior", ["graduated", "volume"]),
        .count("interval_count"),
        .number("billing_units"),
        .number("max_purchase"),
        .list("additional_currencies", otherPrice),
    ])

    private static let tier = RequestShape(
        [
            Key(
                "to",
                .own("must be a number, or \"inf\"") { value, _ in
                    if case .number = value { return value }
                    return value == .string("inf") ? .null : nil
                }, as: "up_to"
            ).described(.either(.number, .words("inf"))).required,
            .number("amount").standard(.number("0")),
            .number("flat_amount"),
        ] + Key.later("additional_currencies"))

    private static let proration = RequestShape([
        .word(
            "on_increase", as: "on_increase",
            [
                "prorate_immediately": "prorate", "bill_immediately": "bill",
                "prorate_next_cycle": "prorate_next_cycle", "bill_next_cycle": "bill_next_cycle",
            ]),
        .word(
            "on_decrease", as: "on_decrease",
            [
                "prorate": "prorate", "prorate_immediately": "prorate",
                "prorate_next_cycle": "prorate_next_cycle", "none": "keep",
                "no_prorations": "drop",
            ]),
    ])

    private static let itemRollover = RequestShape([
        .number("max"),
        .number("max_percentage"),
        .word("expiry_duration_type", as: "unit", ["month", "forever"]).required,
        .count("expiry_duration_length", as: "months").standard(.number("1")),
    ]) { fields, _ in
        var fields = fields
        if fields["unit"] == .string("forever") { fields.remove("months") }
        fields.remove("unit")
        return fields
    }

    /// Packs and pay-per-use are one price here, and two in our message.
    private static func priced(_ fields: JSONObject, _ filler: inout Filler) -> JSONObject {
        var fields = fields
        let proration = fields["proration"]
        fields.remove("proration")
        guard case .object(var price)? = fields["price"] else { return fields }
        fields.remove("price")
        let isPrepaid = price["billing_method"] == .string("prepaid")
        price.remove("billing_method")
        if isPrepaid {
            if case .object(let behaviour)? = proration { price.merge(behaviour) }
            fields.set("prepaid_price", .object(price))
            return fields
        }
        if proration != nil { filler.fault("proration", "is for a billing_method of prepaid") }
        if price["tier_behavior"] == .string("volume") {
            filler.fault("tier_behavior", "must be graduated with a billing_method of usage_based")
        }
        if fields["reset"] == nil, !filler.isHeld(fields["feature_id"]),
            price["interval"] != .string("one_off"), let interval = price["interval"]
        {
            fields.set("reset.interval", interval)
            if let count = price["interval_count"] { fields.set("reset.interval_count", count) }
        }
        for name in ["interval", "interval_count", "tier_behavior"] { price.remove(name) }
        fields.set("usage_price", .object(price))
        return fields
    }
}

extension Filler {
    /// A level, such as seats in use, which never resets.
    fileprivate func isHeld(_ feature: JSONValue?) -> Bool {
        guard case .string(let id)? = feature else { return false }
        return pricing.feature(id: id).map { pricing.kind(of: $0).isLevel } ?? false
    }
}

extension JSONValue {
    /// nil: it is no list.
    var elements: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }
}
