import Stories
import Testing

@testable import Billing

/// Entitlements §4.2: what is shown of a balance.
@Suite("Balance view") struct BalanceViewTests {
    @Test("what is shown", arguments: BalanceViewStories.rows)
    func show(story: Story) throws { try story.run(BalanceViewStories.pricing) }

    @Test("4.2: cycles and dates of the parts")
    func dates() throws {
        var desk = Desk(BalanceViewStories.pricing)
        try desk.open("messages", 5, expires: .utc(2027, 3, 1), name: "gift")
        try desk.open("messages", 5, each: Cycle(.week, count: 2))
        let view = try #require(desk.balance("messages"))
        #expect(view.nextReset == .utc(2027, 1, 24))
        #expect(view.parts.map(\.cycle) == [Cycle(.oneOff), Cycle(.week, count: 2)])
        #expect(view.parts.map(\.nextReset) == [.never, .utc(2027, 1, 24)])
        #expect(view.parts.map(\.expires) == [.utc(2027, 3, 1), .never])
        #expect(view.details.map(\.name) == ["gift"])
        #expect(view.parts.map(\.plan) == [nil, nil])
    }
}
