import Stories
import Testing

@testable import Billing

/// Billing §15: what is told ahead, once.
@Suite("What is told ahead") struct ReminderTests {
    private static let start: Timestamp = .utc(2027, 1, 10)
    private static let pricing = PricingState.sample(
        [.sample("words", .metered)],
        [
            .sample("free", autoEnable: true, .sample("words", 5, each: .month)),
            tried("pro", days: 14), tried("short", days: 2),
        ])

    private static func tried(_ id: String, days: UInt16) -> Plan {
        var plan = Plan.sample(id, price: "20", .sample("words", 10, each: .month))
        plan.trial = FreeTrial(length: days, unit: .day, needsCard: false)
        return plan
    }

    private static func desk(on plan: String? = nil) throws -> Desk {
        var desk = Desk(pricing, at: start)
        try desk.create()
        if let plan { try desk.attach(plan) }
        return desk
    }

    private static func visa(_ year: UInt32, _ month: UInt32) -> PaymentMethod {
        PaymentMethod(
            token: "token", brand: "visa", last4: "4242",
            expiry: CardExpiry(year: year, month: month))
    }

    /// What was told, by the day on which each was due.
    private static func told(_ facts: [Fact]) -> [Reminder] {
        facts.compactMap { if case .reminded(let reminder) = $0 { reminder } else { nil } }
    }

    private static func check(_ desk: Desk) {
        var replayed = CustomerState(id: "customer")
        replayed.apply(desk.facts)
        #expect(StateView(replayed) == StateView(desk.customer))
    }

    @Test("a trial's end, three days before it, once, however often somebody looks")
    func trial() throws {
        var desk = try Self.desk(on: "pro")
        let pro = try #require(desk.subscription("pro"))
        #expect(pro.trialEnd == .utc(2027, 1, 24))
        #expect(Self.told(desk.advance(to: .utc(2027, 1, 20, 23, 59))).isEmpty)
        #expect(desk.customer.nextDue == .utc(2027, 1, 21))
        let ending = Reminder.trialEnding(
            subscription: pro.number, plan: pro.plan, entity: 0, end: .utc(2027, 1, 24))
        #expect(Self.told(desk.advance(to: .utc(2027, 1, 21))) == [ending])
        #expect(Self.told(desk.advance(to: .utc(2027, 1, 22))).isEmpty)
        // Nobody has shown a card: it ends, and what was told is forgotten.
        desk.advance(to: .utc(2027, 1, 24))
        #expect(desk.status(ofPlan: "pro") == .ended)
        #expect(desk.customer.account.reminded == Reminded())
        #expect(Self.told(desk.facts) == [ending])
        Self.check(desk)
    }

    @Test("a trial that is shorter than that is told of as it begins")
    func short() throws {
        var desk = try Self.desk(on: "short")
        #expect(desk.customer.nextDue == Self.start)
        #expect(Self.told(desk.advance(to: Self.start)).count == 1)
        #expect(desk.customer.nextDue > Self.start)
    }

    @Test("looked at late, the state is the same, and the order that of the moments")
    func late() throws {
        var (often, once) = (try Self.desk(on: "pro"), try Self.desk(on: "pro"))
        let card = Fact.methodSaved(Self.visa(2027, 2))
        often.apply([card])
        once.apply([card])
        for day in 10...31 { often.advance(to: .utc(2027, 1, Int64(day))) }
        once.advance(to: .utc(2027, 1, 31))
        #expect(Self.told(often.facts) == Self.told(once.facts))
        #expect(often.customer.account.reminded == once.customer.account.reminded)
        guard case .trialEnding = Self.told(once.facts).first,
            case .methodExpiring? = Self.told(once.facts).last
        else {
            Issue.record("the trial on the 21st, then the card on the 30th of January")
            return
        }
    }

    @Test(
        "a card, thirty days before its last month is over",
        arguments: [
            (Self.visa(2027, 4), Timestamp.utc(2027, 4, 1)),
            (Self.visa(2027, 12), .utc(2027, 12, 2)), (Self.visa(2028, 2), .utc(2028, 1, 31)),
            // Within thirty days already.
            (Self.visa(2027, 1), .utc(2027, 1, 10)), (Self.visa(2026, 12), .utc(2027, 1, 10)),
        ])
    func expiry(card: PaymentMethod, moment: Timestamp) throws {
        var desk = try Self.desk()
        desk.apply([.methodSaved(card)])
        if moment > Self.start {
            #expect(Self.told(desk.advance(to: moment.adding(milliseconds: -1))).isEmpty)
        }
        let expiry = try #require(card.expiry)
        let expected = [Reminder.methodExpiring(card.label, expiry)]
        #expect(Self.told(desk.advance(to: moment)) == expected)
        #expect(Self.told(desk.advance(to: .utc(2030, 1, 1))).isEmpty)
        Self.check(desk)
    }

    @Test("another card is told of anew, and one without a known end never")
    func another() throws {
        var desk = try Self.desk()
        desk.apply([.methodSaved(Self.visa(2027, 2))])
        #expect(Self.told(desk.advance(to: .utc(2027, 2, 5))).count == 1)
        try desk.run(.saveMethod(Self.visa(2027, 2)))
        #expect(Self.told(desk.advance(to: .utc(2027, 2, 5))).count == 1)
        try desk.run(.saveMethod(Desk.visa))
        #expect(Self.told(desk.advance(to: .utc(2040, 1, 1))).isEmpty)
    }
}
