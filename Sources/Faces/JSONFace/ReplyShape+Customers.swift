internal import Billing
internal import Wire

extension ReplyShape {
    /// What both `GetCustomer` and `GetOrCreateCustomer` reply.
    static let customerReply = ReplyShape(of: "customer", customer)

    static let customer = ReplyShape([
        .same("id", from: "customer_id"),
        .text("name"),
        .text("email"),
        .time("created_at", from: "create_time"),
        .fixed("fingerprint", .null),
        .fixed("stripe_id", .null),
        .context("env") { $0.environment },
        .same("metadata"),
        .fixed("send_email_receipts", .bool(false)),
        Key("billing_controls") { source, context in
            let own = source["controls"] ?? .object([:])
            let topUps = source["auto_topups"] ?? .array([])
            return controls(source: "customer")
                .value(own.adding("auto_topups", topUps), context)
        },
        .list("subscriptions", subscription) { source, context in
            !source.hasEnded && !context.isOneOff(source)
        },
        .list("purchases", from: "subscriptions", purchase) { source, context in
            !source.hasEnded && context.isOneOff(source)
        },
        .fixed("licenses", .array([])),
        .byFeature("balances", balance),
        .byFeature("flags", flag),
        Key("config") { source, _ in
            // Left out unless something of it was set.
            source["pooling_disabled"] == .bool(true)
                ? .object(["disable_pooled_balance": .bool(true)]) : nil
        },
        Key("invoices") { source, context in
            context.expand.contains("invoices") ? .array(invoices(of: source, context)) : nil
        },
        Key("payment_method") { source, context in
            context.expand.contains("payment_method")
                ? source["payment_method"].map { paymentMethod.value($0, context) } ?? .null : nil
        },
        .expanded("trials_used", from: "subscriptions", trialUsed) { source, _ in
            source["trial_end_time"] != nil
        },
        Key("rewards") { source, context in
            context.expand.contains("rewards")
                ? .object([
                    "discounts": .array(
                        source.elements("discounts").map { discount.value($0, context) })
                ]) : nil
        },
        .expanded("referrals", from: "referrals", referral),
    ])

    private static let paymentMethod = ReplyShape([
        .fixed("type", .string("card")),
        Key("card") { source, context in
            .object([
                "brand": source["brand"] ?? .null, "last4": source["last4"] ?? .null,
                "exp_month": source["expiry_month"] ?? .null,
                "exp_year": source["expiry_year"] ?? .null,
            ])
        },
    ])

    private static let trialUsed = ReplyShape([
        .same("plan_id"),
        .context("customer_id") { $0.customerID },
        .fixed("fingerprint", .null),
    ])

    private static let discount = ReplyShape([
        .same("id", from: "coupon_id"),
        .same("name", from: "coupon_id"),
        Key("type") { source, _ in
            .string(
                source["percentage"] != nil
                    ? "percentage_discount"
                    : source["amount"] != nil ? "fixed_discount" : "invoice_credits")
        },
        Key("discount_value") { source, _ in
            source["percentage"] ?? source["amount"]?.major
                ?? source["credits_remaining"]?.major ?? .null
        },
        Key("duration_type") { source, _ in
            .string(
                source["once"] == .bool(true)
                    ? "one_off" : source["end_time"] != nil ? "months" : "forever")
        },
        .time("end", from: "end_time"),
    ])

    private static let referral = ReplyShape([
        .same("program_id", from: "programme_id"),
        Key("customer") { source, context in
            let other =
                source.text("redeemer_id") == context.customerID ? "referrer_id" : "redeemer_id"
            return .object(["id": source[other] ?? .null])
        },
        Key("reward_applied") { source, _ in .bool(source.text("reward") == "given") },
        .time("created_at", from: "create_time"),
    ])

    /// What both `GetEntity` and `CreateEntity` reply. Its plans are the customer's message's.
    static let entityReply = ReplyShape(of: "entity", entity)

    static let entity = ReplyShape([
        Key("id") { source, _ in
            source.text("entity_id").flatMap { $0.isEmpty ? nil : .string($0) } ?? .null
        },
        .text("name"),
        .context("customer_id") { $0.customerID },
        .same("feature_id"),
        .time("created_at", from: "create_time"),
        .context("env") { $0.environment },
        Key("subscriptions") { source, context in
            .array(
                context.plans(of: source).filter { !context.isOneOff($0) }
                    .map { subscription.value($0, context) })
        },
        Key("purchases") { source, context in
            .array(
                context.plans(of: source).filter { context.isOneOff($0) }
                    .map { purchase.value($0, context) })
        },
        .byFeature("balances", balance),
        .byFeature("flags", flag),
        Key("billing_controls") { source, context in
            controls(source: "entity").value(source["controls"] ?? .object([:]), context)
        },
    ])

    private static let subscription = ReplyShape([
        .same("id", from: "subscription_id"),
        .same("plan_id"),
        Key("plan") { source, context in context.plan("subscriptions.plan", source) },
        Key("auto_enable") { source, context in
            .bool(context.plan(of: source)?.autoEnable ?? false)
        },
        .same("add_on"),
        Key("status") { source, _ in
            let status = source.text("status") ?? ""
            return .string(["scheduled", "paused"].contains(status) ? status : "active")
        },
        Key("past_due") { source, _ in .bool(source.text("status") == "past_due") },
        .time("canceled_at", from: "cancel_time"),
        .time("expires_at", from: "end_time"),
        .time("trial_ends_at", from: "trial_end_time"),
        .time("started_at", from: "start_time"),
        .time("current_period_start", from: "period_start_time"),
        .time("current_period_end", from: "period_end_time"),
        .fixed("quantity", .number("1")),
        .scope,
    ])

    /// A plan that is bought once.
    private static let purchase = ReplyShape([
        .same("plan_id"),
        Key("plan") { source, context in context.plan("purchases.plan", source) },
        .time("expires_at", from: "end_time"),
        .time("started_at", from: "start_time"),
        .fixed("quantity", .number("1")),
        .scope,
    ])
}

extension ReplyShape.Key {
    fileprivate static let scope = Self("scope") { source, _ in
        .string((source.text("entity_id") ?? "").isEmpty ? "customer" : "entity")
    }

    /// A list that is there when it is asked for.
    fileprivate static func expanded(
        _ name: String, from field: String, _ shape: ReplyShape,
        where shows: @escaping @Sendable (JSONValue, ReplyContext) -> Bool = { _, _ in true }
    ) -> Self {
        Self(name) { source, context in
            guard context.expand.contains(name) else { return nil }
            return .array(
                source.elements(field).filter { shows($0, context) }
                    .map { shape.value($0, context) })
        }
    }
}

extension ReplyContext {
    /// The plans that an entity has, of its customer's message.
    fileprivate func plans(of entity: JSONValue) -> [JSONValue] {
        let id = entity.text("entity_id") ?? ""
        return (customer?.elements("subscriptions") ?? []).filter {
            !id.isEmpty && $0.text("entity_id") == id && !$0.hasEnded
        }
    }
}

extension JSONValue {
    fileprivate var hasEnded: Bool { text("status") == "ended" }
}
