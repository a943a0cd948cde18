internal import Wire

/// Balances outside plans, and corrections.
extension RequestForm {
    static let createBalance = RequestForm(
        "CreateBalanceRequest",
        [
            .text("customer_id").required,
            .text("feature_id").required,
            .text("entity_id"),
            .number("included_grant", as: "granted"),
            .number("granted_balance", as: "granted"),
            .flag("unlimited"),
            .object("reset", .interval),
            .object("rollover", rollover),
            .time("expires_at", as: "expire_time"),
            .time("next_reset_at", as: "next_reset_time"),
            .text("balance_id"),
        ] + RequestShape.Key.later("customer_data", "entity_data"), takesRequestKey: true)

    static let updateBalance = RequestForm(
        "UpdateBalanceRequest",
        filter + [
            .number("remaining"),
            .number("current_balance", as: "remaining"),
            .number("add_to_balance", as: "add"),
            .number("usage"),
            .number("included_grant", as: "granted"),
            .time("next_reset_at", as: "next_reset_time"),
            .time("expires_at", as: "expire_time"),
        ], takesRequestKey: true)

    static let deleteBalance = RequestForm(
        "DeleteBalanceRequest",
        filter + [.flag("recalculate_balances", as: "keep_usage")], takesRequestKey: true)

    static let recalculateBalances = RequestForm(
        "RecalculateBalancesRequest", filter, takesRequestKey: true)

    private static let filter: [RequestShape.Key] = [
        .text("customer_id").required,
        .text("feature_id", as: "filter.feature_id"),
        .text("entity_id", as: "filter.entity_id"),
        .text("balance_id", as: "filter.balance_id"),
        .word("interval", as: "filter.interval", RequestShape.intervals),
    ]

    private static let rollover = RequestShape([
        .number("max"),
        .number("max_percentage"),
        .word("duration", as: "unit", ["month", "forever"]),
        .count("length", as: "months").required,
    ]) { fields, _ in
        var fields = fields
        if fields["unit"] == .string("forever") { fields.remove("months") }
        fields.remove("unit")
        return fields
    }
}

extension RequestShape {
    static let intervals = [
        "one_off", "minute", "hour", "day", "week", "month", "quarter", "semi_annual", "year",
    ]

    /// `{interval, interval_count}`.
    static let interval = RequestShape([
        .word("interval", intervals).required,
        .count("interval_count"),
    ])
}

extension RequestShape.Key {
    static func word(_ name: String, as field: String, _ words: [String]) -> Self {
        Self(name, .word(words.map { ($0, $0) }), as: field)
    }
}
