package import Billing
internal import Glibc
internal import Logging
internal import Synchronization
internal import Wire

/// Keeps charges from being asked for until the books were compared: after an older backup was
/// restored, what falls due may be paid already.
package final class EffectGate: Sendable {
    private let state: Mutex<Bool>

    init(isClosed: Bool) {
        state = Mutex(isClosed)
    }

    var isClosed: Bool { state.withLock { $0 } }

    func open() { state.withLock { $0 = false } }

    func wait() async {
        while isClosed, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(200)) }
    }
}

/// How the last comparison ended.
package struct ReconciliationStatus: Sendable {
    package var time: Timestamp
    /// What somebody has to look at.
    package var remaining: Int
}

extension TallyEnvironment {
    /// Stripe's lists of a busy account are long; what is older was compared before.
    package static let reconcileDays = 30
    private static let firstRetry = Duration.seconds(1)
    private static let longestRetry = Duration.seconds(3600)
    private static let day: Int64 = 86_400_000

    /// Compares the provider's books with what is on record, and repairs what can be. nil: the
    /// provider keeps no books.
    ///
    /// - Parameter isDry: nothing is changed.
    package func reconcile(
        days: Int = TallyEnvironment.reconcileDays, isDry: Bool = false
    ) async throws -> [Discrepancy]? {
        try await compareBooks(days: days, isDry: isDry)?.found
    }

    private func compareBooks(
        days: Int = TallyEnvironment.reconcileDays, isDry: Bool = false
    ) async throws -> Reconciliation? {
        guard let provider else { return nil }
        let start = now
        let since = start.adding(milliseconds: -Int64(days) * TallyEnvironment.day)
        var work = Reconciliation(self, provider, since: since, isDry: isDry)
        guard try await work.run() else { return nil }
        guard !isDry else { return work }
        let remaining = work.found.count { !$0.isRepaired }
        reconciled.withLock { $0 = ReconciliationStatus(time: start, remaining: remaining) }
        for discrepancy in work.found {
            logger.log(
                level: discrepancy.isRepaired ? .notice : .warning,
                "the payment provider's books differ",
                metadata: [
                    "kind": "\(discrepancy.kind.rawValue)",
                    "customer": "\(discrepancy.customer.text)", "object": "\(discrepancy.object)",
                    "repaired": "\(discrepancy.isRepaired)",
                ])
        }
        return work
    }

    /// nil: not since the server started.
    package var reconciliation: ReconciliationStatus? { reconciled.withLock { $0 } }

    /// After a restore before anything is charged, and then every few hours; sooner after one that
    /// failed, or that a charge under way kept from recording something.
    func reconcileRegularly() async {
        guard provider != nil, reconcileHours > 0 || gate.isClosed else { return }
        let usual = Duration.seconds(reconcileHours * 3600)
        var pause = gate.isClosed ? .zero : usual
        var retry = TallyEnvironment.firstRetry
        while !Task.isCancelled {
            if pause > .zero { try? await Task.sleep(for: pause) }
            if Task.isCancelled { return }
            var isDone = false
            do {
                let work = try await compareBooks()
                isDone = work?.isUnfinished != true
                openGate()
                if work == nil { return }
            } catch {
                let books =
                    gate.isClosed
                    ? "nothing is charged before the payment provider's books are compared with "
                        + "a backup's"
                    : "the payment provider's books could not be compared"
                logger.warning("\(books)", metadata: ["error": "\(error)"])
            }
            if isDone, reconcileHours == 0 { return }
            pause = isDone ? usual : retry
            retry =
                isDone
                ? TallyEnvironment.firstRetry : min(retry * 2, TallyEnvironment.longestRetry)
        }
    }

    private func openGate() {
        guard gate.isClosed else { return }
        if unlink(restoredMark) != 0, errno != ENOENT {
            logger.warning(
                "the mark of a restored backup can't be removed",
                metadata: ["file": "\(restoredMark)"])
        }
        gate.open()
    }
}

extension CustomerRepository {
    /// Of all customers, deleted ones too.
    var identifiers: [CustomerID] {
        var found: [CustomerID] = []
        eachShard { shard in
            for row in 0..<shard.rows.count { found.append(shard.rows[row].id) }
        }
        return found
    }
}
