import Stories
import Testing

@testable import Billing

/// A feature in shadow mode, beyond the specification: evaluated and recorded, not enforced.
@Suite("Shadow mode") struct ShadowTests {
    private static let plans: [Plan] = [
        .sample("free", .sample("messages", 10, each: .month), .sample("users", 1)),
        .sample(
            "capped", price: "20",
            .sample("messages", 10, each: .month, price: "0.1", most: 5)),
        .sample("seats", price: "9", .sample("users", 1, price: "1", most: 1)),
    ]

    private static func pricing(_ shadow: Set<String>) -> PricingState {
        .sample(plans, PricingSettings(), shadow: shadow)
    }

    static let everything: Set<String> = [
        "messages", "dashboard", "action1", "credits", "users",
    ]

    /// What happens with and without it, from the same start.
    struct Row: RuleRow {
        let rule: String
        let start: [Step]
        let step: Step
        /// Why it would have been denied; nil: it wouldn't.
        let denial: CheckReason?
        /// Balances afterwards, and without shadow mode.
        let balances: [Quantity]
        let enforced: [Quantity]

        init(
            _ rule: String, _ start: [Step] = [], _ step: Step, _ denial: CheckReason?,
            _ balances: [Quantity], enforced: [Quantity]
        ) {
            self.rule = rule
            self.start = start
            self.step = step
            self.denial = denial
            self.balances = balances
            self.enforced = enforced
        }
    }

    private static let ten = Step.open(Grant("messages", 10))

    static let rows = [
        Row(
            "what is allowed is as ever", [ten], .track("messages", 4), nil, [6], enforced: [6]),
        Row(
            "a track isn't capped", [ten], .track("messages", 14), .insufficientBalance, [-4],
            enforced: [0]),
        Row(
            "a track isn't refused", [ten], .track("messages", 14, .reject),
            .insufficientBalance, [-4], enforced: [10]),
        Row(
            "without any balance the usage is recorded", [], .track("messages", 3, .reject),
            .notIncluded, [], enforced: []),
        Row(
            "a usage limit's window is punched through",
            [ten, .set(.usage(UsageLimit(feature: Fixture.messages, limit: 5, interval: .day)))],
            .track("messages", 7), .usageLimit, [3], enforced: [5]),
        Row(
            "a spend limit doesn't hold",
            [.buy("capped"), .set(.spend(Fixture.messages, .units(2)))],
            .track("messages", 20), .spendLimit, [-10], enforced: [-2]),
        Row(
            "nor does one where usage overflows",
            [.buy("capped"), .set(.spend(Fixture.messages, .units(2)))],
            .track("messages", 20, .overflow), .spendLimit, [-10], enforced: [-2]),
        Row(
            "nor a maximum", [.buy("capped")], .track("messages", 20), .maxPurchase, [-10],
            enforced: [-5]),
        Row(
            "own balance, then credits, then beyond",
            [.open(Grant("action1", 5)), .open(Grant("credits", 1))], .track("action1", 20),
            .insufficientBalance, [-10, 0], enforced: [0, 0]),
        Row(
            "a refund is as ever", [ten, .track("messages", 4)], .track("messages", -9), nil,
            [10], enforced: [10]),
        Row(
            "what is set is outside limits anyway", [ten], .setUsage("messages", 14), nil, [-4],
            enforced: [-4]),
        Row(
            "an entity's, too", [.entity("users", "ada"), .open(Grant("messages", 5, of: "ada"))],
            .track("messages", 8, of: "ada"), .insufficientBalance, [], enforced: []),
        Row(
            "a hold is settled for more than there is", [ten, .hold("messages", 8)],
            .settle(14), .insufficientBalance, [-4], enforced: [0]),
    ]

    private func recorded(_ desk: Desk) -> String? {
        var found: String?
        for case .usageRecorded(_, _, let label) in desk.facts {
            for property in label?.properties ?? [] where property.key == EventLabel.shadowKey {
                if case .text(let text) = property.value { found = text }
            }
        }
        return found
    }

