import Stories
import Testing

@testable import Billing

/// Entitlements §1.4 and §1.5.
@Suite("Check") struct CheckTests {
    /// messages 1 in credits 4 at 0.2 and tokens 5 at 3; seats 2; sso 3.
    static let pricing = PricingState.sample([
        .sample("messages", .metered), .sample("seats", .allocated), .sample("sso", .boolean),
        .sample("credits", .creditSystem, costs: ["messages": "0.2"]),
        .sample("tokens", .creditSystem, costs: ["messages": "3"]),
    ])

    struct Row: RuleRow {
        let rule: String
        let buckets: [Bucket]
        let featureID: String
        let required: Quantity
        let reason: CheckReason
        let compared: Quantity
        /// The feature whose balance is shown.
        let shown: String?

        init(
            _ rule: String, _ buckets: [Bucket], of featureID: String = "messages",
            _ required: Quantity, _ reason: CheckReason, compared: Quantity? = nil,
            shown: String? = "messages"
        ) {
            self.rule = rule
            self.buckets = buckets
            self.featureID = featureID
            self.required = required
            self.reason = reason
            self.compared = compared ?? required
            self.shown = shown
        }
    }

    private static func own(
        _ balance: Quantity, most: Quantity = 0, _ flags: Bucket.Flags = []
    ) -> Bucket {
        .sample(1, 1, balance: balance, most: most, flags)
    }

    private static func credits(_ balance: Quantity, _ flags: Bucket.Flags = []) -> Bucket {
        .sample(2, 4, balance: balance, flags)
    }

    private static func tokens(_ balance: Quantity, _ flags: Bucket.Flags = []) -> Bucket {
        .sample(3, 5, balance: balance, flags)
    }

    static let decisions = [
        Row("1: nothing", [], 1, .notIncluded, shown: nil),
        Row("1: another feature's", [.sample(1, 2)], 1, .notIncluded, shown: nil),
        Row("1: no flag", [], of: "sso", 1, .notIncluded, shown: nil),
        Row("2: flag", [.sample(1, 3, granted: 0, [.boolean])], of: "sso", 1, .flag, shown: nil),
        Row(
            "2: flag, whatever is asked", [.sample(1, 3, granted: 0, [.boolean])], of: "sso", 99,
            .flag, shown: nil),
        Row("3: unlimited", [own(0, [.unlimited])], 1_000_000, .unlimited),
        Row("3: unlimited and used", [own(-50, [.unlimited])], 1, .unlimited),
        Row("3: unlimited before negative", [own(0, [.unlimited])], -1, .unlimited),
        Row(
            "3: one unlimited bucket is enough", [own(0), .sample(2, 1, granted: 0, [.unlimited])],
            5, .unlimited),
        Row("4: negative", [own(0)], -1, .nothingRequired),
        Row("4: negative, overdrawn", [own(-5, [.allocated])], -1, .nothingRequired),
        Row("7: uncapped overage", [own(0, [.priced])], 1_000_000, .overage),
        Row("7: included before overage", [own(5, [.priced])], 5, .included),
        Row("7: max purchase, just enough", [own(5, most: 20, [.priced, .limited])], 25, .overage),
        Row(
            "7: max purchase, one too many", [own(5, most: 20, [.priced, .limited])], 26,
            .maxPurchase),
        Row(
            "7: max purchase, partly used", [own(-15, most: 20, [.priced, .limited])], 6,
            .maxPurchase),
        Row(
            "7: max purchase, rest of it", [own(-15, most: 20, [.priced, .limited])], 5, .overage),
        Row(
            "7: one uncapped bucket lifts the limit",
            [own(0, most: 1, [.priced, .limited]), .sample(2, 1, balance: 0, [.priced])], 99,
            .overage),
        Row(
            "7: limits add up",
            [
                own(0, most: 3, [.priced, .limited]),
                .sample(2, 1, balance: 0, most: 4, [.priced, .limited]),
            ], 7, .overage),
        Row("8: enough", [own(10)], 10, .included),
        Row("8: too little", [own(10)], "10.0000000001", .insufficientBalance),
        Row("8: buckets add up", [own(10), .sample(2, 1, balance: 5)], 15, .included),
        Row("8: 0 of nothing left", [own(0)], 0, .included),
        Row(
            "8: an overdrawn bucket takes nothing from another",
            [own(-5, [.allocated]), .sample(2, 1, balance: 5)], 5, .included),
    ]

