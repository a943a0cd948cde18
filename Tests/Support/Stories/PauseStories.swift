import Billing

/// Trials that revert: what is paid for pauses, and goes on afterwards (billing §9).
package enum PauseStories {
    package static let table = StoryTable(
        "billing §9: trials that revert", pricing, trials, renewals, ends, purchases, phases,
        seats, entities)

    /// Nobody has the same trial twice, however it ended (billing §0.2, §9).
    package static let defaults = StoryTable(
        "billing §9: a default that was tried", tried, unpaid)

    private static var premium: FreeTrial {
        var trial = FreeTrial(length: 14, unit: .day)
        trial.onEnd = .revert
        return trial
    }

    private static let pricing = PricingState.sample(
        [
            .sample("words", .metered), .sample("messages", .metered),
            .sample("seats", .allocated), .sample("sso", .boolean),
        ],
        [
            .sample("free", autoEnable: true, .sample("words", 50, each: .month)),
            .sample(
                "pro", price: "20", .sample("words", 100, each: .month), .sample("seats", 5)),
            .sample(
                "metered", price: "10", .sample("words", 10, each: .month, price: "1")),
            .sample(
                "premium", price: "50", .sample("words", 500, each: .month),
                .sample("sso"), .sample("seats", 10)
            ).tried(premium),
            .sample("growth", price: "100", .sample("words", 1000, each: .month)),
            .sample("extra", price: "10", addOn: true, .sample("words", 7, each: .month)),
            .sample("packs", price: "20", .packs("messages", Price("10", packSize: 100))),
        ])

    private static let start = Timestamp.utc(2026, 4, 1)
    /// The trial's, if it began with the story.
    private static let end = Timestamp.utc(2026, 4, 15)
    private static let late = Timestamp.utc(2026, 4, 25)
    private static let renewal = Timestamp.utc(2026, 5, 1)
    private static let lateEnd = Timestamp.utc(2026, 5, 9)

    private static func row(_ rule: String, _ steps: Step...) -> Story {
        var story = Story(rule, after: steps)
        story.start = start
        return story
    }

    private static func trial(of days: UInt16) -> PlanPatch {
        var trial = FreeTrial(length: days, unit: .day)
        trial.onEnd = .revert
        var patch = PlanPatch()
        patch.trial = .set(trial)
        return patch
    }

    private static var untried: PlanPatch {
        var patch = PlanPatch()
        patch.trial = .removed
        return patch
    }

    private static func paying(_ price: UnitPrice) -> PlanPatch {
        var patch = PlanPatch()
        patch.price = .set(BasePrice(amount: price, cycle: Cycle(.month)))
        return patch
    }

    private static let trials = [
        row(
            "9: nothing is charged, and what is paid for pauses", .purchase("pro"),
            .track("words", 30), .purchase("premium"), .invoices([2000]), .plan("pro", .paused),
            .plan("premium", .active), .left("words", 500), .granted("words", 500),
            .check("sso", 1, .flag)),
        row(
            "9: at its end the plan ends, and what is paid for goes on", .purchase("pro"),
            .track("words", 30), .purchase("premium"), .track("words", 400),
            .advance(to: .utc(2026, 4, 14)), .plan("pro", .paused), .left("words", 100),
            .advance(to: end), .plan("pro", .active), .plan("premium", .ended),
            .left("words", 70), .check("sso", 1, .notIncluded), .invoices([2000]),
            .advance(to: renewal), .invoices([2000, 2000]), .left("words", 100)),
        row(
            "5.2: what renews next is what is paid for", .purchase("pro"),
            .foreseen(.purchase("premium"), now: nil, next: 2000)),
        row(
            "5.4: there is nothing to revert to",
            .refused("invalid: plan_id", .purchase("premium")),
            .plan("free", .active)),
        row(
            "5.4: nor is what is being tried", .purchase(Purchase("growth", customize: plain(7))),
            .refused("invalid: plan_id", .purchase("premium"))),
        row(
            "5.4: nor for a trial of one's own",
            .refused(
                "invalid: customize.free_trial.on_end",
                .purchase(Purchase("growth", customize: trial(of: 7))))),
        row(
            "5.1: a trial of one's own", .purchase("pro"),
            .purchase(Purchase("growth", customize: trial(of: 7))), .invoices([2000]),
            .left("words", 1000), .advance(to: .utc(2026, 4, 8)), .plan("pro", .active),
            .plan("growth", .ended), .invoices([2000])),
        row(
            "5.1: without its trial it is bought", .purchase("pro"),
            .purchase(Purchase("premium", customize: untried)), .invoices([2000, 3000]),
            .plan("pro", .ended)),
        row(
            "5.4: nothing of a purchase for good goes with it", .purchase("pro"),
            .refused(
                "invalid: plan_schedule", .purchase(Purchase("premium", schedule: .endOfCycle))),
            .refused(
                "invalid: reset_billing_cycle", .purchase(Purchase("premium", startsCycle: true))),
            .refused("invalid: end_time", .purchase(Purchase("premium", ends: renewal))),
            .refused("invalid: start_time", .purchase(Purchase("premium", starts: renewal))),
            .refused("invalid: carry_over_usages", .purchase(Purchase("premium", usages: []))),
            .refused("invalid: carry_over_balances", .purchase(Purchase("premium", balances: []))),
            .plan("pro", .active)),
    ]

    private static func plain(_ days: UInt16) -> PlanPatch {
        var patch = PlanPatch()
        patch.trial = .set(FreeTrial(length: days, unit: .day))
        return patch
    }

    private static let renewals = [
        row(
            "9: billing goes on, and balances reset at their times", .purchase("pro"),
            .track("words", 30), .advance(to: late), .purchase("premium"), .track("words", 10),
            .advance(to: renewal), .invoices([2000, 2000]), .plan("pro", .paused),
            .left("words", 490), .advance(to: lateEnd), .plan("pro", .active),
            .left("words", 100), .reset("words", at: .utc(2026, 6, 1)), .invoices([2000, 2000])),
        row(
            "9: looked at once, much later", .purchase("pro"), .track("words", 30),
            .advance(to: late), .purchase("premium"), .advance(to: .utc(2026, 6, 2)),
            .invoices([2000, 2000, 2000]), .plan("pro", .active), .left("words", 100)),
        row(
            "9: it ends at the moment at which the other one renews", .purchase("pro"),
            .advance(to: .utc(2026, 4, 17)), .purchase("premium"), .advance(to: renewal),
            .invoices([2000, 2000]), .plan("pro", .active), .plan("premium", .ended),
            .left("words", 100)),
        row(
            "8.1: what was used beyond the plan is billed when it renews", .purchase("metered"),
            .track("words", 15), .advance(to: late), .purchase("premium"), .track("words", 499),
            .advance(to: renewal), .invoices([1000, 1500]), .advance(to: lateEnd),
            .left("words", 10)),
        row(
            "9: what is used beyond the plan while it is tried is not", .purchase("pro"),
            .purchase(
                Purchase("metered", customize: trial(of: 7))), .track("words", 15),
            .advance(to: renewal), .invoices([2000, 2000])),
        row(
            "10.1: what is paid for can change meanwhile", .purchase("pro"), .purchase("premium"),
            .change(Change("pro", customize: paying("30"))), .invoices([2000, 1000]),
            .left("words", 500), .plan("pro", .paused), .advance(to: end), .left("words", 100),
            .plan("pro", .active), .advance(to: renewal), .invoices([2000, 1000, 3000])),
        row(
            "10.1: but it can't be what reverts", .purchase("pro"),
            .refused(
                "invalid: customize.free_trial.on_end",
                .change(Change("pro", customize: trial(of: 7)))), .plan("pro", .active)),
        row(
            "10.2: so can its packs", .purchase(Purchase("packs", ["messages": 100])),
            .purchase("premium"), .change(Change("packs", ["messages": 300])),
            .invoices([3000, 2000]), .left("messages", nil), .advance(to: end),
            .left("messages", 300)),
    ]

    private static let ends = [
        row(
            "9: cancelled before its end, it reverts at once", .purchase("pro"),
            .track("words", 30), .purchase("premium"), .change(Change("premium", cancel: .now)),
            .plan("pro", .active), .plan("premium", .ended), .left("words", 70),
            .invoices([2000]), .advance(to: renewal), .invoices([2000, 2000])),
        row(
            "10: it is what is in use, and so what is meant", .purchase("pro"),
            .purchase("premium"), .change(Change(cancel: .now)), .plan("pro", .active)),
        row(
            "10.3: its end comes by itself", .purchase("pro"), .purchase("premium"),
            .refused("invalid: cancel_action", .change(Change("premium", cancel: .atEnd)))),
        row(
            "10.1: it is tried as it is", .purchase("pro"), .purchase("premium"),
            .refused("invalid: customize", .change(Change("premium", customize: untried)))),
        row(
            "0.2: once it was tried it is paid for", .purchase("pro"), .purchase("premium"),
            .change(Change("premium", cancel: .now)), .purchase("premium"),
            .invoices([2000, 3000]), .plan("pro", .ended), .plan("premium", .active),
            .advance(to: renewal), .invoices([2000, 3000, 5000])),
        row(
            "10.3: cancelled, what is paid for ends the trial with it", .purchase("pro"),
            .purchase("premium"), .change(Change("pro", cancel: .now)),
            .invoices([2000, -2000]), .plan("pro", .ended), .plan("premium", .ended),
            .plan("free", .active), .left("words", 50)),
        row(
            "10.3: so it does at its period's end", .purchase("pro"), .advance(to: late),
            .purchase("premium"), .change(Change("pro", cancel: .atEnd)), .plan("pro", .paused),
            .left("words", 500), .advance(to: renewal), .plan("pro", .ended),
            .plan("premium", .ended), .plan("free", .active), .invoices([2000])),
        row(
            "10.3: after the trial it is in use until then", .purchase("pro"),
            .purchase("premium"), .change(Change("pro", cancel: .atEnd)), .advance(to: end),
            .plan("pro", .canceling), .plan("free", .scheduled), .left("words", 100),
            .advance(to: renewal), .plan("pro", .ended), .plan("free", .active)),
        row(
            "10.3: and goes on after all", .purchase("pro"), .purchase("premium"),
            .change(Change("pro", cancel: .atEnd)), .change(Change("pro", cancel: .undo)),
            .plan("pro", .paused), .advance(to: renewal), .plan("pro", .active),
            .invoices([2000, 2000])),
        row(
            "9: of what is cancelled already", .purchase("pro"),
            .change(Change("pro", cancel: .atEnd)), .purchase("premium"), .plan("pro", .paused),
            .plan("free", .scheduled), .advance(to: end), .plan("pro", .canceling),
            .advance(to: renewal), .plan("free", .active), .invoices([2000])),
    ]

    private static let purchases = [
        row(
            "8.1: bought while it is tried, it replaces what is paid for", .purchase("pro"),
            .purchase("premium"), .foreseen(.purchase("premium"), now: 3000, next: 5000),
            .purchase("premium"), .invoices([2000, 3000]), .plan("pro", .ended),
            .plan("premium", .active), .left("words", 500), .advance(to: end),
            .plan("premium", .active), .advance(to: renewal), .invoices([2000, 3000, 5000])),
        row(
            "8.1: so does a dearer one", .purchase("pro"), .purchase("premium"),
            .advance(to: .utc(2026, 4, 11)), .purchase("growth"),
            .invoices([2000, 6667 - 1333]), .plan("pro", .ended), .plan("premium", .ended),
            .left("words", 1000)),
        row(
            "6: a cheaper one waits for what is paid for", .purchase("pro"),
            .purchase("premium"), .purchase("metered"), .plan("metered", .scheduled),
            .plan("pro", .paused), .left("words", 500), .advance(to: end),
            .plan("pro", .canceling), .advance(to: renewal), .plan("metered", .active),
            .invoices([2000, 1000])),
        row(
            "6: the same plan is there already", .purchase("pro"), .purchase("premium"),
            .refused("plan already attached", .purchase("pro"))),
        row(
            "9: an add-on joins what is paid for", .purchase("pro"), .purchase("premium"),
            .advance(to: .utc(2026, 4, 11)), .purchase("extra"), .invoices([2000, 667]),
            .left("words", 507), .advance(to: end), .left("words", 107),
            .advance(to: renewal), .invoices([2000, 667, 3000])),
        row(
            "9: one trial takes another one's place", .purchase("pro"), .track("words", 30),
            .purchase("premium"), .purchase(Purchase("growth", customize: trial(of: 30))),
            .plan("premium", .ended), .plan("pro", .paused), .left("words", 1000),
            .advance(to: end), .plan("pro", .paused), .advance(to: renewal),
            .plan("growth", .ended), .plan("pro", .active), .left("words", 100),
            .invoices([2000, 2000])),
        row(
            "14.3: together with others", .purchase("pro"), .several(["premium", "extra"]),
            .invoices([2000, 1000]), .plan("pro", .paused), .left("words", 507),
            .advance(to: end), .plan("pro", .active), .left("words", 107)),
        row(
            "5.1: ended by another one", .purchase("pro"), .purchase("premium"),
            .purchase(Purchase("extra", removing: ["premium"])), .invoices([2000, 1000]),
            .plan("premium", .ended), .plan("pro", .active), .left("words", 107)),
    ]

    /// Each phase has all there is: what is paused counts as what there is, too.
    private static let phases = [
        row(
            "14.4: the next phase begins as the trial ends", .purchase("pro"),
            .schedule([.now("premium", "extra"), .at(end, "extra")]), .invoices([2000, 1000]),
            .plan("pro", .paused), .plan("free", .scheduled), .advance(to: end),
            .plan("premium", .ended), .plan("pro", .ended), .plan("free", .active),
            .left("words", 57), .invoices([2000, 1000, -1067]), .advance(to: renewal),
            .credit(67)),
        row(
            "14.4: just one plan follows by itself", .purchase("pro"),
            .schedule([.now("premium", "extra"), .at(end, "extra")]),
            .change(Change("free", customize: paying("30"))), .advance(to: end),
            .invoices([2000, 1000, 1600 - 1067]), .plan("free", .active), .left("words", 57),
            .advance(to: renewal), .invoices([2000, 1000, 533, 4000])),
        row(
            "14.4: it begins before", .purchase("pro"),
            .schedule([.now("premium", "extra"), .at(.utc(2026, 4, 8), "extra")]),
            .advance(to: .utc(2026, 4, 8)), .plan("premium", .ended), .plan("pro", .ended),
            .plan("free", .active), .left("words", 57), .invoices([2000, 1000, -1533])),
        row(
            "14.4: it begins afterwards", .purchase("pro"),
            .schedule([.now("premium", "extra"), .at(late, "extra")]), .advance(to: end),
            .plan("pro", .canceling), .left("words", 107), .advance(to: late),
            .plan("pro", .ended), .plan("free", .active), .invoices([2000, 1000, -400])),
        row(
            "14.4: the trial is in both", .purchase("pro"),
            .schedule([.now("premium"), .at(.utc(2026, 4, 8), "premium", "extra")]),
            .advance(to: .utc(2026, 4, 8)), .plan("premium", .active), .plan("pro", .paused),
            .left("words", 507), .advance(to: end), .plan("premium", .ended),
            .plan("pro", .active), .left("words", 107)),
        row(
            "14.4: what it reverts to is in both", .purchase("pro"),
            .schedule([.now("premium"), .at(.utc(2026, 4, 8), "pro", "extra")]),
            .advance(to: .utc(2026, 4, 8)), .plan("premium", .ended), .plan("pro", .active),
            .left("words", 107), .plan("free", .ended)),
        row(
            "14.4: another main plan takes the place of both", .purchase("pro"),
            .schedule([.now("premium"), .at(.utc(2026, 4, 11), "growth")]),
            .advance(to: .utc(2026, 4, 11)), .invoices([2000, 6667 - 1333]),
            .plan("pro", .ended), .plan("premium", .ended), .plan("growth", .active)),
        row(
            "14.4: so it does as the trial ends", .purchase("pro"),
            .schedule([.now("premium"), .at(end, "growth")]), .advance(to: end),
            .invoices([2000, 5333 - 1067]), .plan("pro", .ended), .plan("growth", .active)),
    ]

    private static let seats = [
        row(
            "7: seats stay held, and are counted in what is in use", .purchase("pro"),
            .track("seats", 1), .purchase("premium"), .used("seats", 1), .left("seats", 9),
            .track("seats", 3), .used("seats", 4), .advance(to: end), .used("seats", 4),
            .left("seats", 1)),
        row(
            "7: where the trial has none, the paused plan goes on counting", .purchase("pro"),
            .entity("seats", "a"), .purchase(Purchase("growth", customize: trial(of: 7))),
            .left("seats", nil), .entity("seats", "b"), .advance(to: end), .used("seats", 2),
            .purchase("premium"), .deleteEntity("a"), .used("seats", 1), .advance(to: renewal),
            .used("seats", 1), .left("seats", 4)),
        row(
            "7: they go over to what is bought", .purchase("pro"), .track("seats", 1),
            .purchase("premium"), .track("seats", 1), .purchase("premium"), .used("seats", 2)),
    ]

    private static let entities = [
        row(
            "6: an entity's own", .entity("seats", "a"), .purchase(Purchase("pro", of: "a")),
            .track("words", 30, of: "a"), .purchase(Purchase("premium", of: "a")),
            .left("words", 550, of: "a"), .plan("pro", .paused), .advance(to: end),
            .left("words", 120, of: "a"), .invoices([2000])),
        row(
            "14.1: it goes with the entity", .entity("seats", "a"),
            .purchase(Purchase("pro", of: "a")), .purchase(Purchase("premium", of: "a")),
            .deleteEntity("a"), .plan("pro", .ended), .plan("premium", .ended),
            .advance(to: renewal), .invoices([2000])),
        row(
            "6: the customer's doesn't revert to an entity's", .entity("seats", "a"),
            .purchase(Purchase("pro", of: "a")), .refused("invalid: plan_id", .purchase("premium"))),
    ]

    private static let tried = PricingState.sample(
        [.sample("words", .metered)],
        [
            .sample(
                "starter", price: "10", autoEnable: true, .sample("words", 50, each: .month)
            ).tried(FreeTrial(length: 7, unit: .day, needsCard: false)),
            .sample("pro", price: "20", .sample("words", 100, each: .month)),
        ])

    private static let unpaid = [
        row(
            "9: unpaid, it isn't given again", .plan("starter", .active), .left("words", 50),
            .advance(to: .utc(2026, 4, 8)), .plan("starter", .ended), .left("words", nil),
            .advance(to: renewal), .plan("starter", .ended), .invoices([])),
        row(
            "10.3: nor after another plan", .purchase("pro"), .change(Change(cancel: .now)),
            .invoices([2000, -2000]), .plan("starter", .ended), .left("words", nil)),
    ]
}

extension Plan {
    fileprivate func tried(_ trial: FreeTrial) -> Plan {
        var plan = self
        plan.trial = trial
        return plan
    }
}
