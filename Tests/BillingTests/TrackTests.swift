import Stories
import Testing

@testable import Billing

/// Entitlements §2.2, §2.4, §2.6, §2.7 and the credit numbers of §3 that hold for plain tracks.
@Suite("Track") struct TrackTests {
    @Test("draws", arguments: TrackStories.draws)
    func draw(row: TrackStories.Row) throws {
        try check(row)
    }

    @Test("own balance and credits", arguments: TrackStories.creditRows)
    func credit(row: TrackStories.Row) throws {
        try check(row)
    }

    @Test("refunds", arguments: TrackStories.refunds)
    func refund(row: TrackStories.Row) throws {
        try check(row)
    }

    private func check(_ row: TrackStories.Row) throws {
        var desk = Desk(TrackStories.pricing)
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
            rule: "2.7: own drawn", buckets: [TrackStories.own(5), TrackStories.credits(9)],
            value: 8, shown: "messages"),
        ReplyRow(
            rule: "2.7: credits drawn", buckets: [TrackStories.own(0), TrackStories.credits(9)],
            value: 8,
            shown: "credits"),
        ReplyRow(
            rule: "2.7: nothing drawn, own", buckets: [TrackStories.own(0)], value: 8,
            shown: "messages"),
        ReplyRow(
            rule: "2.7: nothing drawn, credits", buckets: [TrackStories.credits(0)], value: 8,
            shown: "credits"),
        ReplyRow(
            rule: "2.7: unlimited credits",
            buckets: [TrackStories.own(5), TrackStories.credits(0, [.unlimited])], value: 8,
            shown: "credits"),
        ReplyRow(rule: "2.2: no bucket", buckets: [], value: 8, shown: nil),
    ]

    @Test("which balance is shown", arguments: replies)
    func reply(row: ReplyRow) throws {
        var desk = Desk(TrackStories.pricing)
        desk.apply(row.buckets.map { .bucketOpened($0) })
        let shown = try desk.track("messages", row.value).balance
        #expect(shown.map { desk.pricing.feature($0.feature).id } == row.shown)
    }

    @Test("2.2: a boolean feature is recorded and draws nothing", arguments: [true, false])
    func boolean(owned: Bool) throws {
        var desk = Desk(TrackStories.pricing)
        if owned { desk.apply([.bucketOpened(.sample(1, 4, granted: 0, [.boolean]))]) }
        let reply = try desk.track("sso", 3)
        #expect(reply.draws.isEmpty && reply.balance == nil)
        #expect(desk.facts.last == .usageRecorded(feature: FeatureNumber(rawValue: 4), value: 3))
    }

    @Test("2.2: nothing owned is recorded all the same")
    func nothingOwned() throws {
        var desk = Desk(TrackStories.pricing)
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
        var desk = Desk(TrackStories.pricing)
        desk.apply([.bucketOpened(TrackStories.own(0, granted: 0, [.unlimited]))])
        for _ in 0..<100 { try desk.track("messages", .limit) }
        #expect(desk.customer.buckets[0].balance == -Quantity.balanceLimit)
        let before = StateView(desk.customer)
        #expect(throws: Refusal.self) { try desk.track("messages", 1) }
        #expect(throws: Refusal.self) { try desk.checkAndDeduct("messages", 1) }
        #expect(StateView(desk.customer) == before)
    }
}