    static let pools = [
        Row("1.4.2: own suffices", [own(10), credits(100)], 10, .included),
        Row(
            "1.4.3: action1 at 0.2, 10 → 2", [own(9), credits(100)], 10, .included, compared: 2,
            shown: "credits"),
        Row(
            "1.4.3: no bucket of its own", [credits(100)], 10, .included, compared: 2,
            shown: "credits"),
        Row(
            "1.4.3: the first that allows", [credits(1), tokens(100)], 10, .included,
            compared: 30, shown: "tokens"),
        Row(
            "1.4.3: compared unconverted: 5 credits would cover 10",
            [credits(5), tokens(100)], 10, .included, compared: 30, shown: "tokens"),
        Row(
            "1.4.3: compared unconverted: 20 tokens don't cover 10",
            [tokens(20)], 10, .insufficientBalance, compared: 30, shown: "tokens"),
        Row(
            "1.4.4: none allows: the first owned", [own(1), credits(5), tokens(1)], 10,
            .included, compared: 2, shown: "credits"),
        Row(
            "1.4.4: none allows, nor converted", [own(1), credits(1), tokens(1)], 10,
            .insufficientBalance, compared: 2, shown: "credits"),
        Row(
            "1.4.4: catalog order, not the customer's", [tokens(1), credits(1)], 10,
            .insufficientBalance, compared: 2, shown: "credits"),
        Row("1.4.5: own, no credit system owned", [own(1)], 10, .insufficientBalance),
        Row(
            "1.4: own and credits are not added", [own(9), credits("0.1")], 10,
            .insufficientBalance, compared: 2, shown: "credits"),
        Row(
            "1.4: unlimited credits", [own(0), credits(0, [.unlimited])], 10, .unlimited,
            compared: 2, shown: "credits"),
        Row(
            "1.4: the credit system itself, one for one", [credits(10)], of: "credits", 10,
            .included,
            shown: "credits"),
    ]

    @Test("decision order (§1.5)", arguments: decisions)
    func decision(row: Row) throws {
        try check(row)
    }

    @Test("which balance decides (§1.4)", arguments: pools)
    func pool(row: Row) throws {
        try check(row)
    }

    private func check(_ row: Row) throws {
        var customer = CustomerState.sample()
        customer.apply(row.buckets.map { .bucketOpened($0) })
        let feature = CheckTests.pricing.number(ofFeature: row.featureID)
        let answer = try customer.check(
            CheckQuery(feature: feature, required: row.required), pricing: CheckTests.pricing,
            now: .utc(2027, 1, 10))
        #expect(answer.reason == row.reason)
        #expect(answer.required == row.compared)
        #expect(answer.balance.map { CheckTests.pricing.feature($0.feature).id } == row.shown)
        #expect((answer.flag != nil) == (row.reason == .flag))
    }

    static let allowing: [CheckReason] = [
        .included, .unlimited, .overage, .flag, .planActive, .planCanceling, .planRenewing,
        .planPastDue, .nothingRequired,
    ]
    static let denying: [CheckReason] = [
        .notIncluded, .insufficientBalance, .maxPurchase, .planNotAttached, .planScheduled,
        .planEnded,
    ]

    @Test("reasons that allow and reasons that don't")
    func reasons() {
        #expect(CheckTests.allowing.allSatisfy { $0.allows })
        #expect(!CheckTests.denying.contains { $0.allows })
    }

    static let states: [([SubscriptionStatus], CheckReason)] = [
        ([], .planNotAttached), ([.active], .planActive), ([.canceling], .planCanceling),
        ([.renewing], .planRenewing), ([.pastDue], .planPastDue), ([.scheduled], .planScheduled),
        ([.ended], .planEnded), ([.ended, .active], .planActive), ([.active, .ended], .planActive),
        ([.scheduled, .ended], .planScheduled), ([.canceling, .scheduled], .planCanceling),
    ]

    @Test("a plan's state is the reason (§1.7)", arguments: states)
    func plan(states: [SubscriptionStatus], reason: CheckReason) {
        var customer = CustomerState.sample()
        for (index, status) in states.enumerated() {
            customer.apply([.subscriptionChanged(.sample(UInt32(index + 1), plan: 1, status))])
        }
        customer.apply([.subscriptionChanged(.sample(99, plan: 2, .active))])
        let answer = customer.check(plan: PlanNumber(rawValue: 1), pricing: CheckTests.pricing)
        #expect(answer.reason == reason)
        #expect((answer.subscription != nil) == (reason != .planNotAttached))
    }
}

extension Subscription {
    static func sample(
        _ number: UInt32, plan: UInt32, _ status: SubscriptionStatus
    ) -> Subscription {
        Subscription(
            number: number,
            plan: PlanReference(plan: PlanNumber(rawValue: plan), revision: 1), status: status,
            addOn: false, start: .epoch, anchor: .epoch, periodStart: .epoch, periodEnd: .never)
    }
}
