package import Billing
package import Wire

/// The memory that a call works in: one for each event loop and each worker, used by one call at a
/// time. Bytes handed out by a call are valid until `reset`.
package final class Workspace {
    package let arena: Arena
    /// What the last command was answered, if that was done by now.
    package var reply = Reply.none

    package init() {
        arena = Arena()
    }

    package func reset() {
        arena.reset()
    }
}

/// Customer time.
package protocol TimeSource: Sendable {
    func now() -> Timestamp
}

/// The machine's clock.
package struct SystemTime: TimeSource {
    package init() {}

    package func now() -> Timestamp { SystemClock.wall }
}
