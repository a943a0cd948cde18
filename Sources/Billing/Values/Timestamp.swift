/// An instant of customer time: milliseconds since the Unix epoch, UTC.
package struct Timestamp: Sendable, Hashable, Comparable {
    package var milliseconds: Int64

    /// Later than everything: "never".
    package static let never = Timestamp(milliseconds: .max)
    package static let epoch = Timestamp(milliseconds: 0)

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static func < (a: Timestamp, b: Timestamp) -> Bool {
        a.milliseconds < b.milliseconds
    }

    package func adding(milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: self.milliseconds + milliseconds)
    }
}

/// How often something repeats. Raw values are those of `tally.v1.Interval`, and are stored.
package enum Interval: UInt8, Sendable, CaseIterable {
    case oneOff = 1
    case minute, hour, day, week, month, quarter, semiAnnual, year

    /// Minutes, for comparing lengths (entitlements §2.3, key 6); nil: never repeats.
    package var nominalMinutes: UInt64? {
        switch self {
        case .oneOff: nil
        case .minute: 1
        case .hour: 60
        case .day: 1440
        case .week: 10_080
        case .month: 43_200
        case .quarter: 129_600
        case .semiAnnual: 259_200
        case .year: 525_600
        }
    }

    /// Calendar months in one interval; nil for those of fixed length.
    var months: Int64? {
        switch self {
        case .month: 1
        case .quarter: 3
        case .semiAnnual: 6
        case .year: 12
        case .oneOff, .minute, .hour, .day, .week: nil
        }
    }

    var milliseconds: Int64? {
        switch self {
        case .minute: 60_000
        case .hour: 3_600_000
        case .day: 86_400_000
        case .week: 604_800_000
        case .oneOff, .month, .quarter, .semiAnnual, .year: nil
        }
    }
}

extension Timestamp {
    /// The same day of the month and time of day, months later; the month's last day where the day
    /// doesn't exist.
    package func adding(months: Int64) -> Timestamp {
        let date = CivilDate(self)
        let index = date.monthIndex + months
        let (year, month) = (index.floorDivided(by: 12), index.floorModulo(12) + 1)
        let day = min(date.day, CivilDate.days(inMonth: month, year: year))
        let days = CivilDate.daysSinceEpoch(year: year, month: month, day: day)
        return Timestamp(milliseconds: days * 86_400_000 + date.timeOfDay)
    }

    /// The same by the clocks of a zone: of a time that comes twice the earlier one, of a time that
    /// is skipped the end of the gap.
    func adding(months: Int64, in zone: Zone) -> Timestamp {
        guard zone != .utc else { return adding(months: months) }
        return local(in: zone).adding(months: months).instant(in: zone)
    }

    /// What clocks show, as if it were UTC.
    func local(in zone: Zone) -> Timestamp {
        adding(milliseconds: zone.rules(around: self).offset(at: milliseconds))
    }

    /// When clocks show this.
    func instant(in zone: Zone) -> Timestamp {
        Timestamp(milliseconds: zone.rules(around: self).instant(ofLocal: milliseconds))
    }
}

/// Year, month, day in the proleptic Gregorian calendar, UTC.
package struct CivilDate {
    package var year: Int64
    package var month: Int64
    package var day: Int64
    /// Milliseconds since midnight.
    package var timeOfDay: Int64

    package var monthIndex: Int64 { year * 12 + month - 1 }

    package init(_ time: Timestamp) {
        let days = time.milliseconds.floorDivided(by: 86_400_000)
        timeOfDay = time.milliseconds - days * 86_400_000
        // Counting from 1 March 0000 puts the leap day at the end of each year.
        let shifted = days + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    package static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.floorDivided(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let shiftedMonth = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    package static func days(inMonth month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        case _: 31
        }
    }
}

extension Int64 {
    func floorDivided(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    func floorModulo(_ divisor: Int64) -> Int64 { self - floorDivided(by: divisor) * divisor }
}
