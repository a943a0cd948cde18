import Stories
import Testing

@testable import Billing

/// Billing §6, §7, §11.2: from one plan of a group to another.
@Suite("Transitions") struct TransitionTests {
    private static let features: [Feature] = [
        .sample("messages", .metered), .sample("seats", .allocated),
    ]
    static let pricing = PricingState.sample(
        features,
        [
            .sample(
                "free", autoEnable: true, .sample("messages", 50, each: .month),
                .sample("seats", 1)),
            .sample(
                "pro", price: "20", .sample("messages", 100, each: .month, price: "0.10"),
                .sample("seats", 2, price: "10")),
            .sample(
                "premium", price: "50", .sample("messages", 200, each: .month, price: "0.10"),
                .sample("seats", 5, price: "10")),
            .sample("basic", price: "10", .sample("messages", 60, each: .month)),
            .sample("annual", price: "600", each: .year, .sample("messages", 999, each: .month)),
        ])

    private static func desk(on planID: String) throws -> Desk {
        var desk = Desk(pricing)
        try desk.create()
        try desk.buy(planID)
        return desk
    }

    @Test("§6: an upgrade at once ends the old plan", arguments: ["premium", "annual"])
    func upgrade(planID: String) throws {
        var desk = try TransitionTests.desk(on: "pro")
        try desk.track("messages", 30)
        desk.advance(to: .utc(2027, 1, 20))
        try desk.buy(planID)
        #expect(desk.subscription("pro")?.status == .ended)
        #expect(desk.subscription("pro")?.end == .utc(2027, 1, 20))
        #expect(desk.subscription(planID)?.status == .active)
        #expect(desk.subscription(planID)?.start == .utc(2027, 1, 20))
        // §7: a consumable starts again with what the new plan includes.
        #expect(desk.balance("messages")?.usage == 0)
        #expect(desk.balance("messages")?.parts.count == 1)
    }

    @Test("§7: what the old plan ran up is charged with the upgrade, seats excepted")
    func overageOnUpgrade() throws {
        var desk = try TransitionTests.desk(on: "pro")
        try desk.track("messages", 130)
        try desk.track("seats", 7)
        let bought = try desk.buy("premium")
        #expect(bought.invoice?.lines.map(\.total.minorUnits) == [-2000, 5000, 300])
        #expect(bought.invoice?.lines.last?.description == "pro - 30 messages")
        #expect(desk.balance("messages")?.usage == 0)
    }

    @Test("§7: held seats are carried, below zero if need be")
    func seats() throws {
        var desk = try TransitionTests.desk(on: "pro")
        try desk.track("seats", 7)
        try desk.buy("premium")
        #expect(desk.balance("seats")?.usage == 7)
        #expect(desk.balance("seats")?.overage == 2)
        try desk.attach("pro")
        desk.advance(to: .utc(2027, 2, 10))
        #expect(desk.balance("seats")?.usage == 7)
        #expect(desk.balance("seats")?.overage == 5)
    }

    @Test("§6: a downgrade waits for the period's end", arguments: ["pro", "basic", "free"])
    func downgrade(planID: String) throws {
        var desk = try TransitionTests.desk(on: "premium")
        desk.advance(to: .utc(2027, 1, 20))
        let reply = try desk.attach(planID)
        #expect(reply.outcome == .scheduled)
        #expect(reply.subscription == desk.subscription(planID))
        #expect(desk.customer.openEffect == nil)
        #expect(desk.subscription("premium")?.status == .canceling)
        #expect(desk.subscription("premium")?.canceled == .utc(2027, 1, 20))
        #expect(desk.subscription("premium")?.end == .utc(2027, 2, 10))
        #expect(desk.subscription(planID)?.status == .scheduled)
        #expect(desk.subscription(planID)?.start == .utc(2027, 2, 10))
        #expect(desk.balance("messages")?.granted == 200)

        desk.advance(to: .utc(2027, 2, 10).adding(milliseconds: -1))
        #expect(desk.subscription("premium")?.status == .canceling)
        desk.advance(to: .utc(2027, 2, 10))
        #expect(desk.subscription("premium")?.status == .ended)
        #expect(desk.balance("messages")?.parts.count == 1)
        #expect(desk.balance("messages")?.usage == 0)
    }

    @Test("§11.2: premium → pro: 50, then 20")
    func boundaryCharge() throws {
        var desk = try TransitionTests.desk(on: "premium")
        try desk.attach("pro")
        desk.advance(to: .utc(2027, 2, 12))
        #expect(desk.subscription("pro")?.status == .renewing)
        #expect(desk.balance("messages")?.granted == 100)
        try desk.settle(.paid)
        #expect(desk.subscription("pro")?.status == .active)
        #expect(desk.subscription("pro")?.periodStart == .utc(2027, 2, 10))
        #expect(desk.subscription("pro")?.periodEnd == .utc(2027, 3, 10))
        #expect(desk.paidTotals == [5000, 2000])
    }

