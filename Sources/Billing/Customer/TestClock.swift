/// A customer's clock, where a test moves it: how its time follows from the environment's. Of a
/// sandbox only; anywhere else a customer's time is the environment's, and that the machine's.
package struct TestClock: Sendable, Equatable {
    /// Milliseconds that its time is ahead.
    package var offset: Int64
    /// Its time stands still here until what fell due then has an outcome; `.never`: it runs.
    package var held: Timestamp

    package static let unmoved = TestClock()

    /// The most that one call may move a clock: ten years. Milliseconds.
    package static let longestMove: Int64 = 3_653 * 86_400_000
    /// No clock goes on for longer than dates can be told: the year 9999 begins.
    package static let end = Timestamp(milliseconds: 253_370_764_800_000)

    package init(offset: Int64 = 0, held: Timestamp = .never) {
        self.offset = offset
        self.held = held
    }

    /// What the clock shows, whether or not the customer has come that far.
    package func reading(at environment: Timestamp) -> Timestamp {
        environment.adding(milliseconds: offset)
    }

    /// Customer time.
    package func time(at environment: Timestamp) -> Timestamp {
        min(reading(at: environment), held)
    }
}

/// How a clock is to be moved: forwards, and no further than dates go.
package enum ClockMove: Sendable, Equatable {
    case to(Timestamp)
    /// Milliseconds.
    case by(Int64)

    /// What it will show.
    package func target(from now: Timestamp) throws(Refusal) -> Timestamp {
        let (field, target) =
            switch self {
            case .to(let time): ("time", time)
            case .by(let span): ("duration", now.adding(milliseconds: span))
            }
        guard target >= now else { throw .clockBackwards(now: now) }
        guard target.milliseconds - now.milliseconds <= TestClock.longestMove else {
            throw .invalid([Violation(path: field, message: "must be at most ten years ahead")])
        }
        guard target < TestClock.end else {
            throw .invalid([Violation(path: field, message: "must not go past the year 9998")])
        }
        return target
    }
}
