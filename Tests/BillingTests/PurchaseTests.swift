import Stories
import Testing

@testable import Billing

@Suite("Purchases") struct PurchaseTests {
    @Test("§5-§11", arguments: PurchaseStories.table.stories)
    func tell(story: Story) throws {
        try story.run(PurchaseStories.table.pricing)
    }
}