    @Test("§11.5: a charge declined at the boundary leaves the plan past due, in use")
    func boundaryDecline() throws {
        var desk = try TransitionTests.desk(on: "premium")
        try desk.attach("pro")
        desk.advance(to: .utc(2027, 2, 10))
        try desk.settle(.declined(code: "card_declined"))
        #expect(desk.subscription("pro")?.status == .pastDue)
        #expect(desk.check("messages").allowed)
        #expect(desk.customer.account.invoices.last?.status == .open)
        #expect(
            desk.customer.check(
                plan: desk.pricing.number(ofPlan: "pro"), pricing: desk.pricing
            ).reason == .planPastDue)
    }

    @Test("§11.2: 100 over at $0.10 on the old plan: 20 + 10 on the new one's first charge")
    func overageAtSwitch() throws {
        var desk = try TransitionTests.desk(on: "premium")
        try desk.track("messages", 300)
        try desk.attach("pro")
        desk.advance(to: .utc(2027, 2, 10))
        try desk.settle(.paid)
        #expect(desk.paidTotals == [5000, 3000])
        #expect(desk.balance("messages")?.remaining == 100)
    }

    @Test("§11.2: to free with 50 over: a last charge of 5; premium with 350 used: 15")
    func lastOverage() throws {
        for (planID, used, cents) in [("pro", 150, 500), ("premium", 350, 1500)]
            as [(String, Int, Int64)]
        {
            var desk = try TransitionTests.desk(on: planID)
            try desk.track("messages", Quantity(units: used))
            try desk.attach("free")
            desk.advance(to: .utc(2027, 2, 10))
            #expect(desk.customer.openEffect?.order.total.minorUnits == cents)
            try desk.settle(.paid)
            #expect(desk.paidTotals.last == cents)
            #expect(desk.subscription("free")?.status == .active)
            #expect(desk.balance("messages")?.remaining == 50)
            #expect(desk.balance("messages")?.usage == 0)
        }
    }

    @Test("§11.2: pro → free without overage: nothing is charged")
    func toFree() throws {
        var desk = try TransitionTests.desk(on: "pro")
        try desk.attach("free")
        desk.advance(to: .utc(2027, 6, 1))
        #expect(desk.customer.openEffect == nil)
        #expect(desk.paidTotals == [2000])
        #expect(desk.subscription("free")?.status == .active)
        #expect(desk.balance("messages")?.nextReset == .utc(2027, 6, 10))
    }

    @Test("§6: another downgrade replaces the scheduled one")
    func otherDowngrade() throws {
        var desk = try TransitionTests.desk(on: "premium")
        try desk.attach("pro")
        try desk.attach("basic")
        #expect(desk.subscription("pro")?.status == .ended)
        #expect(desk.subscription("basic")?.status == .scheduled)
        #expect(desk.subscription("premium")?.end == .utc(2027, 2, 10))
        desk.advance(to: .utc(2027, 2, 10))
        try desk.settle(.paid)
        #expect(desk.balance("messages")?.granted == 60)
    }

    @Test("the same downgrade again changes nothing")
    func sameDowngrade() throws {
        var desk = try TransitionTests.desk(on: "premium")
        let first = try desk.attach("pro")
        let facts = desk.facts.count
        let again = try desk.attach("pro")
        #expect(again == first)
        #expect(desk.facts.count == facts)
    }

    @Test("§6: an upgrade drops the scheduled downgrade")
    func upgradeInstead() throws {
        var desk = try TransitionTests.desk(on: "pro")
        try desk.attach("free")
        try desk.buy("premium")
        #expect(desk.subscription("free")?.status == .ended)
        #expect(desk.subscription("pro")?.status == .ended)
        desk.advance(to: .utc(2027, 2, 9))
        #expect(desk.subscription("premium")?.status == .active)
        #expect(desk.customer.subscriptions.filter { $0.status == .scheduled }.isEmpty)
    }

    @Test("§6: annual → monthly waits for the year's end")
    func annual() throws {
        var desk = try TransitionTests.desk(on: "annual")
        #expect(try desk.attach("pro").subscription?.start == .utc(2028, 1, 10))
        desk.advance(to: .utc(2027, 12, 20))
        #expect(desk.subscription("annual")?.status == .canceling)
        #expect(desk.balance("messages")?.nextReset == .utc(2028, 1, 10))
    }

    @Test("§6: the billing anchor outlives a downgrade")
    func anchor() throws {
        var desk = Desk(TransitionTests.pricing, at: .utc(2027, 1, 31))
        try desk.buy("premium")
        try desk.attach("pro")
        desk.advance(to: .utc(2027, 2, 28))
        try desk.settle(.paid)
        #expect(desk.subscription("pro")?.start == .utc(2027, 2, 28))
        #expect(desk.subscription("pro")?.periodEnd == .utc(2027, 3, 31))
        #expect(desk.balance("messages")?.nextReset == .utc(2027, 3, 31))
    }
}
