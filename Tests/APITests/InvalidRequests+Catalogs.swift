import Billing
import RPC
import Stories

@testable import Wire

/// Of catalogs, coupons and codes.
extension InvalidRequests {
    static let rewards = [
        row("ApplyDiscount", [:], at: "discount"),
        row("ApplyDiscount", ["discount": [:]], at: "discount"),
        row("ApplyDiscount", ["discount": ["coupon_id": "a b"]], at: "discount.coupon_id"),
        row(
            "ApplyDiscount", ["discount": ["promotion_code": "AB"]],
            at: "discount.promotion_code"),
        row(
            "ApplyDiscount", ["discount": ["coupon_id": "half"], "subscription_id": "1"],
            at: "subscription_id"),
        row("RemoveDiscount", [:], at: "coupon_id"),
        row("RedeemCode", ["code": "AB"], at: "code"),
        row("RedeemReferralCode", ["code": "AB"], at: "code"),
        row("CreateReferralCode", ["programme_id": "a b"], at: "programme_id"),
        row("GetPromotionCode", [:], at: "code"),
        row("Attach", ["plan_id": "pro", "discounts": [[:]]], at: "discounts[0]"),
        row(
            "Attach",
            ["plan_id": "pro", "discounts": .array(Array(repeating: [:], count: 21))],
            at: "discounts"),
        row(
            "PublishCatalog",
            [
                "catalog": [
                    "currency": "usd",
                    "coupons": [
                        ["coupon_id": "a", "name": "A"],
                        [
                            "coupon_id": "b", "name": "B", "percentage": 101, "duration": "months",
                            "plan_ids": ["no"],
                            "promotion_codes": [
                                ["code": "A B"], ["code": "HALF"],
                                ["code": "NEW", "max_redemptions": 0],
                            ],
                        ],
                        ["coupon_id": "c", "name": "C", "amount": "0", "duration": "once"],
                    ],
                    "feature_grants": [
                        [
                            "feature_grant_id": "d", "name": "D",
                            "grants": [["feature_id": "dashboard", "quantity": 0]],
                        ]
                    ],
                ]
            ],
            at: "catalog.coupons[0]", "catalog.coupons[0].duration",
            "catalog.coupons[1].percentage", "catalog.coupons[1].months",
            "catalog.coupons[1].plan_ids[0]",
            "catalog.coupons[1].promotion_codes[0].code",
            "catalog.coupons[1].promotion_codes[1].code",
            "catalog.coupons[1].promotion_codes[2].max_redemptions",
            "catalog.coupons[2].amount",
            "catalog.feature_grants[0].grants[0].feature_id",
            "catalog.feature_grants[0].grants[0].quantity"),
    ]

    static let catalogs = [
        row("PublishCatalog", [:], at: "catalog"),
        row(
            "PublishCatalog", ["catalog": ["currency": "USD"]], at: "catalog.currency"),
        row(
            "PublishCatalog",
            [
                "catalog": [
                    "currency": "usd",
                    "features": [
                        ["feature_id": "a b", "name": "A", "type": "metered"],
                        ["feature_id": "b", "name": "B"],
                    ],
                ]
            ], at: "catalog.features[1].type", "catalog.features[0].feature_id"),
        row(
            "PublishCatalog",
            [
                "catalog": [
                    "currency": "usd",
                    "tax_rates": [
                        ["tax_rate_id": "a b", "name": "VAT", "percentage": "19"],
                        ["tax_rate_id": "b", "name": "VAT", "percentage": "ten"],
                        ["tax_rate_id": "c", "name": "VAT", "percentage": "100.5"],
                    ],
                    "settings": ["default_tax_rate_id": "d"],
                ]
            ], at: "catalog.tax_rates[1].percentage", "catalog.tax_rates[0].tax_rate_id",
            "catalog.tax_rates[2].percentage", "catalog.settings.default_tax_rate_id"),
    ]
}
