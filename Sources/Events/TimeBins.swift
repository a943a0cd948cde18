package import Billing

/// What a bin of time covers, by the clock of a zone.
package enum BinUnit: UInt8, Sendable, CaseIterable {
    case hour = 1
    case day
    /// From Monday on.
    case week
    case month
}

/// A stretch of time cut into bins, without gap. A day of a zone has 23, 24 or 25 hours.
package struct TimeBins: Sendable, Equatable {
    /// What is counted; the first and the last bin may reach beyond it.
    package let range: Range<Int64>
    /// When each bin begins, in milliseconds since the epoch.
    package let starts: [Int64]
    /// When the last one ends.
    package let end: Int64

    package static let limit = 10_000

    /// One bin for all of the range.
    init(all range: Range<Int64>) {
        self.range = range
        starts = [range.lowerBound]
        end = range.upperBound
    }

    /// nil: there would be no bin, or more than the limit.
    package init?(_ range: Range<Int64>, by unit: BinUnit, in zone: ZoneRules) {
        let reach: Int64 = 1 << 52
        guard !range.isEmpty, range.lowerBound > -reach, range.upperBound < reach else {
            return nil
        }
        self.range = range
        var start = Self.start(of: range.lowerBound, unit, zone)
        var starts: [Int64] = []
        while start < range.upperBound {
            guard starts.count < Self.limit else { return nil }
            starts.append(start)
            start = Self.next(after: start, unit, zone)
        }
        self.starts = starts
        end = start
    }

    /// The same by the rule that holds in a zone now.
    package init?(_ range: Range<Int64>, by unit: BinUnit, inZone zone: Zone) {
        let reach: Int64 = 1 << 52
        guard range.lowerBound > -reach, range.upperBound < reach else { return nil }
        let rules = zone.rules(
            for: Timestamp(
                milliseconds: range.lowerBound)...Timestamp(
                    milliseconds: range.upperBound))
        self.init(range, by: unit, in: rules)
    }

    /// The bin that a time of the range is in.
    @inline(__always)
    func index(of time: Int64) -> Int {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= time { low = middle } else { high = middle }
        }
        return low
    }

    @inline(__always)
    func range(of bin: Int) -> Range<Int64> {
        starts[bin]..<(bin + 1 < starts.count ? starts[bin + 1] : end)
    }

    /// The last boundary at or before a time.
    private static func start(of time: Int64, _ unit: BinUnit, _ zone: ZoneRules) -> Int64 {
        let local = time + zone.offset(at: time)
        switch unit {
        case .hour:
            let start = time - floorModulo(local, 3_600_000)
            guard let change = zone.change(after: start), change <= time else { return start }
            // The hour began by the clock as it was before the change.
            return change - floorModulo(change + zone.offset(at: change - 1), 3_600_000)
        case .day, .week, .month:
            let boundary = zone.instant(ofLocal: localStart(of: local, unit))
            // A clock set back across a boundary shows the day before for a second time.
            let next = Self.next(after: boundary, unit, zone)
            return next <= time ? next : boundary
        }
    }

    /// The first boundary after a boundary.
    private static func next(after start: Int64, _ unit: BinUnit, _ zone: ZoneRules) -> Int64 {
        let local = start + zone.offset(at: start)
        switch unit {
        case .hour:
            let next = start + 3_600_000 - floorModulo(local, 3_600_000)
            guard let change = zone.change(after: start), change < next else { return next }
            let shown = floorModulo(change + zone.offset(at: change), 3_600_000)
            return shown == 0 ? change : change + 3_600_000 - shown
        case .day: return zone.instant(ofLocal: localStart(of: local, unit) + 86_400_000)
        case .week: return zone.instant(ofLocal: localStart(of: local, unit) + 604_800_000)
        case .month:
            let first = Timestamp(milliseconds: localStart(of: local, unit))
            return zone.instant(ofLocal: first.adding(months: 1).milliseconds)
        }
    }

    /// Where the unit begins by the clock.
    private static func localStart(of local: Int64, _ unit: BinUnit) -> Int64 {
        let midnight = local - floorModulo(local, 86_400_000)
        switch unit {
        case .hour: return local - floorModulo(local, 3_600_000)
        case .day: return midnight
        // The epoch was a Thursday.
        case .week: return midnight - floorModulo(midnight / 86_400_000 + 3, 7) * 86_400_000
        case .month:
            let date = CivilDate(Timestamp(milliseconds: local))
            return midnight - (date.day - 1) * 86_400_000
        }
    }

    private static func floorModulo(_ value: Int64, _ divisor: Int64) -> Int64 {
        let rest = value % divisor
        return rest < 0 ? rest + divisor : rest
    }
}
