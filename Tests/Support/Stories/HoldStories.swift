package import Billing

/// Entitlements §3: every number, and what a hold must never do.
package enum HoldStories {
    package static let pricing = Fixture.pricing(
        .sample("free", .sample("messages", 50, each: .month)),
        .sample("pro", .sample("messages", 80, each: .month)),
        .sample("add_on", addOn: true, .sample("messages", 100)),
        .sample("seats", .sample("messages", 10).forEach("users")))

    private static let hourly: [Step] = [
        .open(Grant("messages", 5, each: .hour)), .open(Grant("messages", 10, each: .month)),
    ]
    private static let lifetime: [Step] = [
        .open(Grant("messages", 5, each: .hour)), .open(Grant("messages", 20)),
    ]

    package static let plain = [
        Story(
            "3: lock 8 confirm 5", after: hourly, .hold("messages", 8), .left("messages", 7),
            .settle(5), .left("messages", 10), .balances([0, 10]), .events([8, -3]), .holds(0)),
        Story(
            "3: track 5, lock 8, confirm -3", after: hourly, .track("messages", 5),
            .hold("messages", 8), .left("messages", 2), .settle(-3), .left("messages", 13),
            .events([5, 8, -11])),
        Story(
            "3: track 10, lock -5, confirm -3", after: hourly, .track("messages", 10),
            .hold("messages", -5), .left("messages", 10), .settle(-3), .left("messages", 8),
            .events([10, -5, 2])),
        Story(
            "3: track 10, lock -5, confirm 3", after: hourly, .track("messages", 10),
            .hold("messages", -5), .settle(3), .left("messages", 2), .events([10, -5, 8])),
        Story(
            "3: lock 8 confirm 11", after: hourly, .hold("messages", 8), .settle(11),
            .left("messages", 4), .events([8, 3])),
        Story(
            "3: track 10, lock -5, confirm -8", after: hourly, .track("messages", 10),
            .hold("messages", -5), .settle(-8), .left("messages", 13), .events([10, -5, -3])),
        Story(
            "3: lock 5 confirm -2: never above granted", after: hourly, .hold("messages", 5),
            .settle(-2), .left("messages", 15), .balances([5, 10]), .events([5, -7])),
        Story(
            "3: release", after: hourly, .hold("messages", 8), .settle(0), .left("messages", 15),
            .balances([5, 10]), .events([8, -8])),
        Story(
            "3: lifetime, lock 8 confirm 5", after: lifetime, .hold("messages", 8), .settle(5),
            .balances([0, 20])),
        Story(
            "3: lifetime, confirm 0", after: lifetime, .hold("messages", 8), .settle(0),
            .balances([5, 20])),
        Story(
            "3: lifetime, lock 5 confirm 3", after: lifetime, .hold("messages", 5), .settle(3),
            .balances([2, 20])),
        Story(
            "3: lifetime, lock 8 confirm 8: one event", after: lifetime, .hold("messages", 8),
            .settle(8), .balances([0, 17]), .events([8])),
        Story(
            "3: lifetime, confirmed as it is", after: lifetime, .hold("messages", 8),
            .settle(nil), .balances([0, 17]), .events([8])),
        Story(
            "3: lifetime, lock 0 confirm", after: lifetime, .hold("messages", 0), .settle(nil),
            .left("messages", 25), .events([0])),
    ]

    private static let action1: [Step] = [
        .open(Grant("action1", 100)), .open(Grant("credits", 200)),
    ]
    private static let used95: [Step] = action1 + [.track("action1", 95), .hold("action1", 8)]
    private static let action3: [Step] = [
        .open(Grant("action3", 60)), .open(Grant("credits2", 100)), .track("action3", 55),
        .hold("action3", 10),
    ]

    package static let credits = [
        Story("3: lock 8 = 5 + 0.6 credits", after: used95, .balances([0, "199.4"])),
        Story("3: confirm 12", after: used95, .settle(12), .balances([0, "198.6"])),
        Story("3: confirm 3", after: used95, .settle(3), .balances([2, 200])),
        Story("3: credits, release", after: used95, .settle(0), .balances([5, 200])),
        Story("3: confirm none", after: used95, .settle(nil), .balances([0, "199.4"])),
        Story("3: confirm 20", after: used95, .settle(20), .balances([0, 197])),
        Story(
            "3: fresh, lock 10 confirm 115", after: action1, .hold("action1", 10), .settle(115),
            .balances([0, 197])),
        Story(
            "3: fresh, lock 27.89 confirm 12.45", after: action1, .hold("action1", "27.89"),
            .settle("12.45"), .balances(["87.55", 200])),
        Story("3: action3: 5 + 7 credits", after: action3, .balances([0, 93])),
        Story("3: action3, confirm 3", after: action3, .settle(3), .balances([2, 100])),
        Story("3: action3, release", after: action3, .settle(0), .balances([5, 100])),
        Story(
            "3: credits directly, lock 30 confirm 20", .open(Grant("credits", 200)),
            .hold("credits", 30), .settle(20), .balances([180])),
        Story(
            "3: credits directly, confirm 45", .open(Grant("credits", 200)),
            .hold("credits", 30), .settle(45), .balances([155])),
    ]

    /// An upgrade between free plans is at once, as a bought one is.
    private static let upgraded: [Step] = [
        .attach("add_on"), .attach("free"), .hold("messages", 60), .balances([90, 0]),
        .attach("pro"), .left("messages", 170),
    ]

    package static let planChanges = [
        Story("3: upgrade, confirm 57", after: upgraded, .settle(57), .left("messages", 173)),
        Story("3: upgrade, lifetime 93", after: upgraded, .settle(57), .balances([93, 80])),
        Story(
            "3: upgrade, confirm 63", after: upgraded, .settle(63), .left("messages", 167),
            .balances([90, 77])),
        Story(
            "3: only free 50: lock 40, upgrade to 80, track 20, confirm 30", .attach("free"),
            .hold("messages", 40), .attach("pro"), .track("messages", 20), .settle(30),
            .left("messages", 70)),
        Story(
            "3: lock 0, confirm 1.2", .attach("free"), .hold("messages", 0), .settle("1.2"),
            .left("messages", "48.8")),
    ]

    private static let forGood = Rollover(cap: .none, months: 0)
    private static let feb = Timestamp.utc(2027, 2, 10)
    private static let mar = Timestamp.utc(2027, 3, 10)
    /// r0 100, r1 100, main 100.
    private static let rolledTwice: [Step] = [
        .open(Grant("messages", 100, each: .month, rollover: forGood)), .advance(to: feb),
        .advance(to: mar), .balances([100, 100, 100]),
    ]
    private static let rolledOnce: [Step] = [
        .open(Grant("messages", 100, each: .month, rollover: forGood)), .advance(to: feb),
    ]

    package static let rollovers = [
        Story(
            "3: r0, r1, main: lock 250", after: rolledTwice, .hold("messages", 250),
            .balances([50, 0, 0]), .left("messages", 50)),
        Story(
            "3: confirm 80: last drawn first", after: rolledTwice, .hold("messages", 250),
            .settle(80), .left("messages", 220), .balances([100, 20, 100])),
        Story(
            "3: r0, main: lock 30, confirm 150", after: rolledOnce, .hold("messages", 30),
            .settle(150), .left("messages", 50), .balances([50, 0])),
        Story(
            "15.3: an unwind refills rollovers, a refund doesn't", after: rolledOnce,
            .hold("messages", 30), .settle(0), .balances([100, 100]), .track("messages", 130),
            .track("messages", -130), .balances([100, 0])),
    ]

    private static let slices: [Step] = [
        .entity("users", "b"), .entity("users", "a"), .attach("seats"),
    ]

    package static let edges = [
        Story(
            "3: unlimited: works, and counts back", .open(Grant("messages", nil, unlimited: true)),
            .hold("messages", 50), .used("messages", 50), .settle(20), .used("messages", 20),
            .balances([-20])),
        Story(
            "3: unlimited, released", .open(Grant("messages", nil, unlimited: true)),
            .hold("messages", 50), .settle(0), .balances([0])),
        Story(
            "14.3: no entitlement: not allowed, nothing held", .hold("messages", 5), .holds(0),
            .check("messages", 1, .notIncluded), .refused("hold not found", .settle(5))),
        Story(
            "1.6: too much: nothing held", .open(Grant("messages", 4)), .hold("messages", 5),
            .holds(0), .balances([4]), .events([])),
        Story(
            "3: an id once", after: hourly, .hold("messages", 1),
            .refused("hold exists", .hold("messages", 1)), .settle(1), .hold("messages", 1)),
        Story(
            "3: settled once", after: hourly, .hold("messages", 8), .settle(5),
            .refused("hold not found", .settle(5)), .left("messages", 10)),
        Story(
            "1.6: a boolean can't be held", .open(Grant("dashboard", nil)),
            .refused("invalid: deduct", .hold("dashboard", 1))),
        Story(
            "1.6: seats can't be held", .open(Grant("users", 5)),
            .refused("invalid: hold", .hold("users", 1))),
        Story(
            "3: expiry releases", after: [.open(Grant("messages", 20))], .hold("messages", 8),
            .left("messages", 12), .advance(to: .utc(2027, 1, 11)), .left("messages", 20),
            .holds(0), .events([8, -8]), .refused("hold not found", .settle(8))),
        Story(
            "3: confirmed above: a shortage is dropped (correction 5)",
            .open(Grant("messages", 10)), .hold("messages", 8), .settle(30), .left("messages", 0),
            .events([8, 22])),
        Story(
            "3: a track holds what there is", .open(Grant("messages", 10)),
            .holdTrack("messages", 15), .left("messages", 0), .settle(4), .left("messages", 6),
            .events([15, -6])),
        Story(
            "3: slices, in order of entity, the last back first", after: slices,
            .hold("messages", 15), .slices([0], of: "a"), .slices([5], of: "b"), .settle(12),
            .slices([0], of: "a"), .slices([8], of: "b")),
        Story(
            "3: an entity's hold", after: slices, .hold("messages", 6, of: "b"),
            .slices([4], of: "b"), .settle(2), .slices([8], of: "b"), .slices([10], of: "a")),
        Story(
            "3: more than an entity's slice", after: slices, .hold("messages", 6, of: "b"),
            .settle(50), .slices([0], of: "b"), .slices([10], of: "a")),
        Story(
            "3: an entity's hold, the entity gone: nobody else gets it back", after: slices,
            .track("messages", 5, of: "a"), .hold("messages", 6, of: "b"), .deleteEntity("b"),
            .settle(0), .slices([5], of: "a"), .holds(0)),
        Story(
            "what is held of a cycle that is over comes back in none", after: hourly,
            .hold("messages", 8), .advance(to: .utc(2027, 1, 10, 1)), .balances([5, 7]),
            .track("messages", 2), .settle(0), .balances([3, 10])),
        Story(
            "what is reserved can't be refunded as well", .open(Grant("messages", 10)),
            .hold("messages", 6), .track("messages", -6), .balances([4]), .settle(0),
            .balances([10])),
        Story(
            "a refund beside a hold", .open(Grant("messages", 10)), .track("messages", 3),
            .hold("messages", 5), .track("messages", -6), .balances([5]), .settle(1),
            .balances([9])),
        Story(
            "what was given back for a while, and used since, is owed",
            .open(Grant("messages", 10)), .track("messages", 10), .hold("messages", -5),
            .track("messages", 4), .settle(0), .balances([-4]), .used("messages", 14)),
        Story(
            "an unwind in thirds, to the bit", .open(Grant("action3", 0)),
            .open(Grant("credits2", "0.0000000003")), .hold("action3", "0.0000000002"),
            .settle(0), .balances([0, "0.0000000003"])),
        Story(
            "one id in one batch",
            .open(Grant("messages", 10)), .hold("messages", 1),
            .refused("hold exists", .holdTrack("messages", 1))),
    ]

    package static let expiries: [Story] = [
        (Timestamp.utc(2027, 1, 10), false), (.utc(2027, 1, 9), false),
        (Timestamp.utc(2027, 1, 10).adding(milliseconds: 1), true), (.utc(2027, 1, 11), true),
        (Timestamp.utc(2027, 1, 11).adding(milliseconds: 1), false),
    ].map { expires, isAllowed in
        let start: [Step] = [.open(Grant("messages", 10)), .hold("messages", 1, id: "old")]
        let hold = Step.hold("messages", 1, id: "new", until: expires)
        let extend = Step.extend(expires, id: "old")
        let rule = "3: at most 24 hours ahead, for a new hold and an old one"
        return isAllowed
            ? Story(
                rule, after: start, hold, extend, .holds(2), .advance(to: expires), .holds(0),
                .left("messages", 10))
            : Story(
                rule, after: start, .refused("invalid: hold.expire_time", hold),
                .refused("invalid: expire_time", extend))
    }

    package static let table = StoryTable(
        "Holds", pricing, plain, credits, planChanges, rollovers, edges, expiries)
}
