internal import Billing
internal import Wire

/// What the older routes' bodies say in other words.
extension OlderRoute {
    static let purchase: [BodyRule] = [
        .rename("product_id", "plan_id"),
        .rename("options", "feature_quantities"),
        .inside(
            "feature_quantities",
            [
                .rename("adjustable_quantity", "adjustable"), .drop("internal_feature_id"),
                .drop("upcoming_quantity"),
            ]),
        .refused("features", "send options instead"),
        .refused("setup_payment", "send POST /v1/setup_payment instead"),
        .refused("items", "send billing.attach with customize instead"),
        .rename("enable_product_immediately", "enable_plan_immediately"),
        .own(invoiceMode),
        .own(redirectMode),
        .own(freeTrial),
        .own(plans),
        .own(rewards),
    ]

    private static func invoiceMode(_ body: inout JSONObject) {
        if body["invoice"] == .bool(true), body.lacks("invoice_mode") {
            var mode: JSONObject = ["enabled": .bool(true)]
            if let finalize = body["finalize_invoice"] { mode.append("finalize", finalize) }
            if let atOnce = body["enable_plan_immediately"] {
                mode.append("enable_plan_immediately", atOnce)
            }
            body.set("invoice_mode", .object(mode))
            body.remove("enable_plan_immediately")
        }
        body.remove("invoice")
        body.remove("finalize_invoice")
    }

    private static func redirectMode(_ body: inout JSONObject) {
        if body["force_checkout"] == .bool(true) { body.set("redirect_mode", .string("always")) }
        body.remove("force_checkout")
    }

    /// false: none. true is as good as absent.
    private static func freeTrial(_ body: inout JSONObject) {
        if body["free_trial"] == .bool(false) {
            body.set("customize", .object(["free_trial": .null]))
        }
        if case .bool? = body["free_trial"] { body.remove("free_trial") }
    }

    /// One of several is as good as one by itself; more become `plans`.
    private static func plans(_ body: inout JSONObject) throws(JSONProblem) {
        var ids = body["product_ids"]?.elements ?? []
        for product in body["products"]?.elements ?? [] {
            guard product["quantity"] ?? .null == .null || product["quantity"] == .number("1")
            else { throw .invalid("products: a quantity isn't supported; attach a plan once") }
            ids.append(product["product_id"] ?? .null)
        }
        body.remove("product_ids")
        body.remove("products")
        guard !ids.isEmpty else { return }
        guard body.lacks("plan_id") else {
            throw .invalid("product_id must not be given together with product_ids or products")
        }
        if ids.count == 1 { return body.set("plan_id", ids[0]) }
        body.set("plans", .array(ids.map { .object(["plan_id": $0]) }))
    }

    private static func rewards(_ body: inout JSONObject) {
        guard let reward = body["reward"], reward != .null else { return body.remove("reward") }
        let ids = reward.elements ?? [reward]
        body.remove("reward")
        body.set("discounts", .array(ids.map { .object(["reward_id": $0]) }))
    }

    static let newCustomer: [BodyRule] = [
        .rename("id", "customer_id"),
        .refused("disable_default", "plans with auto_enable are attached to each customer"),
        .refused("entity_data", "send POST /v1/customers/:id/entities"),
    ]

    static let cancel: [BodyRule] = [
        .rename("product_id", "plan_id"),
        .own { body in
            let isAtOnce = body["cancel_immediately"] == .bool(true)
            body.set(
                "cancel_action",
                .string(isAtOnce ? "cancel_immediately" : "cancel_end_of_cycle"))
            if isAtOnce, body["prorate"] == .bool(false) {
                body.set("proration_behavior", .string("none"))
            }
            for key in ["cancel_immediately", "prorate"] { body.remove(key) }
        },
    ]

    static let feature: [BodyRule] = [
        .rename("id", "feature_id"),
        .own { body in
            switch body.text("type") {
            case "static": body.set("type", .string("boolean"))
            case "single_use", "continuous_use":
                body.set("consumable", .bool(body.text("type") == "single_use"))
                body.set("type", .string("metered"))
            default: break
            }
        },
    ]

    static let plan: [BodyRule] = [
        .planID,
        .rename("default", "auto_enable"),
        .rename("features", "items"),
        .inside(
            "items",
            [
                .rename("granted_balance", "included"),
                .inside("reset", [.drop("reset_when_enabled")]),
                .inside("price", [.usageModel]),
            ]),
    ]

