import Stories
import Testing

@testable import Billing

/// Billing §15: what one commit is told as.
@Suite("Notifications") struct NotificationTests {
    private static let features: [Feature] = [
        .sample("messages", .metered), .sample("seats", .allocated), .sample("users", .allocated),
    ]
    static let pricing = PricingState.sample(
        features,
        [
            .sample("free", autoEnable: true, .sample("messages", 50, each: .month)),
            .sample("basic", price: "10", .sample("messages", 60, each: .month)),
            .sample("pro", price: "20", .sample("messages", 100, each: .month)),
            .sample("premium", price: "50", .sample("messages", 200, each: .month)),
            .sample("bare", price: "30"),
            .sample("packed", price: "20", .packs("messages", Price("10", packSize: 100))),
            .sample("extra", price: "5", addOn: true, .sample("messages", 10, each: .month)),
            .sample("pack", price: "9", each: .oneOff, .sample("messages", 10)),
            .sample("sliced", price: "3", group: "b", .sample("messages", 10).forEach("users")),
        ])

    /// What is done in one commit, and what is told of it: scenarios with their plans, then the
    /// lines of `billing.updated`, and the rest by type.
    struct Row: Sendable, CustomTestStringConvertible {
        let rule: String
        var plans: [String] = []
        let act: @Sendable (inout Desk) throws -> Void
        let told: [String]

        init(
            _ rule: String, on plans: String..., told: String...,
            act: @escaping @Sendable (inout Desk) throws -> Void
        ) {
            self.rule = rule
            self.plans = plans
            self.told = told
            self.act = act
        }

        var testDescription: String { rule }
    }

    static let rows = [
        Row("the free default at creation: new", told: "new free", "[activated free]") {
            $0 = Desk(pricing)
            try $0.create()
        },
        Row(
            "cancelled at once: expired, and the default is new", on: "pro",
            told: "invoice.paid", "expired pro", "new free", "[expired pro, activated free]"
        ) { try $0.change(Change(cancel: .now)) },
        Row(
            "cancelled at the end: cancel", on: "pro",
            told: "cancel pro", "[updated pro, scheduled free]"
        ) { try $0.change(Change(cancel: .atEnd)) },
        Row(
            "other quantities: update_prepaid_quantity", on: "packed",
            told: "invoice.paid", "update_prepaid_quantity packed", "[updated packed]"
        ) { try $0.change(Change(["messages": 200])) },
        Row(
            "first paid plan: upgrade of the free one",
            told: "invoice.paid", "upgrade pro", "[expired free, activated pro]"
        ) { try $0.buy("pro") },
        Row("add-on: new", on: "pro", told: "invoice.paid", "new extra", "[activated extra]") {
            try $0.buy("extra")
        },
        Row("one-off: new", on: "pro", told: "invoice.paid", "new pack", "[activated pack]") {
            try $0.buy("pack")
        },
        Row(
            "upgrade: one message, for the new plan", on: "pro",
            told: "invoice.paid", "upgrade premium", "[expired pro, activated premium]"
        ) { try $0.buy("premium") },
        Row(
            "upgrade to a plan that grants nothing", on: "pro",
            told: "invoice.paid", "upgrade bare", "[expired pro, activated bare]"
        ) { try $0.buy("bare") },
        Row(
            "downgrade to a paid plan, at the request: of the outgoing one", on: "premium",
            told: "downgrade premium", "[updated premium, scheduled pro]"
        ) { try $0.attach("pro") },
        Row(
            "downgrade to the free plan: cancel", on: "pro",
            told: "cancel pro", "[updated pro, scheduled free]"
        ) { try $0.attach("free") },
        Row(
            "uncancelled: renew", on: "pro", "free",
            told: "renew pro", "[expired free, updated pro]"
        ) { try $0.change(Change(cancel: .undo)) },
        Row(
            "another downgrade takes the first one's place", on: "premium", "pro",
            told: "downgrade premium", "[expired pro, updated premium, scheduled basic]"
        ) { try $0.attach("basic") },
        Row(
            "an upgrade of what was going", on: "pro", "basic",
            told: "invoice.paid", "upgrade premium",
            "[expired basic, expired pro, activated premium]"
        ) { try $0.buy("premium") },
        Row(
            "downgrade, at the boundary: expired, then new", on: "premium", "pro",
            told: "expired premium", "new pro", "[expired premium, activated pro]"
        ) { $0.advance(to: .utc(2027, 2, 20)) },
        Row(
            "cancelled, at the boundary: expired, then the default is new", on: "pro", "free",
            told: "expired pro", "new free", "[expired pro, activated free]"
        ) { $0.advance(to: .utc(2027, 2, 20)) },
        Row(
            "the first charge of a plan that was scheduled", on: "premium", "pro",
            told: "invoice.paid"
        ) {
            $0.advance(to: .utc(2027, 2, 20))
            $0.note()
            try $0.settle(.paid)
        },
        Row("a renewal is no change of plan", on: "pro") { $0.advance(to: .utc(2027, 2, 20)) },
        Row("a renewal, paid", on: "pro", told: "invoice.paid") {
            $0.advance(to: .utc(2027, 2, 20))
            $0.note()
            try $0.settle(.paid)
        },
        Row(
            "payment failing: past_due", on: "pro",
            told: "payment.failed", "past_due pro", "[updated pro]"
        ) {
            $0.advance(to: .utc(2027, 2, 20))
            $0.note()
            try $0.settle(.declined(code: "card_declined"))
        },
        Row(
            "payment recovering: active", on: "pro", told: "invoice.paid", "active pro",
            "[updated pro]"
        ) {
            $0.advance(to: .utc(2027, 2, 20))
            try $0.settle(.declined(code: "card_declined"))
            $0.advance(to: .utc(2027, 3, 20))
            $0.note()
            try $0.settle(.paid)
        },
        Row("a first payment that fails changes no plan", told: "payment.failed") {
            $0.saveMethod()
            try $0.attach("pro")
            $0.note()
            try $0.settle(.declined(code: "card_declined"))
        },
        Row("a payment page changes nothing", told: "") {
            try $0.attach("pro")
            try $0.settle(.checkoutOpened(url: "https://example.com"))
        },
        Row("usage", told: "balances.limit_reached") { try $0.track("messages", 60) },
        Row("a new entity's part of a plan is no new plan", on: "sliced") {
            $0.advance(to: .utc(2027, 2, 20))
            let seat = Entity(
                number: 1, id: "a", feature: $0.pricing.number(ofFeature: "users"), name: "",
                created: $0.now)
            var sheet = FactSheet($0.customer, pricing: $0.pricing, now: $0.now)
            sheet.emit(.entityCreated(seat))
            sheet.grantSlices(to: 1, of: seat.feature)
            $0.apply(sheet.facts)
        },
    ]

