internal import Synchronization

/// Tells who waits for a sequence that it is durable.
package final class Durability: Sendable {
    private struct State {
        var waiters: [(sequence: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
        var bells: [Bell] = []
        var ended = false
    }

    /// A way to wake one event loop. Rung at most once until it is set again, so that a loop is
    /// woken once for each batch, and not at all when it waits for nothing.
    package final class Bell: Sendable {
        private let isSet = Atomic(false)
        private let ring: @Sendable () -> Void

        package init(_ ring: @escaping @Sendable () -> Void) {
            self.ring = ring
        }

        /// Asks to be woken at the next advance. To be followed by a look at the log's sequence: it
        /// may have moved in between.
        package func set() {
            isSet.store(true, ordering: .sequentiallyConsistent)
        }

        fileprivate func advance() {
            if isSet.exchange(false, ordering: .sequentiallyConsistent) { ring() }
        }
    }

    private let state = Mutex(State())
    /// What the log says, for waiters that come late.
    private let reached = Atomic<UInt64>(0)

    package init() {}

    package func add(_ bell: Bell) {
        state.withLock { $0.bells.append(bell) }
    }

    /// Called by the log's thread, once a batch.
    package func advance(to sequence: UInt64) {
        reached.store(sequence, ordering: .sequentiallyConsistent)
        let (bells, due) = state.withLock { state in
            let due = state.waiters.filter { $0.sequence <= sequence }
            if !due.isEmpty { state.waiters.removeAll { $0.sequence <= sequence } }
            return (state.bells, due)
        }
        for bell in bells { bell.advance() }
        for waiter in due { waiter.continuation.resume(returning: true) }
    }

    /// The log failed or closed: what is not durable yet never will be.
    package func end() {
        let (bells, waiters) = state.withLock { state in
            state.ended = true
            defer { state.waiters = [] }
            return (state.bells, state.waiters)
        }
        for bell in bells { bell.advance() }
        for waiter in waiters { waiter.continuation.resume(returning: false) }
    }

    package var hasEnded: Bool { state.withLock { $0.ended } }

    /// False: the log ended first.
    package func reach(_ sequence: UInt64) async -> Bool {
        if reached.load(ordering: .sequentiallyConsistent) >= sequence { return true }
        return await withCheckedContinuation { continuation in
            let now: Bool? = state.withLock { state in
                if reached.load(ordering: .sequentiallyConsistent) >= sequence { return true }
                if state.ended { return false }
                state.waiters.append((sequence, continuation))
                return nil
            }
            if let now { continuation.resume(returning: now) }
        }
    }
}
