import Testing

@testable import Billing

/// Entitlements §5.2, correction 3: the dates of a balance's resets, always from its anchor.
@Suite("Calendar") struct CalendarTests {
    struct Row: RuleRow {
        let rule: String
        let cycle: Cycle
        let start: Timestamp
        let resets: [Timestamp]

        init(_ rule: String, _ cycle: Cycle, _ start: Timestamp, _ resets: Timestamp...) {
            self.rule = rule
            self.cycle = cycle
            self.start = start
            self.resets = resets
        }
    }

    static let rows = [
        Row(
            "5.2: 31 January 2028", Cycle(.month), .utc(2028, 1, 31), .utc(2028, 2, 29),
            .utc(2028, 3, 31), .utc(2028, 4, 30), .utc(2028, 5, 31), .utc(2028, 6, 30),
            .utc(2028, 7, 31)),
        Row(
            "5.2: 31 January, no leap year", Cycle(.month), .utc(2027, 1, 31, 13, 37),
            .utc(2027, 2, 28, 13, 37), .utc(2027, 3, 31, 13, 37), .utc(2027, 4, 30, 13, 37)),
        Row(
            "5.2: 28 February stays the 28th", Cycle(.month), .utc(2027, 2, 28),
            .utc(2027, 3, 28), .utc(2027, 4, 28)),
        Row(
            "5.2: a year from 29 February 2028", Cycle(.year), .utc(2028, 2, 29),
            .utc(2029, 2, 28), .utc(2030, 2, 28), .utc(2031, 2, 28), .utc(2032, 2, 29)),
        Row(
            "5.2: quarters from 31 August", Cycle(.quarter), .utc(2026, 8, 31),
            .utc(2026, 11, 30), .utc(2027, 2, 28), .utc(2027, 5, 31), .utc(2027, 8, 31)),
        Row(
            "5.2: halves from 31 August", Cycle(.semiAnnual), .utc(2027, 8, 31),
            .utc(2028, 2, 29), .utc(2028, 8, 31), .utc(2029, 2, 28)),
        Row(
            "5.2: every two months", Cycle(.month, count: 2), .utc(2027, 12, 31),
            .utc(2028, 2, 29), .utc(2028, 4, 30), .utc(2028, 6, 30), .utc(2028, 8, 31)),
        Row(
            "5.2: weeks", Cycle(.week), .utc(2027, 2, 25), .utc(2027, 3, 4), .utc(2027, 3, 11)),
        Row(
            "5.2: days over a leap day", Cycle(.day), .utc(2028, 2, 28, 5), .utc(2028, 2, 29, 5),
            .utc(2028, 3, 1, 5)),
        Row(
            "5.2: hours over New Year", Cycle(.hour, count: 6), .utc(2027, 12, 31, 20),
            .utc(2028, 1, 1, 2), .utc(2028, 1, 1, 8)),
        Row(
            "5.2: minutes", Cycle(.minute, count: 90), .utc(2027, 1, 1), .utc(2027, 1, 1, 1, 30),
            .utc(2027, 1, 1, 3)),
    ]

    @Test("of a loose balance", arguments: rows)
    func loose(row: Row) throws {
        var desk = Desk(Fixture.pricing(), at: row.start)
        try desk.open("messages", 100, each: row.cycle)
        try visit(row, &desk)
    }

    @Test("of a plan's balance", arguments: rows)
    func plan(row: Row) throws {
        let item = PlanItem(
            featureID: "messages", included: 100, unlimited: false, reset: row.cycle,
            usagePrice: nil)
        var desk = Desk(Fixture.pricing(.sample("plan", item)), at: row.start)
        try desk.attach("plan")
        try visit(row, &desk)
    }

    /// Whoever looks at each reset and whoever looks at the last one only see the same.
    private func visit(_ row: Row, _ desk: inout Desk) throws {
        var late = desk
        for reset in row.resets {
            #expect(desk.balance("messages")?.nextReset == reset)
            try desk.track("messages", 1)
            desk.advance(to: reset.adding(milliseconds: -1))
            #expect(desk.remaining("messages") == 99)
            desk.advance(to: reset)
            #expect(desk.remaining("messages") == 100)
        }
        late.advance(to: desk.now)
        #expect(late.balance("messages") == desk.balance("messages"))
    }

    static let moved: [(Timestamp, [Timestamp])] = [
        (.utc(2027, 1, 31), [.utc(2027, 2, 28), .utc(2027, 3, 31)]),
        (.utc(2027, 1, 11), [.utc(2027, 2, 11), .utc(2027, 3, 11)]),
    ]

    @Test("6.2: a reset that is moved is the new anchor", arguments: moved)
    func move(first: Timestamp, next: [Timestamp]) throws {
        var desk = Desk(Fixture.pricing())
        try desk.open("messages", 100, each: Cycle(.month))
        try desk.update(desk.filter("messages"), nextReset: first)
        for (at, expected) in zip([first] + next, next) {
            #expect(desk.balance("messages")?.nextReset == at)
            desk.advance(to: at)
            #expect(desk.balance("messages")?.nextReset == expected)
        }
    }

    @Test("6.1: a first reset that is given is the anchor")
    func given() throws {
        var desk = Desk(Fixture.pricing())
        try desk.open("messages", 100, each: Cycle(.month), nextReset: .utc(2027, 1, 31))
        desk.advance(to: .utc(2027, 1, 31))
        #expect(desk.balance("messages")?.nextReset == .utc(2027, 2, 28))
        desk.advance(to: .utc(2027, 2, 28))
        #expect(desk.balance("messages")?.nextReset == .utc(2027, 3, 31))
    }

    @Test("5.3: a rollover's month ends with the month")
    func rollover() throws {
        var desk = Desk(Fixture.pricing(), at: .utc(2027, 12, 31))
        try desk.open(
            "messages", 100, each: Cycle(.month), rollover: Rollover(cap: .none, months: 1))
        desk.advance(to: .utc(2028, 1, 31))
        #expect(desk.customer.allBuckets.last?.expires == .utc(2028, 2, 29))
    }
}
