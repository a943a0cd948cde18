internal import Billing
internal import Synchronization
internal import Wire

/// How far back answered requests are remembered: at least `span`, unless that takes more than
/// `limit` ids.
///
/// Marks (a time, and where the log ended then) cut the log into generations, sixteen of them a
/// span. The oldest is forgotten whole, by raising the horizon: the log position below which
/// nothing is remembered. An id that carries its time (UUIDv7) and is older than that is refused,
/// since it may have been answered and forgotten. One from a clock far ahead is as good as one
/// without a time.
final class RequestWindow: Sendable {
    private struct State {
        /// Oldest first; the first one is the horizon.
        var marks = [LogMark.beginning]
        /// Ids inserted before those that the tables counted.
        var before: UInt64 = 0
        /// What was noted last.
        var noted: (position: UInt64, inserted: UInt64)?
    }

    private static let generations: Int64 = 16
    /// How far a caller's clock may be ahead, and commits be stamped out of order. Milliseconds.
    private static let tolerance: Int64 = 300_000

    private let span: Int64
    private let limit: UInt64
    private let state = Mutex(State())
    private let low = Atomic<UInt64>(0)
    private let start = Atomic<Int64>(0)

    /// - Parameters:
    ///   - span: milliseconds.
    ///   - limit: ids.
    init(span: Int64, limit: Int) {
        self.span = span
        self.limit = UInt64(limit)
    }

    /// Entries below this log position may be forgotten.
    var horizon: UInt64 { low.load(ordering: .acquiring) }

    /// Every request answered since then is remembered; the epoch: every one there ever was.
    var since: Timestamp { Timestamp(milliseconds: start.load(ordering: .acquiring)) }

    /// Whether a request that isn't remembered may have been answered all the same.
    func isTooOld(_ id: RequestID) -> Bool {
        guard since > .epoch, let time = id.time else { return false }
        return time.milliseconds <= since.milliseconds + RequestWindow.tolerance
    }

    /// The ids that the tables had counted when the log's end was noted last; nil: it was elsewhere
    /// then. While the end stays, so does their number.
    func inserted(at position: UInt64) -> UInt64? {
        state.withLock { $0.noted?.position == position ? $0.noted?.inserted : nil }
    }

    /// Marks the log's end if it is time to, and forgets what is too old or too much. To be called
    /// once a second or so.
    ///
    /// - Parameters:
    ///   - position: the log's end, read before the time.
    ///   - inserted: ids that the tables have counted.
    func note(_ time: Timestamp, position: UInt64, inserted: UInt64) {
        state.withLock { state in
            state.noted = (position, inserted)
            let mark = LogMark(
                time: time, position: position, inserted: state.before &+ inserted)
            let last = state.marks[state.marks.count - 1]
            let isDue =
                time.milliseconds - last.time.milliseconds >= span / RequestWindow.generations
                || mark.inserted &- last.inserted >= limit / UInt64(RequestWindow.generations)
            if isDue, position > last.position { state.marks.append(mark) }
            while state.marks.count > 1,
                time.milliseconds - state.marks[1].time.milliseconds >= span
                    || mark.inserted &- state.marks[0].inserted > limit
            {
                state.marks.removeFirst()
            }
            publish(state)
        }
    }

    /// For a snapshot: the marks, and all ids inserted by now.
    func marks(inserted: UInt64) -> (marks: [LogMark], inserted: UInt64) {
        state.withLock { ($0.marks, $0.before &+ inserted) }
    }

    /// From a snapshot, of whose ids the tables have counted `counted`.
    func restore(_ marks: [LogMark], inserted: UInt64, counted: UInt64) {
        state.withLock { state in
            state.marks = marks.isEmpty ? [.beginning] : marks
            state.before = inserted &- counted
            state.noted = nil
            publish(state)
        }
    }

    private func publish(_ state: State) {
        // In this order: nothing may be forgotten before ids of its time are refused.
        start.store(state.marks[0].time.milliseconds, ordering: .releasing)
        low.store(state.marks[0].position, ordering: .releasing)
    }
}
