internal import Billing
internal import Synchronization
internal import Wire

/// How far customer time in an environment is ahead of the machine's clock: a test has moved it.
/// The directory's log is its record; every decision reads it.
final class EnvironmentClock: Sendable {
    /// Answers to requests that are remembered, the latest ones: clocks are moved by people and by
    /// tests that wait for each move.
    private static let remembered = 10_000

    private struct State {
        var answers: [String: EnvironmentClockMove] = [:]
        /// In order.
        var ids: [String] = []
    }

    private let ahead = Atomic<Int64>(0)
    private let state = Mutex(State())
    /// One move at a time.
    private let moving = Mutex(())

    /// Milliseconds.
    var offset: Int64 { ahead.load(ordering: .relaxed) }

    func restore(_ move: EnvironmentClockMove, requestID: String) {
        if !requestID.isEmpty {
            state.withLock { state in
                if state.answers.updateValue(move, forKey: requestID) == nil {
                    state.ids.append(requestID)
                }
                guard state.ids.count > EnvironmentClock.remembered else { return }
                // Half at a time, so that few are moved.
                let gone = EnvironmentClock.remembered / 2
                for id in state.ids.prefix(gone) { state.answers[id] = nil }
                state.ids.removeFirst(gone)
            }
        }
        ahead.store(move.offset, ordering: .releasing)
    }

    /// Moves it, durably, unless the request was answered before.
    ///
    /// - Parameter commit: puts a record into the directory's log; returns when it is durable.
    func move(
        _ move: ClockMove, request: RequestMark?, wall: Timestamp,
        _ commit: (DirectoryRecord) throws(ExecuteFault) -> Void
    ) throws(ExecuteFault) -> (time: Timestamp, replayed: Bool) {
        let result = moving.withLock { _ in
            Result { () throws(ExecuteFault) -> (time: Timestamp, replayed: Bool) in
                let id = request?.id.text ?? ""
                if let request, let known = state.withLock({ $0.answers[id] }) {
                    guard known.fingerprint == request.fingerprint else {
                        throw .refused(.requestReused)
                    }
                    return (known.time, true)
                }
                let time = try target(of: move, wall)
                let moved = EnvironmentClockMove(
                    offset: time.milliseconds - wall.milliseconds, time: time,
                    fingerprint: request?.fingerprint ?? 0)
                try commit(
                    DirectoryRecord(time: wall, change: .clockMoved(moved), requestID: id))
                restore(moved, requestID: id)
                return (time, false)
            }
        }
        return try result.get()
    }

    private func target(
        of move: ClockMove, _ wall: Timestamp
    ) throws(ExecuteFault) -> Timestamp {
        do {
            return try move.target(from: wall.adding(milliseconds: offset))
        } catch {
            throw .refused(error)
        }
    }
}
