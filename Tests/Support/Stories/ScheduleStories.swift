internal import Billing

/// Plans in phases (billing §14.4).
package enum ScheduleStories {
    package static let table = StoryTable(
        "billing §14.4: schedules", SeveralStories.pricing, phases, starts, terms, ends, changes,
        owners, refused)

    private static func row(_ rule: String, _ steps: Step...) -> Story {
        var story = Story(rule, after: steps)
        story.start = PurchaseStories.start
        return story
    }

    /// The middle of April's thirty days.
    private static let middle = PurchaseStories.middle
    private static let renewal = PurchaseStories.renewal
    private static let june = Timestamp.utc(2026, 6, 1)
    private static let july = Timestamp.utc(2026, 7, 1)

    private static let cheap: PlanPatch = {
        var patch = PlanPatch()
        patch.price = .set(BasePrice(amount: "7", cycle: Cycle(.month)))
        return patch
    }()

    private static let phases = [
        row(
            "14.4: another plan from the middle of a period",
            .schedule([
                .now("small"), .at(middle, "premium"),
            ]), .invoices([1000]), .left("words", 30), .plan("small", .canceling),
            .plan("premium", .scheduled), .plan("free", .ended), .advance(to: middle),
            .invoices([1000, 2000]), .plan("small", .ended), .plan("premium", .active),
            .left("words", 500), .advance(to: renewal), .invoices([1000, 2000, 5000])),
        row(
            "14.4: a cheaper one gives credit", .schedule([.now("premium"), .at(middle, "small")]),
            .advance(to: middle), .invoices([5000, -2000]), .credit(2000), .left("words", 30),
            .advance(to: renewal), .invoices([5000, -2000, 1000]), .credit(1000)),
        row(
            "14.4: what is in both goes on as it is",
            .schedule([
                .now("pro"), .at(middle, "pro", "extra"),
            ]), .track("words", 40), .left("words", 60), .advance(to: middle),
            .invoices([2000, 1000]), .left("words", 70), .plan("pro", .active),
            .advance(to: renewal), .invoices([2000, 1000, 4000])),
        row(
            "14.4: an add-on goes", .schedule([.now("pro", "extra"), .at(middle, "pro")]),
            .invoices([4000]), .plan("extra", .canceling), .advance(to: middle),
            .invoices([4000, -1000]), .plan("extra", .ended), .credit(1000), .left("words", 100),
            .advance(to: renewal), .invoices([4000, -1000, 2000]), .credit(0)),
        row(
            "14.4: at the end of a period nothing is prorated",
            .schedule([.now("small"), .at(renewal, "premium")]), .advance(to: renewal),
            .invoices([1000, 5000]), .plan("small", .ended), .advance(to: june),
            .invoices([1000, 5000, 5000])),
        row(
            "14.4: three phases, seen when they are all over",
            .schedule([
                .now("small"), .after(1, .month, "pro"), .after(1, .month, "premium", "extra"),
            ]), .advance(to: july), .invoices([1000, 2000, 7000, 7000]),
            .plan("premium", .active), .plan("pro", .ended)),
        row(
            "14.4: what is left out comes back later",
            .schedule([.now("pro"), .at(middle, "addon"), .at(.utc(2026, 5, 16), "pro", "addon")]),
            .advance(to: middle), .invoices([2000, 500]), .plan("pro", .scheduled),
            .plan("free", .active), .left("words", 60), .advance(to: .utc(2026, 5, 16)),
            .invoices([2000, 500, 3000, 1032]), .plan("pro", .active), .plan("free", .ended)),
        row(
            "14.4: what comes back pays just what was used, and the invoice says so",
            .schedule([.now("pro", "metered"), .at(middle, "pro")]), .track("messages", 200),
            .advance(to: middle), .invoices([4000, 0]), .credit(0), .plan("metered", .ended)),
        row(
            "14.4: from monthly to annual", .schedule([.now("pro"), .at(middle, "annual")]),
            .advance(to: middle), .invoices([2000, 18178]), .advance(to: .utc(2027, 4, 1)),
            .invoices([2000, 18178, 20000])),
        row(
            "14.4: from annual to monthly",
            .schedule([.now("annual"), .at(.utc(2026, 10, 1), "pro")]),
            .advance(to: .utc(2026, 10, 1)), .invoices([20000, -7973]), .credit(7973)),
        row(
            "14.4: a monthly add-on beside an annual plan",
            .schedule([.now("annual"), .at(middle, "annual", "extra")]), .advance(to: middle),
            .invoices([20000, 1000]), .advance(to: renewal), .invoices([20000, 1000, 2000])),
        row(
            "14.4: an annual plan goes, a monthly add-on stays",
            .schedule([.now("annual", "extra"), .at(.utc(2026, 10, 1), "extra")]),
            .advance(to: .utc(2026, 9, 30)), .invoices([22000, 2000, 2000, 2000, 2000, 2000]),
            .advance(to: .utc(2026, 10, 1)),
            // 200.00 of 182 in 365 days back, 20.00 for October.
            .invoices([22000, 2000, 2000, 2000, 2000, 2000, -7973]), .plan("free", .active)),
    ]

    private static let starts = [
        row(
            "14.4: the first one later", .buy("small"), .schedule([.at(middle, "premium")]),
            .invoices([1000]), .plan("small", .canceling), .plan("premium", .scheduled),
            .advance(to: middle), .invoices([1000, 2000]), .plan("premium", .active)),
        row(
            "14.4: the first one later, and nothing before", .buy("once"),
            .schedule([.at(middle, "pro"), .after(1, .month, "premium")]), .invoices([1000]),
            .plan("free", .active), .advance(to: middle), .invoices([1000, 2000]),
            .plan("free", .ended), .advance(to: .utc(2026, 5, 16)),
            .invoices([1000, 2000, 5000]), .left("tokens", 100)),
        row(
            "14.4: what there is already isn't bought", .buy("pro"),
            .schedule([.now("pro"), .at(middle, "premium")]), .invoices([2000]),
            .advance(to: middle), .invoices([2000, 1500])),
        row(
            "14.4: what there is besides ends", .several(["pro", "extra"]), .advance(to: middle),
            .schedule([.now("premium"), .at(renewal, "premium", "addon")]),
            // 50.00 - 20.00 and 20.00, each for half of the period.
            .invoices([4000, 500]), .plan("extra", .ended), .advance(to: renewal),
            .invoices([4000, 500, 8000])),
        row(
            "14.4: one that was cancelled goes on", .buy("pro"), .change(Change(cancel: .atEnd)),
            .schedule([.now("pro"), .at(middle, "pro", "extra")]), .plan("pro", .active),
            .plan("free", .ended), .advance(to: renewal), .invoices([2000, 1000, 4000])),
        row(
            "14.4: a cheaper one now", .buy("premium"), .advance(to: middle),
            .schedule([.now("small"), .at(renewal, "pro")]), .invoices([5000, -2000]),
            .advance(to: renewal), .invoices([5000, -2000, 2000]), .credit(0)),
        row(
            "14.4: what is bought once comes now, and stays",
            .schedule([.now("once", "pro"), .at(middle, "premium")]), .invoices([3000]),
            .advance(to: middle), .invoices([3000, 1500]), .left("tokens", 100)),
    ]

    private static let terms = [
        row(
            "14.4: other quantities are another plan",
            .schedule([
                .now(Purchase("packs", ["messages": 200])),
                .at(middle, Purchase("packs", ["messages": 300])),
            ]), .invoices([2000]), .left("messages", 200), .advance(to: middle),
            .invoices([2000, 500]), .left("messages", 300), .advance(to: renewal),
            .invoices([2000, 500, 3000])),
        row(
            "14.4: without quantities as many as there are",
            .schedule([
                .now(Purchase("packs", ["messages": 200])), .at(middle, "packs", "extra"),
            ]), .track("messages", 50), .advance(to: middle), .invoices([2000, 1000]),
            .left("messages", 150)),
        row(
            "14.4: terms of the customer's own",
            .schedule([.now("pro"), .at(middle, Purchase("premium", customize: cheap))]),
            .advance(to: middle), .invoices([2000, -650]), .advance(to: renewal),
            .invoices([2000, -650, 700])),
        row(
            "14.4: the same plan on other terms",
            .schedule([.now("pro"), .at(middle, Purchase("pro", customize: cheap))]),
            .advance(to: middle), .invoices([2000, -650]), .advance(to: renewal),
            .invoices([2000, -650, 700])),
        row(
            "14.4: what was used beyond the grant is charged",
            .schedule([.now("pro", "metered"), .at(middle, "pro")]), .track("messages", 150),
            .advance(to: middle), .invoices([4000, -500])),
        row(
            "14.4: a discount goes on with the next plan",
            .schedule([.now("small"), .at(middle, "premium")], with: ["half"]), .invoices([500]),
            .advance(to: middle), .invoices([500, 1000]), .advance(to: renewal),
            .invoices([500, 1000, 2500])),
        row(
            "14.4, 9: a trial that is over before",
            .schedule([
                .now("trial"), .at(middle, "premium"),
            ]), .invoices([]), .advance(to: .utc(2026, 4, 15)), .invoices([2000]),
            // A day of thirty is used: 20.00 - 0.67 back, 50.00 - 1.67 charged.
            .advance(to: middle), .invoices([2000, 2900])),
        row(
            "14.4, 9: a trial that runs",
            .schedule([
                .now("trial"), .at(.utc(2026, 4, 8), "premium"),
            ]), .advance(to: .utc(2026, 4, 8)), .invoices([5000]),
            .advance(to: .utc(2026, 5, 8)), .invoices([5000, 5000])),
    ]

    private static let ends = [
        row(
            "6: an upgrade takes the planned one's place",
            .schedule([.now("small"), .at(middle, "premium")]), .purchase("pro"),
            .invoices([1000, 1000]), .plan("premium", .ended), .plan("pro", .active),
            .advance(to: renewal), .invoices([1000, 1000, 2000])),
        row(
            "6: a downgrade takes the planned one's place",
            .schedule([.now("pro"), .at(middle, "premium")]), .purchase("small"),
            .plan("premium", .ended), .plan("pro", .canceling), .plan("small", .scheduled),
            .advance(to: renewal), .invoices([2000, 1000])),
        row(
            "6: a plan of another group is nothing to it",
            .schedule([.now("small"), .at(middle, "premium")]), .purchase("other"),
            .advance(to: middle), .invoices([1000, 2000, 2000]), .plan("other", .active)),
        row(
            "6: an add-on bought meanwhile is no part of it",
            .schedule([.now("small"), .at(middle, "premium")]), .purchase("extra"),
            .advance(to: middle), .invoices([1000, 2000, 2000]), .plan("extra", .active)),
        row(
            "6: an upgrade leaves the planned add-on",
            .schedule([.now("small"), .at(middle, "premium", "extra")]), .purchase("pro"),
            .plan("premium", .ended), .plan("extra", .scheduled), .advance(to: middle),
            .invoices([1000, 1000, 1000]), .plan("pro", .active), .plan("extra", .active)),
        row(
            "14.4: another schedule takes its place",
            .schedule([.now("small"), .at(middle, "premium")]),
            .schedule([.now("small"), .at(middle, "pro")]), .plan("premium", .ended),
            .advance(to: middle), .invoices([1000, 500]), .plan("pro", .active)),
        row(
            "14.4: one of a single phase ends what is planned",
            .schedule([.now("small"), .at(middle, "premium")]), .schedule([.now("small")]),
            .plan("premium", .ended), .plan("small", .active), .advance(to: renewal),
            .invoices([1000, 1000])),
        row(
            "14.4: it is given up",
            .schedule([
                .now("small", "extra"), .at(middle, "addon"), .after(1, .month, "premium"),
            ]), .plan("free", .scheduled), .unschedule(), .plan("small", .active),
            .plan("extra", .active), .plan("addon", .ended), .plan("premium", .ended),
            .plan("free", .ended), .advance(to: renewal), .invoices([3000, 3000])),
        row("14.4: there is none", .refused("schedule not found", .unschedule())),
        row(
            "14.4: there is none any more", .schedule([.now("small"), .at(middle, "premium")]),
            .advance(to: middle), .invoices([1000, 2000]),
            .refused("schedule not found", .unschedule())),
    ]

    private static let changes = [
        row(
            "10.3: the planned one is cancelled",
            .schedule([.now("small"), .at(middle, "premium")]),
            .change(Change("premium", cancel: .now)), .plan("premium", .ended),
            .plan("small", .active), .advance(to: renewal), .invoices([1000, 1000])),
        row(
            "10.3: one between two others is cancelled",
            .schedule([.now("small"), .at(middle, "pro"), .at(renewal, "premium")]),
            .change(Change("pro", cancel: .now)), .plan("small", .active),
            .plan("premium", .scheduled), .advance(to: renewal), .invoices([1000, 5000])),
        row(
            "10.3: a planned add-on is cancelled",
            .schedule([.now("small"), .at(middle, "premium", "extra")]),
            .change(Change("extra", cancel: .now)), .plan("small", .canceling),
            .advance(to: middle), .invoices([1000, 2000])),
        row(
            "10.3: the present one goes on after all",
            .schedule([.now("small"), .at(middle, "premium")]),
            .change(Change("small", cancel: .undo)), .plan("premium", .ended),
            .plan("small", .active), .advance(to: renewal), .invoices([1000, 1000])),
        row(
            "10.3: the present one ends before the next phase",
            .schedule([.now("small"), .at(.utc(2026, 6, 16), "premium")]),
            .change(Change("small", cancel: .atEnd)), .plan("premium", .ended),
            .advance(to: july), .invoices([1000]), .plan("free", .active)),
        row(
            "10.3: the present one ends now", .schedule([.now("small"), .at(middle, "premium")]),
            .change(Change("small", cancel: .now)), .plan("premium", .ended),
            .plan("free", .active), .advance(to: july), .invoices([1000, -1000])),
        row(
            "10.2: other quantities go on through the phase",
            .schedule([
                .now(Purchase("packs", ["messages": 200])), .at(middle, "packs", "extra"),
            ]), .change(Change("packs", ["messages": 300])), .invoices([2000, 1000]),
            .advance(to: middle), .invoices([2000, 1000, 1000]), .left("messages", 300)),
    ]

    private static let owners = [
        row(
            "14.4: an entity's", .entity("seats", "a"), .buy("pro"),
            .schedule(
                [.now("small"), .at(middle, "premium")], of: "a"), .invoices([2000, 1000]),
            .left("words", 130, of: "a"), .advance(to: middle), .invoices([2000, 1000, 2000]),
            .plan("pro", .active), .left("words", 600, of: "a"), .advance(to: renewal),
            .invoices([2000, 1000, 2000, 7000])),
        row(
            "14.4: the customer's and an entity's", .entity("seats", "a"), .entity("seats", "b"),
            .purchase(Purchase("small", of: "b")),
            .schedule([.now("pro", Purchase("premium", of: "a")), .at(middle, "pro")]),
            .invoices([1000, 7000]), .advance(to: middle), .invoices([1000, 7000, -2500]),
            .plan("premium", .ended), .plan("pro", .active), .plan("small", .active)),
        row(
            "14.4: an entity that goes", .entity("seats", "a"),
            .schedule([.now("small"), .at(middle, "premium")], of: "a"), .deleteEntity("a"),
            .plan("premium", .ended), .advance(to: july), .invoices([1000])),
        row(
            "14.4: another one for the entity alone", .entity("seats", "a"),
            .schedule([
                .now("small", Purchase("small", of: "a")),
                .at(middle, "pro", Purchase("premium", of: "a")),
            ]), .invoices([2000]), .schedule([.now("small")], of: "a"),
            .plan("premium", .ended), .plan("pro", .scheduled), .advance(to: middle),
            .invoices([2000, 500]), .advance(to: renewal), .invoices([2000, 500, 3000])),
    ]

    private static let refused = [
        row(
            "14.4: a phase before the one before",
            .refused(
                "invalid: phases[1].start_time",
                .schedule([.at(renewal, "small"), .at(middle, "pro")]))),
        row(
            "14.4: a later one without a start",
            .refused(
                "invalid: phases[1].start_time", .schedule([.now("small"), .now("pro")]))),
        row(
            "14.4: the first one in the past",
            .refused(
                "invalid: phases[0].start_time",
                .schedule([.at(.utc(2026, 3, 1), "small"), .at(middle, "pro")])),
            .invoices([])),
        row(
            "14.4: a length of the first one",
            .refused(
                "invalid: phases[0].starting_after", .schedule([.after(1, .month, "small")]))),
        row(
            "14.4: two main plans of a group",
            .refused(
                "invalid: phases[1].plans[1].plan_id",
                .schedule([.now("small"), .at(middle, "pro", "premium")]))),
        row(
            "14.4: and one of them because of its price",
            .refused(
                "invalid: phases[1].plans[1].plan_id",
                .schedule([
                    .now("small"), .at(middle, "pro", Purchase("once", customize: cheap)),
                ]))),
        row(
            "14.4: and now, beside what there is", .buy("pro"),
            .refused(
                "invalid: phases[0].plans[1].plan_id",
                .schedule([.now("pro", Purchase("once", customize: cheap))]))),
        row(
            "14.4: a main plan twice",
            .refused(
                "invalid: phases[0].plans[1].plan_id", .schedule([.now("pro", "pro")]))),
        row(
            "14.4: what is bought once, later",
            .refused(
                "invalid: phases[1].plans[1].plan_id",
                .schedule([.now("small"), .at(middle, "small", "once")]))),
        row(
            "14.4: other terms of what there is", .buy("pro"),
            .refused(
                "invalid: phases[0].plans[0].plan_id",
                .schedule([.now(Purchase("pro", customize: cheap))])), .plan("pro", .active)),
        row(
            "14.4: a version that there isn't",
            .refused(
                "invalid: phases[1].plans[0].version",
                .schedule([.now("pro"), .at(middle, Purchase("premium", version: 9))]))),
        row(
            "14.4: an entity that there isn't",
            .refused(
                "entity not found",
                .schedule([.now("pro"), .at(middle, Purchase("premium", of: "ghost"))]))),
        row(
            "14.4: a trial of a later phase",
            .refused(
                "invalid: phases[1].plans[0].customize.free_trial",
                .schedule([.now("pro"), .at(middle, Purchase("premium", customize: tried))]))),
        row(
            "14.4: no plans",
            .refused(
                "invalid: phases[1].plans", .schedule([.now("pro"), .at(middle)]))),
        row(
            "14.4: a discount, and nothing begins",
            .refused(
                "invalid: discounts", .schedule([.at(middle, "pro")], with: ["half"]))),
        row(
            "14.4: a cancelled plan ends before the first one", .buy("pro"),
            .change(Change(cancel: .atEnd)),
            .refused(
                "invalid: phases[0].start_time", .schedule([.at(june, "premium")])),
            .plan("pro", .canceling)),
    ]

    private static let tried: PlanPatch = {
        var patch = PlanPatch()
        patch.trial = .set(FreeTrial(length: 7, unit: .day))
        return patch
    }()
}
