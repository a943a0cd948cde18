internal import Wire

/// Checks, usage and holds.
extension RequestForm {
    static let check = RequestForm(
        "CheckRequest",
        [
            .text("customer_id").required,
            .text("feature_id"),
            .text("product_id", as: "plan_id"),
            .number("required_balance", as: "required_quantity"),
            .number("required_quantity"),
            .flag("send_event", as: "deduct"),
            .text("entity_id"),
            .values("properties"),
            .object("lock", as: "hold", lock).also("deduct", .bool(true)),
            .flag("with_preview"),
            .expand,
        ] + RequestShape.Key.later("customer_data", "entity_data"),
        choices: [["feature_id", "product_id"]], takesRequestKey: true)

    static let track = RequestForm(
        "TrackRequest",
        [
            .text("customer_id").required,
            .text("feature_id"),
            .text("event_name"),
            .text("entity_id"),
            .number("value"),
            .text("idempotency_key", as: "request_id"),
            .word("overage_behavior", ["cap", "reject", "overflow"]),
            .values("properties"),
            .time("timestamp", as: "event_time"),
            .object("lock", as: "hold", lock),
            // An answer that came at once is as good as one that says "later".
            .flag("async", as: nil),
        ] + RequestShape.Key.later("skip_event", "customer_data", "entity_data"),
        choices: [["feature_id", "event_name"]], takesRequestKey: true)

    static let trackTokens = RequestForm(
        "TrackTokensRequest",
        [
            .text("customer_id").required,
            .text("model_id").required,
            .count("input_tokens").required,
            .count("output_tokens").required,
            .count("cache_read_tokens"),
            .count("cache_write_tokens"),
            .count("audio_input_tokens"),
            .count("audio_output_tokens"),
            .count("reasoning_tokens"),
            .text("feature_id"),
            .text("entity_id"),
            .text("idempotency_key", as: "request_id"),
            .values("properties"),
            .time("timestamp", as: "event_time"),
            .word("overage_behavior", ["cap", "reject", "overflow"]),
            .flag("async", as: nil),
        ], takesRequestKey: true)

    /// `customer_id` is the exchange's to find: here locks are named by their id alone.
    static let finalize = RequestForm(
        "SettleHoldRequest",
        [
            .text("customer_id").required,
            .text("lock_id", as: "hold_id").required,
            .word("action", as: "action", ["confirm": "confirm", "release": "release"]).required,
            .number("override_value", as: "value"),
            .values("properties"),
        ],
        finish: { fields, filler in
            var fields = fields
            let action = fields["action"]
            fields.remove("action")
            if action == .string("release") {
                if fields["value"] != nil {
                    filler.fault("override_value", "is for an action of confirm")
                }
                fields.set("value", .number("0"))
            }
            return fields
        }, takesRequestKey: true)

    private static let lock = RequestShape([
        .text("lock_id", as: "hold_id").required,
        .only("enabled", .bool(true)),
        .time("expires_at", as: "expire_time"),
    ])
}
