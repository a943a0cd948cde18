package import Billing
internal import Synchronization
package import Wire

/// What is global to an environment, whatever its partitions: the catalog, the test clock, and how
/// often codes were redeemed. Its
/// log is small and its own. The catalog is never asked for on the way of a call: event loops hold
/// what they need of it, and are told what is new. What else will be global (aliases of customers
/// that were renamed, see `Partition`) is to be one more kind of record here.
package final class Directory: Sendable {
    /// Called with the new catalog before a publication is acknowledged, so that whoever published
    /// finds it everywhere.
    package typealias Listener = @Sendable (PricingNames) async -> Void

    let log: any LogStore
    private let names: Mutex<PricingNames>
    private let listeners = Mutex<[Listener]>([])
    /// One publication at a time.
    private let publishing = Mutex(())
    let clock: EnvironmentClock
    package let redemptions: Redemptions
    package let referralCodes: ReferralCodes
    /// Empty: no customer has had a fingerprint yet.
    private let fingerprintKey: Mutex<[UInt8]>
    private let requests: Mutex<PublishedRequests>

    /// Replays the log.
    ///
    /// - Parameter address: where public pages are.
    package init(
        log: any LogStore, address: @escaping @Sendable () -> String = { "" }
    ) throws {
        self.log = log
        let arena = Arena()
        var pricing = PricingState.empty
        let clock = EnvironmentClock()
        let redemptions = Redemptions()
        let referralCodes = ReferralCodes()
        var secret: [UInt8] = []
        var requests = PublishedRequests()
        _ = try log.replay(from: 1) { _, position, bytes in
            arena.reset()
            let record = try RecordDecoder(arena: arena).directory(bytes)
            switch record.change {
            case .published(let draft):
                pricing = pricing.publishing(draft)
                requests.note(record.requestID, draft)
            case .clockMoved(let move): clock.restore(move, requestID: record.requestID)
            case .codeReserved, .codeSettled, .codeCounted: redemptions.restore(record.change)
            case .referralCodeMade(let code, let programme, let customer):
                referralCodes.restore(code, .init(programmeID: programme, customer: customer))
            case .fingerprintKeyed(let key): secret = key
            }
        }
        fingerprintKey = Mutex(secret)
        self.requests = Mutex(requests)
        self.referralCodes = referralCodes
        self.clock = clock
        self.redemptions = redemptions
        names = Mutex(PricingNames(pricing, address: address))
    }

    /// Whether a request published a plan (or a feature); nil: no such request is known.
    package func hasPublished(_ request: String, plan id: String) -> Bool? {
        requests.withLock { $0.published(by: request) }?.contains("plan \(id)")
    }

    package func hasPublished(_ request: String, feature id: String) -> Bool? {
        requests.withLock { $0.published(by: request) }?.contains("feature \(id)")
    }

    /// Whether a request deleted a plan (or a feature); nil: no such request is known.
    package func hasDeleted(_ request: String, plan id: String) -> Bool? {
        requests.withLock { $0.published(by: request) }?.contains("no plan \(id)")
    }

    package func hasDeleted(_ request: String, feature id: String) -> Bool? {
        requests.withLock { $0.published(by: request) }?.contains("no feature \(id)")
    }

    package var current: PricingNames { names.withLock { $0 } }

    package func add(_ listener: @escaping Listener) {
        listeners.withLock { $0.append(listener) }
    }

    /// Publishes a draft, durably, or finds everything that is wrong with it.
    ///
    /// - Parameters:
    ///   - found: faults that were found while the draft was read.
    ///   - gate: keeps customers from what is deleted; nil: there are none.
    package func publish(
        _ call: PublishCall, found: [Violation], time: Timestamp, gate: RemovalGate? = nil
    ) async throws(ExecuteFault) -> (changes: [PricingChange], sequence: UInt64) {
        let (changes, published) = try commit(call, found: found, time: time, gate: gate)
        if let published {
            for listener in listeners.withLock({ $0 }) { await listener(published) }
        }
        return (changes, published?.pricing.sequence ?? current.pricing.sequence)
    }

    /// Publishes without telling the listeners; the new catalog, if anything changed.
    package func commit(
        _ call: PublishCall, found: [Violation], time: Timestamp, gate: RemovalGate? = nil
    ) throws(ExecuteFault) -> (changes: [PricingChange], published: PricingNames?) {
        let result = publishing.withLock { _ in
            Result { () throws(ExecuteFault) in
                try append(call, found: found, time: time, gate)
            }
        }
        return try result.get()
    }

    /// Blocks for one sync: publications are rare, and come from a person.
    private func append(
        _ call: PublishCall, found: [Violation], time: Timestamp, _ gate: RemovalGate?
    ) throws(ExecuteFault) -> (changes: [PricingChange], published: PricingNames?) {
        let pricing = current.pricing
        let violations = found + call.draft.validate(onto: pricing).inCatalog
        if let expected = call.expectedSequence, expected != pricing.sequence {
            // What is there as it is to be was published before, and is no news to anybody.
            guard violations.isEmpty, pricing.changes(publishing: call.draft).isEmpty else {
                throw .refused(.catalogChanged(sequence: pricing.sequence))
            }
        }
        guard violations.isEmpty else { throw .refused(.invalid(violations)) }
        let uses = pricing.uses(removedBy: call.draft)
        guard uses.isEmpty else { throw .refused(.inUse(uses.inCatalog)) }
        let changes = pricing.changes(publishing: call.draft)
        guard !changes.isEmpty else { return (changes, nil) }
        let removal = pricing.removal(by: call.draft)
        if !removal.isEmpty { try gate?.close(call.draft, names: current) }
        guard !call.validateOnly else {
            if !removal.isEmpty { gate?.settle(removal, sequence: nil) }
            return (changes, nil)
        }
        let record = DirectoryRecord(
            time: time, published: call.draft, requestID: call.requestID)
        // What fails may have been written: what it deletes stays closed.
        try commit(record)
        requests.withLock { $0.note(call.requestID, call.draft) }
        let published = PricingNames(
            pricing.publishing(call.draft), address: current.address)
        names.withLock { $0 = published }
        if !removal.isEmpty { gate?.settle(removal, sequence: published.pricing.sequence) }
        return (changes, published)
    }

    /// What fingerprints are hashed with, made once. It goes with exports: the same fingerprint has
    /// the same hash wherever the customers are.
    func fingerprintSecret(time: Timestamp) throws(ExecuteFault) -> [UInt8] {
        let result = fingerprintKey.withLock { key -> Result<[UInt8], ExecuteFault> in
            guard key.isEmpty else { return .success(key) }
            var generator = SystemRandomNumberGenerator()
            let new = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            do throws(ExecuteFault) {
                let change = DirectoryRecord.Change.fingerprintKeyed(key: new)
                try commit(DirectoryRecord(time: time, change: change, requestID: ""))
            } catch {
                return .failure(error)
            }
            key = new
            return .success(new)
        }
        return try result.get()
    }

    /// Empty: there is none.
    var knownFingerprintKey: [UInt8] { fingerprintKey.withLock { $0 } }

    /// Blocks until it is durable.
    func commit(_ record: DirectoryRecord) throws(ExecuteFault) {
        try wait(for: append(record))
    }

    /// Without waiting: gives the sequence.
    func append(
        _ change: DirectoryRecord.Change, time: Timestamp
    ) throws(ExecuteFault) -> UInt64 {
        try append(DirectoryRecord(time: time, change: change, requestID: ""))
    }

    private func append(_ record: DirectoryRecord) throws(ExecuteFault) -> UInt64 {
        let arena = Arena()
        do {
            // The record's bytes are the arena's.
            return try withExtendedLifetime(arena) { () throws(LogFault) in
                try log.append(RecordWriter(arena: arena).directory(record)).sequence
            }
        } catch {
            throw .unavailable(error)
        }
    }

    /// Blocks until what was appended is durable.
    func wait(for sequence: UInt64) throws(ExecuteFault) {
        do {
            try log.waitUntilDurable(sequence)
        } catch {
            throw .unavailable(error)
        }
    }

    package func close() throws {
        try log.close()
    }
}
