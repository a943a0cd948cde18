import Testing

@testable import Billing

/// Entities that are made before it is known who they are (entitlements §8.3).
@Suite struct UnnamedEntityTests {
    private static let pricing = Fixture.pricing(
        .sample(
            "plan", .sample("users", 3), .sample("workflows", 3),
            .sample("messages", 100, each: .month).forEach("users")))

    static let rows: [Story] = [
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

    @Test("Entities without an id", arguments: rows)
    func entities(_ story: Story) throws {
        try story.run(Self.pricing)
    }

    @Test("The name that claims it counts, controls as well")
    func claim() throws {
        var desk = Desk(Self.pricing)
        try desk.create()
        try desk.attach("plan")
        let users = Fixture.users
        try desk.run(.createEntity(CreateEntity(id: .empty, feature: users, name: "somebody")))
        var controls = Controls()
        controls.overagePermissions = [
            OveragePermission(feature: Fixture.messages, isEnabled: true)
        ]
        let decision = try desk.run(
            .createEntity(
                CreateEntity(id: "ada", feature: users, name: "Ada", controls: controls)))
        let entity = try #require(desk.customer.buckets.extras.entities.find("ada"))
        #expect(decision.reply == .entity(entity.number))
        #expect(entity.name == "Ada")
        #expect(entity.controls == controls)
        #expect(entity.buckets.count == 1)
    }

    @Test("Those without an id come first, and never end a page that others follow")
    func pages() {
        var table = EntityTable()
        for (number, id) in ["", "b", "", "a"].enumerated() {
            table.insert(
                Entity(
                    number: UInt32(number + 1), id: InlineText(id) ?? .empty,
                    feature: FeatureNumber(rawValue: UInt32(number + 1)), name: "",
                    created: .epoch))
        }
        let first = table.page(after: .empty, 1)
        #expect(first.0.map(\.number) == [1, 3, 4])
        #expect(first.next == "a")
        let second = table.page(after: "a", 1)
        #expect(second.0.map(\.number) == [2])
        #expect(second.next == nil)
        #expect(table.find(.empty) == nil)
        table.change(3) { $0.name = "three" }
        #expect(table.entity(3)?.name == "three")
        #expect(table.entity(1)?.name == "")
        table.name(1, "c")
        #expect(table.all.map(\.number) == [3, 4, 2, 1])
        table.remove(3)
        #expect(table.unnamed(of: FeatureNumber(rawValue: 3)) == nil)
        #expect(table.find("c")?.number == 1)
    }
}
