internal import Billing
internal import Wire

/// Writes one snapshot, a step at a time, beside calls that go on. A step holds one shard's lock
/// for as long as it takes to copy 64 rows; they are encoded once it is released. A machine: no
/// thread, no clock.
struct SnapshotWriter {
    enum Step: Equatable {
        /// There is more to do.
        case writing
        /// All is in the file, and synced; it may be published once the log is durable up to here.
        case written(highest: UInt64)
    }

    private enum Stage {
        case rows(shard: Int, row: Int)
        case requests(shard: Int, place: UInt64)
        case end
        case written(highest: UInt64)
    }

    private static let rowLimit = 64
    private static let flushSize = 1 << 20
    /// Frequent syncs keep the disk's queue short for the log's.
    private static let syncSize = 8 << 20

    let header: SnapshotHeader
    private let repository: CustomerRepository
    private let file: any DiskFile
    private var stage = Stage.rows(shard: 0, row: 0)
    private var index = SnapshotIndex()
    private var buffer: [UInt8] = []
    private var flushed = 0
    private var synced = 0
    private var customers: UInt64 = 0

    /// Bytes so far.
    var size: Int { flushed + buffer.count }

    /// The start is taken here: everything that is appended later may be missing from it.
    init(_ repository: CustomerRepository, _ folder: SnapshotFolder) throws(DiskFault) {
        self.repository = repository
        let end = repository.log.end
        header = SnapshotHeader(
            identity: folder.identity, start: end.sequence, position: end.position.rawValue,
            time: repository.now.milliseconds)
        file = try folder.create()
        buffer = header.encoded
        buffer.reserveCapacity(SnapshotWriter.flushSize * 2)
    }

    mutating func turn() throws(DiskFault) -> Step {
        switch stage {
        case .rows(let shard, let row): copyRows(shard, from: row)
        case .requests(let shard, let place): copyRequests(shard, at: place)
        case .end: try finish()
        case .written: break
        }
        if case .written(let highest) = stage { return .written(highest: highest) }
        if buffer.count >= SnapshotWriter.flushSize { try flush() }
        return .writing
    }

    private mutating func copyRows(_ shard: Int, from row: Int) {
        // Fetched before they are copied, so that the lock isn't held while memory is waited for:
        // this thread is one that others may push aside for long, and then they wait for the lock.
        for rests in [false, true] {
            repository.withShard(shard) { shard in
                shard.rows.prefetch(from: row, limit: SnapshotWriter.rowLimit, rests: rests)
            }
        }
        let (rows, sequence) = repository.withShard(shard) { shard in
            (
                shard.rows.copy(from: row, limit: SnapshotWriter.rowLimit),
                // Under the shard's lock: what is appended up to here is in its rows.
                repository.log.end.sequence
            )
        }
        let isLast = rows.count < SnapshotWriter.rowLimit
        stage =
            isLast ? .requests(shard: shard, place: 0) : .rows(shard: shard, row: row + rows.count)
        guard !rows.isEmpty else { return }
        customers += UInt64(rows.count)
        // As large as a customer with thousands of entities needs it.
        let arena = Arena(cap: .max)
        let seals = repository.seals
        addChunk(.customers, shard, count: rows.count, sequence: sequence) { buffer in
            for row in rows {
                arena.reset()
                let bytes = RecordWriter(arena: arena, seals: seals).row(row)
                withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { buffer += $0 }
                buffer += bytes
            }
        }
    }

    private mutating func copyRequests(_ shard: Int, at place: UInt64) {
        let horizon = repository.window.horizon
        let (page, sequence) = repository.withShard(shard) { shard in
            (shard.requests.entries(at: place), repository.log.end.sequence)
        }
        if let next = page.next {
            stage = .requests(shard: shard, place: next)
        } else {
            stage = shard == 255 ? .end : .rows(shard: shard + 1, row: 0)
        }
        let entries = page.entries.filter { $0.fingerprint != 0 && $0.position >= horizon }
        guard !entries.isEmpty else { return }
        addChunk(.requests, shard, count: entries.count, sequence: sequence) { buffer in
            for entry in entries {
                withUnsafeBytes(of: entry.fingerprint.littleEndian) { buffer += $0 }
                withUnsafeBytes(of: entry.position.littleEndian) { buffer += $0 }
            }
        }
    }

    /// The header is put in front once the payload is known.
    private mutating func addChunk(
        _ kind: SnapshotChunk.Kind, _ shard: Int, count: Int, sequence: UInt64,
        _ fill: (inout [UInt8]) -> Void
    ) {
        let start = buffer.count
        index.chunks.append(UInt64(size))
        buffer += repeatElement(0, count: SnapshotChunk.size)
        fill(&buffer)
        let payload = start + SnapshotChunk.size
        let chunk = SnapshotChunk(
            kind: kind, shard: shard, count: count, length: buffer.count - payload,
            sequence: sequence,
            checksum: buffer[payload...].withUnsafeBytes { checksum($0) })
        buffer.replaceSubrange(start..<payload, with: chunk.encoded(tag: header.tag))
    }

    private mutating func finish() throws(DiskFault) {
        // Now, not at the start: what was forgotten meanwhile isn't in it.
        (index.requests, index.inserted) = repository.window.marks(
            inserted: repository.insertedRequests)
        index.history = repository.history.all
        let arena = Arena(cap: 1 << 30)
        let bytes = withExtendedLifetime(arena) {
            Array(RecordWriter(arena: arena).index(index))
        }
        let highest = repository.log.end.sequence
        let trailer = SnapshotTrailer(
            indexOffset: UInt64(size), indexLength: bytes.count,
            indexChecksum: bytes.withUnsafeBytes { checksum($0) }, highest: highest,
            customers: customers)
        buffer += bytes
        buffer += trailer.encoded(tag: header.tag)
        try flush()
        try file.sync()
        stage = .written(highest: highest)
    }

    private mutating func flush() throws(DiskFault) {
        try file.write(buffer, count: buffer.count, at: flushed)
        flushed += buffer.count
        buffer.removeAll(keepingCapacity: true)
        if flushed - synced >= SnapshotWriter.syncSize {
            try file.sync()
            synced = flushed
        }
    }
}
