/// A repeating cycle, always computed from its anchor: 31 January, 28 February, 31 March. Days,
/// weeks and months are those of its zone's calendar, with 23 or 25 hours where clocks are changed.
package struct Cycle: Sendable, Equatable {
    package static let countLimit: UInt16 = 1_000

    // Three bytes, the wider first, so that a bucket wastes none. Of the lower ten bits the count,
    // of the upper six the lower bits of the zone.
    private var countAndZone: UInt16
    /// Of the lower four bits the interval, of the upper four the rest of the zone.
    private var intervalAndZone: UInt8

    package init(_ interval: Interval, count: UInt16 = 1, in zone: Zone = .utc) {
        let number = zone.rawValue & (Zone.limit - 1)
        countAndZone = max(1, min(count, 0x3FF)) | number << 10
        intervalAndZone = interval.rawValue | UInt8(truncatingIfNeeded: number >> 6) << 4
    }

    package var interval: Interval {
        get { Interval(stored: intervalAndZone & 0xF) }
        set { self = Cycle(newValue, count: count, in: zone) }
    }

    package var count: UInt16 {
        get { countAndZone & 0x3FF }
        set { self = Cycle(interval, count: newValue, in: zone) }
    }

    package var zone: Zone {
        get { Zone(rawValue: countAndZone >> 10 | UInt16(intervalAndZone >> 4) << 6) }
        set { self = Cycle(interval, count: count, in: newValue) }
    }

    /// As long, wherever.
    package func isAsLong(as other: Cycle) -> Bool {
        interval == other.interval && count == other.count
    }

    /// Of fixed length in a calendar that changes no clocks.
    private var isSimple: Bool { zone == .utc || interval == .hour || interval == .minute }

    private var step: Int64? { interval.milliseconds.map { $0 * Int64(count) } }
    private var months: Int64? { interval.months.map { $0 * Int64(count) } }

    /// The first boundary after `now`: anchor + k cycles; `.never` for one-off cycles.
    package func boundary(after now: Timestamp, anchor: Timestamp) -> Timestamp {
        boundary(boundaries(by: now, anchor: anchor), anchor: anchor)
    }

    /// The boundary with this number; the anchor has 0.
    func boundary(_ number: Int64, anchor: Timestamp) -> Timestamp {
        guard isSimple || number == 0 else { return zonedBoundary(number, anchor: anchor) }
        if let step { return anchor.adding(milliseconds: number * step) }
        guard let months else { return .never }
        return anchor.adding(months: number * months)
    }

    private func zonedBoundary(_ number: Int64, anchor: Timestamp) -> Timestamp {
        let local = anchor.local(in: zone)
        if let step { return local.adding(milliseconds: number * step).instant(in: zone) }
        guard let months else { return .never }
        return local.adding(months: number * months).instant(in: zone)
    }

    /// How many boundaries there were by `now`, the anchor among them.
    func boundaries(by now: Timestamp, anchor: Timestamp) -> Int64 {
        guard now >= anchor else { return 0 }
        if isSimple, let step { return (now.milliseconds - anchor.milliseconds) / step + 1 }
        guard interval != .oneOff else { return 0 }
        var count = max(0, lastNumber(by: now, anchor: anchor) - 1)
        while boundary(count, anchor: anchor) <= now { count += 1 }
        return count
    }

    /// The number of the last boundary by `now`, or one near to it.
    private func lastNumber(by now: Timestamp, anchor: Timestamp) -> Int64 {
        let (local, start) =
            isSimple ? (now, anchor) : (now.local(in: zone), anchor.local(in: zone))
        if let step {
            return (local.milliseconds - start.milliseconds).floorDivided(by: step)
        }
        let between = CivilDate(local).monthIndex - CivilDate(start).monthIndex
        return between.floorDivided(by: months ?? 1)
    }

    /// The cycle that holds `now`, start included, end not. Before the anchor and for one-off
    /// cycles it has always been running.
    package func period(around now: Timestamp, anchor: Timestamp) -> Range<Timestamp> {
        let number = boundaries(by: now, anchor: anchor)
        let end = boundary(number, anchor: anchor)
        guard number > 0, end != .never else { return .epoch..<end }
        return boundary(number - 1, anchor: anchor)..<end
    }

    /// The cycle that holds `now`, with cycles going back before the anchor as they go on after it.
    package func window(around now: Timestamp, anchor: Timestamp) -> Range<Timestamp> {
        guard now < anchor else { return period(around: now, anchor: anchor) }
        guard interval != .oneOff else { return .epoch..<Timestamp.never }
        // A lower bound; at most a few more steps are needed.
        var number = lastNumber(by: now, anchor: anchor) - 1
        while boundary(number + 1, anchor: anchor) <= now { number += 1 }
        return boundary(number, anchor: anchor)..<boundary(number + 1, anchor: anchor)
    }

    /// The boundary one cycle after `start`, which is itself a boundary of this anchor.
    package func end(ofPeriodFrom start: Timestamp, anchor: Timestamp) -> Timestamp {
        boundary(after: start, anchor: anchor)
    }
}

extension Interval {
    fileprivate init(stored: UInt8) {
        guard let interval = Interval(rawValue: stored) else {
            preconditionFailure("a cycle holds an interval")
        }
        self = interval
    }
}
