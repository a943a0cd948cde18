internal import Wire

extension ReplyShape {
    static let check = ReplyShape([
        .same("allowed"),
        .context("customer_id") { $0.customerID },
        .fixed("entity_id", .null),
        .same("required_balance", from: "required_quantity"),
        .nested("balance", balance),
        .nested("flag", flag),
        .fixed("preview", .null),
    ])

    /// The answer about a plan; `status` only when the customer has it, or had.
    static let productCheck = ReplyShape([
        .same("allowed"),
        .context("customer_id") { $0.customerID },
        .fixed("code", .string("product_found")),
        .context("product_id") { $0.productID },
        .fixed("entity_id", .null),
        Key("status") { source, _ in
            source["subscription"]?.text("status").map { .string(productStatus($0)) }
        },
        .fixed("preview", .null),
    ])

    static let track = ReplyShape([
        .context("customer_id") { $0.customerID },
        .fixed("entity_id", .null),
        .same("value"),
        .nested("balance", balance),
        .list("deductions", deduction),
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
        Key("breakdown") { source, context in
            let feature = source.text("feature_id") ?? ""
            let isHeld = context.isHeld(feature)
            return .array(
                source.elements("parts").map { (isHeld ? heldPart : part).value($0, context) })
        },
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
    ])

    private static let part = ReplyShape(part(reset: .nestedHere("reset", reset)))
    /// Of a held level, which never resets.
    private static let heldPart = ReplyShape(part(reset: .fixed("reset", .null)))

    private static func part(reset: Key) -> [Key] {
        [
            .same("id", from: "balance_id"),
            .text("plan_id"),
            .same("included_grant", from: "granted"),
            .fixed("prepaid_grant", .number("0")),
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

extension ReplyShape.Key {
    /// An object made of the same source.
    fileprivate static func nestedHere(_ name: String, _ shape: ReplyShape) -> Self {
        Self(name) { source, context in shape.value(source, context) }
    }
}
