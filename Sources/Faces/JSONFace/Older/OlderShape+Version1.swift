internal import Wire

/// Checks, usage, customers and purchases as 1.2 had them.
extension ReplyShape {
    /// Flat: the balance's keys stand beside the answer's.
    static let check12 = ReplyShape { source, context in
        guard source["product_id"] == nil else { return source.without(Key.request) }
        let asked = source[Key.request, "feature_id"] ?? .null
        let owned = source.given("balance") ?? source.given("flag")
        var answer: JSONObject = [
            "allowed": source["allowed"] ?? .null, "code": .string("feature_found"),
            "customer_id": source["customer_id"] ?? .null,
            "feature_id": owned?["feature_id"] ?? asked,
            "entity_id": source["entity_id"] ?? .null,
            "required_balance": source["required_balance"] ?? .null,
        ]
        let shape = source.given("balance") != nil ? feature12Keys : flag12Keys
        if let owned, case .object(let flat) = ReplyShape(shape).value(owned, context) {
            answer.merge(flat)
        }
        answer.set("preview", source["preview"] ?? .null)
        return .object(answer)
    }

    static let track12 = ReplyShape([
        .fixed("id", .string("placeholder")),
        .fixed("code", .string("event_received")),
        .same("customer_id"),
        .same("entity_id"),
        .same("event_name"),
        Key("feature_id") { source, _ in source[Key.request, "feature_id"] ?? .null },
    ])

    /// The clients of 1.2 want an invoice's address to be a text.
    static let customer12 = ReplyShape(
        personKeys + [products, features, invoices(.string(""))] + expandedKeys)
    static let entity12 = ReplyShape(entityKeys + [products, features])

    private static let products = Key("products") { source, context in
        .array(
            (source.elements("subscriptions") + source.elements("purchases"))
                .map { customerProduct12.value($0, context) })
    }

    private static let features = Key("features") { source, context in
        var all = JSONObject()
        for (name, keys) in [("balances", feature12Keys), ("flags", flag12Keys)] {
            guard case .object(let object)? = source[name] else { continue }
            for member in object.members {
                all.set(member.key, ReplyShape(named + keys).value(member.value, context))
            }
        }
        return .object(all)
    }

    private static let customerProduct12 = ReplyShape([
        .same("id", from: "plan_id"),
        .ofPlan("name"),
        .ofPlan("group"),
        Key("status") { source, context in .string(status12(source)) },
        .same("canceled_at"),
        .same("started_at"),
        .same("is_default", from: "auto_enable", or: .bool(false)),
        .same("is_add_on", from: "add_on", or: .bool(false)),
        .ofPlan("version"),
        .same("current_period_start"),
        .same("current_period_end"),
        Key("items") { source, context in
            .array(context.plan(ofOlder: source).map { items($0, context) } ?? [])
        },
        .same("quantity"),
    ])

    private static func status12(_ subscription: JSONValue) -> String {
        if subscription["status"] == .string("scheduled") { return "scheduled" }
        if subscription["past_due"] == .bool(true) { return "past_due" }
        // A trial that is over was paid for, or the plan has ended.
        return subscription.isTrialing ? "trialing" : "active"
    }

    private static let named: [Key] = [
        .same("id", from: "feature_id"),
        Key("type") { source, context in
            // Credits are used up as any other.
            let type = context.feature(of: source)?.type12 ?? "single_use"
            return .string(type == "credit_system" ? "single_use" : type)
        },
        Key("name") { source, context in
            context.feature(of: source)?["name"] ?? source["feature_id"] ?? .null
        },
    ]

    private static let feature12Keys: [Key] = [
        .same("unlimited"),
        .same("included_usage", from: "granted"),
        Key("balance") { source, _ in
            source["unlimited"] == .bool(true)
                ? .null : .quantity(raw: (source["remaining"] ?? .null).raw - source.overage)
        },
        .same("usage"),
        Key("usage_limit") { source, _ in
            source.given("max_purchase").map {
                .quantity(raw: $0.raw + (source["granted"] ?? .null).raw)
            }
        },
        Key("interval") { source, _ in
            let interval = source.commonReset["interval"] ?? .null
            return interval == .string("one_off") ? .string("lifetime") : interval
        },
        Key("interval_count") { source, _ in source.commonReset["interval_count"] },
        .same("next_reset_at"),
        Key("overage_allowed") { source, _ in
            .bool(source["overage_allowed"] == .bool(true) && source.given("max_purchase") == nil)
        },
        Key("credit_schema") { source, context in context.feature(of: source)?["credit_schema"] },
        Key("breakdown") { source, context in
            let parts = source.elements("breakdown")
            return parts.count < 2 ? nil : .array(parts.map { part12.value($0, context) })
        },
        .ifAny("rollovers"),
    ]

