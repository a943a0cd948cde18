/// A time zone, by its place in the table: the number is stored.
package struct Zone: Sendable, Hashable {
    package var rawValue: UInt16

    package static let utc = Zone(rawValue: 0)
    /// As many as a cycle has room for.
    static let limit: UInt16 = 1 << 10

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// By its name, such as "America/New_York"; nil: there is no such zone.
    package init?(name: String) {
        guard let index = Zone.names.firstIndex(where: { $0.name == name }) else { return nil }
        rawValue = UInt16(index)
    }

    /// A newer binary's zones are unknown to this one.
    package var isKnown: Bool { rawValue < Zone.names.count }

    package var name: String { Zone.names[Int(rawValue)].name }

    /// How far its clocks are ahead in the years around an instant, by the rule that holds now.
    package func rules(around time: Timestamp) -> ZoneRules {
        let year = CivilDate(time).year
        return rules(in: year - 1...year + 1)
    }

    /// The same for a stretch of time.
    package func rules(for range: ClosedRange<Timestamp>) -> ZoneRules {
        rules(
            in: CivilDate(range.lowerBound).year - 1...CivilDate(range.upperBound).year + 1)
    }

    /// A moment near the turn of a year may be in another one by the clock.
    private func rules(in years: ClosedRange<Int64>) -> ZoneRules {
        Zone.rules[Zone.names[Int(rawValue)].rule].rules(in: years)
    }

    private static let names: [(name: String, rule: Int)] = ZoneTable.names.words.map { word in
        let parts = word.split(separator: "=")
        guard parts.count == 2, let rule = Int(parts[1]) else {
            preconditionFailure("\(word) is no zone and its rule")
        }
        return (String(parts[0]), rule)
    }

    private static let rules: [ZoneRule] = ZoneTable.rules.words.map { word in
        guard let rule = ZoneRule(word) else { preconditionFailure("\(word) is no rule") }
        return rule
    }
}

extension String {
    fileprivate var words: [Substring] { split { $0 == " " || $0 == "\n" } }
}

/// A POSIX rule (IEEE 1003.1, TZ): standard time and, in most zones' summers, another, such as
/// "EST5EDT,M3.2.0,M11.1.0".
private struct ZoneRule: Sendable {
    /// When clocks are changed each year, by the clock as it was: on the `week`th such weekday of a
    /// month, 5 being the last, so many seconds after midnight.
    struct Day: Sendable {
        var month: Int64
        var week: Int64
        /// From Sunday, 0.
        var weekday: Int64
        var seconds: Int64
    }

    /// Seconds ahead of UTC.
    var standard: Int64
    /// nil: clocks are never changed.
    var daylight: (seconds: Int64, start: Day, end: Day)?

    init?(_ text: Substring) {
        var text = Scanner(rest: text)
        guard text.name(), let west = text.time() else { return nil }
        standard = -west
        guard !text.rest.isEmpty else { return }
        guard text.name() else { return nil }
        var ahead = standard + 3_600
        if text.rest.first != ",", let west = text.time() { ahead = -west }
        guard let start = text.day(), let end = text.day(), text.rest.isEmpty else { return nil }
        daylight = (ahead, start, end)
    }

    func rules(in years: ClosedRange<Int64>) -> ZoneRules {
        guard let daylight else { return ZoneRules(seconds: Int(standard), changes: []) }
        var changes: [ZoneRules.Change] = []
        for year in years {
            changes.append(
                ZoneRules.Change(
                    time: daylight.start.time(in: year, ahead: standard),
                    seconds: Int(daylight.seconds)))
            changes.append(
                ZoneRules.Change(
                    time: daylight.end.time(in: year, ahead: daylight.seconds),
                    seconds: Int(standard)))
        }
        let isSouthern = changes[1].time < changes[0].time
        return ZoneRules(
            seconds: Int(isSouthern ? daylight.seconds : standard), changes: changes)
    }
}

extension ZoneRule.Day {
    /// In milliseconds since the epoch.
    fileprivate func time(in year: Int64, ahead: Int64) -> Int64 {
        let first = CivilDate.daysSinceEpoch(year: year, month: month, day: 1)
        // The epoch was a Thursday.
        var day = 1 + (weekday - (first + 4).floorModulo(7)).floorModulo(7) + (week - 1) * 7
        while day > CivilDate.days(inMonth: month, year: year) { day -= 7 }
        return ((first + day - 1) * 86_400 + seconds - ahead) * 1_000
    }
}

private struct Scanner {
    var rest: Substring

    mutating func take(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Letters, or what stands between angle brackets.
    mutating func name() -> Bool {
        if take("<") {
            guard let end = rest.firstIndex(of: ">") else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let letters = rest.prefix { $0.isLetter }
        rest = rest[letters.endIndex...]
        return !letters.isEmpty
    }

    mutating func number() -> Int64? {
        let digits = rest.prefix { $0.isNumber }
        rest = rest[digits.endIndex...]
        return Int64(digits)
    }

    /// Hours, minutes and seconds with a sign, in seconds.
    mutating func time() -> Int64? {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        guard var seconds = number().map({ $0 * 3_600 }) else { return nil }
        for unit: Int64 in [60, 1] where take(":") {
            guard let part = number() else { return nil }
            seconds += part * unit
        }
        return isNegative ? -seconds : seconds
    }

    /// ",M3.2.0/2": two in the night unless it says otherwise.
    mutating func day() -> ZoneRule.Day? {
        guard take(","), take("M"), let month = number(), take("."), let week = number(),
            take("."), let weekday = number()
        else { return nil }
        var seconds: Int64 = 7_200
        if take("/") {
            guard let time = time() else { return nil }
            seconds = time
        }
        return ZoneRule.Day(month: month, week: week, weekday: weekday, seconds: seconds)
    }
}
