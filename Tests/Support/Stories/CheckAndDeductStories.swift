package import Billing

/// Entitlements §1.6: check and deduct in one commit.
package enum CheckAndDeductStories {
    package static let pricing = PricingState.sample([
        .sample("messages", .metered), .sample("sso", .boolean),
        .sample("credits", .creditSystem, costs: ["messages": "0.2"]),
    ])

    package struct Row: RuleRow {
        package let rule: String
        package let buckets: [Bucket]
        package let required: Quantity
        package let reason: CheckReason
        /// Balances afterwards, in the order of `buckets`.
        package let balances: [Quantity]

        init(
            _ rule: String, _ buckets: [Bucket], _ required: Quantity, _ reason: CheckReason,
            _ balances: Quantity...
        ) {
            self.rule = rule
            self.buckets = buckets
            self.required = required
            self.reason = reason
            self.balances = balances
        }

        /// nil: no call brings these balances about.
        fileprivate var story: Story? {
            guard !buckets.contains(where: { $0.flags.contains(.allocated) }) else { return nil }
            return Story(
                "1.6: \(rule)", .given(buckets), .deduct("messages", required, reason),
                .balances(balances),
                .events(reason.allows && !buckets.isEmpty ? [required] : []))
        }
    }

    private static func own(
        _ balance: Quantity, most: Quantity = 0, _ flags: Bucket.Flags = []
    ) -> Bucket {
        .sample(1, 1, balance: balance, most: most, flags)
    }

    private static func credits(_ balance: Quantity) -> Bucket {
        .sample(2, 3, balance: balance)
    }

    package static let rows = [
        Row("enough", [own(100)], 30, .included, 70),
        Row("just enough", [own(30)], 30, .included, 0),
        Row("too little: nothing deducted", [own(29)], 30, .insufficientBalance, 29),
        Row("no bucket", [], 1, .notIncluded),
        Row("no bucket, nothing required", [], 0, .nothingRequired),
        Row("no bucket, negative", [], -1, .nothingRequired),
        Row("nothing left, nothing required", [own(0)], 0, .included, 0),
        Row("negative gives back", [own(50)], -5, .nothingRequired, 55),
        Row("unlimited", [own(0, [.unlimited])], 5, .unlimited, -5),
        Row("pay-per-use", [own(2, [.priced])], 5, .overage, -3),
        Row("max purchase", [own(2, most: 3, [.priced, .limited])], 5, .overage, -3),
        Row("above max purchase", [own(2, most: 3, [.priced, .limited])], 6, .maxPurchase, 2),
        Row("free seats stay at 0", [own(1, [.allocated])], 2, .insufficientBalance, 1),
        Row("credits", [own(0), credits(2)], 10, .included, 0, 0),
        Row("too few credits", [own(0), credits(1)], 10, .insufficientBalance, 0, 1),
        Row("own and credits together", [own(5), credits(1)], 10, .included, 0, 0),
        Row(
            "own and credits, too little", [own(5), credits(1)], "10.1", .insufficientBalance, 5, 1),
    ]

    package static let table = StoryTable(
        "Check and deduct", pricing, rows.compactMap(\.story))
}
