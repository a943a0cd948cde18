import Stories
import Testing

@testable import Billing

/// Entitlements §7.1 and §7.2, corrections 1: overage, spend limits, permissions.
@Suite("Spend limits") struct SpendLimitTests {
    @Test("how far overage goes", arguments: SpendLimitStories.limits)
    func limit(story: Story) throws { try story.run(SpendLimitStories.pricing) }

    @Test("entities", arguments: SpendLimitStories.entities)
    func entity(story: Story) throws { try story.run(SpendLimitStories.pricing) }

    @Test("plans", arguments: SpendLimitStories.plans)
    func plan(story: Story) throws { try story.run(SpendLimitStories.pricing) }

    @Test("permission", arguments: SpendLimitStories.permissions)
    func permit(story: Story) throws { try story.run(SpendLimitStories.pricing) }
}
