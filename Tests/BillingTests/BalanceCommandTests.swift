import Stories
import Testing

@testable import Billing

/// Entitlements §6 and §14.4.
@Suite("Balance commands") struct BalanceCommandTests {
    @Test("update", arguments: BalanceCommandStories.updates)
    func update(story: Story) throws { try story.run(BalanceCommandStories.pricing) }

    @Test("dates", arguments: BalanceCommandStories.dates)
    func date(story: Story) throws { try story.run(BalanceCommandStories.pricing) }

    @Test("create", arguments: BalanceCommandStories.created)
    func create(story: Story) throws { try story.run(BalanceCommandStories.pricing) }

    @Test("delete", arguments: BalanceCommandStories.deleted)
    func delete(story: Story) throws { try story.run(BalanceCommandStories.pricing) }

    @Test("recalculate", arguments: BalanceCommandStories.recalculated)
    func recalculate(story: Story) throws { try story.run(BalanceCommandStories.pricing) }
}
