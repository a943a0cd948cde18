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
        .fixed("billing_controls", .object([:])),
        .list("subscriptions", subscription) { source, context in
            !source.hasEnded && !context.isOneOff(source)
        },
        .list("purchases", from: "subscriptions", purchase) { source, context in
            !source.hasEnded && context.isOneOff(source)
        },
        .fixed("licenses", .array([])),
        .byFeature("balances", balance),
        .byFeature("flags", flag),
    ])

    private static let subscription = ReplyShape([
        .same("id", from: "subscription_id"),
        .same("plan_id"),
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
        .fixed("trial_ends_at", .null),
        .time("started_at", from: "start_time"),
        .time("current_period_start", from: "period_start_time"),
        .time("current_period_end", from: "period_end_time"),
        .fixed("quantity", .number("1")),
        .fixed("scope", .string("customer")),
    ])

    /// A plan that is bought once.
    private static let purchase = ReplyShape([
        .same("plan_id"),
        .time("expires_at", from: "end_time"),
        .time("started_at", from: "start_time"),
        .fixed("quantity", .number("1")),
        .fixed("scope", .string("customer")),
    ])
}

extension JSONValue {
    fileprivate var hasEnded: Bool { text("status") == "ended" }
}
