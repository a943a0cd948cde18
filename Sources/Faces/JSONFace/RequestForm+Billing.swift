internal import Billing
internal import Wire

/// Purchases and what is paid.
extension RequestForm {
    static let attach = RequestForm(
        "AttachRequest",
        [
            .text("customer_id").required,
            .text("plan_id").required,
            .text("entity_id"),
            .list("feature_quantities", as: "quantities", .quantity),
            .count("version"),
            .object("customize", .customize),
            .object("invoice_mode", .invoiceMode),
            .word("proration_behavior", ["prorate_immediately", "none"]),
            .redirect,
            .discounts,
            .text("success_url"),
            .cycleAnchor,
            .word("plan_schedule", ["immediate", "end_of_cycle"]),
            .time("starts_at", as: "start_time"),
            .time("ends_at", as: "end_time"),
            .list("custom_line_items", .customLine),
            .carryOver("carry_over_balances"),
            .carryOver("carry_over_usages"),
            .text("currency"),
            .text("tax_rate_id"),
            .texts("remove_plan_ids"),
        ]
            + RequestShape.Key.later(
                "subscription_id", "new_billing_subscription", "checkout_session_params",
                "long_lived_checkout", "processor_subscription_id", "license_quantities",
                "metadata", "no_billing_changes", "enable_plan_immediately",
                "customer_data", "entity_data", "transition_rules", "free_trial"),
        takesRequestKey: true)

    static let update = RequestForm(
        "UpdateSubscriptionRequest",
        [
            .text("customer_id").required,
            .text("entity_id"),
            .text("plan_id"),
            .text("subscription_id"),
            .list("feature_quantities", as: "quantities", .quantity),
            .count("version"),
            .object("customize", .customize),
            .object("invoice_mode", .invoiceMode),
            .word("proration_behavior", ["prorate_immediately", "none"]),
            .only("redirect_mode", .string("if_required")),
            .discounts,
            .cancelAction,
            .word("refund_last_payment", ["prorated", "full"]),
            .list("custom_line_items", .customLine),
            .text("success_url"),
        ]
            + RequestShape.Key.later(
                "billing_cycle_anchor", "no_billing_changes", "recalculate_balances",
                "carry_over_usages", "carry_over_balances", "license_quantities", "ends_at",
                "free_trial", "processor_subscription_id"),
        takesRequestKey: true)

    static let multiAttach = RequestForm(
        "MultiAttachRequest",
        [
            .text("customer_id").required,
            .text("entity_id", as: "entity_id"),
            .list("plans", .planToAttach).required,
            .text("success_url"),
            .redirect,
            .discounts,
            .text("currency"),
        ]
            + RequestShape.Key.later(
                "free_trial", "invoice_mode", "checkout_session_params",
                "new_billing_subscription", "enable_plan_immediately", "customer_data",
                "entity_data"),
        finish: { fields, _ in RequestForm.ofEntity(fields) }, takesRequestKey: true)

    static let multiUpdate = RequestForm(
        "UpdateSubscriptionRequest",
        [
            .text("customer_id").required,
            .text("entity_id"),
            .list("updates", .cancellation).required,
        ],
        finish: { fields, filler in RequestForm.inOne(fields, &filler) }, takesRequestKey: true)

    static let createSchedule = RequestForm(
        "CreateScheduleRequest",
        [
            .text("customer_id").required,
            .text("entity_id"),
            .list("phases", .phase).required,
            .text("success_url"),
            .redirect,
            .discounts,
            .only("billing_behavior", .string("prorate_immediately")),
        ]
            + RequestShape.Key.later(
                "invoice_mode", "checkout_session_params", "billing_cycle_anchor",
                "enable_plan_immediately"), takesRequestKey: true)

    static let setupPayment = RequestForm(
        "SetupPaymentRequest",
        [
            .text("customer_id").required,
            .text("entity_id"),
            .text("plan_id"),
            .text("success_url"),
            .only("proration_behavior", .string("prorate_immediately")),
        ]
            + RequestShape.Key.later(
                "feature_quantities", "version", "customize", "subscription_id", "discounts",
                "billing_cycle_anchor", "starts_at", "ends_at", "checkout_session_params",
                "custom_line_items", "processor_subscription_id", "carry_over_balances",
                "carry_over_usages", "license_quantities", "metadata", "no_billing_changes",
                "enable_plan_immediately", "tax_rate_id", "currency"), takesRequestKey: true)

    static let openPortal = RequestForm(
        "OpenCustomerPortalRequest",
        [.text("customer_id").required, .text("return_url")]
            + RequestShape.Key.later("configuration_id"))

    static let previewAttach = attach.previewed(by: "PreviewAttachRequest", in: "attach")
    static let previewUpdate = update.previewed(
        by: "PreviewUpdateSubscriptionRequest", in: "update")
    static let previewMultiUpdate = multiUpdate.previewed(
        by: "PreviewUpdateSubscriptionRequest", in: "update")
    static let previewMultiAttach = multiAttach.previewed(
        by: "PreviewMultiAttachRequest", in: "multi_attach")

    static let createCode = RequestForm(
        "CreateReferralCodeRequest",
        [
            .text("customer_id").required,
            .text("program_id", as: "programme_id").required,
        ], takesRequestKey: true)

    static let redeemReferralCode = RequestForm(
        "RedeemReferralCodeRequest",
        [.text("customer_id").required, .text("code").required], takesRequestKey: true)

