package import Billing
internal import Logging
internal import Payments

extension TallyEnvironment {
    /// How long a caller waits for day files to be rewritten before it is told that they are.
    private static let patience = 5_000

    /// Removes what is personal of a customer, or the customer with it. Ends when its key is
    /// destroyed and its day files are rewritten, or take a while.
    ///
    /// - Parameter command: `.erase` or `.delete`.
    package func erase(
        _ id: CustomerID, by command: Command = .erase, request: RequestMark?
    ) async throws(ExecuteFault) -> (progress: Erasures.Progress, replayed: Bool) {
        let partition = partition(of: id)
        try refuseEarlyErasure(of: id, in: partition.customers)
        if case .delete = command { try await forgetAtProvider(id) }
        let (_, _, replayed) = try await commit(command, for: id, request: request)
        if case .delete = command { try endKeys(of: id) }
        var waited = 0
        while true {
            let progress = partition.customers.erasures.progress(of: id)
            switch progress {
            case .done: return (progress, replayed)
            case .rewriting where waited >= TallyEnvironment.patience:
                return (progress, replayed)
            case .committed where partition.durability.hasEnded: throw .unavailable(.closed)
            case .committed, .rewriting: break
            }
            let step = min(max(waited / 4, 2), 100)
            // Cancelled: nobody waits any more, and it goes on all the same.
            guard (try? await Task.sleep(for: .milliseconds(step))) != nil else {
                throw .unavailable(.closed)
            }
            waited += step
        }
    }

    /// Before the customer is gone, and with it the provider's name for it: what fails is tried
    /// again by whoever asks again.
    private func forgetAtProvider(_ id: CustomerID) async throws(ExecuteFault) {
        guard let provider else { return }
        let found: (payer: Payer, isBusy: Bool)
        do throws(ExecuteFault) {
            found = try customers(of: id).read(
                id, names: directory.current, in: Workspace()
            ) { customer, _ in
                var payer = Payer(id: id, home: home)
                payer.reference = customer.account.payer
                let account = customer.account
                let isBusy =
                    !account.effects.isEmpty || account.referrals.contains(where: \.isUntold)
                    || account.refunds.contains { $0.status == .pending }
                return (payer, isBusy)
            }.answer
        } catch .refused(.customerNotFound) {
            return
        }
        // It will be refused.
        guard !found.isBusy, !found.payer.reference.isEmpty else { return }
        do {
            try await provider.forget(found.payer)
        } catch {
            throw .unavailable(.unavailable("the payment provider does not answer: \(error)"))
        }
    }

    /// What records in the clear say can't be erased before they are gone.
    private func refuseEarlyErasure(
        of id: CustomerID, in customers: CustomerRepository
    ) throws(ExecuteFault) {
        guard let keys = customers.keys else { throw .refused(.erasureNeedsUpgrade) }
        guard keys.header.sealedAfter > 0 else { return }
        let first: UInt64
        do throws(LogFault) { first = try customers.log.firstSequence() } catch {
            throw .unavailable(error)
        }
        guard first <= keys.header.sealedAfter else { return }
        let created: Timestamp
        do throws(ExecuteFault) {
            created = try customers.read(id, names: directory.current, in: Workspace()) {
                customer, _ in customer.account.created
            }.answer
        } catch .refused(.customerNotFound) {
            // Deleted, perhaps by this very request.
            return
        }
        guard created.milliseconds <= keys.header.sealedSince else { return }
        let gone = keys.header.sealedSince + Int64(historyDays) * 86_400_000
        throw .refused(
            .erasureTooEarly(until: historyDays == 0 ? nil : Timestamp(milliseconds: gone)))
    }

    /// Carries a partition's erasures through, until the environment stops.
    func eraseOn(_ partition: Partition) async {
        let erasures = partition.customers.erasures
        for await _ in erasures.pending {
            while !erasures.isIdle, !Task.isCancelled {
                do {
                    try await eraseSome(in: partition)
                } catch let fault as DiskFault {
                    return stop(partition, .failed("\(fault)"))
                } catch {
                    logger.error(
                        "an erasure can't go on and is tried again",
                        metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: .seconds(1))
                }
            }
        }
    }

    private func eraseSome(in partition: Partition) async throws {
        let customers = partition.customers
        let erasures = customers.erasures
        if let sequence = erasures.lastCommitted {
            guard await partition.durability.reach(sequence) else { throw CancellationError() }
        }
        try customers.destroyErasedKeys()
        for erasure in erasures.rewriting {
            try await events.erase(
                erasure.customer, of: customers.partition, through: erasure.position.rawValue
            ) { left in
                erasures.update(erasure.key) { $0.filesLeft = left }
            }
            try customers.keys?.finish(erasure.key)
            erasures.end(erasure.key)
            logger.info("a customer's personal data was erased")
        }
    }
}
