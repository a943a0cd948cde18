import Foundation
import Stories
import Testing

@testable import Billing

@Suite("Cycle and CivilDate") struct CycleTests {
    struct Row: RuleRow {
        let rule: String
        let cycle: Cycle
        let anchor: Timestamp
        /// The boundaries after the anchor, one after the other.
        let boundaries: [Timestamp]

        init(_ rule: String, _ cycle: Cycle, _ anchor: Timestamp, _ boundaries: Timestamp...) {
            self.rule = rule
            self.cycle = cycle
            self.anchor = anchor
            self.boundaries = boundaries
        }
    }

    static let rows = [
        Row(
            "§5.2: 31 January", Cycle(.month), .utc(2027, 1, 31), .utc(2027, 2, 28),
            .utc(2027, 3, 31), .utc(2027, 4, 30), .utc(2027, 5, 31)),
        Row(
            "correction 3: leap year", Cycle(.month), .utc(2027, 12, 31), .utc(2028, 1, 31),
            .utc(2028, 2, 29), .utc(2028, 3, 31)),
        Row(
            "§5.2: 30th, with the time of day", Cycle(.month), .utc(2027, 1, 30, 23, 59),
            .utc(2027, 2, 28, 23, 59), .utc(2027, 3, 30, 23, 59)),
        Row(
            "§5.2: a year from 29 February", Cycle(.year), .utc(2028, 2, 29), .utc(2029, 2, 28),
            .utc(2030, 2, 28), .utc(2031, 2, 28), .utc(2032, 2, 29)),
        Row(
            "§5.2: quarter", Cycle(.quarter), .utc(2027, 11, 30), .utc(2028, 2, 29),
            .utc(2028, 5, 30), .utc(2028, 8, 30)),
        Row(
            "§5.2: half a year", Cycle(.semiAnnual), .utc(2027, 8, 31), .utc(2028, 2, 29),
            .utc(2028, 8, 31)),
        Row(
            "§5.2: count of months", Cycle(.month, count: 2), .utc(2027, 12, 31),
            .utc(2028, 2, 29), .utc(2028, 4, 30), .utc(2028, 6, 30)),
        Row("§5.2: count of weeks", Cycle(.week, count: 2), .utc(2027, 1, 1), .utc(2027, 1, 15)),
        Row("§5.2: week", Cycle(.week), .utc(2027, 2, 25), .utc(2027, 3, 4), .utc(2027, 3, 11)),
        Row("§5.2: day", Cycle(.day), .utc(2028, 2, 28, 5), .utc(2028, 2, 29, 5)),
        Row(
            "§5.2: hour", Cycle(.hour, count: 6), .utc(2027, 12, 31, 20), .utc(2028, 1, 1, 2),
            .utc(2028, 1, 1, 8)),
        Row("§5.2: minute", Cycle(.minute), .utc(2027, 1, 1), .utc(2027, 1, 1, 0, 1)),
        Row("lifetime", Cycle(.oneOff), .utc(2027, 1, 1), .never),
        Row("a count of 0 is 1", Cycle(.day, count: 0), .utc(2027, 1, 1), .utc(2027, 1, 2)),
    ]

    @Test("boundaries", arguments: rows)
    func boundaries(row: Row) {
        var now = row.anchor
        for expected in row.boundaries {
            #expect(row.cycle.boundary(after: now, anchor: row.anchor) == expected)
            let before = expected.adding(milliseconds: expected == .never ? 0 : -1)
            #expect(row.cycle.boundary(after: before, anchor: row.anchor) == expected)
            now = expected
        }
    }

    @Test("before its anchor a cycle begins at the anchor", arguments: Interval.allCases)
    func beforeAnchor(interval: Interval) {
        let anchor = Timestamp.utc(2027, 5, 31)
        let first = Cycle(interval).boundary(after: .utc(2026, 1, 1), anchor: anchor)
        #expect(first == (interval == .oneOff ? .never : anchor))
    }

    /// boundary(after: now) > now, and the boundary before it is not.
    @Test("the next boundary, never a later one", arguments: [71, 72, 73] as [UInt64])
    func nextBoundary(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let intervals = Interval.allCases.filter { $0 != .oneOff }
        for _ in 0..<2_000 {
            let interval = try #require(intervals.randomElement(using: &generator))
            let cycle = Cycle(interval, count: UInt16.random(in: 1...5, using: &generator))
            let span = Int64(200) * 365 * 86_400_000
            let anchor = Timestamp(milliseconds: Int64.random(in: 0...span, using: &generator))
            let later = Int64.random(
                in: 0...(span >> Int.random(in: 0...20, using: &generator)),
                using: &generator)
            let now = anchor.adding(milliseconds: later)
            let next = cycle.boundary(after: now, anchor: anchor)
            #expect(next > now, "seed \(seed)")
            let justBefore = next.adding(milliseconds: -1)
            #expect(cycle.boundary(after: justBefore, anchor: anchor) == next, "seed \(seed)")
            #expect(cycle.boundary(after: next, anchor: anchor) > next, "seed \(seed)")
        }
    }

    static let instants: [(Int64, Int64, Int64, Int64)] = [
        (0, 1970, 1, 1), (951_782_400_000, 2000, 2, 29), (951_868_800_000, 2000, 3, 1),
        (1_835_395_200_000, 2028, 2, 29), (4_107_542_400_000, 2100, 3, 1),
        (-86_400_000, 1969, 12, 31),
    ]

    @Test("known dates", arguments: instants)
    func knownDates(milliseconds: Int64, year: Int64, month: Int64, day: Int64) {
        let date = CivilDate(Timestamp(milliseconds: milliseconds))
        #expect((date.year, date.month, date.day, date.timeOfDay) == (year, month, day, 0))
        #expect(Timestamp.utc(year, month, day).milliseconds == milliseconds)
    }

    @Test("every day there and back, and one after the other")
    func everyDay() {
        var expected = CivilDate(Timestamp(milliseconds: -200_000 * 86_400_000))
        for number in Int64(-200_000)...200_000 {
            let date = CivilDate(Timestamp(milliseconds: number * 86_400_000))
            let back = CivilDate.daysSinceEpoch(year: date.year, month: date.month, day: date.day)
            guard back == number, date.day == expected.day, date.month == expected.month else {
                Issue.record("day \(number)")
                return
            }
            expected.day += 1
            if expected.day > CivilDate.days(inMonth: expected.month, year: expected.year) {
                expected.day = 1
                expected.year += expected.month == 12 ? 1 : 0
                expected.month = expected.month % 12 + 1
            }
        }
    }

    @Test("as the platform's calendar says", arguments: [81] as [UInt64])
    func platformCalendar(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        for _ in 0..<500 {
            let seconds = Int64.random(in: 0...9_000_000_000, using: &generator)
            let months = Int.random(in: 0...60, using: &generator)
            let date = Date(timeIntervalSince1970: Double(seconds))
            let later = try #require(calendar.date(byAdding: .month, value: months, to: date))
            let ours = Timestamp(milliseconds: seconds * 1000).adding(months: Int64(months))
            #expect(Double(ours.milliseconds) / 1000 == later.timeIntervalSince1970)
        }
    }
}
