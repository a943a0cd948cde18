/// The parts of answers about customers, what they bought and what they used.
extension ReplySchema {
    static let customerComponents: KeyValuePairs<String, ReplySchema> = [
        "Customer": .object([
            "id": .text, "name": .text.orNull, "email": .text.orNull, "created_at": .time,
            "fingerprint": .null, "stripe_id": .null, "env": .text, "metadata": .map(.text),
            "send_email_receipts": .flag, "billing_controls": .ref("Controls"),
            "subscriptions": .list(.ref("Subscription")), "purchases": .list(.ref("OneOff")),
            "licenses": .list(.anything), "balances": .map(.ref("Balance")),
            "flags": .map(.ref("Flag")),
            "config": .object(["disable_pooled_balance": .flag]).optional,
            "invoices": .list(.ref("Invoice")).optional,
            "payment_method": .ref("PaymentMethod").orNull.optional,
            "trials_used": .list(
                .object(["plan_id": .text, "customer_id": .text, "fingerprint": .null])
            ).optional,
            "rewards": .object(["discounts": .list(.ref("Discount"))]).optional,
            "referrals": .list(
                .object([
                    "program_id": .text, "customer": .object(["id": .text]),
                    "reward_applied": .flag, "created_at": .time,
                ])
            ).optional,
            "entities": .list(.ref("EntityInShort")).optional,
        ]),
        "PaymentMethod": .object([
            "type": .words("card"),
            "card": .object([
                "brand": .text.orNull, "last4": .text.orNull, "exp_month": .whole.orNull,
                "exp_year": .whole.orNull,
            ]),
        ]),
        "Discount": .object([
            "id": .text, "name": .text,
            "type": .words("percentage_discount", "fixed_discount", "invoice_credits"),
            "discount_value": .number.orNull,
            "duration_type": .words("one_off", "months", "forever"),
            "end": .time.orNull,
        ]),
        "EntityInShort": .object([
            "id": .text.orNull, "name": .text.orNull, "customer_id": .text, "feature_id": .text,
            "created_at": .time, "env": .text,
        ]),
        "Entity": .object([
            "id": .text.orNull, "name": .text.orNull, "customer_id": .text, "feature_id": .text,
            "created_at": .time, "env": .text, "subscriptions": .list(.ref("Subscription")),
            "purchases": .list(.ref("OneOff")), "balances": .map(.ref("Balance")),
            "flags": .map(.ref("Flag")), "billing_controls": .ref("Controls"),
        ]),
        "Subscription": .object([
            "id": .text, "plan_id": .text, "plan": .ref("Plan").optional, "auto_enable": .flag,
            "add_on": .flag, "status": .words("active", "scheduled", "paused"),
            "past_due": .flag, "canceled_at": .time.orNull, "expires_at": .time.orNull,
            "trial_ends_at": .time.orNull, "started_at": .time,
            "current_period_start": .time.orNull, "current_period_end": .time.orNull,
            "quantity": .whole, "scope": .words("customer", "entity"),
        ]),
        "OneOff": .object([
            "plan_id": .text, "plan": .ref("Plan").optional, "expires_at": .time.orNull,
            "started_at": .time, "quantity": .whole, "scope": .words("customer", "entity"),
        ]),
        "Controls": .object([
            "spend_limits": .list(
                .object([
                    "feature_id": .text.optional, "enabled": .flag,
                    "limit_type": .words("absolute", "usage_percentage").optional,
                    "overage_limit": .number.optional, "source": .text,
                ])
            ).optional,
            "usage_limits": .list(
                .object([
                    "feature_id": .text, "enabled": .flag, "limit": .number, "interval": .text,
                    "anchor": .words("billing_cycle", "utc"),
                    "filter": .object(["properties": .map(.anything)]).optional,
                    "usage": .number.orNull, "source": .text,
                ])
            ).optional,
            "usage_alerts": .list(
                .object([
                    "feature_id": .text.optional, "enabled": .flag, "threshold": .number,
                    "threshold_type": .text, "name": .text.optional, "source": .text,
                ])
            ).optional,
            "overage_allowed": .list(
                .object(["feature_id": .text, "enabled": .flag, "source": .text])
            ).optional,
            "auto_topups": .list(
                .object([
                    "feature_id": .text, "enabled": .flag, "threshold": .number,
                    "quantity": .number,
                    "purchase_limit": .object([
                        "interval": .text, "interval_count": .whole.optional, "limit": .whole,
                        "count": .whole.orNull, "next_reset_at": .time.orNull,
                    ]).optional,
                    "source": .text,
                ])
            ).optional,
        ]),

        "Event": .object([
            "id": .text, "timestamp": .time, "feature_id": .text, "customer_id": .text,
            "value": .number, "properties": .map(.anything), "deductions": .null,
        ]),
        "Sums": .object([
            "list": .list(
                .object([
                    "period": .time, "values": .map(.number),
                    "grouped_values": .map(.map(.number)).optional,
                ])),
            "total": .map(.object(["count": .number, "sum": .number])),
        ]),
    ]
}
