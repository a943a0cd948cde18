internal import Wire

/// A snapshot that is read. Nothing in it is believed before its checksum is.
struct SnapshotFile: Sendable {
    let header: SnapshotHeader
    let trailer: SnapshotTrailer
    let index: SnapshotIndex
    private let file: any DiskFile

    init(_ file: any DiskFile, identity: UInt64) throws(SnapshotProblem) {
        self.file = file
        header = try .decode(
            try SnapshotFile.bytes(file, at: 0, count: SnapshotHeader.size), identity: identity)
        let end = try SnapshotFile.size(file) - SnapshotTrailer.size
        guard end >= SnapshotHeader.size else {
            throw .damaged(offset: UInt64(SnapshotHeader.size), "it ends there")
        }
        trailer = try .decode(
            try SnapshotFile.bytes(file, at: end, count: SnapshotTrailer.size), tag: header.tag,
            at: UInt64(end))
        guard trailer.indexOffset + UInt64(trailer.indexLength) == UInt64(end) else {
            throw .damaged(offset: UInt64(end), "the index isn't where it belongs")
        }
        let bytes = try SnapshotFile.bytes(
            file, at: Int(trailer.indexOffset), count: trailer.indexLength)
        guard bytes.withUnsafeBytes({ checksum($0) }) == trailer.indexChecksum else {
            throw .damaged(offset: trailer.indexOffset, "the index's checksum is wrong")
        }
        index = try SnapshotFile.index(bytes, at: trailer.indexOffset)
        let offsets = [UInt64(SnapshotHeader.size)] + index.chunks
        guard index.chunks.isEmpty || index.chunks[0] == offsets[0],
            zip(offsets.dropFirst(), offsets.dropFirst(2) + [trailer.indexOffset])
                .allSatisfy({ $0.0 + UInt64(SnapshotChunk.size) <= $0.1 })
        else { throw .damaged(offset: trailer.indexOffset, "the index is out of order") }
    }

    /// Requests that were answered before this log position aren't remembered by it.
    var horizon: UInt64 { index.requests.first?.position ?? 0 }

    /// A chunk by its number, its payload verified: from `SnapshotChunk.size` on.
    func chunk(_ number: Int) throws(SnapshotProblem) -> (SnapshotChunk, bytes: [UInt8]) {
        let offset = index.chunks[number]
        let isLast = number + 1 == index.chunks.count
        let end = isLast ? trailer.indexOffset : index.chunks[number + 1]
        let bytes = try SnapshotFile.bytes(file, at: Int(offset), count: Int(end - offset))
        return (try SnapshotChunk.decode(bytes, tag: header.tag, at: offset), bytes)
    }

    /// The chunk is of customers of this shard, as its header says.
    func holdsCustomers(of shard: Int, chunk number: Int) throws(SnapshotProblem) -> Bool {
        let header = try SnapshotFile.bytes(
            file, at: Int(index.chunks[number]), count: SnapshotChunk.size)
        return header.isSealed
            && header.integer(at: 4, as: UInt32.self) == SnapshotChunk.Kind.customers.rawValue
            && header.integer(at: 32, as: UInt32.self) == UInt32(shard)
    }

    /// Reads all of it.
    func verify() throws(SnapshotProblem) {
        for number in index.chunks.indices { _ = try chunk(number) }
    }

    private static func index(
        _ bytes: [UInt8], at offset: UInt64
    ) throws(SnapshotProblem) -> SnapshotIndex {
        let arena = Arena(cap: 1 << 30)
        do throws(RecordFault) {
            return try bytes.withUnsafeBufferPointer { (bytes) throws(RecordFault) in
                try RecordDecoder(arena: arena).index(UnsafeRawBufferPointer(bytes))
            }
        } catch {
            throw .damaged(offset: offset, error.description)
        }
    }

    private static func bytes(
        _ file: any DiskFile, at offset: Int, count: Int
    ) throws(SnapshotProblem) -> [UInt8] {
        do throws(DiskFault) {
            return try file.bytes(count, at: offset)
        } catch {
            throw .disk(error)
        }
    }

    private static func size(_ file: any DiskFile) throws(SnapshotProblem) -> Int {
        do throws(DiskFault) { return try file.size() } catch { throw .disk(error) }
    }
}

/// The rows in a chunk of customers, each with its length before it.
struct SnapshotRows {
    private let payload: UnsafeRawBufferPointer
    private var offset = 0

    /// The bytes must outlive it.
    init(_ payload: UnsafeRawBufferPointer) {
        self.payload = payload
    }

    var isAtEnd: Bool { offset == payload.count }

    /// nil: there is no further one that is whole.
    mutating func next() -> UnsafeRawBufferPointer? {
        guard offset + 4 <= payload.count else { return nil }
        let start = offset + 4
        let end = start + Int(payload.integer(at: offset, as: UInt32.self))
        guard end <= payload.count else { return nil }
        offset = end
        return UnsafeRawBufferPointer(rebasing: payload[start..<end])
    }
}
