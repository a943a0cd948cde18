import Stories
import Testing

@testable import Billing

/// Entitlements §8.3, §1.3 and the rows of §14.2 that are about entities.
@Suite("Entities") struct EntityTests {
    @Test("seats", arguments: EntityStories.seats)
    func seat(story: Story) throws { try story.run(EntityStories.pricing) }

    @Test("what is refused", arguments: EntityStories.refused)
    func refuse(story: Story) throws { try story.run(EntityStories.pricing) }

    @Test("whose balance is used", arguments: EntityStories.balances)
    func balance(story: Story) throws { try story.run(EntityStories.pricing) }

    @Test("what is shown and allowed", arguments: EntityStories.views)
    func view(story: Story) throws { try story.run(EntityStories.pricing) }
}
