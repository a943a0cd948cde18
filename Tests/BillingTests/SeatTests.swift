import Stories
import Testing

@testable import Billing

/// Billing §11.4: seats that are paid for when they are taken.
@Suite("Seats") struct SeatTests {
    @Test("§11.4", arguments: SeatStories.table.stories)
    func tell(story: Story) throws { try story.run(SeatStories.table.pricing) }
}
