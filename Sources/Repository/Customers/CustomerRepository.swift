package import Billing
package import Logging
internal import Synchronization
package import Wire

/// Why a command did not run.
package enum ExecuteFault: Error, Sendable {
    case refused(Refusal)
    case unavailable(LogFault)
    /// The log holds something this binary can't read.
    case damaged(String)
}

extension ExecuteFault {
    /// What reading files ended with.
    package init(ofReading error: any Error) {
        switch error {
        case let fault as ExecuteFault: self = fault
        case let refusal as Refusal: self = .refused(refusal)
        case let fault as RecordFault: self = .damaged("\(fault)")
        case let fault as LogFault: self = .unavailable(fault)
        case let fault as DiskFault: self = .unavailable(.disk(fault))
        default: self = .unavailable(.unavailable("\(error)"))
        }
    }
}

/// What came of a command or a read; small, as it is handed from layer to layer. The reply to a
/// command, as a value, is the workspace's.
package struct Outcome {
    /// The encoded reply, in the workspace's arena.
    package var message: UnsafeRawBufferPointer
    /// The reply may be shown once this is durable.
    package var point: CommitPoint
    package var replayed = false

    package init(
        message: UnsafeRawBufferPointer, point: CommitPoint = .now, replayed: Bool = false
    ) {
        self.message = message
        self.point = point
        self.replayed = replayed
    }
}

/// The result of `execute`.
package enum Execution {
    case done(Outcome)
    /// A retry of a request whose answer is not durable yet: execute again once it is.
    case again(after: CommitPoint)
    /// Something has to be paid or asked first: execute again once that has an outcome.
    case awaiting(AwaitedCharge)
}

/// A charge, or a question, that a command waits for.
package struct AwaitedCharge: Sendable {
    let expectation: Expectation
    /// It is for what the command takes; else another one that comes first.
    let isOwn: Bool

    /// Until it has an outcome.
    package func settled() async throws(ExecuteFault) {
        guard let settled = await expectation.outcome else { throw .unavailable(.closed) }
        guard isOwn, case .declined(let code) = settled.outcome else { return }
        throw .refused(.seatsDeclined(code: code))
    }
}

extension CustomerRepository {
    func wait(for effectID: String, isOwn: Bool) -> AwaitedCharge {
        AwaitedCharge(expectation: settlements.expect(effectID), isOwn: isOwn)
    }
}

