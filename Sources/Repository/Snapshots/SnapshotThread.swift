internal import Synchronization

/// Drives a keeper, at low priority: whoever serves calls comes first.
final class SnapshotThread: Sendable {
    private let stop = Atomic(false)
    private let wake = Monitor(false)
    private let thread = Mutex<LogThread?>(nil)

    func start(_ keeper: SnapshotKeeper) throws(LogFault) {
        let started = try LogThread("tally-snapshot") { [self] in
            ThreadPriority.lower()
            while !stop.load(ordering: .acquiring) {
                let pause = keeper.turn(now: SystemClock.monotonic)
                if pause > 0 { wake.waitForWake(microseconds: pause * 1_000) }
            }
        }
        thread.withLock { $0 = started }
    }

    /// Waits for the step that is under way.
    func end() {
        stop.store(true, ordering: .releasing)
        wake.wake()
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }
}
