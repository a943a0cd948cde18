internal import Billing
internal import Logging
internal import Wire

/// Replays a log into a repository. The thread that calls reads the frames and checks them; with
/// more than one thread, each of the others applies the records of its share of the shards, which
/// come to it in batches.
struct ReplayCrew {
    private static let batchRecords = 2_048
    /// Records between looks at what is to be forgotten.
    private static let noteInterval: UInt64 = 1 << 16

    let repository: CustomerRepository
    private let workers: [ReplayWorker]
    private let arena = Arena()

    init(_ repository: CustomerRepository, threads: Int) {
        self.repository = repository
        workers = threads < 2 ? [] : (0..<threads).map { ReplayWorker($0, of: threads, repository) }
    }

    func replay(from first: UInt64) throws -> RecoveryReport {
        var progress = ReplayProgress(
            end: repository.log.estimatedEnd, log: repository.log, logger: repository.logger)
        var batch = ReplayBatch()
        var latest = Timestamp.epoch
        var count: UInt64 = 0
        let threads = try workers.map { worker in try LogThread { worker.run() } }
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
                let hash = repository.hash(of: head.customer)
                if workers.isEmpty {
                    try apply(bytes, hash, sequence, position)
                } else {
                    batch.add(bytes, hash: hash, sequence: sequence, position: position)
                    if batch.entries.count == ReplayCrew.batchRecords { try hand(&batch) }
                }
                guard count % ReplayCrew.noteInterval == 0 else { return }
                repository.noteReplayed(latest, position)
                progress.note(count, at: position)
            }
            try hand(&batch)
        }
        for worker in workers { try worker.check() }
        repository.raiseFloor(to: latest)
        return report
    }

    private func apply(
        _ bytes: UnsafeRawBufferPointer, _ hash: UInt64, _ sequence: UInt64,
        _ position: LogPosition
    ) throws {
        do throws(RecordFault) {
            try repository.restore(
                bytes, hash: hash, sequence: sequence, position: position, arena)
        } catch {
            throw ReplayCrew.damage(error.description, position)
        }
    }

    private func hand(_ batch: inout ReplayBatch) throws {
        guard !batch.entries.isEmpty else { return }
        for worker in workers { try worker.take(batch) }
        batch = ReplayBatch()
    }

    static func damage(_ why: String, _ position: LogPosition) -> LogFault {
        .corrupt(segment: position.segment, offset: position.offset, why: why)
    }
}

/// Records on their way to the workers.
struct ReplayBatch: Sendable {
    struct Entry: Sendable {
        var hash: UInt64
        var sequence: UInt64
        var position: LogPosition
        /// Where the payload ends in `bytes`; it begins where the one before ends.
        var end: Int
    }

    private(set) var entries: [Entry] = []
    private(set) var bytes: [UInt8] = []

    mutating func add(
        _ payload: UnsafeRawBufferPointer, hash: UInt64, sequence: UInt64, position: LogPosition
    ) {
        if entries.isEmpty {
            entries.reserveCapacity(2_048)
            bytes.reserveCapacity(512 << 10)
        }
        bytes.append(contentsOf: payload)
        entries.append(
            Entry(hash: hash, sequence: sequence, position: position, end: bytes.count))
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
        let arena = Arena()
        while let batch = next() {
            do throws(LogFault) {
                try apply(batch, arena)
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

    private func apply(_ batch: ReplayBatch, _ arena: Arena) throws(LogFault) {
        let fault: LogFault? = batch.bytes.withUnsafeBytes { bytes in
            var start = 0
            for entry in batch.entries {
                defer { start = entry.end }
                guard Int(entry.hash & 0xFF) % count == number else { continue }
                let payload = UnsafeRawBufferPointer(rebasing: bytes[start..<entry.end])
                do throws(RecordFault) {
                    try repository.restore(
                        payload, hash: entry.hash, sequence: entry.sequence,
                        position: entry.position, arena)
                } catch {
                    return ReplayCrew.damage(error.description, entry.position)
                }
            }
            return nil
        }
        if let fault { throw fault }
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
