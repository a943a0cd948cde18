import Testing

@testable import Repository

@Suite("How fast the next segment is filled") struct SegmentPreparerTests {
    /// In MiB: the log is in a segment of `size`, the next one has 64.
    struct Row {
        let filled: Int
        let used: Int
        var size = 64
        let hasTime: Bool
    }

    static let rows = [
        // The log has just come into a segment.
        Row(filled: 1, used: 0, hasTime: true),
        Row(filled: 63, used: 0, hasTime: true),
        // It goes on: twice as much is filled as it has used, and no more.
        Row(filled: 20, used: 10, hasTime: false),
        Row(filled: 21, used: 10, hasTime: true),
        Row(filled: 63, used: 31, hasTime: true),
        // From its half on all is needed at once.
        Row(filled: 63, used: 32, hasTime: false),
        Row(filled: 1, used: 64, hasTime: false),
        // The last of a copy is as long as its records; settings may have changed.
        Row(filled: 1, used: 0, size: 0, hasTime: false),
        Row(filled: 9, used: 4, size: 4, hasTime: false),
        Row(filled: 1, used: 0, size: 16, hasTime: false),
        Row(filled: 48, used: 0, size: 16, hasTime: true),
    ]

    @Test("is told by how far the log is", arguments: rows)
    func pace(row: Row) {
        let hasTime = SegmentPreparer.hasTime(
            filled: row.filled, left: 64 - row.filled, used: row.used, room: row.size - row.used)
        #expect(hasTime == row.hasTime)
    }
}
