// The format of a snapshot, version 11. All integers are little-endian.
//
// A snapshot is a cache of what the log says. It is fuzzy: customers went on changing while it was
// written, and each is as it was when it was copied, some records of it ahead of others. The log
// from `start` on is replayed onto it; each customer skips the records it already holds.
//
// The file is a header, chunks one right after the other, an index, and a trailer.
//
// Header, 64 bytes:
//
//      0  u64  magic: the bytes 89 54 53 4E 0D 0A 1A 0A
//      8  u32  format version: 11. Older ones are read too. In version 10 no invoices are
//              packed; in version 9 no customer has invoices of other systems on record, and no
//              provider was asked for taxes; in version 8 no customer has an address, or a name
//              that a payment provider has yet to be told; in version 7 nothing is taxed and
//              nothing came from other systems; in version 6 no customer is known to a payment
//              provider; in version 5 nothing is planned in phases or paused, and all pay in one
//              currency; in version 4 no order is of several plans, no invoice waits to be paid,
//              and there are no top-ups, referrals and fingerprints; in version 3 customers have
//              no refunds, disputes, closed pages, reminders, discounts, plans of their own and
//              zones; in version 2 subscriptions have no entity, trial, packs and charges either,
//              and customers no credit; in version 1 there are no entities, limits and holds, and
//              no customer is deleted.
//     12  u32  0
//     16  u64  identity of the log that it belongs to
//     24  u64  start: the log's last sequence when the snapshot began. All up to it is in it.
//     32  u64  position of the log's end then
//     40  u64  when it began, in milliseconds since the Unix epoch
//     48       zeros
//     60  u32  CRC-32C of the 60 bytes above; it is the tag of all that follows
//
// Chunk: 40 bytes, then the payload:
//
//      0  u32  magic: the bytes 89 54 43 4B
//      4  u32  kind: 1 customers, 2 requests
//      8  u32  how many of them
//     12  u32  length of the payload in bytes
//     16  u64  sequence: the log's last one when they were copied. They hold everything up to it;
//              each customer also names its own.
//     24  u32  CRC-32C of the payload
//     28  u32  tag
//     32  u32  shard: the lower eight bits of the keyed hash of the customers' ids
//     36  u32  CRC-32C of the 36 bytes above
//
// A customer is a u32, its length, and a `tally.disk.v1.SnapshotRow`. A request is a u64, its keyed
// fingerprint, and a u64, the position of the record that answered it.
//
// Index: a `tally.disk.v1.SnapshotIndex`, with the offset of each chunk, so that several threads
// can load at once.
//
// Trailer, the last 48 bytes of the file:
//
//      0  u64  magic, as in the header
//      8  u64  offset of the index
//     16  u32  length of the index in bytes
//     20  u32  CRC-32C of the index
//     24  u64  highest: no record after this sequence is in it. The file gets its name when the log
//              is durable up to here.
//     32  u64  how many customers
//     40  u32  tag
//     44  u32  CRC-32C of the 44 bytes above
//
// The file is written as `snapshot.writing` and renamed to `snapshot-` and its start, in sixteen
// hex digits. Two are kept.
//
// Example: the header of a snapshot of log 1 that began at sequence 7, segment 1, offset 512, time
// 1000; then a chunk with one request of shard 3, copied at sequence 9: fingerprint 5, position
// segment 1, offset 80.
//
//     89 54 53 4E 0D 0A 1A 0A  0B 00 00 00 00 00 00 00
//     01 00 00 00 00 00 00 00  07 00 00 00 00 00 00 00
//     00 02 00 00 01 00 00 00  E8 03 00 00 00 00 00 00
//     00 00 00 00 00 00 00 00  00 00 00 00 AE 28 E7 6C
//
//     89 54 43 4B 02 00 00 00  01 00 00 00 10 00 00 00
//     09 00 00 00 00 00 00 00  C1 53 4B 35 AE 28 E7 6C
//     03 00 00 00 F8 23 6F 2D  05 00 00 00 00 00 00 00
//     50 00 00 00 01 00 00 00

/// The first 64 bytes of a snapshot; the format stands at the top of this file.
struct SnapshotHeader: Equatable, Sendable {
    static let size = 64
    static let version: UInt32 = 11
    static let magic: UInt64 = 0x0A1A_0A0D_4E53_5489

    var version = SnapshotHeader.version
    var identity: UInt64
    /// Everything up to this sequence is in it.
    var start: UInt64
    /// The log's end when it began, raw.
    var position: UInt64
    /// Milliseconds since the epoch.
    var time: Int64

    /// Ties everything in the file to this header.
    var tag: UInt32 { encoded.integer(at: 60) }

    var encoded: [UInt8] {
        var bytes = LittleEndianBytes()
        bytes.add(Self.magic)
        bytes.add(version)
        bytes.add(UInt32(0))
        bytes.add(identity)
        bytes.add(start)
        bytes.add(position)
        bytes.add(time)
        bytes.addZeros(12)
        bytes.addChecksum()
        return bytes.bytes
    }

