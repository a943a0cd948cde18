@testable import Billing

/// Calendar days, counted year by year and month by month.
enum ReferenceCalendar {
    static let day: Int64 = 86_400_000

    static func length(_ year: Int64, _ month: Int64) -> Int64 {
        let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Int(month) - 1]
    }

    /// Of a time after 1970.
    static func date(_ time: Int64) -> (year: Int64, month: Int64, day: Int64) {
        var days = time / day
        var (year, month) = (Int64(1970), Int64(1))
        while days >= length(year, 2) + 337 {
            days -= length(year, 2) + 337
            year += 1
        }
        while days >= length(year, month) {
            days -= length(year, month)
            month += 1
        }
        return (year, month, days + 1)
    }

    static func time(_ year: Int64, _ month: Int64, _ dayOfMonth: Int64) -> Int64 {
        var days = dayOfMonth - 1
        for before in 1970..<year { days += length(before, 2) + 337 }
        for before in 1..<month { days += length(year, before) }
        return days * day
    }

    /// The same day so many months on, or the month's last; below zero: back.
    static func adding(_ months: Int64, to time: Int64) -> Int64 {
        var (year, month, dayOfMonth) = date(time)
        month += months
        while month > 12 { (year, month) = (year + 1, month - 12) }
        while month < 1 { (year, month) = (year - 1, month + 12) }
        dayOfMonth = min(dayOfMonth, length(year, month))
        return self.time(year, month, dayOfMonth) + time % day
    }

    /// Months of an interval, or milliseconds.
    private static func step(_ interval: Interval) -> (months: Int64, milliseconds: Int64) {
        switch interval {
        case .oneOff: (0, 0)
        case .minute: (0, 60_000)
        case .hour: (0, 3_600_000)
        case .day: (0, day)
        case .week: (0, 7 * day)
        case .month: (1, 0)
        case .quarter: (3, 0)
        case .semiAnnual: (6, 0)
        case .year: (12, 0)
        }
    }

    /// The cycle around `now`, each bound computed from the anchor (§5.2).
    static func cycle(
        _ interval: Interval, _ count: UInt16, anchor: Int64, around now: Int64
    ) -> (start: Int64, end: Int64)? {
        let step = step(interval)
        if step.milliseconds > 0 {
            let length = step.milliseconds * Int64(count)
            var start = anchor + (now - anchor) / length * length
            if start > now { start -= length }
            return (start, start + length)
        }
        guard step.months > 0 else { return nil }
        let months = step.months * Int64(count)
        func bound(_ number: Int64) -> Int64 { adding(number * months, to: anchor) }
        var number: Int64 = 0
        while bound(number + 1) <= now { number += 1 }
        while bound(number) > now { number -= 1 }
        return (bound(number), bound(number + 1))
    }

    /// A calendar day, ISO week, month or year.
    static func calendar(_ interval: Interval, around now: Int64) -> (start: Int64, end: Int64) {
        let date = date(now)
        switch interval {
        case .day: return (now / day * day, (now / day + 1) * day)
        case .week:
            // 5 January 1970 was a Monday.
            let monday = 4 * day + (now - 4 * day) / (7 * day) * (7 * day)
            return (monday, monday + 7 * day)
        case .month:
            let first = time(date.year, date.month, 1)
            return (first, first + length(date.year, date.month) * day)
        default: return (time(date.year, 1, 1), time(date.year + 1, 1, 1))
        }
    }
}

// MARK: What falls due

extension ReferenceModel {
    /// The moment at which something is due next; nil: nothing is.
    private var nextDue: Int64? {
        var moments = balances.compactMap(\.nextReset) + balances.compactMap(\.expires)
        moments += holds.map(\.expires)
        return moments.min()
    }

    /// Everything due up to a time, in the order of its moments (§5.1).
    mutating func advance(to time: Timestamp) {
        let end = time.milliseconds
        while let moment = nextDue, moment <= end {
            now = moment
            for hold in holds where hold.expires <= moment { release(hold) }
            for balance in allBalances where balance.expires.map({ $0 <= moment }) ?? false {
                remove(balance.number)
            }
            let due = allBalances.filter { $0.nextReset.map { $0 <= moment } ?? false }
            for balance in due where !balance.isPriced { reset(balance.number, until: end) }
            for balance in due where balance.isPriced { reset(balance.number, until: end) }
        }
        now = end
    }

    /// One reset for each cycle. As long as another one would change nothing, and no hold gives
    /// anything back, the moments go by.
    private mutating func reset(_ number: UInt32, until end: Int64) {
        guard let old = balances.first(where: { $0.number == number }),
            let moment = old.nextReset
        else { return }
        let starting = old.granted - old.adjustment
        func reset(_ balance: Amount) -> Amount {
            starting - (keepsFreeOverage && !old.isPriced ? max(0, -balance) : 0)
        }
        let new = reset(old.balance)
        let isSteady = reset(new) == new && (old.rollover == nil || new <= 0)
        let quiet = min(end, (holds.map(\.expires).min() ?? .max) - 1)
        let next = ReferenceCalendar.cycle(
            old.interval, old.count, anchor: old.anchor, around: isSteady ? max(now, quiet) : now)
        change(number) { balance in
            balance.granted = starting
            balance.adjustment = 0
            balance.balance = new
            balance.nextReset = next?.end
        }
        // What has a price was sold for its cycle only.
        for index in holds.indices {
            for place in holds[index].receipts.indices
            where holds[index].receipts[place].bucket == number {
                holds[index].receipts[place].own = 0
            }
        }
        if let rollover = old.rollover {
            rollOver(old, at: moment, rollover, starting: starting)
        }
    }

    /// §5.3.
    private mutating func rollOver(
        _ old: Balance, at moment: Int64, _ rollover: Rollover, starting: Amount
    ) {
        if old.balance > 0 {
            var row = old
            row.granted = old.balance
            row.parent = old.number
            row.name = ""
            row.adjustment = 0
            row.rollover = nil
            (row.interval, row.count) = (.oneOff, 1)
            row.nextReset = nil
            row.expires =
                rollover.months == 0
                ? nil : ReferenceCalendar.adding(Int64(rollover.months), to: moment)
            (row.anchor, row.created) = (now, now)
            add(row)
        }
        let most: Amount
        switch rollover.cap {
        case .none: most = .max
        case .units(let units): most = units.raw
        case .percentage(let part):
            let exact = ReferenceModel.percent(part.raw, of: starting)
            most = exact / ReferenceModel.unit * ReferenceModel.unit
        }
        let rows = balances.filter { $0.parent == old.number && $0.entity == old.entity }
        var excess = max(0, rows.reduce(0) { $0 + $1.rest } - most)
        let order = rows.sorted {
            ($0.expires ?? .max, $0.number) < ($1.expires ?? .max, $1.number)
        }
        for row in order {
            let cut = min(excess, row.rest)
            excess -= cut
            change(row.number) { balance in
                balance.granted -= cut
                balance.balance -= cut
            }
            if cut == row.rest { remove(row.number) }
        }
    }
}
