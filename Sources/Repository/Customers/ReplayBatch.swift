internal import Billing
internal import Wire

/// Records on their way to those who apply them.
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

    mutating func reserve(records: Int) {
        entries.reserveCapacity(records)
        bytes.reserveCapacity(records * 256)
    }

    mutating func add(
        _ payload: UnsafeRawBufferPointer, hash: UInt64, sequence: UInt64, position: LogPosition
    ) {
        bytes.append(contentsOf: payload)
        entries.append(
            Entry(hash: hash, sequence: sequence, position: position, end: bytes.count))
    }

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }
}

/// Applies the records of one share of the shards, in order.
///
/// At a million customers a record's customer is in no cache. So records are looked at in groups:
/// first all ask for their places in the index, then all for their rows, then they are applied; the
/// memory brings many lines in the time of one.
struct ReplayHand {
    private static let groupSize = 16

    /// A record that is on its way: read, and what it needs asked for.
    private struct Pending {
        var usage = UsageRecord()
        var hash: UInt64 = 0
        var fingerprint: UInt64?
        var sequence: UInt64 = 0
        var position = LogPosition(rawValue: 0)
        var payload = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    private let repository: CustomerRepository
    private let number: Int
    private let count: Int
    private let arena = Arena()
    private var group = InlineArray<16, Pending>(repeating: Pending())
    private var waiting = 0
    private var places = MemoryPlaces()

    /// - Parameters:
    ///   - number: of the share.
    ///   - count: how many shares there are.
    init(_ repository: CustomerRepository, share number: Int = 0, of count: Int = 1) {
        self.repository = repository
        self.number = number
        self.count = count
    }

    mutating func apply(_ batch: borrowing ReplayBatch) throws(LogFault) {
        let entries = batch.entries
        var fault: LogFault?
        batch.bytes.withUnsafeBytes { bytes in
            do throws(LogFault) {
                try apply(entries, bytes)
            } catch { fault = error }
        }
        if let fault { throw fault }
    }

    private mutating func apply(
        _ entries: [ReplayBatch.Entry], _ bytes: UnsafeRawBufferPointer
    ) throws(LogFault) {
        var start = 0
        for entry in entries {
            defer { start = entry.end }
            guard count == 1 || Int(entry.hash & 0xFF) % count == number else { continue }
            let payload = UnsafeRawBufferPointer(rebasing: bytes[start..<entry.end])
            if let usage = UsageRecord(payload) {
                ask(usage, entry, payload)
                if waiting == ReplayHand.groupSize { try finish() }
            } else {
                try finish()
                try restore(payload, entry.hash, entry.sequence, entry.position)
            }
        }
        try finish()
    }

    private mutating func ask(
        _ usage: UsageRecord, _ entry: ReplayBatch.Entry, _ payload: UnsafeRawBufferPointer
    ) {
        let fingerprint = usage.request.map {
            repository.requestFingerprint($0, customer: entry.hash)
        }
        repository.withShard(Int(entry.hash & 0xFF)) { shard in
            shard.addIndex(entry.hash, request: fingerprint, to: &places)
        }
        group[waiting] = Pending(
            usage: usage, hash: entry.hash, fingerprint: fingerprint, sequence: entry.sequence,
            position: entry.position, payload: payload)
        waiting += 1
    }

    /// Applies the group.
    private mutating func finish() throws(LogFault) {
        let waiting = self.waiting
        self.waiting = 0
        places.fetch()
        for index in 0..<waiting {
            let hash = group[index].hash
            _ = repository.withShard(Int(hash & 0xFF)) { $0.addRow(hash, to: &places) }
        }
        places.fetch()
        for index in 0..<waiting {
            let isDone = repository.restore(
                group[index].usage, hash: group[index].hash,
                fingerprint: group[index].fingerprint, sequence: group[index].sequence,
                position: group[index].position)
            if !isDone {
                try restore(
                    group[index].payload, group[index].hash, group[index].sequence,
                    group[index].position)
            }
        }
    }

    private func restore(
        _ payload: UnsafeRawBufferPointer, _ hash: UInt64, _ sequence: UInt64,
        _ position: LogPosition
    ) throws(LogFault) {
        do throws(RecordFault) {
            try repository.restore(
                payload, hash: hash, sequence: sequence, position: position, arena)
        } catch {
            throw ReplayCrew.damage(error.description, position)
        }
    }
}
