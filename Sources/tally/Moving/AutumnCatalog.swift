internal import Wire

/// Features and plans of the other system, as a catalog here.
struct AutumnCatalog {
    let currency: String
    private(set) var features: [JSONValue] = []
    private(set) var plans: [JSONValue] = []
    /// What can't be had here, and why.
    private(set) var left: [(id: String, reason: String)] = []
    /// Plans that cost something, and the cycle of their base price or first priced item.
    private(set) var cycles: [String: (interval: String, count: Int)] = [:]
    /// The versions that were read.
    private(set) var versions: [String: String] = [:]

    private var known: Set<String> = []

    init(features: [JSONValue], plans: [JSONValue], currency: String) {
        self.currency = currency
        for feature in features { add(feature: feature) }
        for plan in plans { add(plan: plan) }
    }

    var json: JSONValue {
        .object([
            "currency": .string(currency), "features": .array(features), "plans": .array(plans),
        ])
    }

    func has(plan: String) -> Bool { versions[plan] != nil }
    func has(feature: String) -> Bool { known.contains(feature) }

    private mutating func add(feature: JSONValue) {
        let id = feature.text("id")
        let name = feature.text("name").isEmpty ? id : feature.text("name")
        var made: JSONObject = ["feature_id": .string(id), "name": .string(name)]
        switch feature.text("type") {
        case "boolean": made.append("type", .string("boolean"))
        case "metered":
            made.append(
                "type", .string(feature.flag("consumable") ? "metered" : "allocated"))
        case "credit_system":
            made.append("type", .string("credit_system"))
            made.append(
                "credit_costs",
                .array(
                    feature.list("credit_schema").map {
                        .object([
                            "feature_id": .string($0.text("metered_feature_id")),
                            "credits": .string($0.text("credit_cost")),
                        ])
                    }))
        case "ai_credit_system":
            made.append("type", .string("ai_credit_system"))
            if let markup = feature["default_markup"] { made.append("default_markup", markup) }
        case let other:
            left.append(("feature \(id)", "there is no kind \"\(other)\" of features here"))
            return
        }
        if feature.flag("archived") { made.append("archived", .bool(true)) }
        let events = feature.list("event_names")
        if !events.isEmpty { made.append("event_names", .array(events)) }
        known.insert(id)
        features.append(.object(made))
    }

    private mutating func add(plan: JSONValue) {
        let id = plan.text("id")
        var made: JSONObject = [
            "plan_id": .string(id),
            "name": .string(plan.text("name").isEmpty ? id : plan.text("name")),
            "group": .string(plan.text("group")), "add_on": .bool(plan.flag("add_on")),
            "auto_enable": .bool(plan.flag("auto_enable")),
        ]
        // Customers may still have it.
        if plan.flag("archived") { made.append("archived", .bool(true)) }
        if case .object? = plan["price"], let price = plan["price"] {
            made.append("price", .object(Self.price(price)))
            if price.number("amount") != 0, price.text("interval") != "one_off" {
                cycles[id] = Self.cycle(price)
            }
        }
        var items: [JSONValue] = []
        for item in plan.list("items") {
            let feature = item.text("feature_id")
            guard known.contains(feature) else {
                left.append(("\(feature) of plan \(id)", "the feature can't be had here"))
                continue
            }
            items.append(.object(Self.item(item)))
            if let price = item["price"], price != .null, cycles[id] == nil,
                price.text("interval") != "one_off"
            {
                cycles[id] = Self.cycle(price)
            }
        }
        made.append("items", .array(items))
        if let trial = plan["free_trial"], trial != .null {
            made.append(
                "free_trial",
                .object([
                    "duration_length": trial["duration_length"] ?? .number(0),
                    "duration_type": .string(trial.text("duration_type")),
                    "card_not_required": .bool(!trial.flag("card_required")),
                    "on_end": .string(trial.text("on_end") == "revert" ? "revert" : "bill"),
                ]))
        }
        versions[id] = plan.text("version")
        plans.append(.object(made))
    }

    private static func cycle(_ price: JSONValue) -> (interval: String, count: Int) {
        (price.text("interval"), max(1, Int(price.text("interval_count")) ?? 1))
    }

