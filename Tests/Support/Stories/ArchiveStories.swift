import Billing

/// Plans and features that are archived (billing §1.1, §3, §16.4): offered to nobody, and as good as
/// others to whoever has them.
package enum ArchiveStories {
    package static let table = StoryTable(
        "billing §3: archived plans", pricing, offers, purchases, ends, uses)

    package static let replaced = StoryTable(
        "billing §3: another default in an archived one's place", replacing, defaults)

    private static let features: [Feature] = {
        var features: [Feature] = [
            .sample("messages", .metered), .sample("faxes", .metered),
            .sample("seats", .allocated), .sample("sso", .boolean),
            .sample("credits", .creditSystem, costs: ["faxes": "2"]),
        ]
        for index in [1, 2, 4] { features[index].isArchived = true }
        return features
    }()

    private static let plans: [Plan] = [
        .sample("free", autoEnable: true, .sample("messages", 10, each: .month)).archived(),
        .sample(
            "pro", price: "20", .sample("messages", 100, each: .month), .sample("seats", 2),
            .sample("sso")
        ).archived(),
        .sample("team", price: "50", .sample("messages", 500, each: .month)),
        .sample("extra", price: "10", addOn: true, .sample("faxes", 7, each: .month)).archived(),
        .sample("gift", addOn: true, autoEnable: true, .sample("sso")).archived(),
        .sample(
            "metered", price: "5", group: "other", .sample("credits", 10, each: .month, price: "1")
        ).archived(),
    ]

    private static let pricing = PricingState.sample(features, plans)

    private static let replacing = PricingState.sample(
        features, plans + [.sample("hello", autoEnable: true, .sample("messages", 5))])

    private static let start = Timestamp.utc(2026, 4, 1)
    private static let middle = Timestamp.utc(2026, 4, 16)
    private static let renewal = Timestamp.utc(2026, 5, 1)

    private static func row(_ rule: String, _ steps: Step...) -> Story {
        var story = Story(rule, after: steps)
        story.start = start
        return story
    }

    private static func paying(_ price: UnitPrice) -> PlanPatch {
        var patch = PlanPatch()
        patch.price = .set(BasePrice(amount: price, cycle: Cycle(.month)))
        return patch
    }

    private static let offers = [
        row(
            "3: nobody starts with one", .plan("free", nil), .plan("gift", nil),
            .left("messages", nil), .check("sso", 1, .notIncluded)),
        row(
            "3: whoever is to have it is given it by its id", .attach("free"),
            .plan("free", .active), .left("messages", 10), .attach("gift"),
            .check("sso", 1, .flag)),
        row(
            "16.4: archive ok: it works as ever", .attach("free"), .track("messages", 4),
            .left("messages", 6), .advance(to: renewal), .left("messages", 10),
            .reset("messages", at: .utc(2026, 6, 1))),
    ]

    private static let purchases = [
        row(
            "3: it can be bought by its id, and renews", .purchase("pro"), .invoices([2000]),
            .plan("pro", .active), .track("messages", 40), .left("messages", 60),
            .entity("seats", "one"), .left("seats", 1), .advance(to: renewal),
            .invoices([2000, 2000]), .left("messages", 100), .left("seats", 1)),
        row(
            "10.2: up from it at once, with what is left of it given back", .purchase("pro"),
            .advance(to: middle), .purchase("team"), .invoices([2000, 1500]),
            .plan("pro", .ended), .plan("team", .active), .left("messages", 500)),
        row(
            "10.3: down to it at the period's end", .purchase("team"), .purchase("pro"),
            .plan("pro", .scheduled), .invoices([5000]), .advance(to: renewal),
            .plan("team", .ended), .plan("pro", .active), .invoices([5000, 2000]),
            .left("messages", 100)),
        row(
            "3: a plan of one's own is made from it, and changed",
            .purchase(
                Purchase("pro", customize: paying("12"))), .invoices([1200]),
            .change(Change("pro", customize: paying("30"))), .invoices([1200, 1800]),
            .advance(to: renewal), .invoices([1200, 1800, 3000])),
        row(
            "14.4: it is one phase of a schedule",
            .schedule([.now("pro"), .at(renewal, "team"), .at(.utc(2026, 6, 1), "pro")]),
            .plan("pro", .scheduled), .advance(to: renewal), .plan("team", .canceling),
            .advance(to: .utc(2026, 6, 1)), .plan("pro", .active),
            .invoices([2000, 5000, 2000])),
        row(
            "8.1: usage beyond it is billed", .purchase("metered"), .track("faxes", 8),
            .advance(to: renewal), .invoices([500, 1100]), .left("credits", 10)),
    ]

    private static let ends = [
        row(
            "3: nobody falls back on one", .purchase("pro"),
            .change(Change("pro", cancel: .atEnd)), .plan("free", nil), .advance(to: renewal),
            .plan("pro", .ended), .plan("free", nil), .left("messages", nil)),
        row(
            "3: nor at once", .purchase("pro"), .change(Change("pro", cancel: .now)),
            .plan("pro", .ended), .plan("free", nil)),
        row(
            "14.4: whoever has a default keeps it beside what a schedule begins",
            .attach("free"), .schedule([.now("extra"), .at(renewal, "gift")]),
            .plan("free", .active), .left("messages", 10), .left("faxes", 7),
            .advance(to: renewal), .plan("free", .active), .plan("extra", .ended),
            .plan("gift", .active)),
        row(
            "14.4: a schedule's end brings none", .schedule([.now("pro"), .at(renewal, "extra")]),
            .plan("free", nil), .advance(to: renewal), .plan("pro", .ended),
            .plan("free", nil)),
    ]

    private static let uses = [
        row(
            "1.1: an archived feature is used, held and corrected as before", .purchase("extra"),
            .track("faxes", 2), .left("faxes", 5), .check("faxes", 5, .included),
            .deduct("faxes", 1, .included), .left("faxes", 4), .open(Grant("credits", 6)),
            .left("credits", 6)),
        row(
            "1.1: so are entities of one", .purchase("pro"), .entity("seats", "a"),
            .entity("seats", "b"), .left("seats", 0), .deleteEntity("a"), .left("seats", 1)),
        row(
            "1.1: and a custom plan may have one",
            .purchase(Purchase("team", customize: adding(.sample("faxes", 3)))),
            .left("faxes", 3)),
    ]

    private static func adding(_ item: PlanItem) -> PlanPatch {
        var patch = PlanPatch()
        patch.addedItems = [item]
        return patch
    }

    private static let defaults = [
        row(
            "3: everybody starts with the other one", .plan("free", nil), .plan("hello", .active),
            .left("messages", 5), .plan("gift", nil)),
        row(
            "3: and falls back on it", .purchase("pro"), .change(Change("pro", cancel: .atEnd)),
            .plan("hello", .scheduled), .advance(to: renewal), .plan("pro", .ended),
            .plan("hello", .active), .plan("free", nil), .left("messages", 5)),
        row(
            "3: the archived one takes its place by its id", .attach("free"),
            .plan("hello", .ended), .plan("free", .active), .left("messages", 10)),
    ]
}