    static let product: [BodyRule] = [
        .planID,
        .rename("is_default", "auto_enable"),
        .rename("is_add_on", "add_on"),
        .inside(
            "free_trial",
            [
                .rename("duration", "duration_type"), .rename("length", "duration_length"),
                // Trials are told apart by fingerprint as it is.
                .drop("unique_fingerprint"),
            ]),
        .own(items),
    ]

    /// The items of a product: that of no feature is the price of the plan.
    private static func items(_ body: inout JSONObject) throws(JSONProblem) {
        guard let items = body["items"]?.elements else { return }
        var kept: [JSONValue] = []
        for (index, item) in items.enumerated() {
            guard case .object(let object) = item else {
                throw .invalid("items[\(index)] must be an object")
            }
            if object.lacks("feature_id") {
                guard body.lacks("price") else {
                    throw .invalid("items[\(index)]: a product has one price of its own")
                }
                var price: JSONObject = [
                    "amount": object["price"] ?? .null,
                    "interval": object.lacks("interval")
                        ? .string("one_off") : object["interval"]!,
                ]
                if let count = object["interval_count"] { price.append("interval_count", count) }
                body.set("price", .object(price))
            } else {
                kept.append(.object(featureItem(object)))
            }
        }
        body.set("items", .array(kept))
    }

    private static func featureItem(_ old: JSONObject) -> JSONObject {
        var item: JSONObject = ["feature_id": old["feature_id"] ?? .null]
        if old["included_usage"] == .string("inf") {
            item.append("unlimited", .bool(true))
        } else if let included = old["included_usage"], included != .null {
            item.append("included", included)
        }
        let interval = old.lacks("interval") ? .string("one_off") : old["interval"]!
        var cycle: JSONObject = ["interval": interval]
        if let count = old["interval_count"], count != .null {
            cycle.append("interval_count", count)
        }
        if !old.lacks("interval") { item.append("reset", .object(cycle)) }
        if let entity = old["entity_feature_id"] { item.append("entity_feature_id", entity) }
        guard !old.lacks("price") || !old.lacks("tiers") else { return item }
        var price = cycle
        for key in ["tiers", "billing_units"] where !old.lacks(key) { price.set(key, old[key]!) }
        if !old.lacks("price") { price.set("amount", old["price"]!) }
        price.set(
            "billing_method",
            .string(old.text("usage_model") == "prepaid" ? "prepaid" : "usage_based"))
        if let limit = old["usage_limit"], limit != .null {
            price.set("max_purchase", .quantity(raw: limit.raw - (old["included_usage"]?.raw ?? 0)))
        }
        item.append("price", .object(price))
        return item
    }
}

extension BodyRule {
    fileprivate static let usageModel = BodyRule.own { price in
        guard let model = price.text("usage_model") else { return }
        price.remove("usage_model")
        price.set(
            "billing_method", .string(model == "pay_per_use" ? "usage_based" : model))
    }

    /// In 1.2 a track's value could stand among its properties.
    static let valueOfProperties = BodyRule.own { body in
        guard body.lacks("value"), case .object(var properties)? = body["properties"],
            case .number? = properties["value"]
        else { return }
        body.set("value", properties["value"]!)
        properties.remove("value")
        body.set("properties", .object(properties))
    }

    /// The id that a customer is to have; the same is no change.
    static let newCustomerID = BodyRule.own { body in
        guard let id = body["id"] else { return }
        body.remove("id")
        if id != .null, id != body["customer_id"] { body.set("new_customer_id", id) }
    }

    /// The id that a plan is to have.
    fileprivate static let planID = BodyRule.own { body in
        guard let id = body["id"] else { return }
        body.remove("id")
        if body.lacks("plan_id") { return body.set("plan_id", id) }
        if id != body["plan_id"] { body.set("new_plan_id", id) }
    }

    static func refused(_ key: String, _ instead: String) -> BodyRule {
        .own { (body) throws(JSONProblem) in
            guard !(body[key] ?? .null).asksForNothing else { return body.remove(key) }
            throw .invalidRequest("\(key) is not supported; \(instead)")
        }
    }
}