    @Test("§15", arguments: rows)
    func told(row: Row) throws {
        var desk = Desk(Self.pricing)
        try desk.create()
        for plan in row.plans { try desk.buy(plan) }
        desk.advance(to: .utc(2027, 1, 20))
        desk.note()
        try row.act(&desk)
        #expect(desk.told == row.told.filter { !$0.isEmpty })
    }

    @Test("an uncancelled plan: renew, whether its past is known or not")
    func renew() throws {
        var desk = Desk(Self.pricing)
        try desk.create()
        try desk.buy("pro")
        try desk.attach("free")
        desk.note()
        guard var pro = desk.subscription("pro"), var free = desk.subscription("free") else {
            Issue.record("both are there")
            return
        }
        pro.status = .active
        pro.canceled = .never
        pro.end = .never
        free.status = .ended
        free.end = desk.now
        let facts: [Fact] = [.subscriptionChanged(free), .subscriptionChanged(pro)]
        let known = desk.customer.subscriptions
        for before in [known, []] {
            let told = Notification.all(
                in: facts, at: .utc(2027, 1, 21), before: before, pricing: Self.pricing)
            #expect(told.first == .productsUpdated(.renew, pro))
        }
        #expect(
            PlanChanges(facts, at: .utc(2027, 1, 21), pricing: Self.pricing).wanted == [pro.number])
    }

    @Test("a payment that failed names the invoice that stays")
    func failure() throws {
        var desk = Desk(Self.pricing)
        try desk.create()
        desk.saveMethod()
        try desk.attach("pro")
        desk.note()
        let reply = try desk.settle(.declined(code: "card_declined"))
        #expect(desk.notifications == [.paymentFailed(code: "card_declined", reply.invoice)])
        #expect(reply.invoice != nil)
    }
}

extension Desk {
    fileprivate var notifications: [Notification] {
        let facts = Array(facts[noted.facts...])
        let wanted = PlanChanges(facts, at: now, pricing: pricing).wanted
        return Notification.all(
            in: facts, at: now,
            before: noted.subscriptions.filter { wanted.contains($0.number) }, pricing: pricing)
    }

    fileprivate var told: [String] {
        notifications.map { notification in
            switch notification {
            case .productsUpdated(let scenario, let subscription):
                "\(scenario.rawValue) \(name(of: subscription))"
            case .billingUpdated(let changes, let tags):
                "["
                    + changes.map { "\($0.action) \(name(of: $0.subscription))" }
                    .joined(separator: ", ") + "]"
                    + tags.map { " \($0.rawValue)" }.joined()
            case .limitReached, .usageAlert, .invoicePaid, .paymentFailed, .ahead,
                .invoiceCreated, .invoiceVoided, .invoiceOverdue, .topUpSucceeded, .topUpFailed:
                notification.kind.rawValue
            }
        }
    }

    private func name(of subscription: Subscription) -> String {
        pricing.plan(subscription.plan).id
    }
}
