import Testing

@testable import Billing

/// Entitlements §3: every number, and what a hold must never do.
@Suite("Holds") struct HoldTests {
    static let pricing = Fixture.pricing(
        .sample("free", .sample("messages", 50, each: .month)),
        .sample("pro", .sample("messages", 80, each: .month)),
        .sample("add_on", addOn: true, .sample("messages", 100)))

    private static let hourly: [Step] = [
        .open(Grant("messages", 5, each: .hour)), .open(Grant("messages", 10, each: .month)),
    ]
    private static let lifetime: [Step] = [
        .open(Grant("messages", 5, each: .hour)), .open(Grant("messages", 20)),
    ]

    static let plain = [
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

    static let credits = [
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

    static let planChanges = [
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

    @Test("confirm and release", arguments: plain)
    func confirm(story: Story) throws { try story.run(HoldTests.pricing) }

    @Test("credit systems", arguments: credits)
    func creditSystem(story: Story) throws { try story.run(HoldTests.pricing) }

    @Test("a plan changes in between", arguments: planChanges)
    func changePlan(story: Story) throws { try story.run(HoldTests.pricing) }
}