    static let redeemReward = RequestForm(
        "RedeemCodeRequest", [.text("customer_id").required, .text("code").required],
        takesRequestKey: true)

    /// The first is the change itself, the rest come in one with it.
    private static func inOne(_ fields: JSONObject, _ filler: inout Filler) -> JSONObject {
        let ofAll = ofEntity(fields, "updates")
        guard case .object(var first)? = ofAll["updates"]?.elements?.first else {
            if filler.violations.isEmpty { filler.fault("updates", "must not be empty") }
            return [:]
        }
        let rest = (ofAll["updates"]?.elements ?? []).dropFirst()
        for field in ["subscription_id", "plan_id", "cancel_action", "proration_behavior"] {
            filler.name(field, "updates[0].\(field)")
        }
        for index in rest.indices { filler.name("also[\(index - 1)]", "updates[\(index)]") }
        filler.name("also", "updates")
        first.set("customer_id", fields["customer_id"] ?? .null)
        if !rest.isEmpty { first.set("also", .array(Array(rest))) }
        return first
    }

    /// One entity for all plans that name none.
    private static func ofEntity(
        _ fields: JSONObject, _ list: String = "plans"
    ) -> JSONObject {
        guard let entity = fields["entity_id"] else { return fields }
        var fields = fields
        fields.remove("entity_id")
        let plans = (fields[list]?.elements ?? []).map { plan -> JSONValue in
            guard case .object(var object) = plan, object["entity_id"] == nil else { return plan }
            object.append("entity_id", entity)
            return .object(object)
        }
        fields.set(list, .array(plans))
        return fields
    }
}

extension RequestShape {
    fileprivate static let cancellation = RequestShape([
        .text("plan_id"),
        .text("subscription_id"),
        .text("entity_id"),
        Key.cancelAction.required,
        .word("proration_behavior", ["prorate_immediately", "none"]),
    ])
}

extension RequestShape.Key {
    static let redirect = word("redirect_mode", ["if_required", "always", "never"])
    static let discounts = list(
        "discounts",
        RequestShape(
            [.text("reward_id", as: "coupon_id"), .text("promotion_code")],
            choices: [["reward_id", "promotion_code"]]))
    static let cancelAction = word(
        "cancel_action", as: "cancel_action",
        [
            "cancel_immediately": "immediately", "cancel_end_of_cycle": "end_of_cycle",
            "uncancel": "uncancel",
        ])

    /// "now"; other moments aren't supported.
    static let cycleAnchor = Self(
        "billing_cycle_anchor",
        .own("must be \"now\"; others aren't supported yet") { value, _ in
            value == .string("now") ? .bool(true) : nil
        }, as: "reset_billing_cycle"
    ).described(.words("now"))

    /// `{enabled, feature_ids}`; not enabled is as good as absent.
    static func carryOver(_ name: String) -> Self {
        Self(
            name,
            .own("must have enabled, and may have feature_ids, a list of strings") { value, _ in
                guard case .bool(let enabled)? = value["enabled"] else { return nil }
                let features = value["feature_ids"] ?? .array([])
                guard features == .null || (features.elements?.allSatisfy(\.isText) ?? false)
                else { return nil }
                guard enabled else { return .null }
                return .object(["feature_ids": features == .null ? .array([]) : features])
            }, as: name
        ).described(
            .open(["enabled": .flag, "feature_ids": .list(.text).orNull.optional]))
    }
}

extension RequestShape {
    static let quantity = RequestShape(
        [.text("feature_id").required, .number("quantity").required] + Key.later("adjustable"))

    static let invoiceMode = RequestShape(
        [
            .flag("enabled").required,
            .flag("enable_plan_immediately"),
            .flag("finalize"),
            .count("net_terms_days"),
        ] + Key.later("invoice_template_id"))

    static let planToAttach = RequestShape(
        [
            .text("plan_id").required,
            .text("entity_id"),
            .list("feature_quantities", as: "quantities", quantity),
            .count("version"),
            .object("customize", customize),
        ] + Key.later("subscription_id"))

    static let phase = RequestShape(
        [
            .list("plans", planToAttach).required,
            Key(
                "starts_at",
                .own("must be \"now\", or a time in milliseconds since 1970") { value, _ in
                    if value == .string("now") { return .null }
                    guard case .number(let literal) = value,
                        let whole = DecimalText.parseExactly(literal, digits: 0),
                        let time = Int64(exactly: whole)
                    else { return nil }
                    return Timestamp(milliseconds: time).rfc3339.map { .string($0) }
                }, as: "start_time"
            ).described(.either(.time, .words("now"))),
            .object(
                "starting_after",
                RequestShape([
                    .word("duration_type", as: "interval", ["day", "week", "month", "year"])
                        .required,
                    .count("duration_count", as: "interval_count").required,
                ])),
        ] + Key.later("billing_cycle_anchor"))

    static let customLine = RequestShape([
        Key(
            "amount",
            .own("must be an amount in the customer's currency, of whole minor units") {
                $1.money($0)
            }, as: "amount"
        ).described(.number).required,
        .text("description").required,
    ])
}

extension Filler {
    /// An amount in major units as money; nil: it is none, or finer than the currency.
    func money(_ value: JSONValue) -> JSONValue? {
        guard case .number(let literal) = value, let currency,
            let units = DecimalText.parseExactly(literal, digits: currency.minorDigits),
            let minor = Int64(exactly: units)
        else { return nil }
        return .object(["currency": .string(currency.code), "minor_units": .number(minor)])
    }
}
