/// How far a time zone's clock is ahead of UTC, as data.
package struct ZoneRules: Sendable, Equatable {
    /// From this instant on, in milliseconds since the epoch, clocks are this many seconds ahead.
    package struct Change: Sendable, Equatable {
        package var time: Int64
        package var seconds: Int

        package init(time: Int64, seconds: Int) {
            self.time = time
            self.seconds = seconds
        }
    }

    package static let utc = ZoneRules(seconds: 0, changes: [])

    /// Before the first change.
    private let seconds: Int
    /// In order of time.
    private let changes: [Change]

    package init(seconds: Int, changes: [Change]) {
        self.seconds = seconds
        self.changes = changes.sorted { $0.time < $1.time }
    }

    /// Milliseconds that clocks are ahead at an instant.
    package func offset(at time: Int64) -> Int64 {
        Int64((changes.last { $0.time <= time })?.seconds ?? seconds) * 1_000
    }

    /// The first change after an instant.
    package func change(after time: Int64) -> Int64? {
        changes.first { $0.time > time }?.time
    }

    /// The first instant at which clocks show this time or a later one, the first time round: of a
    /// time that comes twice the earlier one, of a time that is skipped the end of the gap.
    package func instant(ofLocal local: Int64) -> Int64 {
        var from = Int64.min
        var offset = Int64(seconds) * 1_000
        for change in changes {
            let instant = max(local - offset, from)
            if instant < change.time { return instant }
            from = change.time
            offset = Int64(change.seconds) * 1_000
        }
        return max(local - offset, from)
    }
}
