import Stories
import Testing

@testable import Billing

/// Entitlements §2.2, §2.4, §2.6, §2.7 and the credit numbers of §3 that hold for plain tracks.
@Suite("Track") struct TrackTests {
    struct Row: RuleRow {
        let rule: String
        let buckets: [Bucket]
        let value: Quantity
        let overage: OverageBehavior
        /// Balances afterwards, in the order of `buckets`; nil: refused, nothing changed.
        let balances: [Quantity]?

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
    }

    /// messages 1 in credits 2 at 0.2, credits3 3 at 1.4.
    private static let pricing = PricingState.sample([
        .sample("messages", .metered),
        .sample("credits", .creditSystem, costs: ["messages": "0.2"]),
        .sample("tokens", .creditSystem, costs: ["messages": "1.4"]),
        .sample("sso", .boolean),
    ])

    private static func own(
        _ balance: Quantity, granted: Quantity = 100, most: Quantity = 0,
        _ flags: Bucket.Flags = []
    ) -> Bucket {
        .sample(1, 1, granted: granted, balance: balance, most: most, flags)
    }

    private static func credits(_ balance: Quantity, _ flags: Bucket.Flags = []) -> Bucket {
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

    static let draws = [
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

    static let creditRows = [
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

    static let refunds = [
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

    @Test("draws", arguments: draws)
    func draw(row: Row) throws {
        try check(row)
    }

    @Test("own balance and credits", arguments: creditRows)
    func credit(row: Row) throws {
        try check(row)
    }

    @Test("refunds", arguments: refunds)
    func refund(row: Row) throws {
        try check(row)
    }

    private func check(_ row: Row) throws {
        var desk = Desk(TrackTests.pricing)
        desk.apply(row.buckets.map { .bucketOpened($0) })
        let before = StateView(desk.customer)
        guard let balances = row.balances else {
            #expect(throws: Refusal.insufficientBalance(featureID: "messages")) {
                try desk.track("messages", row.value, row.overage)
            }
            #expect(StateView(desk.customer) == before)
            return
        }
        let reply = try desk.track("messages", row.value, row.overage)
        #expect(desk.customer.allBuckets.map(\.balance) == balances)
        #expect(reply.value == row.value)
        // Usage is recorded as asked, whatever was drawn (§15.13).
        let recorded = desk.facts.contains(
            .usageRecorded(feature: FeatureNumber(rawValue: 1), value: row.value))
        #expect(recorded)
        if let shown = reply.balance {
            #expect(shown == desk.customer.balance(of: shown.feature))
        }
    }

    struct ReplyRow: RuleRow {
        let rule: String
        let buckets: [Bucket]
        let value: Quantity
        /// The feature whose balance is shown.
        let shown: String?
    }

    static let replies = [
        ReplyRow(
            rule: "2.7: own drawn", buckets: [own(5), credits(9)], value: 8, shown: "messages"),
        ReplyRow(
            rule: "2.7: credits drawn", buckets: [own(0), credits(9)], value: 8,
            shown: "credits"),
        ReplyRow(rule: "2.7: nothing drawn, own", buckets: [own(0)], value: 8, shown: "messages"),
        ReplyRow(
            rule: "2.7: nothing drawn, credits", buckets: [credits(0)], value: 8,
            shown: "credits"),
        ReplyRow(
            rule: "2.7: unlimited credits", buckets: [own(5), credits(0, [.unlimited])], value: 8,
            shown: "credits"),
        ReplyRow(rule: "2.2: no bucket", buckets: [], value: 8, shown: nil),
    ]

    @Test("which balance is shown", arguments: replies)
    func reply(row: ReplyRow) throws {
        var desk = Desk(TrackTests.pricing)
        desk.apply(row.buckets.map { .bucketOpened($0) })
        let shown = try desk.track("messages", row.value).balance
        #expect(shown.map { desk.pricing.feature($0.feature).id } == row.shown)
    }

    @Test("2.2: a boolean feature is recorded and draws nothing", arguments: [true, false])
    func boolean(owned: Bool) throws {
        var desk = Desk(TrackTests.pricing)
        if owned { desk.apply([.bucketOpened(.sample(1, 4, granted: 0, [.boolean]))]) }
        let reply = try desk.track("sso", 3)
        #expect(reply.draws.isEmpty && reply.balance == nil)
        #expect(desk.facts.last == .usageRecorded(feature: FeatureNumber(rawValue: 4), value: 3))
    }

    @Test("2.2: nothing owned is recorded all the same")
    func nothingOwned() throws {
        var desk = Desk(TrackTests.pricing)
        let reply = try desk.track("messages", 3)
        #expect(reply.draws.isEmpty && reply.balance == nil)
        #expect(desk.facts.count == 1)
        #expect(throws: Refusal.insufficientBalance(featureID: "messages")) {
            try desk.track("messages", 3, .reject)
        }
    }

    /// A counter may run on for ever: the balance stays within what can be stored.
    @Test("an unlimited counter stops at its limit")
    func counterLimit() throws {
        var desk = Desk(TrackTests.pricing)
        desk.apply([.bucketOpened(TrackTests.own(0, granted: 0, [.unlimited]))])
        for _ in 0..<100 { try desk.track("messages", .limit) }
        #expect(desk.customer.buckets[0].balance == -Quantity.balanceLimit)
        let before = StateView(desk.customer)
        #expect(throws: Refusal.self) { try desk.track("messages", 1) }
        #expect(throws: Refusal.self) { try desk.checkAndDeduct("messages", 1) }
        #expect(StateView(desk.customer) == before)
    }
}
