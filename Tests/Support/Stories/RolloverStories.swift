package import Billing

/// Entitlements §5.3.
package enum RolloverStories {
    private static func units(_ most: Quantity, months: UInt32 = 0) -> Rollover {
        Rollover(cap: .units(most), months: months)
    }
    private static let forGood = Rollover(cap: .none, months: 0)
    private static let half = Rollover(cap: .percentage(50), months: 0)

    package static let pricing = Fixture.pricing(
        .sample(
            "plan", .sample("messages", 400, each: .month).rolling(units(500)),
            .sample("words", 100, each: .month)),
        .sample(
            "each", .sample("messages", 100, each: .month).rolling(forGood).forEach("users")),
        .sample("next", .sample("messages", 50, each: .month)))

    private static func open(_ amount: Quantity, _ rollover: Rollover) -> Step {
        .open(Grant("messages", amount, each: .month, rollover: rollover))
    }
    private static let feb = Step.advance(to: .utc(2027, 2, 10))
    private static let mar = Step.advance(to: .utc(2027, 3, 10))
    private static let apr = Step.advance(to: .utc(2027, 4, 10))

    package static let numbers = [
        Story(
            "5.3: 400, most 500, used 250", open(400, units(500)), .track("messages", 250), feb,
            .balances([400, 150]), .left("messages", 550), .granted("messages", 550),
            .used("messages", 0)),
        Story(
            "5.3: the same of a plan", .attach("plan"), .track("messages", 250), feb,
            .left("messages", 550)),
        Story(
            "5.3: 300, most 100, used 50", open(300, units(100)), .track("messages", 50), feb,
            .left("messages", 400)),
        Story(
            "5.3: 400, most 500: the second reset keeps 100 and 400", open(400, units(500)),
            .track("messages", 250), feb, mar, .balances([400, 100, 400]),
            .left("messages", 900)),
        Story(
            "5.3: most 80: of 50 and 100 one row of 80", open(100, units(80)),
            .track("messages", 50), feb, .balances([100, 50]), mar, .balances([100, 80]),
            .left("messages", 180)),
        Story(
            "5.3: 200, half, used 50", open(200, half), .track("messages", 50), feb,
            .left("messages", 300)),
        Story(
            "5.3: 200, half, used 150", open(200, half), .track("messages", 150), feb,
            .left("messages", 250)),
        Story(
            "5.3: a percentage is rounded down", open(3, half), feb, .balances([3, 1])),
        Story(
            "5.3: credits 500, most 300: 800, 780, 540, 440",
            .open(Grant("credits", 500, each: .month, rollover: units(300))), feb,
            .left("credits", 800), .track("action1", 100), .left("credits", 780),
            .track("action1", 1200), .left("credits", 540), .balances([500, 40]),
            .track("action1", 500), .left("credits", 440), .balances([440, 0])),
        Story(
            "5.3: nothing left, nothing goes over", open(100, forGood), .track("messages", 100),
            feb, .balances([100])),
    ]

    private static let month = Rollover(cap: .none, months: 1)
    private static let two = Rollover(cap: .none, months: 2)

    package static let rules = [
        Story(
            "5.3: the soonest to expire first", open(100, two), feb, mar,
            .balances([100, 100, 100]), .track("messages", 150), .balances([100, 0, 50])),
        Story(
            "5.3: expires so many months after the reset", open(100, month), feb,
            .balances([100, 100]),
            .advance(to: Timestamp.utc(2027, 3, 10).adding(milliseconds: -1)),
            .left("messages", 200), mar, .balances([100, 100])),
        Story(
            "5.3: what expires isn't counted any more", open(100, month), .track("messages", 60),
            feb, .left("messages", 140), .track("messages", 120), .left("messages", 20), mar,
            .left("messages", 120)),
        Story(
            "5.3: several cycles missed: one row for each", open(100, forGood),
            .track("messages", 30), .advance(to: .utc(2027, 6, 1)),
            .balances([100, 70, 100, 100, 100])),
        Story(
            "5.3: of many missed what the cap leaves", open(100, units(250)),
            .track("messages", 30), .advance(to: .utc(2031, 6, 1)), .balances([100, 50, 100, 100]),
            .granted("messages", 350)),
        Story(
            "5.3: of many missed what hasn't expired", open(100, two),
            .advance(to: .utc(2031, 6, 1)), .balances([100, 100, 100])),
        Story(
            "5.3: of many missed, two in step", open(100, two), open(20, units(30)),
            .advance(to: .utc(2031, 6, 1)), .balances([100, 20, 100, 10, 100, 20])),
        Story(
            "5.3: missed for so long that the first ones have expired", open(100, month),
            .advance(to: .utc(2027, 6, 1)), .balances([100, 100])),
        Story(
            "5.3: what is used up doesn't stay", open(100, forGood), feb,
            .track("messages", 150), .balances([50, 0]), mar, .balances([100, 50])),
        Story(
            "5.3: a refund fills none", open(100, forGood), feb, .track("messages", 150),
            .track("messages", -150), .balances([100, 0])),
        Story(
            "5.3: usage of rollovers counts", open(100, forGood), feb, .track("messages", 30),
            .used("messages", 30), .granted("messages", 200)),
        Story(
            "1.5: rollovers count", open(100, forGood), feb, .check("messages", 200, .included),
            .check("messages", 201, .insufficientBalance)),
        Story(
            "5.3: for each entity", .entity("users", "a"), .entity("users", "b"), .attach("each"),
            .track("messages", 30, of: "a"), feb, .slices([100, 70], of: "a"),
            .slices([100, 100], of: "b"), .track("messages", 90, of: "a"),
            .slices([80, 0], of: "a"), .left("messages", 280)),
        Story(
            "correction 4: credits that went over before the feature's own",
            .open(Grant("action1", 100)),
            .open(Grant("credits", 10, each: .month, rollover: forGood)), feb,
            .track("action1", 60), .balances([90, 10, 0])),
        Story(
            "2.4: a cost of 0: what went over is free",
            .open(Grant("words", 100)),
            .open(Grant("free_credits", 10, each: .month, rollover: forGood)), feb,
            .track("words", 60), .balances([100, 10, 10])),
        Story(
            "2.4: a cost of 0: 1 otherwise", .open(Grant("free_credits", 10)),
            .track("words", 6), .balances([4])),
        Story(
            "6.3: gone with what it came from", open(100, forGood), feb,
            .delete(Pick("messages")), .balances([])),
        Story(
            "5.3: gone with its plan", .attach("plan"), feb, .left("messages", 800),
            .attach("next"), .left("messages", 50)),
    ]

    package static let refused = [
        Story(
            "5.3: without a reset",
            .refused(
                "invalid: rollover", .open(Grant("messages", 5, rollover: forGood)))),
        Story(
            "5.3: of seats",
            .refused(
                "invalid: reset",
                .open(Grant("users", 5, each: .month, rollover: forGood)))),
    ]

    package static let table = StoryTable("Rollovers", pricing, numbers, rules, refused)
}
