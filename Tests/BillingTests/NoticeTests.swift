import Stories
import Testing

/// Entitlements §7.4: who is told when a threshold is passed.
@Suite("Notices") struct NoticeTests {
    @Test("§7.4", arguments: NoticeStories.table.stories)
    func tell(story: Story) throws { try story.run(NoticeStories.table.pricing) }
}
