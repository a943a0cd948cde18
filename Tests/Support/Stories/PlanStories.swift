import Billing

/// Versions of plans, plans of a customer's own, migrations, starts and ends (billing §3, §5.1,
/// §8.4, §10.1).
package enum PlanStories {
    package static let table = StoryTable(
        "billing §3, §10.1: plans that change", pricing, versions, customized, items, trials,
        attached, dates, migrated)

    /// Version by version: 20, 30, 40; credits at 1 and at 2.
    private static let pricing = PricingState.sample(
        [
            .sample("words", .metered), .sample("messages", .metered),
            .sample("seats", .allocated), .sample("sso", .boolean),
        ],
        [
            .sample("free", autoEnable: true, .sample("words", 50, each: .month)),
            .sample("pro", price: "20", .sample("words", 100, each: .month)),
            .sample(
                "credits", price: "5", .sample("words", 10, each: .month, price: "1")),
            .sample("trial", price: "20", FreeTrial(length: 14, unit: .day)),
            .sample("once", price: "10", each: .oneOff, .sample("words", 100)),
            .sample("seat", price: "10", each: .oneOff, .sample("seats", 1)),
            .sample("packs", price: "20", .packs("messages", Price("10", packSize: 100))),
            .sample("premium", price: "50", .sample("words", 500, each: .month)),
        ]
    ).revised(
        .sample("pro", price: "30", .sample("words", 100, each: .month)),
        .sample(
            "credits", price: "5", .sample("words", 20, each: .month, price: "2"))
    )
    .revised(.sample("pro", price: "40", .sample("words", 100, each: .month)))

    private static let start = Timestamp.utc(2026, 4, 1)
    private static let middle = Timestamp.utc(2026, 4, 16)
    private static let renewal = Timestamp.utc(2026, 5, 1)

    private static func row(_ rule: String, _ steps: Step...) -> Story {
        var story = Story(rule, after: steps)
        story.start = start
        return story
    }

    private static func price(_ amount: UnitPrice, each interval: Interval = .month) -> PlanPatch {
        var patch = PlanPatch()
        patch.price = .set(BasePrice(amount: amount, cycle: Cycle(interval)))
        return patch
    }

    private static var free: PlanPatch {
        var patch = PlanPatch()
        patch.price = .removed
        return patch
    }

    private static func adding(_ items: PlanItem...) -> PlanPatch {
        var patch = PlanPatch()
        patch.addedItems = items
        return patch
    }

    private static func only(_ items: PlanItem...) -> PlanPatch {
        var patch = PlanPatch()
        patch.items = items
        return patch
    }

    private static func trial(_ trial: PlanPatch.Setting<FreeTrial>) -> PlanPatch {
        var patch = PlanPatch()
        patch.trial = trial
        return patch
    }

    private static func first(_ version: UInt32) -> Step {
        .purchase(Purchase("pro", version: version))
    }

    private static func to(_ version: UInt32) -> Step { .change(Change("pro", version: version)) }

    private static let versions = [
        row("10.1: version 1 (20) → 2 (30)", first(1), to(2), .invoices([2000, 1000])),
        row("10.1: version 1 (20) → 3 (40)", first(1), to(3), .invoices([2000, 2000])),
        row(
            "10.1: version 3 (40) → 1 (20)", first(3), to(1), .invoices([4000, -2000]),
            .credit(2000)),
        row(
            "19.7: usage is kept", first(1), .track("words", 30), to(2), .left("words", 70),
            .advance(to: renewal), .invoices([2000, 1000, 3000]), .left("words", 100)),
        row(
            "10.1: at mid cycle, half", first(1), .advance(to: middle), to(2),
            .invoices([2000, 500])),
        row(
            "8.3: without proration the next period costs more", first(1),
            .change(Change("pro", prorates: false, version: 2)), .invoices([2000]),
            .advance(to: renewal), .invoices([2000, 3000])),
        row("5.1: a version that there isn't", .refused("invalid: version", first(4))),
        row("5.4: the same version", first(1), .refused("invalid: version", to(1))),
        row(
            "5.4: nothing together with a cancellation", first(1),
            .refused(
                "invalid: cancel_action", .change(Change("pro", cancel: .now, version: 2)))),
        row(
            "6: another version by attach is refused", first(1),
            .refused("plan already attached", first(2))),
    ]

    private static let customized = [
        row(
            "10.1: price 20 → 30", first(1), .change(Change(customize: price("30"))),
            .invoices([2000, 1000]), .advance(to: renewal), .invoices([2000, 1000, 3000])),
        row(
            "10.1: price 30 → 20", first(2), .change(Change(customize: price("20"))),
            .invoices([3000, -1000])),
        row(
            "10.1: 20 → free", first(1), .change(Change(customize: free)),
            .invoices([2000, -2000]), .credit(2000), .plan("pro", .active),
            .advance(to: renewal), .invoices([2000, -2000])),
        row(
            "10.1: free → 20",
            .change(Change("free", customize: price("20"))), .invoices([2000]),
            .advance(to: renewal), .invoices([2000, 2000])),
        row(
            "10.1: free → 20 begins a period", .advance(to: middle),
            .change(Change("free", customize: price("20"))), .invoices([2000]),
            .advance(to: .utc(2026, 5, 15)), .invoices([2000]),
            .advance(to: .utc(2026, 5, 16)), .invoices([2000, 2000])),
        row(
            "19.7: monthly 20 → annual 200", first(1),
            .change(Change(customize: price("200", each: .year))), .invoices([2000, 18000]),
            .advance(to: .utc(2027, 3, 31)), .invoices([2000, 18000]),
            .advance(to: .utc(2027, 4, 1)), .invoices([2000, 18000, 20000])),
        row(
            "19.7: while canceling the difference is billed, and it still ends", first(1),
            .change(Change(cancel: .atEnd)), .change(Change(customize: price("30"))),
            .invoices([2000, 1000]), .plan("pro", .canceling), .advance(to: renewal),
            .invoices([2000, 1000]), .plan("pro", .ended), .plan("free", .active)),
        row(
            "10.1: what is bought once stays so", .buy("once"),
            .refused("invalid: customize", .change(Change("once", customize: price("20"))))),
        row(
            "5.4: the same items as now", first(1),
            .refused("invalid: customize", .change(Change(customize: price("20"))))),
        row(
            "5.4: an unknown feature", first(1),
            .refused(
                "invalid: customize.items[1].feature_id",
                .change(Change(customize: adding(.sample("nothing", 1, each: .month)))))),
        row(
            "5.1: all items, or some of them", first(1),
            .refused("invalid: customize.items", .change(Change(customize: mixed)))),
        row(
            "5.1: an item that isn't there", first(1),
            .refused("invalid: customize.remove_items[0]", .change(Change(customize: without)))),
        row(
            "3: back to what is published", first(1), .change(Change(customize: price("30"))),
            to(1), .invoices([2000, 1000, -1000]), .advance(to: renewal),
            .invoices([2000, 1000, -1000, 2000])),
    ]

    private static var mixed: PlanPatch {
        var patch = only(.sample("words", 5, each: .month))
        patch.addedItems = [.sample("sso")]
        return patch
    }

    private static var without: PlanPatch {
        var patch = PlanPatch()
        patch.removedItems = [PlanPatch.ItemFilter(featureID: "messages", reset: nil)]
        return patch
    }

    private static let rolling = PlanItem.sample("words", 100, each: .month)
        .rolling(Rollover(cap: .none, months: 0))
    private static let hundreds = Price("10", packSize: 100)

    private static let items = [
        row(
            "19.7: included 100 → 200 with 30 used", first(1), .track("words", 30),
            .change(Change(customize: only(.sample("words", 200, each: .month)))),
            .invoices([2000]), .left("words", 170), .used("words", 30),
            .reset("words", at: renewal), .advance(to: renewal), .left("words", 200)),
        row(
            "19.7: a consumable is added", first(1),
            .change(
                Change(customize: adding(.sample("messages", 10, each: .month, price: "1")))),
            .invoices([2000]), .left("messages", 10)),
        row(
            "19.7: prepaid 200 at 10 are added", first(1),
            .change(
                Change(["messages": 200], customize: adding(.packs("messages", hundreds)))),
            .invoices([2000, 2000]), .left("messages", 200), .advance(to: renewal),
            .invoices([2000, 2000, 4000])),
        row(
            "5.4: prepaid is added without a quantity", first(1),
            .refused(
                "invalid: quantities",
                .change(Change(customize: adding(.packs("messages", hundreds)))))),
        row(
            "19.7: prepaid → usage", .purchase(Purchase("packs", ["messages": 200])),
            .track("messages", 50),
            .change(
                Change(customize: only(.sample("messages", 0, each: .month, price: "0.10")))),
            .invoices([4000, -2000]), .used("messages", 50), .advance(to: renewal),
            .invoices([4000, -2000, 2500])),
        row(
            "7: packs of another size keep the units",
            .purchase(Purchase("packs", ["messages": 200])),
            .change(Change(customize: only(.packs("messages", Price("10", packSize: 50))))),
            .invoices([4000, 2000]), .left("messages", 200)),
        row(
            "7: packs for good stay, as a balance of their own", first(1),
            .change(
                Change(
                    ["messages": 200],
                    customize: adding(.packs("messages", hundreds, each: .oneOff)))),
            .invoices([2000, 2000]), .track("messages", 50),
            .change(
                Change(
                    customize: only(
                        .sample("words", 100, each: .month),
                        .sample("messages", 500, each: .month)))),
            .left("messages", 650), .invoices([2000, 2000]), .advance(to: renewal),
            .left("messages", 650), .invoices([2000, 2000, 2000])),
        row(
            "7: and are not sold again with the plan", first(1),
            .change(
                Change(
                    ["messages": 200],
                    customize: adding(.packs("messages", hundreds, each: .oneOff)))),
            .change(Change(customize: price("30"))), .invoices([2000, 2000, 1000]),
            .left("messages", 200)),
        row(
            "7: what went over stays where it may", first(1),
            .change(Change(customize: only(rolling))), .advance(to: renewal),
            .left("words", 200), .change(Change(customize: price("30"))), .left("words", 200),
            .change(Change(customize: only(.sample("words", 100, each: .month)))),
            .left("words", 100)),
        row(
            "10.1: what is used beyond a smaller grant isn't given back", first(1),
            .track("words", 80),
            .change(Change(customize: only(.sample("words", 50, each: .month)))),
            .left("words", 0), .used("words", 80)),
        row(
            "7: seats stay held", first(1),
            .change(Change(customize: adding(.sample("seats", 5)))), .track("seats", 3),
            .change(Change(customize: only(.sample("seats", 4)))), .left("seats", 1),
            .left("words", nil)),
        row(
            "10.1: a flag comes and goes", first(1),
            .change(Change(customize: adding(.sample("sso")))),
            .check("sso", 1, .flag),
            .change(Change(customize: only(.sample("words", 100, each: .month)))),
            .check("sso", 1, .notIncluded)),
    ]

    private static let trials = [
        row(
            "10.1: in a trial nothing is charged, and it stays", .buy("trial"),
            .change(Change(customize: price("30"))), .invoices([]),
            .advance(to: .utc(2026, 4, 15)), .invoices([3000])),
        row(
            "9: the trial is removed: the full price now", .buy("trial"),
            .advance(to: .utc(2026, 4, 8)), .change(Change(customize: trial(.removed))),
            .invoices([2000]), .advance(to: .utc(2026, 5, 7)), .invoices([2000]),
            .advance(to: .utc(2026, 5, 8)), .invoices([2000, 2000])),
        row(
            "9: the trial is made longer", .buy("trial"), .advance(to: .utc(2026, 4, 8)),
            .change(Change(customize: trial(.set(FreeTrial(length: 30, unit: .day))))),
            .advance(to: .utc(2026, 5, 7)), .invoices([]),
            .advance(to: .utc(2026, 5, 8)), .invoices([2000])),
        row(
            "9: a trial of what is paid gives back what is unused", first(1),
            .advance(to: middle),
            .change(Change(customize: trial(.set(FreeTrial(length: 7, unit: .day))))),
            .invoices([2000, -1000]), .advance(to: .utc(2026, 4, 22)),
            .invoices([2000, -1000]), .credit(1000), .advance(to: .utc(2026, 4, 23)),
            .invoices([2000, -1000, 2000])),
        row(
            "5.4: no trial of what is bought once", .buy("once"),
            .refused(
                "invalid: customize.free_trial",
                .change(
                    Change(
                        "once",
                        customize: trial(.set(FreeTrial(length: 7, unit: .day))))))),
    ]

    private static let attached = [
        row(
            "19.1: enterprise custom annual base 500",
            .purchase(Purchase("pro", customize: price("500", each: .year))),
            .invoices([50000]), .left("words", 100)),
        row("5.1: version 1", first(1), .invoices([2000]), .plan("pro", .active)),
        row(
            "9: a trial by the way, though there was one before", .buy("trial"),
            .change(Change(cancel: .now)),
            .purchase(
                Purchase(
                    "trial", customize: trial(.set(FreeTrial(length: 7, unit: .day))))),
            .invoices([]), .advance(to: .utc(2026, 4, 8)), .invoices([2000])),
        row(
            "9: no trial", .purchase(Purchase("trial", customize: trial(.removed))),
            .invoices([2000])),
        row(
            "3: a custom plan is replaced like another",
            .purchase(Purchase("pro", customize: price("30"))), .buy("premium"),
            .invoices([3000, 2000])),
    ]

    private static let dates = [
        row(
            "19.6: starts_at in the future", .buy("seat"),
            .purchase(Purchase("pro", version: 1, starts: middle)), .invoices([1000]),
            .plan("pro", .scheduled), .left("words", 50), .advance(to: middle),
            .invoices([1000, 2000]), .plan("pro", .active), .plan("free", .ended),
            .left("words", 100), .advance(to: .utc(2026, 5, 16)),
            .invoices([1000, 2000, 2000])),
        row(
            "6: it replaces what is in use then", .buy("premium"),
            .purchase(Purchase("pro", version: 1, starts: middle)), .advance(to: middle),
            .invoices([5000, -500]), .credit(500), .plan("premium", .ended)),
        row(
            "19.6: starts_at two cycles ago", .buy("seat"),
            .purchase(Purchase("pro", version: 1, starts: .utc(2026, 2, 15))),
            .invoices([1000, 4000]), .reset("words", at: .utc(2026, 4, 15)),
            .advance(to: .utc(2026, 4, 15)), .invoices([1000, 4000, 2000])),
        row(
            "8.4: to the day", .buy("seat"),
            .purchase(Purchase("pro", version: 1, starts: .utc(2026, 2, 1))),
            .advance(to: .utc(2026, 4, 1, 1)), .invoices([1000, 4000, 2000])),
        row(
            "19.6: ends_at", .purchase(Purchase("pro", version: 1, ends: renewal)),
            .plan("pro", .canceling), .advance(to: renewal), .invoices([2000]),
            .plan("pro", .ended), .plan("free", .active)),
        row(
            "5.1: ends_at in the middle of a period gives back the rest",
            .purchase(Purchase("pro", version: 1, ends: middle)), .advance(to: middle),
            .invoices([2000, -1000]), .plan("pro", .ended)),
        row(
            "5.1: ends_at can be taken back",
            .purchase(Purchase("pro", version: 1, ends: middle)),
            .change(Change(cancel: .undo)), .advance(to: renewal), .invoices([2000, 2000])),
        row(
            "5.4: ends_at in the past",
            .refused(
                "invalid: end_time",
                .purchase(Purchase("pro", ends: .utc(2026, 3, 1))))),
        row(
            "5.4: ends_at not after the start",
            .refused(
                "invalid: end_time", .purchase(Purchase("pro", starts: middle, ends: middle)))),
        row(
            "5.4: ends_at of what is bought once",
            .refused("invalid: end_time", .purchase(Purchase("once", ends: middle)))),
        row(
            "5.4: starts_at of what is bought once",
            .refused("invalid: start_time", .purchase(Purchase("once", starts: middle)))),
        row(
            "5.4: starts_at with end_of_cycle",
            .refused(
                "invalid: start_time",
                .purchase(Purchase("pro", schedule: .endOfCycle, starts: middle)))),
        row(
            "5.4: starts_at with a trial",
            .refused("invalid: start_time", .purchase(Purchase("trial", starts: middle)))),
        row(
            "5.4: a past start beside a paid plan", .buy("premium"),
            .refused(
                "invalid: start_time",
                .purchase(Purchase("pro", starts: .utc(2026, 3, 1))))),
    ]

    private static let migrated = [
        row(
            "19.9: 10 → 20 credits with 5 used",
            .purchase(Purchase("credits", version: 1)), .track("words", 5),
            .migrate("credits", moved: 1), .left("words", 15), .invoices([500]),
            .advance(to: renewal), .invoices([500, 500]), .left("words", 20)),
        row(
            "19.9: 10 → 20 credits with 20 used",
            .purchase(Purchase("credits", version: 1)), .track("words", 20),
            .migrate("credits", moved: 1), .left("words", 0), .invoices([500]),
            .advance(to: renewal), .invoices([500, 1500]), .left("words", 20)),
        row(
            "3: no proration: the next period costs what the new version costs", first(1),
            .advance(to: middle), .migrate("pro", moved: 1), .invoices([2000]),
            .advance(to: renewal), .invoices([2000, 4000])),
        row(
            "3: doing it again does nothing", first(1), .migrate("pro", moved: 1),
            .migrate("pro", moved: 0)),
        row(
            "3: from one version only", first(2), .migrate("pro", from: 1, moved: 0),
            .migrate("pro", from: 2, to: 1, moved: 1), .advance(to: renewal),
            .invoices([3000, 2000])),
        row(
            "3: custom plans are left alone", first(1), .change(Change(customize: price("25"))),
            .migrate("pro", moved: 0), .migrate("pro", custom: true, moved: 1),
            .advance(to: renewal), .invoices([2000, 500, 4000])),
        row(
            "3: what is canceled stays canceled", first(1), .change(Change(cancel: .atEnd)),
            .migrate("pro", moved: 1), .plan("pro", .canceling), .advance(to: renewal),
            .plan("pro", .ended)),
        row(
            "3: what is scheduled starts as what it is moved to", .buy("premium"), first(1),
            .migrate("pro", moved: 1), .advance(to: renewal), .invoices([5000, 4000])),
    ]
}

extension PricingState {
    /// With other revisions of some plans.
    fileprivate func revised(_ plans: Plan...) -> PricingState {
        let draft = PricingDraft(currency: "usd", features: [], plans: plans)
        let faults = draft.validate(onto: self)
        precondition(faults.isEmpty, "\(faults)")
        return publishing(draft)
    }
}

extension Plan {
    fileprivate static func sample(_ id: String, price: UnitPrice, _ trial: FreeTrial) -> Plan {
        var plan = Plan.sample(id, price: price)
        plan.trial = trial
        return plan
    }
}
