package import Billing

/// Entitlements §6 and §14.4.
package enum BalanceCommandStories {
    package static let pricing = Fixture.pricing(
        .sample("a", .sample("messages", 100, each: .month)),
        .sample("b", addOn: true, .sample("messages", 50, each: .month)),
        .sample("c", addOn: true, .sample("messages", 200, each: .month)),
        .sample("each", .sample("messages", 100).forEach("users")),
        .sample("pro", price: "20", .sample("messages", 100, each: .month)))

    private static let hundred = Step.open(Grant("messages", 100, name: "main"))
    private static let all = Pick("messages")
    private static let three: [Step] = [.attach("a"), .attach("b"), .attach("c")]
    private static let two: [Step] = [
        .open(Grant("messages", 100, each: .month)), .open(Grant("messages", 200)),
    ]
    private static let slices: [Step] = [
        .entity("users", "a"), .entity("users", "b"), .entity("users", "c"), .attach("each"),
    ]

    package static let updates = [
        Story(
            "14.4: 100 → 80", hundred, .update(all, .remaining(80)), .left("messages", 80),
            .used("messages", 20), .granted("messages", 100)),
        Story(
            "14.4: 100 → 120", hundred, .update(all, .remaining(120)), .left("messages", 120),
            .used("messages", -20), .granted("messages", 100)),
        Story(
            "14.4: 50 more", hundred, .track("messages", 30), .update(all, .added(50)),
            .left("messages", 120), .granted("messages", 100)),
        Story("6.2: 20 less", hundred, .update(all, .added(-20)), .left("messages", 80)),
        Story(
            "14.4: usage 30", hundred, .update(all, .usage(30)), .left("messages", 70),
            .used("messages", 30)),
        Story(
            "6.2: usage back to 0", hundred, .track("messages", 60), .update(all, .usage(0)),
            .left("messages", 100)),
        Story(
            "14.4: three plans: 350 → 300 → 400", after: three, .granted("messages", 350),
            .update(all, .remaining(300)), .used("messages", 50), .update(all, .remaining(400)),
            .left("messages", 400), .used("messages", -50), .granted("messages", 350)),
        Story(
            "14.4: the monthly of two", after: two,
            .update(Pick("messages", .month), .remaining(50)), .left("messages", 250),
            .balances([50, 200])),
        Story(
            "14.4: the lifetime of two", after: two,
            .update(Pick("messages", .month), .remaining(50)),
            .update(Pick("messages", .oneOff), .remaining(100)), .left("messages", 150),
            .balances([50, 100])),
        Story(
            "14.4: one by its name", .open(Grant("messages", 100, name: "first")),
            .open(Grant("messages", 100, name: "second")),
            .update(Pick("messages", id: "second"), .remaining(10)), .balances([100, 10])),
        Story(
            "14.4: one by its id", after: two,
            .update(Pick("messages", id: "bal_2"), .remaining(10)), .balances([100, 10])),
        Story(
            "14.4: slices, 300 → 240: the first", after: slices, .left("messages", 300),
            .update(all, .remaining(240)), .slices([40], of: "a"), .slices([100], of: "b"),
            .slices([100], of: "c")),
        Story(
            "14.4: one entity's", after: slices,
            .update(Pick("messages", of: "b"), .remaining(10)), .slices([100], of: "a"),
            .slices([10], of: "b"), .left("messages", 210)),
        Story(
            "6.2: granted 150 and remaining 100: usage 50", hundred,
            .update(all, .remaining(100), granted: 150), .granted("messages", 150),
            .left("messages", 100), .used("messages", 50)),
        Story(
            "6.2: granted alone: what was used stays used", hundred, .track("messages", 30),
            .update(all, granted: 150), .left("messages", 120), .used("messages", 30)),
        Story(
            "6.2: granted twice", .open(Grant("messages", 100, each: .month)),
            .update(all, granted: 150), .update(all, granted: 120), .granted("messages", 120),
            .advance(to: .utc(2027, 2, 10)), .granted("messages", 100)),
        Story(
            "14.4: seats", .open(Grant("users", 5)), .update(Pick("users"), .usage(3)),
            .left("users", 2)),
        Story(
            "6.2: to less than nothing", hundred, .update(all, .usage(130)), .balances([-30]),
            .left("messages", 0)),
        Story(
            "6.2: what went over is drawn first, and not filled", after: rolled,
            .left("messages", 200), .update(all, .remaining(150)), .balances([100, 50]),
            .update(all, .remaining(200)), .balances([150, 50])),
        Story(
            "6.2: what went over goes with its own", after: rolled,
            .open(Grant("messages", 10, name: "other")),
            .update(Pick("messages", id: "other"), .remaining(3)), .balances([100, 100, 3]),
            .update(Pick("messages", .month), .remaining(0)), .balances([0, 0, 3])),
        Story(
            "6.2: nothing matches", hundred,
            .refused("balance not found", .update(Pick("messages", .day), .remaining(1))),
            .refused("balance not found", .update(Pick("words"), .remaining(1))),
            .refused("balance not found", .update(Pick("messages", id: "no"), .remaining(1))),
            .refused("entity not found", .update(Pick("messages", of: "x"), .remaining(1)))),
        Story(
            "6.2: a flag has no amount", .open(Grant("dashboard", nil)),
            .refused("invalid: filter.feature_id", .update(Pick("dashboard"), .remaining(1)))),
    ]

    private static let rolled: [Step] = [
        .open(
            Grant("messages", 100, each: .month, rollover: Rollover(cap: .none, months: 0))),
        .advance(to: .utc(2027, 2, 10)),
    ]

    package static let dates = [
        Story(
            "6.2: a reset is moved", after: two, .moveReset(all, .utc(2027, 1, 20)),
            .reset("messages", at: .utc(2027, 1, 20)), .track("messages", 30),
            .advance(to: .utc(2027, 1, 20)), .balances([100, 200]),
            .reset("messages", at: .utc(2027, 2, 20))),
        Story(
            "6.2: the earliest reset is moved", .open(Grant("messages", 5, each: .month)),
            .open(Grant("messages", 5, each: .week)), .moveReset(all, .utc(2027, 1, 12)),
            .reset("messages", at: .utc(2027, 1, 12)), .track("messages", 7),
            .advance(to: .utc(2027, 1, 12)), .balances([3, 5])),
        Story(
            "6.2: lifetime has no reset", hundred,
            .refused("invalid: next_reset_time", .moveReset(all, .utc(2027, 2, 1)))),
        Story(
            "6.2: a reset in the past", after: two,
            .refused("invalid: next_reset_time", .moveReset(all, .utc(2027, 1, 10)))),
        Story(
            "6.2: an expiry is moved", .open(Grant("messages", 5)),
            .moveExpiry(all, .utc(2027, 2, 1)),
            .advance(to: .utc(2027, 2, 1)), .left("messages", nil)),
        Story(
            "6.2: the earliest expiry is moved",
            .open(Grant("messages", 5)), .open(Grant("messages", 6, expires: .utc(2027, 3, 1))),
            .open(Grant("messages", 7, expires: .utc(2027, 2, 1))),
            .moveExpiry(all, .utc(2027, 4, 1)), .advance(to: .utc(2027, 3, 1)),
            .balances([5, 7])),
        Story(
            "6.2: an expiry in the past", hundred,
            .refused("invalid: expire_time", .moveExpiry(all, .utc(2027, 1, 10)))),
        Story(
            "6.2: not of what is paid for", .buy("pro"),
            .refused("invalid: expire_time", .moveExpiry(all, .utc(2027, 2, 1)))),
    ]

    package static let created = [
        Story(
            "6.1: exactly one of amount and unlimited",
            .refused("invalid: granted", .open(Grant("messages", nil))),
            .refused("invalid: granted", .open(Grant("messages", 5, unlimited: true)))),
        Story(
            "6.1: not below 0", .refused("invalid: granted", .open(Grant("messages", -1)))),
        Story(
            "6.1: unlimited never resets",
            .refused(
                "invalid: reset", .open(Grant("messages", nil, each: .month, unlimited: true)))),
        Story(
            "6.1: unlimited", .open(Grant("messages", nil, unlimited: true)),
            .check("messages", 1_000_000, .unlimited)),
        Story(
            "6.1: a flag", .check("dashboard", 1, .notIncluded), .open(Grant("dashboard", nil)),
            .check("dashboard", 1, .flag),
            .refused("balance exists", .open(Grant("dashboard", nil)))),
        Story(
            "6.1: a flag takes nothing",
            .refused("invalid: granted", .open(Grant("dashboard", 1))),
            .refused("invalid: granted", .open(Grant("dashboard", nil, each: .month))),
            .refused("invalid: granted", .open(Grant("dashboard", nil, unlimited: true)))),
        Story(
            "6.1: a name once", hundred,
            .refused("balance exists", .open(Grant("words", 5, name: "main")))),
        Story(
            "6.1: a name again, when it is free", hundred, .delete(Pick(nil, id: "main")), hundred,
            .balances([100])),
        Story(
            "6.1: of an entity that is one of the feature", .entity("users", "a"),
            .refused("invalid: entity_id", .open(Grant("users", 5, of: "a"))),
            .refused("entity not found", .open(Grant("messages", 5, of: "x")))),
        Story(
            "6.1: what lapses doesn't reset",
            .open(Grant("messages", 5, each: .month, expires: .utc(2027, 6, 1))),
            .reset("messages", at: .never)),
        Story(
            "6.1: unless it is told to",
            .open(
                Grant(
                    "messages", 5, each: .month, expires: .utc(2027, 6, 1),
                    nextReset: .utc(2027, 1, 20))),
            .reset("messages", at: .utc(2027, 1, 20))),
        Story(
            "6.1: a first reset needs a cycle, the future, and a life beyond it",
            .refused(
                "invalid: next_reset_time",
                .open(Grant("messages", 5, nextReset: .utc(2027, 1, 20)))),
            .refused(
                "invalid: next_reset_time",
                .open(Grant("messages", 5, each: .month, nextReset: .utc(2027, 1, 10)))),
            .refused(
                "invalid: next_reset_time",
                .open(
                    Grant(
                        "messages", 5, each: .month, expires: .utc(2027, 1, 20),
                        nextReset: .utc(2027, 1, 20))))),
        Story(
            "6.1: expired before it began",
            .refused(
                "invalid: expire_time", .open(Grant("messages", 5, expires: .utc(2027, 1, 10))))),
        Story(
            "6.1: what goes over needs a reset before the end",
            .refused(
                "invalid: expire_time",
                .open(
                    Grant(
                        "messages", 5, each: .month, expires: .utc(2027, 1, 20),
                        rollover: Rollover(cap: .none, months: 1))))),
        Story(
            "6.1: a month from now", .open(Grant("messages", 5, each: .month)),
            .reset("messages", at: .utc(2027, 2, 10))),
    ]

    package static let deleted = [
        Story(
            "6.3: 100 used 40, and 200 → 160", hundred, .track("messages", 40),
            .open(Grant("messages", 200)), .delete(Pick("messages", id: "main"), keepsUsage: true),
            .left("messages", 160)),
        Story(
            "6.3: without the usage", hundred, .track("messages", 40),
            .open(Grant("messages", 200)), .delete(Pick("messages", id: "main")),
            .left("messages", 200)),
        Story(
            "6.3: nothing beside it: a debt remains", hundred, .track("messages", 40),
            .delete(all, keepsUsage: true), .balances([-40]), .granted("messages", 0),
            .used("messages", 40), .reset("messages", at: .never)),
        Story(
            "6.3: nothing used: nothing remains", hundred, .delete(all, keepsUsage: true),
            .left("messages", nil)),
        Story("6.3: paid", .buy("pro"), .refused("balance is paid", .delete(all))),
        Story(
            "6.3: a free plan's", .attach("a"), .delete(all), .left("messages", nil)),
        Story("6.3: none", .refused("balance not found", .delete(all))),
        Story(
            "6.3: usage needs a feature", hundred,
            .refused("invalid: filter.feature_id", .delete(Pick(nil, id: "main"), keepsUsage: true))
        ),
        Story(
            "6.3: by interval", after: two, .delete(Pick("messages", .month)),
            .balances([200])),
        Story(
            "6.3: an entity's", .entity("users", "a"), .open(Grant("messages", 5, of: "a")),
            hundred, .delete(Pick("messages", of: "a")), .slices([], of: "a"), .balances([100])),
    ]

    package static let recalculated = [
        Story(
            "6.4: (−30, 200) → (0, 170)", .open(Grant("messages", 100)),
            .track("messages", 130, .overflow), .open(Grant("messages", 200)),
            .balances([-30, 200]), .recalculate(all), .balances([0, 170])),
        Story(
            "6.4: only where both are", after: two, .track("messages", 130),
            .balances([0, 170]), .recalculate(all), .balances([0, 170])),
        Story(
            "6.4: all overdrawn", .open(Grant("messages", 10)),
            .track("messages", 30, .overflow), .recalculate(all), .balances([-20])),
        Story(
            "6.4: more than all of it", .open(Grant("messages", 10, each: .month)),
            .track("messages", 50, .overflow), .open(Grant("messages", 20)),
            .recalculate(all), .balances([-20, 0]), .used("messages", 50)),
        Story(
            "6.4: slices", after: slices, .track("messages", 130, of: "b", .overflow),
            .recalculate(all), .slices([0], of: "a"), .slices([70], of: "b"),
            .left("messages", 170)),
        Story("6.4: none", .refused("balance not found", .recalculate(all))),
    ]

    package static let table = StoryTable(
        "Balance commands", pricing, updates, dates, created, deleted, recalculated)
}
