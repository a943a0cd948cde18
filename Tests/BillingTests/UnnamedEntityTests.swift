import Stories
import Testing

@testable import Billing

/// Entities that are made before it is known who they are (entitlements §8.3).
@Suite struct UnnamedEntityTests {
    @Test("Entities without an id", arguments: UnnamedEntityStories.rows)
    func entities(_ story: Story) throws {
        try story.run(UnnamedEntityStories.pricing)
    }

    @Test("The name that claims it counts, controls as well")
    func claim() throws {
        var desk = Desk(UnnamedEntityStories.pricing)
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
