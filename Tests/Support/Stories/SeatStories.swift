import Billing

/// Seats that are paid for when they are taken (billing §1.4, §8.5, §11.4, §19).
package enum SeatStories {
    package static let table = StoryTable(
        "billing §11.4: seats", pricing, begun, taken, freed, knobs, changed, renewed, refused)

    private static let ten = Price("10")

    private static let pricing = PricingState.sample(
        [.sample("users", .allocated), .sample("rooms", .allocated), .sample("words", .metered)],
        [
            .sample("free", autoEnable: true, .sample("words", 50, each: .month)),
            .sample("pro", price: "20", .sample("words", 100, each: .month)),
            .sample("team", price: "20", .seats("users", of: 3, ten)),
            .sample("premium", price: "50", .seats("users", of: 10, ten)),
            .sample("less", price: "10", .seats("users", of: 3, Price("5"))),
            .sample("fifty", .seats("users", of: 1, Price("50"))),
            .sample("arrear", price: "20", .sample("users", 3, price: "10")),
            .sample("most", price: "20", .seats("users", of: 1, ten, most: 2)),
            .sample("pairs", price: "20", .seats("users", of: 2, Price("15", packSize: 2))),
            .sample(
                "tiers", price: "20",
                .seats(
                    "users",
                    Price(tiers: [.init(upTo: 2, amount: "10"), .init(upTo: nil, amount: "6")]))),
            .sample("yearly", price: "20", .seats("users", of: 1, Price("120"), each: .year)),
            knob("bill", .bill), knob("next", .prorateNextCycle), knob("later", .billNextCycle),
            knob("keep", .prorate, .keep), knob("drop", .prorate, .drop),
            knob("back_next", .prorate, .prorateNextCycle),
            trial("trial", FreeTrial(length: 14, unit: .day)),
        ])

    private static func knob(
        _ id: String, _ increase: PrepaidPrice.Increase,
        _ decrease: PrepaidPrice.Decrease = .prorate
    ) -> Plan {
        .sample(
            id, price: "20",
            .seats("users", of: 1, ten, onIncrease: increase, onDecrease: decrease))
    }

    private static func trial(_ id: String, _ trial: FreeTrial) -> Plan {
        var plan = Plan.sample(id, price: "20", .seats("users", of: 1, ten))
        plan.trial = trial
        return plan
    }

    private static let start = Timestamp.utc(2026, 4, 1)
    private static let middle = Timestamp.utc(2026, 4, 16)
    private static let renewal = Timestamp.utc(2026, 5, 1)
    private static let second = Timestamp.utc(2026, 6, 1)

    private static func row(_ rule: String, _ steps: Step...) -> Story {
        var story = Story(rule, after: steps)
        story.start = start
        return story
    }

    /// So many entities, and then.
    private static func row(_ rule: String, entities count: Int, _ steps: Step...) -> Story {
        var story = Story(rule, after: entities(count) + steps)
        story.start = start
        return story
    }

    private static func entities(_ count: Int) -> [Step] {
        ["a", "b", "c", "d", "e"].prefix(count).map { .entity("users", $0) }
    }

    private static func adding(_ item: PlanItem) -> PlanPatch {
        var patch = PlanPatch()
        patch.addedItems = [item]
        return patch
    }

    private static let begun = [
        row(
            "8.5, 19.1: 5 entities first, 3 included", entities: 5, .purchase("team"),
            .invoices([4000]), .used("users", 5), .granted("users", 3)),
        row("8.5: fewer than are included", entities: 2, .purchase("team"), .invoices([2000])),
        row(
            "8.5: 5 held, 3 → 10 included", entities: 5, .purchase("team"), .purchase("premium"),
            .invoices([4000, 1000]), .used("users", 5), .left("users", 5)),
        row(
            "8.5: the same at mid cycle", entities: 5, .purchase("team"), .advance(to: middle),
            .purchase("premium"), .invoices([4000, 500])),
        row(
            "7: packs asked for are none of theirs",
            .refused(
                "invalid: quantities[0]", .purchase(Purchase("team", ["users": 5]))),
            .purchase("team"),
            .refused("invalid: quantities[0]", .change(Change(["users": 5])))),
        row(
            "8.5: from those that are billed afterwards", entities: 5, .purchase("arrear"),
            .purchase(Purchase("premium")), .invoices([2000, 3000])),
    ]

    private static let taken = [
        row(
            "11.4: 1 extra seat at the start", .purchase("fifty"), .track("users", 1),
            .invoices([]), .track("users", 1), .invoices([5000]), .used("users", 2)),
        row(
            "11.4: 1 extra seat at mid cycle", .purchase("fifty"), .track("users", 1),
            .advance(to: middle), .track("users", 1), .invoices([2500]), .advance(to: renewal),
            .invoices([2500, 5000])),
        row(
            "11.4: by an entity", .purchase("fifty"), .entity("users", "a"), .invoices([]),
            .entity("users", "b"), .invoices([5000]), .entity("users", "c"),
            .invoices([5000, 5000]), .used("users", 3)),
        row(
            "11.4: several at once are one charge", .purchase("fifty"), .track("users", 4),
            .invoices([15000]), .used("users", 4)),
        row(
            "11.4: usage that is set", .purchase("fifty"), .setUsage("users", 3),
            .invoices([10000]), .setUsage("users", 3), .invoices([10000])),
        row(
            "11.4: a check that deducts", .purchase("fifty"), .track("users", 1),
            .deduct("users", 1, .overage), .invoices([5000]), .used("users", 2)),
        row(
            "11.4: events in a batch", .purchase("fifty"),
            .batch([("users", 1), ("users", 1), ("users", 1)]), .invoices([10000]),
            .used("users", 3)),
        row(
            "11.4: in a trial nothing is charged", .purchase("trial"), .track("users", 3),
            .invoices([]), .advance(to: .utc(2026, 4, 15)), .invoices([4000]),
            .track("users", 1), .invoices([4000, 1000])),
        row(
            "11.4: whole packs of them", .purchase("pairs"), .track("users", 3),
            .invoices([2000, 1500]), .track("users", 1), .invoices([2000, 1500]),
            .track("users", 1), .invoices([2000, 1500, 1500])),
        row(
            "2: in tiers", .purchase("tiers"), .track("users", 2), .invoices([2000, 2000]),
            .track("users", 2), .invoices([2000, 2000, 1200]), .track("users", -1),
            .invoices([2000, 2000, 1200, -600])),
        row(
            "11.4: credit pays first", .purchase("fifty"), .track("users", 2), .invoices([5000]),
            .track("users", -1), .invoices([5000, -5000]), .credit(5000), .track("users", 1),
            .invoices([5000, -5000, 5000]), .credit(0)),
        row(
            "11.4: by the year, on a plan by the month", .purchase("yearly"),
            .track("users", 2), .invoices([2000, 12000]), .advance(to: renewal),
            .invoices([2000, 12000, 2000])),
    ]

    private static let freed = [
        row(
            "11.4: a freed seat is credited", .purchase("fifty"), .track("users", 2),
            .invoices([5000]), .advance(to: middle), .track("users", -1),
            .invoices([5000, -2500]), .credit(2500), .used("users", 1)),
        row(
            "11.4: by deleting an entity", .purchase("fifty"), .entity("users", "a"),
            .entity("users", "b"), .advance(to: middle), .deleteEntity("b"),
            .invoices([5000, -2500]), .used("users", 1)),
        row(
            "11.4: one that is included gives nothing back", .purchase("team"),
            .track("users", 2), .track("users", -1), .invoices([2000])),
        row(
            "19.8: replaceable: removed, added again, and one less at the renewal",
            .purchase("keep"), .track("users", 3), .invoices([2000, 2000]), .track("users", -2),
            .invoices([2000, 2000]), .track("users", 1), .invoices([2000, 2000]),
            .advance(to: renewal), .invoices([2000, 2000, 3000]), .track("users", 1),
            .invoices([2000, 2000, 3000, 1000])),
        row(
            "1.4: no_prorations: gone without credit", .purchase("drop"), .track("users", 3),
            .track("users", -1), .invoices([2000, 2000]), .track("users", 1),
            .invoices([2000, 2000, 1000])),
        row(
            "1.4: credit with the next invoice", .purchase("back_next"), .track("users", 3),
            .advance(to: middle), .track("users", -1), .invoices([2000, 2000]),
            .advance(to: renewal), .invoices([2000, 2000, 2500])),
        row(
            "10.3: cancelled now: what is left of them comes back", .purchase("fifty"),
            .track("users", 2), .advance(to: middle), .change(Change(cancel: .now)),
            .invoices([5000, -2500])),
    ]

    private static let knobs = [
        row(
            "1.4: bill_immediately", .purchase("bill"), .advance(to: middle), .track("users", 2),
            .invoices([2000, 1000]), .advance(to: renewal), .invoices([2000, 1000, 3000])),
        row(
            "1.4: prorate_next_cycle", .purchase("next"), .advance(to: middle),
            .track("users", 2), .invoices([2000]), .used("users", 2), .advance(to: renewal),
            .invoices([2000, 3500])),
        row(
            "1.4: bill_next_cycle", .purchase("later"), .advance(to: middle), .track("users", 2),
            .invoices([2000]), .advance(to: renewal), .invoices([2000, 3000])),
    ]

    private static let changed = [
        row(
            "19.7: added to pro with 5 held, 3 included", entities: 5, .purchase("pro"),
            .change(Change(customize: adding(.seats("users", of: 3, ten)))),
            .invoices([2000, 2000]), .used("users", 5)),
        row(
            "10.1: another price of them with 5 held", entities: 5, .purchase("team"),
            .change(
                Change(
                    customize: {
                        var patch = adding(.seats("users", of: 3, Price("15")))
                        patch.removedItems = [PlanPatch.ItemFilter(featureID: "users", reset: nil)]
                        return patch
                    }())),
            .invoices([4000, 1000])),
        row(
            "11.2: a plan that starts later counts them when it starts", entities: 5,
            .purchase("team"), .purchase("less"), .invoices([4000]), .track("users", 1),
            .invoices([4000, 1000]), .advance(to: renewal), .plan("less", .active),
            .invoices([4000, 1000, 2500]), .used("users", 6)),
        row(
            "6: an entity's own", .entity("rooms", "a"),
            .purchase(Purchase("team", of: "a")), .track("users", 4, of: "a"),
            .invoices([2000, 1000]), .track("users", -4, of: "a"),
            .invoices([2000, 1000, -1000])),
    ]

    private static let renewed = [
        row(
            "11.1: as many as are held", .purchase("team"), .track("users", 5),
            .invoices([2000, 2000]), .advance(to: renewal), .invoices([2000, 2000, 4000]),
            .used("users", 5), .track("users", -1), .invoices([2000, 2000, 4000, -1000]),
            .advance(to: second), .invoices([2000, 2000, 4000, -1000, 3000])),
        row(
            "12.3: by invoice: what is taken is sent",
            .purchase(Purchase("fifty", terms: InvoiceTerms(netDays: 10, gives: true))),
            .track("users", 2), .used("users", 2), .statuses([.open])),
    ]

    private static let refused = [
        row(
            "1.3: no more than the plan sells", .purchase("most"), .track("users", 3),
            .invoices([2000, 2000]),
            .refused(
                "feature limit reached", .entity("users", "a")), .invoices([2000, 2000]))
    ]
}
