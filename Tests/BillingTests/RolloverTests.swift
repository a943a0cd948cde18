import Stories
import Testing

@testable import Billing

/// Entitlements §5.3.
@Suite("Rollovers") struct RolloverTests {
    @Test("numbers", arguments: RolloverStories.numbers)
    func number(story: Story) throws { try story.run(RolloverStories.pricing) }

    @Test("rules", arguments: RolloverStories.rules)
    func rule(story: Story) throws { try story.run(RolloverStories.pricing) }

    @Test("what is refused", arguments: RolloverStories.refused)
    func refuse(story: Story) throws { try story.run(RolloverStories.pricing) }
}