    static func decode(
        _ bytes: [UInt8], identity: UInt64
    ) throws(SnapshotProblem) -> SnapshotHeader {
        guard bytes.count == size, bytes.integer(at: 0, as: UInt64.self) == magic else {
            throw .foreign("it is no snapshot")
        }
        // A newer version's checksum may be elsewhere, so this comes first.
        let version: UInt32 = bytes.integer(at: 8)
        guard version <= Self.version else { throw .tooNew(version) }
        guard bytes.isSealed else { throw .damaged(offset: 0, "the header's checksum is wrong") }
        guard version > 0 else { throw .foreign("it has no version") }
        guard bytes.integer(at: 16, as: UInt64.self) == identity else {
            throw .foreign("it belongs to another log")
        }
        return SnapshotHeader(
            version: version, identity: identity, start: bytes.integer(at: 24),
            position: bytes.integer(at: 32),
            time: bytes.integer(at: 40))
    }
}

/// The 40 bytes before a chunk's payload.
struct SnapshotChunk: Equatable, Sendable {
    static let size = 40
    static let magic: UInt32 = 0x4B43_5489

    enum Kind: UInt32 {
        case customers = 1
        case requests = 2
    }

    var kind: Kind
    var shard: Int
    var count: Int
    var length: Int
    var sequence: UInt64
    var checksum: UInt32

    func encoded(tag: UInt32) -> [UInt8] {
        var bytes = LittleEndianBytes()
        bytes.add(Self.magic)
        bytes.add(kind.rawValue)
        bytes.add(UInt32(count))
        bytes.add(UInt32(length))
        bytes.add(sequence)
        bytes.add(checksum)
        bytes.add(tag)
        bytes.add(UInt32(shard))
        bytes.addChecksum()
        return bytes.bytes
    }

    /// - Parameter bytes: the whole chunk.
    static func decode(
        _ bytes: [UInt8], tag: UInt32, at offset: UInt64
    ) throws(SnapshotProblem) -> SnapshotChunk {
        guard bytes.count >= size, bytes.integer(at: 0, as: UInt32.self) == magic,
            Array(bytes[..<size]).isSealed, bytes.integer(at: 28, as: UInt32.self) == tag,
            let kind = Kind(rawValue: bytes.integer(at: 4)),
            bytes.integer(at: 32, as: UInt32.self) < 256
        else { throw .damaged(offset: offset, "no chunk of this snapshot begins there") }
        let chunk = SnapshotChunk(
            kind: kind, shard: Int(bytes.integer(at: 32, as: UInt32.self)),
            count: Int(bytes.integer(at: 8, as: UInt32.self)),
            length: Int(bytes.integer(at: 12, as: UInt32.self)), sequence: bytes.integer(at: 16),
            checksum: bytes.integer(at: 24))
        let payload = bytes[size...]
        guard payload.count == chunk.length,
            payload.withUnsafeBytes({ Repository.checksum($0) })
                == chunk.checksum
        else { throw .damaged(offset: offset, "the chunk's checksum is wrong") }
        return chunk
    }
}

/// The last 48 bytes of a snapshot.
struct SnapshotTrailer: Equatable, Sendable {
    static let size = 48

    var indexOffset: UInt64
    var indexLength: Int
    var indexChecksum: UInt32
    /// No record after this one is in it.
    var highest: UInt64
    var customers: UInt64

    func encoded(tag: UInt32) -> [UInt8] {
        var bytes = LittleEndianBytes()
        bytes.add(SnapshotHeader.magic)
        bytes.add(indexOffset)
        bytes.add(UInt32(indexLength))
        bytes.add(indexChecksum)
        bytes.add(highest)
        bytes.add(customers)
        bytes.add(tag)
        bytes.addChecksum()
        return bytes.bytes
    }

    static func decode(
        _ bytes: [UInt8], tag: UInt32, at offset: UInt64
    ) throws(SnapshotProblem) -> SnapshotTrailer {
        guard bytes.count == size, bytes.isSealed,
            bytes.integer(at: 0, as: UInt64.self) == SnapshotHeader.magic,
            bytes.integer(at: 40, as: UInt32.self) == tag
        else { throw .damaged(offset: offset, "it doesn't end as a snapshot does") }
        return SnapshotTrailer(
            indexOffset: bytes.integer(at: 8),
            indexLength: Int(bytes.integer(at: 16, as: UInt32.self)),
            indexChecksum: bytes.integer(at: 20), highest: bytes.integer(at: 24),
            customers: bytes.integer(at: 32))
    }
}

/// Why a snapshot can't be used. None of this is fatal: the log has everything.
enum SnapshotProblem: Error, Equatable, Sendable {
    /// Not ours, or of another log.
    case foreign(String)
    case tooNew(UInt32)
    case damaged(offset: UInt64, String)
    case disk(DiskFault)
}

extension SnapshotProblem: CustomStringConvertible {
    var description: String {
        switch self {
        case .foreign(let why): why
        case .tooNew(let version): "format version \(version) is newer than this program"
        case .damaged(let offset, let why): "it is damaged at offset \(offset): \(why)"
        case .disk(let fault): "\(fault)"
        }
    }
}
