package import Billing

/// Entities that wait for their id (entitlements §8.3).
package enum UnnamedEntityStories {
    package static let pricing = Fixture.pricing(
        .sample(
            "plan", .sample("users", 3), .sample("workflows", 3),
            .sample("messages", 100, each: .month).forEach("users")))

    package static let rows: [Story] = [
        Story(
            "§8.3: one without an id takes a seat and gets its slice", .attach("plan"),
            .entity("users", .empty), .used("users", 1), .granted("messages", 100)),
        Story(
            "§8.3: the next one with an id claims it: one seat, one slice", .attach("plan"),
            .entity("users", .empty), .entity("users", "ada"), .used("users", 1),
            .granted("messages", 100), .granted("messages", 100, of: "ada"),
            .track("messages", 30, of: "ada"), .left("messages", 70),
            .entity("users", "bob"), .used("users", 2), .granted("messages", 200)),
        Story(
            "§8.3: what was used of its slice stays used", .attach("plan"),
            .entity("users", .empty), .track("messages", 40), .entity("users", "ada"),
            .left("messages", 60, of: "ada")),
        Story(
            "§8.3: more than one null id is refused", .attach("plan"), .entity("users", .empty),
            .refused("entity id required", .entity("users", .empty)), .used("users", 1)),
        Story(
            "§8.3: one of each feature may wait", .attach("plan"), .entity("users", .empty),
            .entity("workflows", .empty), .used("users", 1), .used("workflows", 1),
            .entity("workflows", "flow"), .used("workflows", 1), .used("users", 1),
            .entity("users", "ada"), .used("users", 1)),
        Story(
            "§8.3: once claimed, another may wait", .attach("plan"), .entity("users", .empty),
            .entity("users", "ada"), .entity("users", .empty), .used("users", 2),
            .deleteEntity("ada"), .used("users", 1)),
        Story(
            "§8.3: a taken id claims nothing", .attach("plan"), .entity("users", "ada"),
            .entity("users", .empty), .refused("entity exists", .entity("users", "ada")),
            .used("users", 2)),
    ]

    package static let table = StoryTable("entities without an id", pricing, rows)
}
