package import Billing

/// Entitlements §1.3 to §1.6, §2.1 to §2.7 and §14.1, §14.2 for the customer as a whole.
package enum UsageRuleStories {
    package static let pricing = Fixture.pricing(
        .sample("plan", .sample("messages", 600, each: .month)),
        .sample("pro", price: "20", .sample("messages", 100, each: .month), .sample("dashboard")),
        .sample("usage", .sample("messages", 100, each: .month, price: "0.1")),
        .sample("capped", .sample("messages", 200, each: .month, price: "0.1", most: 300)),
        .sample("seats", .sample("users", 1)),
        .sample("one", .sample("words", 10)), .sample("two", addOn: true, .sample("words", 20)),
        .sample("three", addOn: true, .sample("words", 30)))

    private static let hundred = Step.open(Grant("messages", 100))
    private static let feb1 = Timestamp.utc(2027, 2, 1)
    private static let feb2 = Timestamp.utc(2027, 2, 2)

    package static let checks = [
        Story(
            "14.1: no bucket", .check("messages", 1, .notIncluded),
            .check("dashboard", 1, .notIncluded), .left("messages", nil)),
        Story(
            "14.1: 1,000 of 1,000", .open(Grant("messages", 1000)),
            .check("messages", 1000, .included), .check("messages", 1001, .insufficientBalance)),
        Story(
            "14.1: pay-per-use, 1,000 of 100", .buy("usage"), .check("messages", 1000, .overage)),
        Story(
            "14.1: monthly 100, lifetime 1,000", .open(Grant("messages", 100, each: .month)),
            .open(Grant("messages", 1000)), .granted("messages", 1100),
            .check("messages", 1100, .included), .check("messages", 1101, .insufficientBalance)),
        Story(
            "14.1: own balance too small, credits do", .open(Grant("action1", 5)),
            .open(Grant("credits", 100)), .check("action1", 10, .included),
            .check("action1", 501, .insufficientBalance)),
        Story(
            "14.1: loose 500: 400, not 999", .open(Grant("messages", 500)),
            .check("messages", 400, .included), .check("messages", 999, .insufficientBalance)),
        Story(
            "14.1: loose 100 and a plan's 600: 550 and 700, not 701", hundred, .attach("plan"),
            .check("messages", 550, .included), .check("messages", 700, .included),
            .check("messages", 701, .insufficientBalance)),
        Story(
            "14.1: loose, unlimited", .open(Grant("messages", nil, unlimited: true)),
            .check("messages", 999, .unlimited)),
        Story(
            "14.1: expired", .open(Grant("messages", 500, expires: feb1)), .advance(to: feb1),
            .check("messages", 1, .notIncluded)),
        Story(
            "14.1: three plans", .attach("one"), .attach("two"), .attach("three"),
            .granted("words", 60), .check("words", 60, .included),
            .check("words", 61, .insufficientBalance)),
        Story(
            "1.5: 0 of nothing left", hundred, .track("messages", 100),
            .check("messages", 0, .included), .check("messages", -5, .nothingRequired)),
        Story(
            "4.3: prepaid-like 600 and pay-per-use 200, most 300",
            .buy("capped"), .open(Grant("messages", 600)), .track("messages", 600),
            .left("messages", 200), .track("messages", 400), .left("messages", 0),
            .check("messages", 100, .overage), .check("messages", 101, .maxPurchase),
            .track("messages", 200), .used("messages", 1100)),
    ]

    package static let tracks = [
        Story(
            "14.2: 100, 23.47 → 76.53", hundred, .track("messages", "23.47"),
            .left("messages", "76.53")),
        Story(
            "14.2: two monthly, 1,000 and 500: 500, 800, 200",
            .open(Grant("messages", 1000, each: .month)),
            .open(Grant("messages", 500, each: .month)), .track("messages", 500),
            .left("messages", 1000), .track("messages", 800), .left("messages", 200),
            .track("messages", 200), .left("messages", 0)),
        Story(
            "14.2: own first, then credits", .open(Grant("action1", 100)),
            .open(Grant("credits", 200)), .track("action1", 110), .balances([0, 198])),
        Story(
            "14.2: credits directly", .open(Grant("credits", 200)), .track("credits", 30),
            .balances([170])),
        Story(
            "14.2: three pairs", .open(Grant("action1", 10)), .open(Grant("credits", 10)),
            .open(Grant("action3", 10)), .open(Grant("credits2", 20)), .track("action1", 15),
            .track("action3", 15), .track("action2", 5),
            .balances([0, 6, 0, 13])),
        Story(
            "14.2: the sooner to expire first", .open(Grant("messages", 100, expires: feb2)),
            .open(Grant("messages", 100, expires: feb1)), .track("messages", 60),
            .balances([100, 40])),
        Story(
            "14.2: unlimited counts: 5, 8, back 2", .open(Grant("messages", nil, unlimited: true)),
            .track("messages", 5), .balances([-5]), .track("messages", 3), .balances([-8]),
            .track("messages", -2), .balances([-6]), .used("messages", 6)),
        Story(
            "14.2: unlimited credits: 1 for 5 units",
            .open(Grant("credits", nil, unlimited: true)), .track("action1", 5),
            .balances([-1])),
        Story(
            "14.2: unlimited: 42 together", .open(Grant("messages", nil, unlimited: true)),
            .track("messages", 40), .track("messages", 2), .used("messages", 42),
            .left("messages", 0), .granted("messages", 0)),
        Story(
            "14.2: unlimited and metered", hundred,
            .open(Grant("messages", nil, unlimited: true)), .track("messages", 50),
            .balances([100, -50])),
        Story(
            "14.2: usage that is set, unlimited", .open(Grant("messages", nil, unlimited: true)),
            .track("messages", 50), .setUsage("messages", 20), .balances([-20]),
            .setUsage("messages", 70), .balances([-70])),
        Story(
            "2.1: usage that is set", hundred, .setUsage("messages", 30), .left("messages", 70),
            .setUsage("messages", 10), .left("messages", 90), .events([30, -20]),
            .setUsage("messages", 130), .balances([-30])),
        Story(
            "2.1: usage that is set, of seats", .attach("seats"), .setUsage("users", 4),
            .balances([-3]), .setUsage("users", 0), .balances([1])),
        Story(
            "2.1: usage that is set, of a flag", .open(Grant("dashboard", nil)),
            .setUsage("dashboard", 4), .balances([0])),
        Story(
            "2.1: of nothing", .refused("balance not found", .setUsage("messages", 4))),
        Story(
            "14.2: overflow: 150 of 100", hundred, .track("messages", 150, .overflow),
            .balances([-50]), .used("messages", 150), .track("messages", 10), .balances([-50])),
        Story(
            "14.2: overflow back: 120 of 100", hundred, .track("messages", -20, .overflow),
            .balances([120])),
        Story(
            "2.4: overflow: the first of two", .open(Grant("messages", 10, each: .month)),
            .open(Grant("messages", 20)), .track("messages", 50, .overflow),
            .balances([-20, 0])),
        Story(
            "2.4: overflow in credits", .open(Grant("credits", 1)),
            .track("action1", 10, .overflow), .balances([-1])),
        Story(
            "2.6: five tracks of 1 on one free seat", .attach("seats"), .track("users", 1),
            .track("users", 1), .track("users", 1), .track("users", 1), .track("users", 1),
            .balances([-4]), .left("users", 0)),
        Story(
            "15.2: a check that deducts rejects", .attach("seats"), .deduct("users", 1, .included),
            .deduct("users", 1, .insufficientBalance), .balances([0])),
        Story(
            "15.13: the event keeps what was asked", hundred, .track("messages", 150),
            .events([150])),
    ]

    package static let several = [
        Story(
            "2.2: an event feeds each with the whole value", .open(Grant("action1", 100)),
            .open(Grant("action3", 100)), .event(["action1", "action3"], 5),
            .balances([95, 95]), .events([5, 5])),
        Story(
            "2.2: each of its own credits", .open(Grant("credits", 100)),
            .open(Grant("credits2", 100)), .event(["action1", "action3"], 10),
            .balances([98, 86])),
        Story(
            "2.2: two members of one credit system", .open(Grant("credits", 100)),
            .event(["action1", "action2"], 10), .balances([92])),
        Story(
            "2.1: a batch: 5 and 3 of 20", .open(Grant("messages", 20)),
            .batch([("messages", 5), ("messages", 3)]), .balances([12])),
        Story(
            "2.1: each part sees the ones before", .open(Grant("messages", 20)),
            .batch([("messages", 15), ("messages", 15), ("messages", -3)]), .balances([3])),
        Story(
            "2.1: one that is refused refuses all", .open(Grant("messages", 20)), hundred,
            .refused(
                "insufficient balance",
                .batch([("messages", 100), ("messages", 15), ("messages", 15)], .reject)),
            .balances([20, 100]), .events([])),
        Story(
            "2.1: rejects nothing that fits", .open(Grant("messages", 20)),
            .batch([("messages", 15), ("messages", 5)], .reject), .balances([0])),
    ]

    package static let times: [Story] = [
        (Timestamp.utc(2027, 1, 10), true), (.utc(2027, 1, 9), true), (.epoch, false),
        (Timestamp.utc(2027, 1, 10).adding(milliseconds: 1), false),
        (Timestamp(milliseconds: -1), false), (Timestamp(milliseconds: 1), true),
    ].map { time, isAllowed in
        let track = Step.trackAt("messages", 10, time)
        return Story(
            "2.1: an event's time is after 1970 and not in the future", hundred,
            isAllowed ? track : .refused("invalid: event_time", track),
            .left("messages", isAllowed ? 90 : 100))
    }

    private static func late(
        _ rule: String, _ grants: [Grant], of featureID: String = "messages", at time: Timestamp,
        _ isLate: Bool
    ) -> Story {
        let strict = Step.trackAt(featureID, 1, time, refusesLate: true)
        return Story(
            rule, after: grants.map { .open($0) } + [.advance(to: .utc(2027, 2, 11, 12))],
            isLate ? .refused("invalid: event_time", strict) : strict,
            .events(isLate ? [] : [1]), .trackAt(featureID, 1, time),
            .events(isLate ? [1] : [1, 1]))
    }

    private static let month = Grant("messages", 100, each: .month)
    private static let lateTime = Timestamp.utc(2027, 2, 9, 23)

    package static let lates = [
        late("of the cycle before", [month], at: lateTime, true),
        late("of this cycle's first moment", [month], at: .utc(2027, 2, 10), false),
        late("lifetime has no cycle", [Grant("messages", 100)], at: lateTime, false),
        late(
            "of the shortest cycle", [month, Grant("messages", 5, each: .day)],
            at: .utc(2027, 2, 10, 23), true),
        late(
            "of the credits' cycle", [Grant("credits", 100, each: .month)], of: "action1",
            at: lateTime, true),
        late(
            "own lifetime, but the credits' cycle is over",
            [Grant("action1", 5), Grant("credits", 100, each: .month)], of: "action1",
            at: lateTime, true),
    ]

    package static let table = StoryTable(
        "Usage rules", pricing, checks, tracks, several, times, lates)
}
