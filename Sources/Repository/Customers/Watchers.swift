internal import Billing
internal import Synchronization

/// Who wants to hear that a customer changed.
///
/// A change is only a nudge: it carries no state, and several in a row may arrive as one. Whoever
/// is nudged reads the customer.
final class Watchers: Sendable {
    private struct State {
        var streams: [CustomerID: [Int: AsyncStream<Void>.Continuation]] = [:]
        var last = 0
    }

    private let state = Mutex(State())
    /// Asked on every commit, so that nobody pays for watching while nobody watches.
    private let count = Atomic(0)

    /// Nudges from now on, until the stream's consumer ends.
    func watch(_ customer: CustomerID) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(
            bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.last += 1
            state.streams[customer, default: [:]][state.last] = continuation
            return state.last
        }
        count.add(1, ordering: .sequentiallyConsistent)
        continuation.onTermination = { [weak self] _ in self?.end(customer, number) }
        return stream
    }

    /// To be called after a commit, its shard's lock released.
    func changed(_ customer: CustomerID) {
        guard count.load(ordering: .sequentiallyConsistent) > 0 else { return }
        let streams = state.withLock { $0.streams[customer].map { Array($0.values) } ?? [] }
        for stream in streams { stream.yield() }
    }

    /// Ends every stream.
    func close() {
        let streams = state.withLock { $0.streams.values.flatMap { $0.values } }
        for stream in streams { stream.finish() }
    }

    private func end(_ customer: CustomerID, _ number: Int) {
        let removed = state.withLock { state in
            let removed = state.streams[customer]?.removeValue(forKey: number) != nil
            if state.streams[customer]?.isEmpty == true { state.streams[customer] = nil }
            return removed
        }
        if removed { count.subtract(1, ordering: .sequentiallyConsistent) }
    }
}
