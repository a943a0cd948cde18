/// The parts of answers about purchases and rewards.
extension ReplySchema {
    private static let paidInvoice = ReplySchema.object([
        "status": .text, "stripe_id": .text, "total": .number, "currency": .text,
        "hosted_invoice_url": .text.orNull,
    ])
    private static let action = ReplySchema.object(["code": .text, "reason": .text])

    static let billingComponents: KeyValuePairs<String, ReplySchema> = [
        "Purchased": .object([
            "customer_id": .text, "entity_id": .text.optional, "invoice": paidInvoice.optional,
            "payment_url": .text.orNull, "required_action": action.optional,
        ]),
        "Schedule": .object([
            "customer_id": .text, "entity_id": .text.orNull,
            "status": .words("pending_payment", "created"), "schedule_id": .null,
            "phases": .list(
                .object([
                    "phase_id": .text, "starts_at": .time.orNull,
                    "customer_product_ids": .list(.text),
                ])),
            "invoice": paidInvoice.optional, "payment_url": .text.orNull,
            "required_action": action.optional,
        ]),
        "PaymentSetup": .object([
            "customer_id": .text, "entity_id": .text.optional, "url": .text,
        ]),
        "Portal": .object(["customer_id": .text, "url": .text]),
        "Preview": .object([
            "customer_id": .text, "line_items": .list(.ref("Line")), "subtotal": .number,
            "total": .number, "currency": .text,
            "next_cycle": .object([
                "starts_at": .time.orNull, "subtotal": .number, "total": .number,
                "line_items": .list(.ref("Line")), "usage_line_items": .list(.anything),
            ]).optional,
            "incoming": .list(.ref("PlanChange")), "outgoing": .list(.ref("PlanChange")),
            "redirect_to_checkout": .flag, "checkout_type": .words("autumn_checkout").orNull,
            "invoice_credits": .object(["balance": .number, "currency": .text]).optional,
            "refund": .object(["amount": .number, "currency": .text]).optional,
            "intent": .text.optional,
        ]),
        "SeveralPreview": .object([
            "customer_id": .text, "currency": .text, "total": .number,
            "subscriptions": .list(
                .object([
                    "customer_id": .text, "line_items": .list(.ref("Line")), "subtotal": .number,
                    "total": .number, "currency": .text,
                    "next_cycle": .object([
                        "starts_at": .time.orNull, "subtotal": .number, "total": .number,
                        "line_items": .list(.ref("Line")), "usage_line_items": .list(.anything),
                    ]).optional,
                    "incoming": .list(.ref("PlanChange")), "outgoing": .list(.ref("PlanChange")),
                    "plan_ids": .list(.text),
                ])),
        ]),
        "Line": .object([
            "display_name": .text, "description": .text, "subtotal": .number, "total": .number,
            "discounts": .list(.object(["amount_off": .number, "reward_id": .text])),
            "plan_id": .text, "feature_id": .text.orNull,
            "period": .object(["start": .time.orNull, "end": .time.orNull]).optional,
            "quantity": .number.orNull,
        ]),
        "PlanChange": .object([
            "plan_id": .text,
            "feature_quantities": .list(.object(["feature_id": .text, "quantity": .number])),
            "effective_at": .time.orNull, "canceled_at": .null, "expires_at": .null,
            "plan": .ref("Plan").optional,
        ]),
        "Invoice": .object([
            "id": .text, "customer_id": .text, "entity_id": .null, "plan_ids": .list(.text),
            "stripe_id": .text, "status": .text, "total": .number, "currency": .text,
            "created_at": .time, "hosted_invoice_url": .text.orNull,
            "amount_paid": .number.orNull, "refunded_amount": .number,
            "processor_type": .words("stripe", "revenuecat").optional,
        ]),
        "Imported": .object([
            "plan_id": .text, "processor": .text, "customer_product_id": .text.orNull,
            "status": .text, "skipped": .flag, "reason": .text.optional,
        ]),
        "RecordedInvoice": .object([
            "id": .text, "customer_id": .text, "plan_ids": .list(.text), "stripe_id": .text,
            "processor_type": .words("stripe", "revenuecat"), "status": .text, "total": .number,
            "currency": .text, "created_at": .time, "hosted_invoice_url": .text.orNull,
            "amount_paid": .number.orNull, "refunded_amount": .number,
        ]),

        "Rewards": .object([
            "coupons": .list(.ref("Coupon")), "feature_grants": .list(.ref("FeatureGrant")),
        ]),
        "Coupon": .object([
            "id": .text, "name": .text.orNull,
            "type": .words("percentage_discount", "fixed_discount", "invoice_credits"),
            "value": .number.optional,
            "duration": .object([
                "type": .words("months", "one_off", "forever"), "length": .whole.orNull,
            ]),
            "plan_ids": .list(.text).orNull,
            "promo_codes": .list(
                .object([
                    "code": .text, "global_max_redemption": .whole.orNull,
                    "first_time_transaction": .flag,
                ])),
            "created_at": .time,
        ]),
        "FeatureGrant": .object([
            "id": .text, "name": .text.orNull,
            "grants": .list(
                .object([
                    "feature_id": .text, "included": .number,
                    "expiry": .object(["type": .words("day", "month"), "length": .whole])
                        .orNull,
                ])),
            "promo_codes": .list(.object(["code": .text, "max_uses": .whole.orNull])),
            "created_at": .time,
        ]),
        "RedeemedReward": .object([
            "reward_id": .text,
            "entitlements_granted": .list(.object(["feature_id": .text, "balance": .number])),
        ]),
        "ReferralCode": .object([
            "code": .text, "customer_id": .text, "created_at": .time,
        ]),
        "Referral": .object([
            "id": .text, "customer_id": .text, "reward_id": .text,
            "referrer": .object(["id": .text]), "redeemer": .object(["id": .text]),
        ]),
    ]
}
