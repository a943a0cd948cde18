import Billing
import Events
import Testing

@Suite("Bins of time")
struct TimeBinsTests {
    private static let berlin = ZoneRules(
        seconds: 3_600,
        changes: [
            .init(time: utc(2026, 3, 29, 1), seconds: 7_200),
            .init(time: utc(2026, 10, 25, 1), seconds: 3_600),
        ])
    /// Half an hour, twice a year.
    private static let lordHowe = ZoneRules(
        seconds: 39_600,
        changes: [
            .init(time: utc(2026, 4, 4, 15), seconds: 37_800),
            .init(time: utc(2026, 10, 3, 15) + 1_800_000, seconds: 39_600),
        ])
    /// The clock went from midnight to one.
    private static let saoPaulo = ZoneRules(
        seconds: -10_800, changes: [.init(time: utc(2018, 11, 4, 3), seconds: -7_200)])

    private static func utc(_ year: Int64, _ month: Int64, _ day: Int64, _ hour: Int64 = 0) -> Int64
    {
        CivilDate.daysSinceEpoch(year: year, month: month, day: day) * 86_400_000
            + hour * 3_600_000
    }

    private static func lengths(_ bins: TimeBins) -> [Int64] {
        zip(bins.starts, bins.starts.dropFirst() + [bins.end]).map { ($1 - $0) / 60_000 }
    }

    struct Row: Sendable {
        var name: String
        var zone: ZoneRules
        var range: Range<Int64>
        var unit: BinUnit
        var starts: Int64
        /// Minutes of each bin.
        var lengths: [Int64]
    }

    private static let rows = [
        Row(
            name: "days of UTC", zone: .utc, range: utc(2026, 2, 27, 5)..<utc(2026, 3, 2),
            unit: .day,
            starts: utc(2026, 2, 27), lengths: [1_440, 1_440, 1_440]),
        Row(
            name: "weeks from Monday", zone: .utc, range: utc(2026, 11, 26)..<utc(2026, 12, 1),
            unit: .week, starts: utc(2026, 11, 23), lengths: [10_080, 10_080]),
        Row(
            name: "weeks before the epoch", zone: .utc,
            range: utc(1969, 12, 28)..<utc(1969, 12, 30),
            unit: .week, starts: utc(1969, 12, 22), lengths: [10_080, 10_080]),
        Row(
            name: "months", zone: .utc, range: utc(2028, 1, 31)..<utc(2028, 3, 1, 1), unit: .month,
            starts: utc(2028, 1, 1), lengths: [31 * 1_440, 29 * 1_440, 31 * 1_440]),
        Row(
            name: "a day of 23 hours", zone: berlin,
            range: utc(2026, 3, 28, 23)..<utc(2026, 3, 30, 22), unit: .day,
            starts: utc(2026, 3, 28, 23), lengths: [1_380, 1_440]),
        Row(
            name: "a day of 25 hours", zone: berlin,
            range: utc(2026, 10, 24, 22)..<utc(2026, 10, 26, 23), unit: .day,
            starts: utc(2026, 10, 24, 22), lengths: [1_500, 1_440]),
        Row(
            name: "23 hours", zone: berlin, range: utc(2026, 3, 28, 23)..<utc(2026, 3, 29, 22),
            unit: .hour, starts: utc(2026, 3, 28, 23), lengths: Array(repeating: 60, count: 23)),
        Row(
            name: "25 hours", zone: berlin, range: utc(2026, 10, 24, 22)..<utc(2026, 10, 25, 23),
            unit: .hour, starts: utc(2026, 10, 24, 22), lengths: Array(repeating: 60, count: 25)),
        Row(
            name: "a month with a change", zone: berlin,
            range: utc(2026, 3, 1)..<utc(2026, 3, 2), unit: .month, starts: utc(2026, 2, 28, 23),
            lengths: [31 * 1_440 - 60]),
        Row(
            name: "half an hour set back", zone: lordHowe,
            range: utc(2026, 4, 4, 14)..<utc(2026, 4, 4, 16), unit: .hour,
            starts: utc(2026, 4, 4, 14), lengths: [60, 30, 60]),
        Row(
            name: "half an hour set forward", zone: lordHowe,
            range: utc(2026, 10, 3, 14)..<utc(2026, 10, 3, 16), unit: .hour,
            starts: utc(2026, 10, 3, 13) + 1_800_000, lengths: [60, 60, 30]),
        Row(
            name: "a midnight that is skipped", zone: saoPaulo,
            range: utc(2018, 11, 3, 12)..<utc(2018, 11, 4, 12), unit: .day,
            starts: utc(2018, 11, 3, 3), lengths: [1_440, 1_380]),
    ]

    @Test("follow the zone's clock", arguments: rows)
    func follow(row: Row) throws {
        let bins = try #require(TimeBins(row.range, by: row.unit, in: row.zone))
        #expect(bins.starts.first == row.starts)
        #expect(Self.lengths(bins) == row.lengths)
        #expect(bins.starts.first.map { $0 <= row.range.lowerBound } == true)
        #expect(bins.end >= row.range.upperBound)
    }

    @Test("begin where a longer stretch has them begin", arguments: [berlin, lordHowe, saoPaulo])
    func agree(zone: ZoneRules) throws {
        for unit in BinUnit.allCases {
            for year in [2018, 2026] as [Int64] {
                let whole = try #require(
                    TimeBins(Self.utc(year, 1, 1)..<Self.utc(year + 1, 1, 1), by: unit, in: zone))
                let starts = Set(whole.starts)
                for step in 0..<400 {
                    let from = Self.utc(year, 1, 2) + Int64(step) * 77_777_777
                    guard from < Self.utc(year, 12, 30) else { break }
                    let part = try #require(
                        TimeBins(from..<from + 3 * 86_400_000, by: unit, in: zone))
                    let first = try #require(part.starts.first)
                    #expect(starts.contains(first), "\(unit) at \(from)")
                    #expect(starts.isSuperset(of: part.starts))
                }
            }
        }
    }

    @Test("refuse what is no stretch of time")
    func refuse() {
        #expect(TimeBins(5..<5, by: .day, in: .utc) == nil)
        #expect(TimeBins(.min..<0, by: .month, in: .utc) == nil)
        #expect(TimeBins(0..<Int64.max, by: .month, in: .utc) == nil)
    }
}

extension TimeBinsTests.Row: CustomTestStringConvertible {
    var testDescription: String { name }
}