/// All customers of a partition: the one place where a decision becomes a commit.
///
/// A call takes one shard's lock. Under it the command is decided, its record is appended to the
/// log's buffer, and its facts are applied, in that order: a log that refuses leaves the state as
/// it was. Replies leave only when their sequence is durable; that is the caller's part.
package final class CustomerRepository: Sendable {
    package let directory: Directory
    package let log: any LogStore
    /// The partition's number.
    let partition: Int
    /// What is personal is sealed with these; nil: the folder's format seals nothing.
    let seals: (any CustomerSeals)?
    /// The same, to give out keys and to destroy them; nil also where nothing is written.
    package let keys: CustomerKeys?
    let settlements = Settlements()
    package let erasures = Erasures()
    let watchers = Watchers()
    let time: any TimeSource
    let logger: Logger
    private let shards: InlineArray<256, Mutex<Shard>>
    /// Secret: customers choose their ids.
    private let seed: UInt64
    /// Time never runs backwards, whatever the clock does.
    private let floor: Atomic<Int64>
    /// Ids of effects: never used before, and unguessable.
    let newEffectID: @Sendable () -> String
    let window: RequestWindow
    let history: HistoryMarks

    /// - Parameters:
    ///   - partition: the partition's number.
    ///   - seed: of the customers' hashes.
    ///   - requestSpan: milliseconds that answered requests are remembered at least.
    ///   - requestLimit: ids that are remembered at most.
    ///   - historySpan: milliseconds that log positions can be told times of.
    ///   - seals: in place of the keys, where nothing is written.
    package init(
        directory: Directory, log: any LogStore, partition: Int = 0, time: any TimeSource,
        logger: Logger, seed: UInt64, requestSpan: Int64, requestLimit: Int = 1 << 23,
        historySpan: Int64 = 35 * 86_400_000, keys: CustomerKeys? = nil,
        seals: (any CustomerSeals)? = nil,
        newEffectID: (@Sendable () -> String)? = nil
    ) {
        self.keys = keys
        self.seals = seals ?? keys
        self.newEffectID = newEffectID ?? { Effects.newID() }
        self.directory = directory
        self.log = log
        self.partition = partition
        self.time = time
        self.logger = logger
        self.seed = seed
        floor = Atomic(0)
        window = RequestWindow(span: requestSpan, limit: requestLimit)
        history = HistoryMarks(span: historySpan)
        shards = InlineArray { _ in Mutex(Shard()) }
    }

    /// The machine's clock, but never before the last commit. Wherever no test has moved a clock
    /// this is customer time, too.
    package var now: Timestamp {
        let clock = time.now()
        return max(clock, Timestamp(milliseconds: floor.load(ordering: .relaxed)))
    }

    /// Customer time, of those whose own clock no test has moved.
    package var environmentTime: Timestamp { now.adding(milliseconds: directory.clock.offset) }

    /// - Parameter time: the environment's.
    @inline(__always)
    func customerTime(
        of row: UnsafeMutablePointer<CustomerRow>, at time: Timestamp
    ) -> Timestamp {
        guard row.pointee.marks.contains(.hasMovedClock) else { return time }
        return row.pointee.buckets.clock.time(at: time)
    }

    /// Decides a command, appends its record, applies its facts.
    package func execute(
        _ command: Command, for id: CustomerID, request: RequestMark?, names: PricingNames,
        in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        let hash = id.hash(seed: seed)
        let fingerprint = request.map { requestFingerprint($0, customer: hash) }
        let commit = Commit(
            repository: self, id: id, hash: hash, request: request, names: names,
            workspace: workspace)
        var finished: Finished?
        var execution: Execution?
        var fault: ExecuteFault?
        shards[Int(hash & 0xFF)].withLock { shard in
            shard.prefetch(hash, request: fingerprint)
            // One below the horizon may be forgotten, and its record gone.
            if let fingerprint, let position = shard.requests.find(fingerprint),
                position >= window.horizon
            {
                finished = .known(LogPosition(rawValue: position))
            } else if let request, window.isTooOld(request.id) {
                fault = .refused(.requestTooOld)
            } else {
                do throws(ExecuteFault) {
                    execution = try commit.run(command, in: &shard, &finished)
                } catch {
                    fault = error
                }
            }
        }
        switch finished {
        case .known(let position): return try replay(position, request, id, workspace)
        case .effects(let facts, let sequence):
            settlements.note(facts, of: id, sequence: sequence)
            if case .done(let outcome) = execution { settlements.resume(facts, with: outcome) }
        case nil: break
        }
        watchers.changed(id)
        if let fault { throw fault }
        guard let execution else { preconditionFailure("a command that ran has a result") }
        return execution
    }

    /// A read of one customer. What is due is executed first, so that nobody sees the past.
    package func read<Answer>(
        _ id: CustomerID, names: PricingNames, in workspace: Workspace,
        _ body: (borrowing CustomerState, PricingNames) -> Answer
    ) throws(ExecuteFault) -> (answer: Answer, point: CommitPoint) {
        var found: (row: CustomerRow, names: PricingNames)?
        let sequence = try visit(id, names, workspace) { shard, row, names, _ in
            found = (shard.rows[row], names)
        }
        guard let found else { preconditionFailure("a visit that ended well has found a row") }
        return (body(try opened(found.row, workspace), found.names), point(sequence))
    }

    /// All of a customer, whose rest is encoded.
    func opened(
        _ row: CustomerRow, _ workspace: Workspace
    ) throws(ExecuteFault) -> CustomerState {
        do {
            return try row.opened(workspace.arena, seals: seals)
        } catch {
            throw .damaged("\(error)")
        }
    }

    /// The same for readers of balances and flags. The hot way: it touches nothing but the row's
    /// buckets, and isn't generic, so that nothing is looked up at run time. `body` gives the
    /// message that answers.
    package func readBuckets(
        _ id: CustomerID, names: PricingNames, in workspace: Workspace,
        _ body: (inout BucketSet, PricingNames, Timestamp) throws(Refusal)
            -> UnsafeRawBufferPointer
    ) throws(ExecuteFault) -> Outcome {
        var message = UnsafeRawBufferPointer(start: nil, count: 0)
        var fault: ExecuteFault?
        let sequence = try visit(id, names, workspace) { shard, row, names, now in
            do throws(ExecuteFault) {
                if hidesBuckets(of: shard.rows.place(of: row), names) {
                    message = try readHidden(shard.rows[row], names, now, workspace, body)
                } else {
                    message = try answered { () throws(Refusal) in
                        try shard.withBuckets(row) { (buckets) throws(Refusal) in
                            try body(&buckets, names, now)
                        }
                    }
                }
            } catch {
                fault = error
            }
        }
        if let fault { throw fault }
        return Outcome(message: message, point: point(sequence))
    }

    /// Shows a customer's row under its shard's lock; the sequence of the row.
    private func visit(
        _ id: CustomerID, _ names: PricingNames, _ workspace: Workspace,
        _ body: (inout Shard, Int, PricingNames, Timestamp) -> Void
    ) throws(ExecuteFault) -> UInt64 {
        let hash = id.hash(seed: seed)
        // Once is enough but where clocks are moved by years: see `advance(steppingTo:)`.
        for _ in 0..<64 {
            let time = environmentTime
            var found = false
            var sequence: UInt64?
            shards[Int(hash & 0xFF)].withLock { shard in
                guard let row = shard.find(id, hash: hash) else { return }
                let now = customerTime(of: shard.rows.place(of: row), at: time)
                guard shard.rows[row].nextDue > now else {
                    found = !shard.rows[row].marks.contains(.isDeleted)
                    return
                }
                found = true
                body(&shard, row, current(names, for: shard.rows[row].catalogSequence), now)
                sequence = shard.rows[row].sequence
            }
            if let sequence { return sequence }
            guard found else { throw .refused(.customerNotFound(id.text)) }
            _ = try execute(.advance, for: id, request: nil, names: names, in: workspace)
        }
        throw .unavailable(.unavailable("the customer keeps falling due"))
    }

    /// A sequence of this log.
    @inline(__always)
    func point(_ sequence: UInt64) -> CommitPoint {
        CommitPoint(partition: partition, sequence: sequence)
    }

    /// The names a caller holds, unless the customer was decided with newer ones.
    func current(_ names: PricingNames, for catalogSequence: UInt64) -> PricingNames {
        catalogSequence <= names.pricing.sequence ? names : directory.current
    }

    func raiseFloor(to time: Timestamp) {
        _ = floor.max(time.milliseconds, ordering: .relaxed)
    }

    func requestFingerprint(_ request: RequestMark, customer: UInt64) -> UInt64 {
        InlineText.fold(
            request.id.hash(seed: seed) ^ UInt64(request.method), customer | 1)
    }

    /// The answer that a request got before, read back from the log.
    private func replay(
        _ position: LogPosition, _ request: RequestMark?, _ id: CustomerID,
        _ workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        guard let request, let method = Method(rawValue: request.method) else {
            preconditionFailure("only requests are remembered")
        }
        let sequence = shards[Int(id.hash(seed: seed) & 0xFF)].withLock { shard in
            shard.find(id, hash: id.hash(seed: seed)).map { shard.rows[$0].sequence } ?? 0
        }
        guard sequence <= log.durableSequence else { return .again(after: point(sequence)) }
        let record: CustomerRecord
        do {
            let bytes = try log.read(at: position)
            record = try bytes.withUnsafeBytes { bytes throws(RecordFault) in
                try RecordDecoder(arena: workspace.arena, seals: seals).record(bytes)
            }
        } catch let fault as LogFault {
            throw .unavailable(fault)
        } catch {
            throw .damaged("\(error)")
        }
        guard record.customer == id, let answered = record.request, answered.id == request.id,
            answered.method == request.method
        else {
            // Another request with the same fingerprint: one in 2^64. This one is new, but the
            // table has no room for both, so it is asked to come under another id.
            throw .refused(.requestReused)
        }
        guard answered.fingerprint == request.fingerprint else { throw .refused(.requestReused) }
        guard !record.isErased || !record.hidesReply else { throw .refused(.requestErased) }
        let message = workspace.arena.copy(record.reply + replayedMark(of: method))
        workspace.reply = .none
        return .done(Outcome(message: message, replayed: true))
    }
}