    private static func currencies(_ price: JSONValue) -> JSONValue? {
        let others = price.list("additional_currencies").map { other in
            JSONValue.object([
                "currency": .string(other.text("currency")),
                "amount": .string(other.text("amount")),
            ])
        }
        return others.isEmpty ? nil : .array(others)
    }

    private static func price(_ price: JSONValue) -> JSONObject {
        var made: JSONObject = [
            "amount": .string(price.text("amount")), "interval": .string(price.text("interval")),
        ]
        if let count = price["interval_count"], count != .null {
            made.append("interval_count", count)
        }
        if let others = currencies(price) { made.append("additional_currencies", others) }
        return made
    }

    private static func item(_ item: JSONValue) -> JSONObject {
        var made: JSONObject = ["feature_id": .string(item.text("feature_id"))]
        if item.flag("unlimited") {
            made.append("unlimited", .bool(true))
        } else if let included = item["included"], included != .null {
            made.append("included", included)
        }
        if let reset = item["reset"], reset != .null {
            made.append("reset", Self.reset(reset))
        }
        if let price = item["price"], price != .null {
            // Of what is paid by use, only seats are prorated (billing §1.4).
            let isPerSeat =
                price.text("billing_method") != "prepaid"
                && !(item["proration"] ?? .null).text("on_increase").isEmpty
            let isPrepaid = isPerSeat || price.text("billing_method") == "prepaid"
            var sold = itemPrice(price, item["proration"], isPrepaid: isPrepaid)
            if isPerSeat { sold.append("per_seat", .bool(true)) }
            made.append(isPrepaid ? "prepaid_price" : "usage_price", .object(sold))
        }
        if let rollover = item["rollover"], rollover != .null {
            var rule = JSONObject()
            for key in ["max", "max_percentage"] {
                if let cap = rollover[key], cap != .null { rule.append(key, cap) }
            }
            if rollover.text("expiry_duration_type") != "forever" {
                rule.append("months", rollover["expiry_duration_length"] ?? .number(1))
            }
            made.append("rollover", .object(rule))
        }
        if !item.text("entity_feature_id").isEmpty {
            made.append("entity_feature_id", .string(item.text("entity_feature_id")))
        }
        return made
    }

    static func reset(_ reset: JSONValue) -> JSONValue {
        var made: JSONObject = ["interval": .string(reset.text("interval"))]
        if let count = reset["interval_count"], count != .null {
            made.append("interval_count", count)
        }
        return .object(made)
    }

    private static func itemPrice(
        _ price: JSONValue, _ proration: JSONValue?, isPrepaid: Bool
    ) -> JSONObject {
        var made = JSONObject()
        let tiers = price.list("tiers")
        if tiers.isEmpty {
            made.append("amount", .string(price.text("amount")))
        } else {
            made.append(
                "tiers",
                .array(
                    tiers.map { tier in
                        var step: JSONObject = ["amount": .string(tier.text("amount"))]
                        if case .number? = tier["to"], let end = tier["to"] {
                            step.append("up_to", end)
                        }
                        let flat = tier.text("flat_amount")
                        if !flat.isEmpty, flat != "0" {
                            step.append("flat_amount", .string(flat))
                        }
                        return .object(step)
                    }))
        }
        if let units = price["billing_units"], units != .null {
            made.append("billing_units", units)
        }
        if let most = price["max_purchase"], most != .null { made.append("max_purchase", most) }
        if let others = currencies(price) { made.append("additional_currencies", others) }
        guard isPrepaid else { return made }
        if price.text("tier_behavior") == "volume" {
            made.append("tier_behavior", .string("volume"))
        }
        made.append("interval", .string(price.text("interval")))
        if let count = price["interval_count"], count != .null {
            made.append("interval_count", count)
        }
        let increases = [
            "bill_immediately": "bill", "prorate_immediately": "prorate",
            "prorate_next_cycle": "prorate_next_cycle", "bill_next_cycle": "bill_next_cycle",
        ]
        let decreases = [
            "prorate": "prorate", "prorate_immediately": "prorate",
            "prorate_next_cycle": "prorate_next_cycle", "none": "keep", "no_prorations": "drop",
        ]
        if let word = increases[proration?.text("on_increase") ?? ""] {
            made.append("on_increase", .string(word))
        }
        if let word = decreases[proration?.text("on_decrease") ?? ""] {
            made.append("on_decrease", .string(word))
        }
        return made
    }
}
