internal import Billing

/// What plans cost when they are bought, changed, renewed and ended (billing §5-§11).
package enum PurchaseStories {
    package static let table = StoryTable(
        "billing §5-§11: purchases", pricing, switches, carried, packs, quantities, cancels,
        renewals,
        scheduled, trials, anchors, beyond)

    private static let hundreds = Price("10", packSize: 100)
    private static let fifties = Price("10", packSize: 50)
    private static let fifteens = Price("15", packSize: 100)
    private static let dear = Price("12.5", packSize: 100)
    private static let volume = Price(
        tiers: [.init(upTo: 500, amount: "10"), .init(upTo: nil, amount: "5")],
        behavior: .volume, packSize: 100)

    private static let pricing = PricingState.sample(
        [
            .sample("messages", .metered), .sample("words", .metered), .sample("tokens", .metered),
            .sample("seats", .allocated), .sample("sso", .boolean),
        ],
        [
            .sample("free", autoEnable: true, .sample("words", 50, each: .month)),
            .sample("free_two", .sample("words", 70, each: .month)),
            .sample("pro", price: "20", .sample("words", 100, each: .month)),
            .sample("over", price: "20", .sample("words", 100, each: .month, price: "0.25")),
            .sample("small", price: "10", .sample("words", 30, each: .month)),
            .sample("premium", price: "50", .sample("words", 500, each: .month)),
            .sample("growth", price: "100"), .sample("ultra", price: "200"),
            .sample("annual", price: "200", each: .year),
            .sample("annual_250", price: "250", each: .year),
            .sample("extra", price: "20", addOn: true, .sample("words", 10, each: .month)),
            .sample("once", price: "10", each: .oneOff, .sample("words", 100)),
            .sample("other", price: "20", group: "other"),
            .sample("metered", price: "20", .sample("messages", 100, each: .month, price: "0.10")),
            .sample(
                "metered_two", price: "20",
                .sample("messages", 100, each: .month, price: "0.10"),
                .sample("tokens", 10, each: .month, price: "1")),
            .sample("team", price: "20", .sample("seats", 2, price: "10")),
            .sample("item", price: "20", .packs("tokens", Price("25"), each: .oneOff)),
            packed("packs", "20", hundreds), packed("packs_premium", "50", hundreds),
            packed("fifties", "20", fifties), packed("fifties_premium", "50", fifties),
            packed("fifteens_premium", "50", fifteens), packed("fifteens", "20", fifteens),
            packed("included", "20", hundreds, of: 100),
            packed("included_premium", "50", hundreds, of: 100),
            packed("volume", "20", volume), packed("volume_premium", "50", volume),
            .sample("units", .packs("messages", Price("8"))),
            packed("bill", "20", dear, .bill), packed("next", "20", dear, .prorateNextCycle),
            packed("later", "20", dear, .billNextCycle),
            packed("keep", "20", dear, .prorate, .keep),
            packed("drop", "20", dear, .prorate, .drop),
            packed("back_next", "20", dear, .prorate, .prorateNextCycle),
            trial("trial", "20", FreeTrial(length: 14, unit: .day)),
            trial("trial_premium", "50", FreeTrial(length: 7, unit: .day)),
            trial("open_trial", "20", FreeTrial(length: 14, unit: .day, needsCard: false)),
        ])

    private static func packed(
        _ id: String, _ price: UnitPrice, _ packs: Price, of included: Quantity = 0,
        _ increase: PrepaidPrice.Increase = .prorate,
        _ decrease: PrepaidPrice.Decrease = .prorate
    ) -> Plan {
        .sample(
            id, price: price,
            .packs("messages", of: included, packs, onIncrease: increase, onDecrease: decrease))
    }

    private static func trial(_ id: String, _ price: UnitPrice, _ trial: FreeTrial) -> Plan {
        var plan = Plan.sample(id, price: price, .sample("messages", 10, each: .month, price: "1"))
        plan.trial = trial
        return plan
    }

    static let start = Timestamp.utc(2026, 4, 1)
    static let tenth = Timestamp.utc(2026, 4, 11)
    static let middle = Timestamp.utc(2026, 4, 16)
    static let renewal = Timestamp.utc(2026, 5, 1)

    static func row(_ rule: String, _ steps: Step...) -> Story {
        var story = Story(rule, after: steps)
        story.start = start
        return story
    }

    /// From one plan to another, at once or later.
    static func move(
        _ rule: String, _ old: Purchase, _ new: Purchase, at time: Timestamp = start,
        _ totals: Int64...
    ) -> Story {
        row(rule, .purchase(old), .advance(to: time), .purchase(new), .invoices(totals))
    }

    private static let switches = [
        row("8.5: free → pro", .buy("pro"), .invoices([2000])),
        row(
            "5.4: what replaces nothing that is paid for has nothing to prorate",
            .purchase(Purchase("pro", prorates: false)), .invoices([2000])),
        row(
            "5.4: what replaces what is paid for is prorated", .buy("pro"),
            .advance(to: middle),
            .refused(
                "invalid: proration_behavior", .purchase(Purchase("premium", prorates: false))),
            .purchase("premium"), .invoices([2000, 1500])),
        move("8.5: pro → premium at once", "pro", "premium", 2000, 3000),
        move("8.5: premium → ultra at once", "premium", "ultra", 5000, 15000),
        move("8.5: pro → premium after 10 of 30 days", "pro", "premium", at: tenth, 2000, 2000),
        move("8.5: pro → premium at mid cycle", "pro", "premium", at: middle, 2000, 1500),
        row(
            "8.5: free → pro → premium → growth on day 0", .buy("pro"), .buy("premium"),
            .buy("growth"), .invoices([2000, 3000, 5000]),
            .plan("growth", .active), .plan("premium", .ended), .plan("free", .ended)),
        move("8.5: pro → annual at once", "pro", "annual", 2000, 18000),
        row(
            "8.5: annual → 50 a month, immediately", .buy("annual"),
            .purchase(Purchase("premium", schedule: .immediate)), .invoices([20000, -15000]),
            .credit(15000), .plan("premium", .active)),
        row(
            "8.5: the same at mid cycle, with overage of 5", .buy("metered"),
            .advance(to: middle), .track("messages", 150), .buy("premium"),
            .invoices([2000, 2000])),
        row(
            "8.5: with overage of 5", .buy("metered"), .track("messages", 150), .buy("premium"),
            .invoices([2000, 3500])),
        row(
            "8.5: with overage of 5 of two features", .buy("metered_two"),
            .track("messages", 150), .track("tokens", 15), .buy("premium"),
            .invoices([2000, 4000])),
        row(
            "8.5: recurring and one-off item",
            .purchase(Purchase("item", ["tokens": 1])), .invoices([4500]),
            .granted("tokens", 1)),
        row(
            "8.5: an add-on in the middle of the plan's month", .buy("pro"),
            .advance(to: middle), .buy("extra"), .invoices([2000, 1000]),
            .advance(to: renewal), .invoices([2000, 1000, 4000])),
        row("8.5: one-off alone", .buy("once"), .invoices([1000]), .granted("words", 150)),
        row("6: one-offs add up", .buy("once"), .buy("once"), .granted("words", 250)),
        row(
            "6: another group is billed with the first", .buy("pro"), .advance(to: middle),
            .buy("other"), .invoices([2000, 1000]), .advance(to: renewal),
            .invoices([2000, 1000, 4000])),
        row(
            "6: free again keeps its days", .advance(to: middle), .attach("free_two"),
            .granted("words", 70), .reset("words", at: renewal)),
        row(
            "6: entities have plans of their own", .entity("seats", "a"), .entity("seats", "b"),
            .purchase(Purchase("pro", of: "a")), .purchase(Purchase("pro", of: "b")),
            .invoices([2000, 2000]), .granted("words", 150, of: "a"),
            .purchase(Purchase("premium", of: "a")), .invoices([2000, 2000, 3000]),
            .granted("words", 550, of: "a"), .granted("words", 150, of: "b"),
            .advance(to: renewal), .invoices([2000, 2000, 3000, 7000])),
        row(
            "14.1: an entity's plans go with it, and nothing comes back",
            .entity("seats", "a"), .purchase(Purchase("pro", of: "a")), .deleteEntity("a"),
            .plan("pro", .ended), .credit(0), .advance(to: renewal), .invoices([2000])),
        row(
            "6: an entity has a plan once", .entity("seats", "a"),
            .purchase(Purchase("pro", of: "a")),
            .refused("plan already attached", .purchase(Purchase("pro", of: "a")))),
        row(
            "5.4: an end that nobody waits for",
            .refused(
                "invalid: plan_schedule", .purchase(Purchase("pro", schedule: .endOfCycle)))),
        row(
            "5.4: no new cycle for what starts later", .buy("premium"),
            .refused(
                "invalid: reset_billing_cycle",
                .purchase(Purchase("pro", startsCycle: true)))),
        row(
            "8.4: a new cycle now", .buy("pro"), .advance(to: middle),
            .purchase(Purchase("premium", startsCycle: true)), .invoices([2000, 4000]),
            .advance(to: .utc(2026, 5, 16)), .invoices([2000, 4000, 5000])),
    ]

    /// words: pro 100, premium 500; metered 100 of messages at 0.10.
    private static let carried = [
        row(
            "7: carry_over_balances: 70 left + 500", .buy("pro"), .track("words", 30),
            .purchase(Purchase("premium", balances: [])), .left("words", 570),
            .advance(to: renewal), .left("words", 500)),
        row(
            "7: a negative balance: -20 + 500", .buy("over"), .track("words", 120),
            .purchase(Purchase("premium", balances: ["words"])), .left("words", 480)),
        row(
            "7: carry_over_usages: 40 used of 500", .buy("pro"), .track("words", 40),
            .purchase(Purchase("premium", usages: ["words"])), .left("words", 460)),
        row(
            "7: carry_over_usages: the overage isn't charged", .buy("over"),
            .track("words", 120), .purchase(Purchase("premium", usages: [])),
            .left("words", 380), .invoices([2000, 3000])),
        row(
            "7: 50 used of 30: below nothing", .buy("pro"), .track("words", 50),
            .purchase(Purchase("small", schedule: .immediate, usages: [])), .left("words", 0),
            .used("words", 50)),
        row(
            "5.4: nothing goes over to what starts later", .buy("premium"),
            .refused("invalid: carry_over_balances", .purchase(Purchase("pro", balances: [])))),
        row(
            "5.4: seats go over anyway", .buy("team"),
            .refused(
                "invalid: carry_over_usages.feature_ids[0]",
                .purchase(Purchase("premium", usages: ["seats"])))),
    ]

    private static let cancels = [
        row(
            "10.3: pro now", .buy("pro"), .change(Change(cancel: .now)),
            .invoices([2000, -2000]), .credit(2000), .plan("pro", .ended),
            .plan("free", .active), .left("words", 50)),
        row(
            "10.3: premium now", .buy("premium"), .change(Change(cancel: .now)),
            .invoices([5000, -5000])),
        row(
            "10.3: 3 packs and a base now", .purchase(Purchase("packs", ["messages": 300])),
            .change(Change(cancel: .now)), .invoices([5000, -5000])),
        row(
            "10.3: overage isn't billed", .buy("metered"), .track("messages", 500),
            .change(Change(cancel: .now)), .invoices([2000, -2000])),
        row(
            "10.3: now, without proration", .buy("pro"),
            .change(Change(cancel: .now, prorates: false)), .invoices([2000]),
            .plan("pro", .ended)),
        row(
            "10.3: at the end", .buy("pro"), .advance(to: tenth),
            .change(Change(cancel: .atEnd)), .invoices([2000]), .plan("pro", .canceling),
            .plan("free", .scheduled), .advance(to: renewal), .plan("pro", .ended),
            .plan("free", .active), .invoices([2000]), .left("words", 50)),
        row(
            "10.3: at the end, with overage: 500 used of 100", .buy("metered"),
            .track("messages", 500), .change(Change(cancel: .atEnd)), .advance(to: renewal),
            .invoices([2000, 4000])),
        row(
            "10.3: uncancel", .buy("pro"), .change(Change(cancel: .atEnd)),
            .change(Change(cancel: .undo)), .plan("pro", .active), .plan("free", .ended),
            .advance(to: renewal), .invoices([2000, 2000])),
        row(
            "10.3: uncancel what isn't", .buy("pro"), .change(Change(cancel: .undo)),
            .plan("pro", .active)),
        row(
            "10.3: a free plan has no end to wait for",
            .refused("invalid: cancel_action", .change(Change("free", cancel: .atEnd)))),
        row(
            "10.3: a one-off plan has no end to wait for", .buy("once"),
            .refused("invalid: cancel_action", .change(Change("once", cancel: .atEnd)))),
        row(
            "10.3: cancelling what is scheduled lets the present plan go on", .buy("premium"),
            .purchase("pro"), .plan("premium", .canceling), .change(Change("pro", cancel: .now)),
            .plan("premium", .active), .plan("pro", .ended)),
        row(
            "10.3: cancelling now drops what is scheduled", .buy("premium"), .purchase("pro"),
            .change(Change(cancel: .now)), .plan("pro", .ended), .plan("free", .active)),
        row(
            "10.3: add-ons stay", .buy("pro"), .buy("extra"), .change(Change(cancel: .now)),
            .plan("extra", .active), .advance(to: renewal), .invoices([2000, 2000, -2000, 2000]),
            .credit(0)),
        row(
            "0.12: what has ended isn't uncancelled", .buy("pro"),
            .change(Change(cancel: .now)),
            .refused("subscription not found", .change(Change("pro", cancel: .undo)))),
        row(
            "0.12: what is scheduled isn't uncancelled", .buy("premium"), .purchase("pro"),
            .refused("invalid: cancel_action", .change(Change("pro", cancel: .undo)))),
    ]

    private static let renewals = [
        row(
            "11.1: 251 used of 100 at 0.10", .buy("metered"), .track("messages", 251),
            .advance(to: renewal), .invoices([2000, 3510]), .left("messages", 100)),
        row(
            "11.1: seats: 5 held of 2 at 10", .buy("team"), .track("seats", 5),
            .advance(to: renewal), .invoices([2000, 5000]), .left("seats", 0)),
        row(
            "beyond: credit pays renewals first", .buy("annual"),
            .purchase(Purchase("premium", schedule: .immediate)), .credit(15000),
            .advance(to: .utc(2026, 5, 1)), .credit(10000), .advance(to: .utc(2026, 6, 1)),
            .credit(5000), .advance(to: .utc(2026, 7, 1)), .credit(0),
            .advance(to: .utc(2026, 8, 1)),
            .invoices([20000, -15000, 5000, 5000, 5000, 5000])),
    ]

    private static let scheduled = [
        row(
            "11.2: pro → free", .buy("pro"), .purchase("free"), .plan("free", .scheduled),
            .advance(to: renewal), .plan("free", .active), .invoices([2000])),
        row(
            "11.2: premium → pro", .buy("premium"), .purchase("pro"), .advance(to: renewal),
            .invoices([5000, 2000]), .plan("pro", .active)),
        row(
            "11.2: premium packs of 500 at 15 → packs at 10 keep 500",
            .purchase(Purchase("fifteens_premium", ["messages": 500])), .purchase("packs"),
            .advance(to: renewal), .invoices([12500, 7000]), .granted("messages", 500)),
        row(
            "11.2: pro → free with 50 over at 0.10", .buy("metered"), .track("messages", 150),
            .purchase("free"), .advance(to: renewal), .invoices([2000, 500])),
        row(
            "6: another downgrade takes the place of the first", .buy("ultra"),
            .purchase("premium"), .purchase("pro"), .plan("premium", .ended),
            .plan("pro", .scheduled)),
        row(
            "6: an upgrade drops the downgrade", .buy("premium"), .purchase("pro"),
            .purchase("growth"), .plan("pro", .ended), .plan("growth", .active),
            .invoices([5000, 5000])),
        row(
            "6: annual → monthly waits", .buy("annual_250"), .purchase("pro"),
            .plan("pro", .scheduled), .plan("annual_250", .canceling)),
        row(
            "5.1: an upgrade that waits", .buy("pro"),
            .purchase(Purchase("premium", schedule: .endOfCycle)), .plan("pro", .canceling),
            .advance(to: renewal), .invoices([2000, 5000])),
    ]

    private static let trials = [
        row(
            "9: nothing is charged before the end", .purchase("trial"), .invoices([]),
            .plan("trial", .active), .advance(to: .utc(2026, 4, 15)), .invoices([2000]),
            .advance(to: .utc(2026, 5, 15)), .invoices([2000, 2000])),
        row(
            "9: nobody shows a card, and it ends", .attach("open_trial"),
            .plan("open_trial", .active), .advance(to: .utc(2026, 4, 15)),
            .plan("open_trial", .ended), .plan("free", .active), .invoices([])),
        row(
            "9: usage of a trial isn't billed, and goes on", .purchase("trial"),
            .track("messages", 15), .advance(to: .utc(2026, 4, 15)), .invoices([2000]),
            .used("messages", 15), .advance(to: .utc(2026, 5, 15)), .invoices([2000, 2500]),
            .used("messages", 0)),
        row(
            "9: trialing → a plan without", .purchase("trial"), .advance(to: .utc(2026, 4, 6)),
            .purchase("premium"), .invoices([5000]), .advance(to: .utc(2026, 5, 6)),
            .invoices([5000, 5000])),
        row(
            "9: trialing → a plan with one", .purchase("trial"), .advance(to: .utc(2026, 4, 6)),
            .purchase("trial_premium"), .invoices([]), .advance(to: .utc(2026, 4, 13)),
            .invoices([5000])),
        row(
            "9: paying → a plan with one", .buy("pro"), .purchase("trial_premium"),
            .invoices([2000, -2000]), .advance(to: .utc(2026, 4, 8)),
            .invoices([2000, -2000, 5000]), .credit(0)),
        row(
            "9: a downgrade waits for the trial's end", .purchase("trial_premium"),
            .purchase("pro"), .plan("pro", .scheduled), .advance(to: .utc(2026, 4, 8)),
            .plan("pro", .active), .invoices([2000])),
        row(
            "9: an add-on joins it", .purchase("trial"), .purchase("extra"), .invoices([]),
            .advance(to: .utc(2026, 4, 15)), .invoices([4000])),
        row(
            "9: once", .purchase("trial"), .change(Change(cancel: .now)), .plan("trial", .ended),
            .purchase("trial"), .invoices([2000])),
    ]

    private static let anchors = [
        Story(
            "8.5: pro (anchor 1 Jan) → annual on 16 Feb", from: .utc(2026, 1, 1), .buy("pro"),
            .advance(to: .utc(2026, 2, 1)), .invoices([2000, 2000]),
            .advance(to: .utc(2026, 2, 16)), .purchase("annual"),
            .invoices([2000, 2000, 16550]), .advance(to: .utc(2027, 1, 1)),
            .invoices([2000, 2000, 16550, 20000])),
        Story(
            "8.1: the last day of the month", from: .utc(2026, 1, 31), .buy("pro"),
            .advance(to: .utc(2026, 2, 28)), .invoices([2000, 2000]),
            .advance(to: .utc(2026, 3, 30)), .invoices([2000, 2000]),
            .advance(to: .utc(2026, 3, 31)), .invoices([2000, 2000, 2000])),
    ]

    private static let beyond = [
        row(
            "beyond: premium on day 10, growth on day 20, cancelled then", .buy("pro"),
            .advance(to: tenth), .buy("premium"), .advance(to: .utc(2026, 4, 21)),
            .buy("growth"), .change(Change(cancel: .now)),
            .invoices([2000, 2000, 1666, -3333])),
        row(
            "beyond: attached and cancelled nets to nothing",
            .purchase(Purchase("packs", ["messages": 700])), .change(Change(cancel: .now)),
            .invoices([9000, -9000])),
        row(
            "beyond: less than a card can be charged comes on top of the next", .buy("metered"),
            .track("messages", 103), .purchase("free"), .advance(to: renewal),
            .invoices([2000, 30]), .credit(-30), .purchase("pro"),
            .invoices([2000, 30, 2000]), .credit(0)),
    ]
}

extension Story {
    fileprivate init(_ rule: String, from start: Timestamp, _ steps: Step...) {
        self.init(rule, after: steps)
        self.start = start
    }
}
