internal import Billing
internal import Synchronization
internal import Wire

/// Where the log was when, hour by hour: tells which part of it is old enough to go.
final class HistoryMarks: Sendable {
    private static let step: Int64 = 3_600_000

    private let span: Int64
    private let state = Mutex([LogMark]())

    /// - Parameter span: milliseconds of history that are kept.
    init(span: Int64) {
        self.span = span
    }

    /// To be called once a second or so; the position is read before the time.
    func note(_ time: Timestamp, position: UInt64) {
        state.withLock { marks in
            let last = marks.last?.time.milliseconds ?? .min / 2
            guard time.milliseconds - last >= HistoryMarks.step else { return }
            marks.append(LogMark(time: time, position: position))
            // One older than the span is enough.
            while marks.count > 1, marks[1].time.milliseconds <= time.milliseconds - span {
                marks.removeFirst()
            }
        }
    }

    /// Everything before this raw position is older than the span; 0: nothing is.
    func end(at time: Timestamp) -> UInt64 {
        state.withLock { marks in
            marks.last { $0.time.milliseconds <= time.milliseconds - span }?.position ?? 0
        }
    }

    var all: [LogMark] { state.withLock { $0 } }

    func restore(_ marks: [LogMark]) {
        state.withLock { $0 = marks }
    }
}
