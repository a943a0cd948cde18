internal import Billing
internal import Logging
internal import Wire

/// Replays a log into a repository. The thread that calls reads the frames and checks them, and
/// collects the records in batches; with more than one thread, each of the others applies those of
/// its share of the shards.
struct ReplayCrew {
    /// Records handed over at once. Alone, so few that they stay in the cache.
    private static let batchRecords = 2_048
    private static let batchRecordsAlone = 256
    /// Records between looks at what is to be forgotten.
    private static let noteInterval: UInt64 = 1 << 16

    let repository: CustomerRepository
    private let workers: [ReplayWorker]

    init(_ repository: CustomerRepository, threads: Int) {
        self.repository = repository
        workers = threads < 2 ? [] : (0..<threads).map { ReplayWorker($0, of: threads, repository) }
    }

    func replay(from first: UInt64) throws -> RecoveryReport {
        var progress = ReplayProgress(
            end: repository.log.estimatedEnd, log: repository.log, logger: repository.logger)
        var batch = ReplayBatch()
        var hand = ReplayHand(repository)
        let limit = workers.isEmpty ? Self.batchRecordsAlone : Self.batchRecords
        batch.reserve(records: limit)
        var latest = Timestamp.epoch
        var count: UInt64 = 0
        let threads = try workers.map { worker in try LogThread("tally-replay") { worker.run() } }
        let report: RecoveryReport
        do {
            defer {
                for worker in workers { worker.finish() }
                for thread in threads { thread.join() }
            }
            report = try repository.log.replay(from: first) { sequence, position, bytes in
                guard let head = RecordHead(bytes) else {
                    throw ReplayCrew.damage("a record tells no customer", position)
                }
                latest = max(latest, head.time)
                count += 1
                batch.add(
                    bytes, hash: repository.hash(of: head.customer), sequence: sequence,
                    position: position)
                if batch.entries.count == limit { try hand.take(&batch, with: workers) }
                guard count % ReplayCrew.noteInterval == 0 else { return }
                repository.noteReplayed(latest, position)
                progress.note(count, at: position)
            }
            try hand.take(&batch, with: workers)
        }
        for worker in workers { try worker.check() }
        repository.raiseFloor(to: latest)
        return report
    }

    static func damage(_ why: String, _ position: LogPosition) -> LogFault {
        .corrupt(segment: position.segment, offset: position.offset, why: why)
    }
}

extension ReplayHand {
    /// Applies a batch, or has the workers do it, and empties it.
    fileprivate mutating func take(
        _ batch: inout ReplayBatch, with workers: [ReplayWorker]
    ) throws {
        guard !workers.isEmpty else {
            try apply(batch)
            return batch.removeAll()
        }
        let records = batch.entries.count
        for worker in workers { try worker.take(batch) }
        batch = ReplayBatch()
        batch.reserve(records: records)
    }
}

/// Applies every record of its share of the shards, in order.
final class ReplayWorker: Sendable {
    private struct Work {
        var batches: [ReplayBatch] = []
        var isFinished = false
        var fault: LogFault?
    }

    /// Batches that wait at most.
    private static let depth = 8

    private let number: Int
    private let count: Int
    private let repository: CustomerRepository
    private let work = Monitor(Work())

    init(_ number: Int, of count: Int, _ repository: CustomerRepository) {
        self.number = number
        self.count = count
        self.repository = repository
    }

    /// Waits for room.
    func take(_ batch: ReplayBatch) throws {
        work.wait { $0.batches.count < ReplayWorker.depth || $0.fault != nil }
        work.update { $0.batches.append(batch) }
        try check()
    }

    func finish() {
        work.update { $0.isFinished = true }
    }

    func check() throws {
        var fault: LogFault?
        work.update { fault = $0.fault }
        if let fault { throw fault }
    }

    /// The thread's life.
    func run() {
        var hand = ReplayHand(repository, share: number, of: count)
        while let batch = next() {
            do throws(LogFault) {
                try hand.apply(batch)
            } catch {
                return work.update { $0.fault = error }
            }
        }
    }

    private func next() -> ReplayBatch? {
        var next: ReplayBatch?
        work.wait { work in
            guard !work.batches.isEmpty || work.isFinished else { return false }
            next = work.batches.isEmpty ? nil : work.batches.removeFirst()
            return true
        }
        // The reader may wait for room.
        work.update { _ in }
        return next
    }
}

/// Says every second how far a replay is.
struct ReplayProgress {
    private let end: LogPosition?
    private let log: any LogStore
    private let logger: Logger
    private var first: LogPosition?
    private var lastSaid = SystemClock.monotonic
    private var lastCount: UInt64 = 0

    init(end: LogPosition?, log: any LogStore, logger: Logger) {
        self.end = end
        self.log = log
        self.logger = logger
    }

    mutating func note(_ count: UInt64, at position: LogPosition) {
        let first = self.first ?? position
        self.first = first
        let elapsed = SystemClock.monotonic - lastSaid
        guard elapsed >= 1_000 else { return }
        var share = "?"
        if let end, end > first {
            let (done, whole) = (
                log.distance(from: first, to: position), log.distance(from: first, to: end)
            )
            share = "\(min(100, done * 100 / max(whole, 1))) %"
        }
        logger.info(
            "recovering",
            metadata: [
                "done": "\(share)", "records": "\(count)",
                "records a second": "\((count - lastCount) * 1_000 / UInt64(elapsed))",
            ])
        lastSaid += elapsed
        lastCount = count
    }
}