    private static let part12 = ReplyShape([
        Key("interval") { source, _ in
            let interval = source["reset", "interval"] ?? .null
            return interval == .string("one_off") ? .string("lifetime") : interval
        },
        Key("interval_count") { source, _ in source["reset", "interval_count"] },
        Key("included_usage") { source, _ in
            .quantity(
                raw: (source["included_grant"] ?? .null).raw
                    + (source["prepaid_grant"] ?? .null).raw)
        },
        Key("balance") { source, _ in
            .quantity(raw: (source["remaining"] ?? .null).raw - source.partOverage)
        },
        .same("usage"),
        Key("next_reset_at") { source, _ in source["reset", "resets_at"] ?? .null },
        .same("expires_at"),
    ])

    /// What is there or not has no numbers.
    private static let flag12Keys: [Key] = [
        .fixed("unlimited", .bool(false)),
        .fixed("balance", .null),
        .fixed("usage", .null),
        .fixed("included_usage", .null),
        .fixed("interval", .null),
        .fixed("next_reset_at", .null),
        .fixed("overage_allowed", .bool(false)),
    ]

    /// Of a preview of a purchase.
    static let checkout12 = ReplyShape([
        .same("url"),
        .same("customer_id"),
        Key("scenario") { source, _ in
            .string(source.elements("outgoing").isEmpty ? "new" : "upgrade")
        },
        Key("lines") { source, context in
            .array(source.elements("line_items").map { line12($0, of: source, context) })
        },
        .same("total"),
        .same("currency"),
        Key("product") { source, context in product12(source, "incoming", context) },
        Key("current_product") { source, context in product12(source, "outgoing", context) },
        Key("options") { source, _ in
            .array(source.elements("incoming").flatMap { $0.elements("feature_quantities") })
        },
        Key("has_prorations") { source, _ in
            .bool(!source.elements("outgoing").isEmpty)
        },
        Key("next_cycle") { source, _ in
            source.given("next_cycle").map {
                .object([
                    "starts_at": $0["starts_at"] ?? .null, "total": $0["total"] ?? .null,
                ])
            } ?? .null
        },
    ])

    private static func product12(
        _ preview: JSONValue, _ side: String, _ context: ReplyContext
    ) -> JSONValue {
        preview.elements(side).first.flatMap { context.plan(ofOlder: $0) }
            .map { product12.value($0, context) } ?? .null
    }

    private static func line12(
        _ line: JSONValue, of preview: JSONValue, _ context: ReplyContext
    ) -> JSONValue {
        let change = (preview.elements("incoming") + preview.elements("outgoing"))
            .first { $0["plan_id"] == line["plan_id"] }
        let plan = context.plan(ofOlder: change ?? line) ?? .null
        let item = items(plan, context).first { $0["feature_id"] == (line["feature_id"] ?? .null) }
        return .object([
            "description": line["description"] ?? .null, "amount": line["total"] ?? .null,
            "item": item ?? .object([:]),
        ])
    }

    /// A plan as a card of a pricing table.
    static let pricingCard = ReplyShape([
        .same("id"),
        .same("name"),
        Key("buttonText") { source, _ in
            .string(
                source["customer_eligibility", "attach_action"] == .string("none")
                    ? "Current plan" : "Get started")
        },
        Key("price") { source, context in priceText.value(source, context) },
        Key("items") { source, context in
            .array(source.elements("items").map { itemText.value($0, context) })
        },
    ])

    private static let priceText = ReplyShape([
        Key("primaryText") { source, context in
            guard let price = source.given("price") else { return .string("Free") }
            let amount = JSONWriter.text(price["amount"] ?? .number("0"))
            return .string("\(amount) \(context.currency.uppercased())")
        },
        Key("secondaryText") { source, _ in
            guard let interval = source["price", "interval"].flatMap({ $0.text }) else {
                return nil
            }
            return .string(interval == "one_off" ? "once" : "per \(interval)")
        },
    ])

    private static let itemText = ReplyShape([
        Key("primaryText") { source, context in
            let feature = context.feature(of: source)
            let name = feature?.text("name") ?? source.text("feature_id") ?? ""
            if source["unlimited"] == .bool(true) { return .string("Unlimited \(name)") }
            if feature?["type"] == .string("boolean") { return .string(name) }
            return .string("\(JSONWriter.text(source["included"] ?? .number("0"))) \(name)")
        },
        Key("secondaryText") { source, _ in
            guard let price = source.given("price"), let amount = price["amount"] else {
                return nil
            }
            let units = JSONWriter.text(price["billing_units"] ?? .number("1"))
            return .string("then \(JSONWriter.text(amount)) per \(units)")
        },
    ])
}

extension ReplyShape.Key {
    /// What the plan says.
    fileprivate static func ofPlan(_ name: String) -> Self {
        Self(name) { source, context in context.plan(ofOlder: source)?[name] ?? .null }
    }
}

extension JSONValue {
    fileprivate var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    fileprivate func without(_ name: String) -> JSONValue {
        guard case .object(var object) = self else { return self }
        object.remove(name)
        return .object(object)
    }

    /// Of a subscription: until its trial ends, its period is the trial.
    fileprivate var isTrialing: Bool {
        guard let end = given("trial_ends_at") else { return false }
        return end == self["current_period_end"]
    }
}
