internal import Wire

/// Customers, their entities, and the controls of both.
extension RequestForm {
    static let getCustomer = RequestForm(
        "GetCustomerRequest", [.text("customer_id").required, .expand])

    static let getOrCreateCustomer = RequestForm(
        "GetOrCreateCustomerRequest",
        [
            .text("customer_id").required.described(
                ReplySchema(
                    .object([
                        "type": .string("string"), "pattern": .string("^[A-Za-z0-9_-]{1,63}$"),
                    ])
                ).orNull),
            .text("name"),
            .text("email"),
            .text("fingerprint"),
            RequestShape.Key("metadata", .entries(removed: nil), as: "metadata"),
            .expand,
        ]
            + RequestShape.Key.later(
                "stripe_id", "create_in_stripe", "auto_enable_plan_id", "send_email_receipts",
                "currency"), takesRequestKey: true)

    static let updateCustomer = RequestForm(
        "UpdateCustomerRequest",
        [
            .text("customer_id").required,
            .text("name").null("name", .string("")),
            .text("email").null("email", .string("")),
            .text("fingerprint").null("fingerprint", .string("")),
            RequestShape.Key(
                "metadata", .entries(removed: "remove_metadata_keys"), as: "metadata"),
            .expand,
        ]
            + RequestShape.Key.later(
                "new_customer_id", "stripe_id", "send_email_receipts", "currency"),
        takesRequestKey: true)

    /// What of a customer's or an entity's body is controls.
    static let updateControls = RequestForm(
        "UpdateControlsRequest",
        [
            .text("customer_id").required,
            .text("entity_id"),
            .object("billing_controls", as: "", RequestShape(RequestShape.controls(".items"))),
            .object(
                "config", as: "",
                RequestShape(
                    [.flag("disable_pooled_balance", as: "pooling_disabled")]
                        + RequestShape.Key.later("disable_overage_billing"))),
        ], takesRequestKey: true)

    static let deleteCustomer = RequestForm(
        "DeleteCustomerRequest",
        [.text("customer_id").required] + RequestShape.Key.later("delete_in_stripe"),
        takesRequestKey: true)

    static let listCustomers = RequestForm(
        "ListCustomersRequest",
        [
            .text("start_cursor", as: "page_token"),
            .count("limit", as: "page_size"),
            .text("search"),
            .word("subscription_status", ["active", "scheduled"]),
            RequestShape.Key(
                "plans", .own("must be a list of one plan, such as [{\"id\": \"pro\"}]", onePlan),
                as: "plan_id"
            ).described(.list(.open(["id": .text]))),
        ] + RequestShape.Key.later("processors"))

    static let createEntity = RequestForm(
        "CreateEntityRequest",
        [
            .text("customer_id").required,
            .text("entity_id").null("entity_id", .string("")),
            .text("feature_id").required,
            .text("name"),
            .object(
                "billing_controls", as: "controls", RequestShape(RequestShape.controls())),
        ] + RequestShape.Key.later("customer_data"), takesRequestKey: true)

    static let getEntity = RequestForm(
        "GetEntityRequest",
        [.text("customer_id").required, .text("entity_id").required, .expand])

    static let deleteEntity = RequestForm(
        "DeleteEntityRequest",
        [.text("customer_id").required, .text("entity_id").required], takesRequestKey: true)

    static let listEntities = RequestForm(
        "ListEntitiesRequest",
        [
            .text("customer_id"),
            .text("start_cursor", as: "page_token"),
            .count("limit", as: "page_size"),
        ] + RequestShape.Key.later("plans", "subscription_status", "search", "processors"))

    private static func onePlan(_ value: JSONValue, _: Filler) -> JSONValue? {
        guard case .array(let plans) = value, plans.count == 1, plans[0]["versions"] == nil,
            let id = plans[0].text("id")
        else { return nil }
        return .string(id)
    }
}

extension RequestShape {
    /// `billing_controls`.
    ///
    /// - Parameter list: what follows a list's name where lists are messages of their own.
    static func controls(_ list: String = "") -> [Key] {
        [
            .list("spend_limits", as: "spend_limits" + list, spendLimit),
            .list("usage_limits", as: "usage_limits" + list, usageLimit),
            .list("usage_alerts", as: "usage_alerts" + list, usageAlert),
            .list(
                "overage_allowed", as: "overage_permissions" + list,
                RequestShape([.text("feature_id").required, .flag("enabled")])),
            .list("auto_topups", as: "auto_topups" + list, autoTopUp),
        ]
    }

    private static let spendLimit = RequestShape(
        [
            .text("feature_id"),
            .flag("enabled"),
            .word("limit_type", ["absolute", "usage_percentage"]),
            .number("overage_limit"),
            // Written by what reads limits too.
            Key("source", .text, as: nil),
        ] + Key.later("skip_overage_billing")
    ) { fields, _ in
        var fields = fields
        let type = fields["limit_type"]
        fields.remove("limit_type")
        if type == .string("usage_percentage"), let limit = fields["overage_limit"] {
            fields.remove("overage_limit")
            fields.set("overage_percentage", limit)
        }
        return fields
    }

    private static let usageLimit = RequestShape([
        .text("feature_id").required,
        .flag("enabled").standard(.bool(true)),
        .number("limit").required,
        .word("interval", ["day", "week", "month", "year"]).required,
        .word("anchor", ["billing_cycle", "utc"]),
        .object("filter", as: "", RequestShape([.values("properties", as: "filter")])),
    ])

    private static let usageAlert = RequestShape([
        .text("feature_id"),
        .flag("enabled").standard(.bool(true)),
        .number("threshold").required,
        .word(
            "threshold_type", as: "measure",
            ["usage", "usage_percentage", "remaining", "remaining_percentage"]
        ).required,
        .text("name"),
    ])

    private static let autoTopUp = RequestShape(
        [
            .text("feature_id").required,
            .flag("enabled"),
            .number("threshold").required,
            .number("quantity").required,
            .object(
                "purchase_limit",
                RequestShape([
                    .word("interval", ["hour", "day", "week", "month"]).required,
                    .count("interval_count"),
                    .count("limit").required,
                ])),
        ] + Key.later("invoice_mode"))
}