/// What is left to do once the shard's lock is released.
enum Finished {
    /// The request was answered before, in this record.
    case known(LogPosition)
    /// Facts that others wait for.
    case effects([Fact], sequence: UInt64)
}

extension CustomerRepository {
    /// Each shard in turn, under its lock.
    func eachShard(_ body: (inout Shard) -> Void) {
        for index in 0..<256 { shards[index].withLock { body(&$0) } }
    }

    /// How many customers there are.
    package var count: Int {
        var count = 0
        eachShard { count += $0.rows.count - $0.deletedCount }
        return count
    }

    /// With those who were deleted.
    var rowCount: Int {
        var count = 0
        eachShard { count += $0.rows.count }
        return count
    }

    func remember(
        _ request: RequestMark, customer hash: UInt64, at position: LogPosition,
        in shard: inout Shard
    ) {
        shard.requests.insert(
            requestFingerprint(request, customer: hash), position: position.rawValue,
            horizon: window.horizon)
    }

    /// How a customer is found: its shard is in the lower eight bits.
    func hash(of id: CustomerID) -> UInt64 { id.hash(seed: seed) }

    /// One shard, under its lock.
    func withShard<Value: Sendable, Fault: Error>(
        _ index: Int, _ body: (inout Shard) throws(Fault) -> Value
    ) throws(Fault) -> Value {
        try shards[index].withLock { (shard) throws(Fault) in try body(&shard) }
    }
}
