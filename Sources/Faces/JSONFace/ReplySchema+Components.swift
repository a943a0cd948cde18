/// The parts that answers are made of, by name.
extension ReplySchema {
    static let components: KeyValuePairs<String, ReplySchema> = [
        "Error": .object(["message": .text, "code": .text, "env": .text]),
        "Success": .object(["success": .flag]),

        "Check": .object([
            "allowed": .flag, "customer_id": .text, "entity_id": .text.orNull,
            "required_balance": .number, "balance": .ref("Balance").orNull,
            "flag": .ref("Flag").orNull, "preview": .ref("CheckPreview").orNull,
        ]),
        "ProductCheck": .object([
            "allowed": .flag, "customer_id": .text, "code": .words("product_found"),
            "product_id": .text, "entity_id": .text.orNull, "status": .text.optional,
            "preview": .null,
        ]),
        "CheckPreview": .object([
            "scenario": .words("usage_limit", "feature_flag"), "title": .text, "message": .text,
            "feature_id": .text, "feature_name": .text, "products": .list(.ref("Product")),
            "upgrade_product_id": .text.optional,
        ]),
        "Product": .object([
            "id": .text, "name": .text, "group": .text.orNull, "env": .text,
            "is_add_on": .flag, "is_default": .flag, "archived": .flag, "version": .whole,
            "created_at": .time, "items": .list(.ref("ProductItem")),
            "free_trial": .object([
                "duration": .text, "length": .whole, "unique_fingerprint": .flag,
                "card_required": .flag,
            ]).orNull,
            "base_variant_id": .text.orNull,
        ]),
        "ProductItem": .object([
            "type": .words("price", "feature", "priced_feature"), "feature_id": .text.orNull,
            "included_usage": .either(.number, .text).optional, "interval": .text.orNull,
            "interval_count": .whole.optional, "usage_model": .text.optional,
            "price": .number.optional, "billing_units": .number.optional,
        ]),
        "Track": .object([
            "customer_id": .text, "entity_id": .text.optional, "event_name": .text.optional,
            "value": .number, "balance": .ref("Balance").orNull,
            "balances": .map(.ref("Balance").orNull).optional,
            "deductions": .list(.ref("Deduction")),
        ]),
        "Deduction": .object([
            "balance_id": .text, "feature_id": .text, "plan_id": .text.orNull,
            "reset": .ref("Reset").orNull, "value": .number,
        ]),
        "Reset": .object([
            "interval": .text, "interval_count": .whole.optional, "resets_at": .time.orNull,
        ]),
        "Balance": .object([
            "feature_id": .text, "granted": .number, "remaining": .number, "usage": .number,
            "unlimited": .flag, "overage_allowed": .flag, "max_purchase": .number.orNull,
            "next_reset_at": .time.orNull, "feature": .ref("Feature").optional,
            "breakdown": .list(.ref("BalancePart")),
            "rollovers": .list(
                .object([
                    "balance": .number, "expires_at": .time.orNull, "granted": .number,
                ])
            ).optional,
        ]),
        "BalancePart": .object([
            "id": .text, "plan_id": .text.orNull, "included_grant": .number,
            "prepaid_grant": .number, "remaining": .number, "usage": .number,
            "unlimited": .flag, "reset": .ref("Reset").orNull,
            "price": .ref("BalancePrice").orNull, "expires_at": .time.orNull,
        ]),
        "BalancePrice": .object([
            "amount": .number.optional, "tiers": .list(.ref("Tier")).optional,
            "tier_behavior": .words("graduated", "volume").optional, "billing_units": .number,
            "billing_method": .words("prepaid", "usage_based"), "max_purchase": .number.orNull,
        ]),
        "Tier": .object([
            "to": .either(.number, .words("inf")), "amount": .number,
            "flat_amount": .number.optional,
        ]),
        "Flag": .object([
            "id": .text, "feature_id": .text, "plan_id": .text.orNull,
            "expires_at": .time.orNull, "feature": .ref("Feature").optional,
        ]),

        "Feature": .object([
            "id": .text, "name": .text,
            "type": .words("boolean", "metered", "credit_system", "ai_credit_system"),
            "consumable": .flag, "archived": .flag, "event_names": .list(.text).optional,
            "credit_schema": .list(
                .object(["metered_feature_id": .text, "credit_cost": .number])
            ).optional,
            "default_markup": .number.optional,
            "provider_markups": .map(.object(["markup": .number])).optional,
            "model_markups": .map(
                .object([
                    "markup": .number.optional, "input_cost": .number.optional,
                    "output_cost": .number.optional,
                ])
            ).optional,
        ]),
        "Plan": .object([
            "id": .text, "name": .text, "description": .text.orNull, "group": .text.orNull,
            "version": .whole, "add_on": .flag, "auto_enable": .flag,
            "price": .ref("BasePrice").orNull, "items": .list(.ref("PlanItem")),
            "free_trial": .object([
                "duration_length": .whole, "duration_type": .words("day", "month", "year"),
                "card_required": .flag, "on_end": .words("bill", "revert"),
            ]).optional,
            "created_at": .time, "env": .text, "archived": .flag,
            "base_variant_id": .text.orNull,
            "config": .object(["ignore_past_due": .flag]), "metadata": .map(.text),
            "billing_controls": .ref("Controls").optional,
            "customer_eligibility": .object([
                "attach_action": .words("activate", "upgrade", "downgrade", "none", "purchase"),
                "trial_available": .flag.optional,
            ]).optional,
        ]),
        "BasePrice": .object([
            "amount": .number, "interval": .text, "interval_count": .whole.optional,
            "additional_currencies": .list(.ref("OtherPrice")).optional,
        ]),
        "OtherPrice": .object(["currency": .text, "amount": .number]),
        "PlanItem": .object([
            "feature_id": .text, "included": .number, "unlimited": .flag,
            "reset": .object([
                "interval": .text, "interval_count": .whole.optional,
            ]).orNull,
            "price": .ref("ItemPrice").orNull,
            "rollover": .object([
                "max": .number.orNull, "max_percentage": .number.optional,
                "expiry_duration_type": .words("month", "forever"),
                "expiry_duration_length": .whole.optional,
            ]).optional,
            "entity_feature_id": .text.optional,
            "proration": .object([
                "on_increase": .words(
                    "bill_immediately", "prorate_immediately", "prorate_next_cycle",
                    "bill_next_cycle"),
                "on_decrease": .words(
                    "prorate_immediately", "prorate_next_cycle", "none", "no_prorations"),
            ]).optional,
        ]),
        "ItemPrice": .object([
            "amount": .number.optional, "tiers": .list(.ref("Tier")).optional,
            "tier_behavior": .words("graduated", "volume").optional, "interval": .text,
            "interval_count": .whole.optional, "billing_units": .number,
            "billing_method": .words("prepaid", "usage_based"), "max_purchase": .number.orNull,
            "additional_currencies": .list(.ref("OtherPrice")).optional,
        ]),
    ]
}