    @Test("tracks", arguments: rows)
    func track(row: Row) throws {
        for isShadow in [true, false] {
            var desk = Desk(ShadowTests.pricing(isShadow ? ShadowTests.everything : []))
            for step in row.start { try desk.perform(step, "\(row.rule): \(step)") }
            do {
                try desk.perform(row.step, "\(row.rule)")
            } catch {
                #expect(!isShadow && error.word == "insufficient balance", "\(row.rule)")
            }
            #expect(
                desk.customer.allBuckets.map(\.balance) == (isShadow ? row.balances : row.enforced))
            #expect(recorded(desk) == (isShadow ? row.denial?.text : nil))
            var replayed = CustomerState(id: "customer")
            replayed.apply(desk.facts)
            #expect(StateView(replayed) == StateView(desk.customer))
        }
    }

    struct CheckRow: RuleRow {
        let rule: String
        let start: [Step]
        let featureID: String
        let required: Quantity
        let reason: CheckReason
        let isShadow: Bool
        /// What a check that deducts leaves.
        let balances: [Quantity]

        init(
            _ rule: String, _ start: [Step] = [], of featureID: String = "messages",
            _ required: Quantity, _ reason: CheckReason, isShadow: Bool, _ balances: [Quantity]
        ) {
            self.rule = rule
            self.start = start
            self.featureID = featureID
            self.required = required
            self.reason = reason
            self.isShadow = isShadow
            self.balances = balances
        }
    }

    static let checks = [
        CheckRow("allowed: nothing to note", [ten], 10, .included, isShadow: false, [0]),
        CheckRow(
            "denied: allowed, with the reason", [ten], 14, .insufficientBalance, isShadow: true,
            [-4]),
        CheckRow("nothing of it", [], 3, .notIncluded, isShadow: true, []),
        CheckRow(
            "a usage limit",
            [ten, .set(.usage(UsageLimit(feature: Fixture.messages, limit: 5, interval: .day)))],
            7, .usageLimit, isShadow: true, [3]),
        CheckRow("a maximum", [.buy("capped")], 20, .maxPurchase, isShadow: true, [-10]),
        CheckRow("a flag", [], of: "dashboard", 1, .notIncluded, isShadow: true, []),
        CheckRow(
            "credits", [.open(Grant("credits", 1))], of: "action1", 20, .insufficientBalance,
            isShadow: true, [-3]),
        CheckRow(
            "another feature is enforced", [.open(Grant("words", 1))], of: "words", 2,
            .insufficientBalance, isShadow: false, [1]),
    ]

    @Test("checks", arguments: checks)
    func check(row: CheckRow) throws {
        var desk = Desk(ShadowTests.pricing(ShadowTests.everything))
        for step in row.start { try desk.perform(step, "\(row.rule): \(step)") }
        let answer = desk.check(row.featureID, row.required)
        #expect(answer.reason == row.reason)
        #expect(answer.isShadow == row.isShadow)
        #expect(answer.allowed == (row.isShadow || row.reason.allows))
        guard row.featureID != "dashboard" else { return }
        let deducted = try desk.checkAndDeduct(row.featureID, row.required)
        #expect(deducted.reason == row.reason)
        #expect(deducted.isShadow == row.isShadow)
        #expect(desk.customer.allBuckets.map(\.balance) == row.balances)
        #expect(recorded(desk) == (row.isShadow ? row.reason.text : nil))
        #expect(desk.eventValues == (deducted.allowed ? [row.required] : []))
    }

    @Test("an entity is made though no seat is left")
    func seats() throws {
        for isShadow in [true, false] {
            var desk = Desk(ShadowTests.pricing(isShadow ? ["users"] : []))
            try desk.buy("seats")
            try desk.entity("one", "users")
            try desk.entity("two", "users")
            do {
                try desk.entity("three", "users")
                #expect(isShadow)
            } catch {
                #expect(!isShadow && error.word == "feature limit reached")
            }
            #expect(desk.balance("users")?.usage == (isShadow ? 3 : 2))
        }
    }

    @Test("turned off it is enforced from then on; what is below 0 stays overage until the reset")
    func off() throws {
        var desk = Desk(ShadowTests.pricing(["messages"]))
        try desk.attach("free")
        try desk.track("messages", 25)
        #expect(desk.check("messages").allowed)
        #expect(desk.balance("messages")?.overage == 15)
        let strict = desk.pricing.publishing(
            PricingDraft(
                currency: "usd", features: [.sample("messages", .metered)], plans: []))
        var next = Desk(strict, at: desk.now)
        next.customer = desk.customer
        #expect(next.check("messages").reason == .insufficientBalance)
        #expect(!next.check("messages").allowed)
        #expect(throws: Refusal.self) { try next.track("messages", 1, .reject) }
        #expect(next.balance("messages")?.overage == 15)
        next.advance(to: .utc(2027, 2, 10))
        #expect(next.check("messages", 10).reason == .included)
    }

    @Test("what is told when a limit is passed is told all the same (§7.4)")
    func notices() throws {
        var desk = Desk(ShadowTests.pricing(["messages"]))
        try desk.perform(ShadowTests.ten, "")
        try desk.track("messages", 14)
        #expect(desk.notices.map(\.event) == [.limitReached(.included)])
        try desk.track("messages", 14)
        #expect(desk.notices.count == 1)
    }

    @Test("callers don't set the mark, and erasure leaves it")
    func mark() throws {
        let property = EventProperty(EventLabel.shadowKey, .text("usage_limit"))
        #expect(!property.isPersonal)
        #expect(EventLabel.shadowKey.hasPrefix("$"))
        #expect(CheckReason.usageLimit.text == "usage_limit")
    }
}
