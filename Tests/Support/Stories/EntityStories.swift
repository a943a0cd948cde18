package import Billing

/// Entitlements §8.3, §1.3 and the rows of §14.2 that are about entities.
package enum EntityStories {
    package static let pricing = Fixture.pricing(
        .sample("seats", .sample("users", 3)),
        .sample("more_seats", .sample("users", 10)),
        .sample("paid_seats", .sample("users", 1, price: "5", most: 1)),
        .sample("each", .sample("messages", 100, each: .month).forEach("users")),
        .sample("each50", addOn: true, .sample("messages", 50).forEach("users")),
        .sample("each_flag", addOn: true, .sample("dashboard").forEach("users")),
        .sample("each_seat", .sample("workflows", 5).forEach("users")),
        .sample("more_each_seat", .sample("workflows", 8).forEach("users")))

    private static let a = Step.entity("users", "a")
    private static let b = Step.entity("users", "b")
    private static let c = Step.entity("users", "c")

    package static let seats = [
        Story(
            "8.3: each takes a seat", .attach("seats"), a, b, .balances([1]), .used("users", 2)),
        Story(
            "8.3: and leaves it", .attach("seats"), a, b, .deleteEntity("a"), .balances([2]),
            .deleteEntity("b"), .balances([3])),
        Story(
            "2.6: free seats below 0", .attach("seats"), a, b, c, .entity("users", "d"),
            .balances([-1]), .left("users", 0), .used("users", 4)),
        Story(
            "8.3: no more than may be bought", .buy("paid_seats"), a, b, .balances([-1]),
            .refused("feature limit reached", c), .deleteEntity("a"), c, .balances([-1])),
        Story(
            "8.3: no overage: no more than there are", .attach("seats"),
            .set(.overage(Fixture.users, false)), a, b, c,
            .refused("feature limit reached", .entity("users", "d"))),
        Story(
            "0: those that are there count", a, b, .attach("seats"), .balances([1]),
            .deleteEntity("a"), .balances([2])),
        Story("0: in a loose balance too", a, b, .open(Grant("users", 5)), .balances([3])),
        Story(
            "0: once, whatever grants seats", a, b, .attach("seats"), .open(Grant("users", 5)),
            .balances([1, 5])),
        Story(
            "8.3: another plan: they stay", .attach("seats"), a, b, .track("users", 1),
            .attach("more_seats"), .balances([7])),
        Story(
            "8.3: of another feature: nothing", .attach("seats"), .entity("workflows", "w"),
            .balances([3])),
        Story(
            "8.3: seats of each entity stay its own", a, b, .attach("each_seat"),
            .track("workflows", 2, of: "a"), .track("workflows", 4, of: "b"),
            .attach("more_each_seat"), .slices([6], of: "a"), .slices([4], of: "b")),
    ]

    package static let refused = [
        Story(
            "8.3: of a consumable", .refused("invalid: feature_id", .entity("messages", "a"))),
        Story("8.3: of a boolean", .refused("invalid: feature_id", .entity("dashboard", "a"))),
        Story("8.3: of credits", .refused("invalid: feature_id", .entity("credits", "a"))),
        Story(
            "8.3: an id once", a, .refused("entity exists", a),
            .refused("entity exists", .entity("workflows", "a"))),
        Story("8.3: again, when it is gone", a, .deleteEntity("a"), a),
        Story("8.3: none to delete", .refused("entity not found", .deleteEntity("a"))),
        Story(
            "1.2: nobody of that id", .open(Grant("messages", 5)),
            .refused("entity not found", .track("messages", 1, of: "a")),
            .refused("entity not found", .check("messages", 1, of: "a", .included)),
            .refused("entity not found", .hold("messages", 1, of: "a"))),
    ]

    private static let entityGrants: [Step] = [
        a, b, .attach("each"), .open(Grant("messages", 50, of: "a")),
        .open(Grant("messages", 50, of: "b")),
    ]
    private static let bothLevels: [Step] = [
        a, b, .open(Grant("messages", 100)), .open(Grant("messages", 100, of: "a")),
    ]
    private static let three: [Step] = [a, b, c, .attach("each")]

    package static let balances = [
        Story(
            "8.3: a slice each, also for who comes later", a, .attach("each"), b,
            .slices([100], of: "a"), .slices([100], of: "b"), .left("messages", 200)),
        Story(
            "8.3: gone with the entity", after: three, .deleteEntity("b"),
            .left("messages", 200)),
        Story(
            "14.2: 100 × 2 and 50 each", after: entityGrants, .left("messages", 300),
            .left("messages", 150, of: "a"), .track("messages", 80, of: "a"),
            .left("messages", 70, of: "a"), .left("messages", 220),
            .left("messages", 150, of: "b")),
        Story(
            "14.2: the customer's 100 and the entity's 100", after: bothLevels,
            .left("messages", 200, of: "a"), .track("messages", 50, of: "a"),
            .left("messages", 150, of: "a"), .slices([50], of: "a"), .balances([100])),
        Story(
            "14.2: 120 more: the entity's, then the customer's", after: bothLevels,
            .track("messages", 50, of: "a"), .track("messages", 120, of: "a"),
            .left("messages", 30, of: "a"), .slices([0], of: "a"), .balances([30]),
            .left("messages", 30, of: "b")),
        Story(
            "14.2: 100 × 3: 10 on each, then 10 of the first", after: three,
            .track("messages", 10, of: "a"), .track("messages", 10, of: "b"),
            .track("messages", 10, of: "c"), .left("messages", 270), .track("messages", 10),
            .left("messages", 260), .slices([80], of: "a"), .slices([90], of: "b")),
        Story(
            "2.4: slices in order of id, one after the other", c, b, a, .attach("each"),
            .track("messages", 150), .slices([0], of: "a"), .slices([50], of: "b"),
            .slices([100], of: "c")),
        Story(
            "2.4: one item after the other", a, b, .attach("each"), .attach("each50"), c,
            .track("messages", 330), .slices([0, 20], of: "a"), .slices([0, 50], of: "b"),
            .slices([0, 50], of: "c")),
        Story(
            "14.2: the entity's slice first", a, .open(Grant("messages", 100)),
            .attach("each50"), .track("messages", 60, of: "a"), .slices([0], of: "a"),
            .balances([90])),
        Story(
            "14.2: the customer's first", a, .open(Grant("messages", 100)), .attach("each50"),
            .track("messages", 120), .balances([0]), .slices([30], of: "a")),
        Story(
            "14.2: entity credits", a, b, .open(Grant("credits", 10, of: "a")),
            .track("action1", 5, of: "a"), .slices([9], of: "a"),
            .track("action1", 5, of: "b"), .slices([9], of: "a"),
            .check("action1", 1, of: "b", .notIncluded)),
        Story(
            "14.2: a refund to an entity", after: bothLevels, .track("messages", 150, of: "a"),
            .track("messages", -70, of: "a"), .slices([70], of: "a"), .balances([50])),
        Story(
            "2.1: usage that is set, of an entity", a, .open(Grant("messages", 100, of: "a")),
            .setUsage("messages", 30, of: "a"), .slices([70], of: "a")),
    ]

    private static let shared: [Step] = [
        a, b, .open(Grant("messages", 200)), .open(Grant("messages", 300, of: "a")),
    ]

    package static let views = [
        Story(
            "1.3: the customer is shown 500", after: shared, .left("messages", 500),
            .granted("messages", 500), .left("messages", 500, of: "a"),
            .left("messages", 200, of: "b")),
        Story(
            "1.3: and may use 200", after: shared, .check("messages", 200, .included),
            .check("messages", 201, .insufficientBalance), .track("messages", 500),
            .balances([0]), .slices([300], of: "a")),
        Story(
            "1.3: the entity may use 500", after: shared,
            .check("messages", 500, of: "a", .included),
            .check("messages", 501, of: "a", .insufficientBalance),
            .check("messages", 200, of: "b", .included),
            .check("messages", 201, of: "b", .insufficientBalance)),
        Story(
            "1.3: of slices the customer may use the sum", after: three,
            .check("messages", 300, .included), .check("messages", 301, .insufficientBalance),
            .check("messages", 100, of: "a", .included),
            .check("messages", 101, of: "a", .insufficientBalance)),
        Story(
            "1.3: a flag of an entity", a, b, .open(Grant("dashboard", nil, of: "a")),
            .check("dashboard", 1, of: "a", .flag), .check("dashboard", 1, .notIncluded),
            .check("dashboard", 1, of: "b", .notIncluded)),
        Story(
            "1.3: a flag of each entity", a, .attach("each_flag"),
            .check("dashboard", 1, of: "a", .flag)),
        Story(
            "14.1: no pooling: its own 500, not the customer's 5,000", a, b,
            .open(Grant("messages", 5000)), .open(Grant("messages", 500, of: "a")),
            .set(.pooling(isDisabled: true)), .check("messages", 500, of: "a", .included),
            .check("messages", 501, of: "a", .insufficientBalance),
            .check("messages", 1, of: "b", .notIncluded), .left("messages", 500, of: "a"),
            .track("messages", 900, of: "a"), .balances([5000]), .slices([0], of: "a"),
            .set(.pooling(isDisabled: false)), .check("messages", 5000, of: "a", .included)),
    ]

    package static let table = StoryTable("Entities", pricing, seats, refused, balances, views)
}
