package import Billing
internal import Synchronization

/// Erasures under way, from the commit that says so until nothing is left of what it removes. All
/// of it follows from the log and the file of keys, so that recovery rebuilds it.
package final class Erasures: Sendable {
    /// One customer's.
    struct Erasure: Sendable {
        var customer: CustomerID
        var key: UInt32
        /// Of the record that says so; 0: recovered, and so durable.
        var sequence: UInt64
        var position: LogPosition
        var isKeyDestroyed = false
        /// Day files yet to be looked at; nil: nobody knows yet.
        var filesLeft: Int?
    }

    /// How far a customer's is.
    package enum Progress: Sendable, Equatable {
        case committed
        /// The key is destroyed; so many day files may have to be rewritten.
        case rewriting(files: Int)
        case done
    }

    private let state = Mutex<[Erasure]>([])
    private let destroying = Mutex(())
    /// Rings when there is something to do.
    let pending: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation

    init() {
        (pending, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func begin(_ erasure: Erasure) {
        state.withLock { state in
            guard !state.contains(where: { $0.key == erasure.key }) else { return }
            state.append(erasure)
        }
        bell.yield()
    }

    /// Calls `destroy` for those whose records are durable and whose keys are still there.
    func destroyKeys(
        durable: UInt64, _ destroy: (Erasure) throws(DiskFault) -> Void
    ) throws(DiskFault) {
        try destroying.withLock { _ throws(DiskFault) in
            let due = state.withLock {
                $0.filter { !$0.isKeyDestroyed && $0.sequence <= durable }
            }
            for erasure in due {
                try destroy(erasure)
                update(erasure.key) { $0.isKeyDestroyed = true }
            }
        }
    }

    var isIdle: Bool { state.withLock { $0.isEmpty } }

    /// The last record that has to be durable before all keys are destroyed.
    var lastCommitted: UInt64? {
        state.withLock { $0.filter { !$0.isKeyDestroyed }.map(\.sequence).max() }
    }

    /// Those whose day files are to be rewritten.
    var rewriting: [Erasure] { state.withLock { $0.filter(\.isKeyDestroyed) } }

    func update(_ key: UInt32, _ change: (inout Erasure) -> Void) {
        state.withLock { state in
            if let place = state.firstIndex(where: { $0.key == key }) { change(&state[place]) }
        }
    }

    func end(_ key: UInt32) {
        state.withLock { $0.removeAll { $0.key == key } }
    }

    package func progress(of customer: CustomerID) -> Progress {
        state.withLock { state in
            let own = state.filter { $0.customer == customer }
            guard !own.isEmpty else { return .done }
            guard own.allSatisfy(\.isKeyDestroyed) else { return .committed }
            return .rewriting(files: own.compactMap(\.filesLeft).max() ?? 0)
        }
    }

    /// No more rings.
    func close() { bell.finish() }
}
