package import Billing

/// Entitlements §2.2, §2.4, §2.6, §2.7 and the credit numbers of §3 that hold for plain tracks.
package enum TrackStories {
    package struct Row: RuleRow {
        package let rule: String
        package let buckets: [Bucket]
        package let value: Quantity
        package let overage: OverageBehavior
        /// Balances afterwards, in the order of `buckets`; nil: refused, nothing changed.
        package let balances: [Quantity]?

        init(
            _ rule: String, _ buckets: [Bucket], _ value: Quantity,
            _ overage: OverageBehavior, _ balances: [Quantity]?
        ) {
            self.rule = rule
            self.buckets = buckets
            self.value = value
            self.overage = overage
            self.balances = balances
        }

        init(_ rule: String, _ buckets: [Bucket], _ value: Quantity, _ balances: [Quantity]) {
            self.init(rule, buckets, value, .cap, balances)
        }

        /// nil: no call brings these balances about.
        fileprivate var story: Story? {
            guard !buckets.contains(where: { $0.flags.contains(.allocated) }) else { return nil }
            let track = Step.track("messages", value, overage)
            return Story(
                rule, .given(buckets),
                balances == nil ? .refused("insufficient balance", track) : track,
                .balances(balances ?? buckets.map(\.balance)))
        }
    }

    /// messages 1 in credits 2 at 0.2, credits3 3 at 1.4.
    package static let pricing = PricingState.sample([
        .sample("messages", .metered),
        .sample("credits", .creditSystem, costs: ["messages": "0.2"]),
        .sample("tokens", .creditSystem, costs: ["messages": "1.4"]),
        .sample("sso", .boolean),
    ])

    package static func own(
        _ balance: Quantity, granted: Quantity = 100, most: Quantity = 0,
        _ flags: Bucket.Flags = []
    ) -> Bucket {
        .sample(1, 1, granted: granted, balance: balance, most: most, flags)
    }

    package static func credits(_ balance: Quantity, _ flags: Bucket.Flags = []) -> Bucket {
        .sample(2, 2, granted: 200, balance: balance, flags)
    }

    private static func tokens(_ balance: Quantity) -> Bucket {
        .sample(3, 3, granted: 100, balance: balance)
    }

    private static func monthly(
        _ number: UInt32, _ balance: Quantity, granted: Quantity = 100, _ flags: Bucket.Flags
    ) -> Bucket {
        .sample(
            number, 1, granted: granted, balance: balance, cycle: Cycle(.month),
            nextReset: .utc(2027, 2, 1), flags)
    }

    package static let draws = [
        Row("pass 1: down", [own(100)], 30, [70]),
        Row("pass 1: to 0", [own(100)], 100, [0]),
        Row("4: cap drops the rest", [own(100)], 130, [0]),
        Row("4: reject applies nothing", [own(100)], 130, .reject, nil),
        Row("4: reject, exactly enough", [own(100)], 100, .reject, [0]),
        Row("0 draws nothing", [own(100)], 0, [100]),
        Row("decimals", [own(100)], "0.0000000001", ["99.9999999999"]),
        Row("an overdrawn bucket gives nothing", [own(-5, [.allocated])], 5, .reject, nil),
        Row("unlimited takes all", [own(0, granted: 0, [.unlimited])], 500, [-500]),
        Row(
            "unlimited takes all, others keep theirs",
            [own(100), .sample(4, 1, granted: 0, [.unlimited])], 500, [100, -500]),
        Row("unlimited with reject", [own(0, granted: 0, [.unlimited])], 5, .reject, [-5]),
        Row(
            "unlimited credits take all, in credits", [own(100), credits(0, [.unlimited])], 10,
            [100, -2]),
        Row("2.6: free seats below 0", [own(1, granted: 1, [.allocated])], 5, [-4]),
        Row("2.6: free seats, reject", [own(1, granted: 1, [.allocated])], 5, .reject, nil),
        Row("2.6: free seats, reject within", [own(1, granted: 1, [.allocated])], 1, .reject, [0]),
        Row("2.4: pay-per-use", [own(5, [.priced])], 8, [-3]),
        Row("2.4: pay-per-use, reject", [own(5, [.priced])], 8, .reject, [-3]),
        Row("2.4: max purchase, cap", [own(5, most: 20, [.priced, .limited])], 30, [-20]),
        Row(
            "2.4: max purchase, reject", [own(5, most: 20, [.priced, .limited])], 26, .reject, nil),
        Row("2.4: max purchase, up to it", [own(5, most: 20, [.priced, .limited])], 25, [-20]),
        Row(
            "2.4: pay-per-use included, then the next bucket, only then overage",
            [monthly(1, 10, [.priced]), .sample(4, 1, granted: 20)], 35, [-5, 0]),
        Row(
            "2.4: the same, within", [monthly(1, 10, [.priced]), .sample(4, 1, granted: 20)], 25,
            [0, 5]),
        Row(
            "2.4: overage runs over from one limit to the next",
            [
                .sample(1, 1, granted: 0, most: 3, [.priced, .limited]),
                .sample(4, 1, granted: 0, most: 4, [.priced, .limited]),
            ], 9, [-3, -4]),
    ]

    package static let creditRows = [
        Row("§3: own first", [own(100), credits(200)], 95, [5, 200]),
        Row("§3: 5 own + 3 units = 0.6 credits", [own(5), credits(200)], 8, [0, "199.4"]),
        Row("§3: 5 own + 7 units", [own(5), credits(200)], 12, [0, "198.6"]),
        Row("§3: 5 own + 15 units", [own(5), credits(200)], 20, [0, 197]),
        Row("§3: 115 of 100", [own(100), credits(200)], 115, [0, 197]),
        Row("§3: 27.89, confirmed 12.45", [own(100), credits(200)], "12.45", ["87.55", 200]),
        Row("credits run out, cap", [own(5), credits(1)], 20, [0, 0]),
        Row("credits run out, reject", [own(5), credits(1)], 20, .reject, nil),
        Row("credits just enough, reject", [own(5), credits(3)], 20, .reject, [0, 0]),
        Row(
            "from one credit system to the next", [own(5), credits(1), tokens(100)], 20,
            [0, 0, 86]),
        Row(
            "pay-per-use own after credits to 0", [own(5, [.priced]), credits(1)], 20, [-10, 0]),
        Row("credits alone", [credits(200)], 10, [198]),
        Row("pay-per-use credits", [credits(1, [.priced])], 10, [-1]),
    ]

    package static let refunds = [
        Row("pass 2: up", [own(70)], -20, [90]),
        Row("5: never above what was granted", [own(70)], -50, [100]),
        Row("5: nothing above it", [own(100)], -1, [100]),
        Row("5: above it already", [own(130)], -1, [130]),
        Row("pass 1: overage first", [own(-20, [.priced])], -15, [-5]),
        Row("pass 1, then 2", [own(-20, [.priced])], -50, [30]),
        Row(
            "pass 1 over all before pass 2",
            [monthly(1, 50, []), .sample(4, 1, granted: 20, balance: -10, [.priced])], -15,
            [55, 0]),
        Row(
            "pass 2 in order", [monthly(1, 50, []), .sample(4, 1, granted: 20, balance: 0)], -60,
            [100, 10]),
        Row("§15.3: reject drops the rest too", [own(70)], -50, .reject, [100]),
        Row("unlimited counts back", [own(-30, granted: 0, [.unlimited])], -10, [-20]),
        Row("unlimited, to 0", [own(-30, granted: 0, [.unlimited])], -50, [0]),
        Row("own, then credits", [own(95), credits(190)], -30, [100, 195]),
        Row("credits, to what was granted", [own(95), credits(199)], -30, [100, 200]),
        Row("free seats", [own(-4, granted: 1, [.allocated])], -2, [-2]),
    ]

    package static let table = StoryTable(
        "Track", pricing, draws.compactMap(\.story), creditRows.compactMap(\.story),
        refunds.compactMap(\.story))
}
