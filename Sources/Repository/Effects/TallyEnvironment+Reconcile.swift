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
    private static let retryPause = Duration.seconds(30)
    private static let day: Int64 = 86_400_000

    /// Compares the provider's books with what is on record, and repairs what can be. nil: the
    /// provider keeps no books.
    ///
    /// - Parameter isDry: nothing is changed.
    package func reconcile(
        days: Int = TallyEnvironment.reconcileDays, isDry: Bool = false
    ) async throws -> [Discrepancy]? {
        guard let provider else { return nil }
        let start = now
        let since = start.adding(milliseconds: -Int64(days) * TallyEnvironment.day)
        var work = Reconciliation(self, provider, since: since, isDry: isDry)
        let found = try await work.run()
        guard let found, !isDry else { return found }
        let remaining = found.count { !$0.isRepaired }
        reconciled.withLock { $0 = ReconciliationStatus(time: start, remaining: remaining) }
        for discrepancy in found {
            logger.log(
                level: discrepancy.isRepaired ? .notice : .warning,
                "the payment provider's books differ",
                metadata: [
                    "kind": "\(discrepancy.kind.rawValue)",
                    "customer": "\(discrepancy.customer.text)", "object": "\(discrepancy.object)",
                    "repaired": "\(discrepancy.isRepaired)",
                ])
        }
        return found
    }

    /// nil: not since the server started.
    package var reconciliation: ReconciliationStatus? { reconciled.withLock { $0 } }

    /// After a restore before anything is charged, and then every few hours.
    func reconcileRegularly() async {
        if gate.isClosed { await reconcileRestored() }
        guard reconcileHours > 0, provider != nil else { return }
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(reconcileHours * 3600))
            if Task.isCancelled { return }
            do {
                guard try await reconcile() != nil else { return }
            } catch {
                logger.warning(
                    "the payment provider's books could not be compared",
                    metadata: ["error": "\(error)"])
            }
        }
    }

    private func reconcileRestored() async {
        while !Task.isCancelled {
            do {
                _ = try await reconcile()
                if unlink(restoredMark) != 0, errno != ENOENT {
                    logger.warning(
                        "the mark of a restored backup can't be removed",
                        metadata: ["file": "\(restoredMark)"])
                }
                gate.open()
                return
            } catch {
                logger.warning(
                    "nothing is charged before the provider's books are compared with a backup's",
                    metadata: ["error": "\(error)"])
                try? await Task.sleep(for: TallyEnvironment.retryPause)
            }
        }
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
