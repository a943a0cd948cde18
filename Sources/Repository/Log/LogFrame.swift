// The format of a log segment, version 1. All integers are little-endian.
//
// A segment is a file of fixed size that was written once before it is used: with zeros, or, being
// recycled, with an older segment of the same log. It holds frames, one after the other from offset
// 0, each at a multiple of 8; the last one is followed by 48 zeros, as far as there is room. What
// comes after these is zero too, unless the segment is recycled: then it is whatever was there, and
// nothing counts but frames that name this segment. (Ids grow, so what was there names older ones.)
// The first frame is an opening frame, all others are records and closing frames. At least the
// last 48 bytes are left for a closing frame.
//
// A frame is a header of 48 bytes, the payload, and zeros up to the next multiple of 8:
//
//      0  u32  magic: the bytes 89 54 4C 46
//      4  u32  segment: the id of the segment, the same as in the file's name
//      8  u64  sequence: of the record; see below for the other kinds
//     16  u64  durable through: every record up to this sequence was on disk when the batch this
//              frame belongs to was formed. It is what tells corruption from a torn tail.
//     24  u32  length of the payload in bytes
//     28  u8   kind: 1 opening, 2 record, 3 closing
//     29  u8   flags: 0 in this version
//     30  u16  0
//     32  u32  seed: the chain before this frame
//     36  u32  checksum: CRC-32C of the payload, continuing the seed; it is the chain after it
//     40  u32  tag: CRC-32C of the log's identity (8 bytes); tells another log's frame
//     44  u32  CRC-32C of the 44 bytes above
//
// The chain is the CRC-32C of all records' payloads, one after the other, since the log began.
// A frame holds both ends of its link, so it can be verified alone; a reader of many compares
// each seed with the checksum before it.
//
// Opening frame: sequence is that of the segment's first record; seed is 0 and the checksum is
// no part of the chain. Its payload has 32 bytes:
//
//      0  u32  format version: 1, or 2: the segment is recycled
//      4  u32  segment id
//      8  u64  identity of the log
//     16  u64  first sequence: that of the first record in this segment
//     24  u32  chain at the end of the segment before: the seed of the first record here
//     28  u32  0
//
// Closing frame: no payload; sequence is that of the last record before it (0: none yet), seed
// and checksum are the chain. It is written alone, after a pause and at shutdown, and says that
// everything before it is durable. It is always a batch of its own.
//
// Sequences start at 1 and have no gaps. Segments are numbered without gaps, too. No byte of a
// segment is written before the one before it is durable.
//
// Example: identity 1, segment 1, record 1 with the payload "tally", right after the opening
// frame, at offset 80; 56 bytes:
//
//     89 54 4C 46 01 00 00 00  01 00 00 00 00 00 00 00
//     00 00 00 00 00 00 00 00  05 00 00 00 02 00 00 00
//     00 00 00 00 CA 7E AC 7D  AD CF 14 C5 CA 29 EF E4
//     74 61 6C 6C 79 00 00 00

/// What a frame is for.
package enum FrameKind: UInt8, Sendable {
    case opening = 1
    case record = 2
    case closing = 3
}

/// The 48 bytes before a payload; the format stands at the top of this file.
package struct FrameHeader: Equatable, Sendable {
    package static let size = 48
    static let magic: UInt32 = 0x464C_5489
    static let alignment = 8

    var kind: FrameKind
    var segment: UInt32
    var sequence: UInt64
    var durableThrough: UInt64
    var length: UInt32
    var seed: UInt32
    var checksum: UInt32
    var tag: UInt32

    /// Bytes that a frame with `length` bytes of payload takes in the segment.
    @inline(__always)
    static func frameSize(length: Int) -> Int {
        (size + length + alignment - 1) & ~(alignment - 1)
    }

    /// Bytes of this frame in the segment, header and padding included.
    var frameSize: Int { Self.frameSize(length: Int(length)) }

    /// Writes all but `durableThrough` and the header's own checksum: `seal` adds these.
    @inline(__always)
    func encodeUnsealed(to bytes: UnsafeMutableRawPointer) {
        bytes.store(Self.magic, at: 0)
        bytes.store(segment, at: 4)
        bytes.store(sequence, at: 8)
        bytes.store(length, at: 24)
        bytes.store(UInt32(kind.rawValue), at: 28)
        bytes.store(seed, at: 32)
        bytes.store(checksum, at: 36)
        bytes.store(tag, at: 40)
    }

    /// Completes an unsealed header; gives the size of its frame, so that a batch can be walked.
    static func seal(_ bytes: UnsafeMutableRawPointer, durableThrough: UInt64) -> Int {
        bytes.store(durableThrough, at: 16)
        let header = UnsafeRawBufferPointer(start: bytes, count: size)
        bytes.store(
            Repository.checksum(UnsafeRawBufferPointer(rebasing: header[0..<44])), at: 44)
        return frameSize(length: Int(header.integer(at: 24, as: UInt32.self)))
    }

    /// The header in the first 48 of `bytes`, if it is whole; its payload isn't looked at.
    static func decode(_ bytes: UnsafeRawBufferPointer) throws(FrameProblem) -> FrameHeader {
        guard bytes.count >= size else { throw .noRoom }
        guard bytes.integer(at: 0, as: UInt32.self) == magic else {
            let isBlank = UnsafeRawBufferPointer(rebasing: bytes[0..<size]).lastNonZero == nil
            throw isBlank ? .blank : .noMagic
        }
        let covered = UnsafeRawBufferPointer(rebasing: bytes[0..<44])
        guard Repository.checksum(covered) == bytes.integer(at: 44, as: UInt32.self) else {
            throw .headerChecksum
        }
        guard let kind = FrameKind(rawValue: bytes[28]),
            bytes[29] == 0, bytes.integer(at: 30, as: UInt16.self) == 0
        else { throw .unknownKind(bytes[28], flags: bytes[29]) }
        return FrameHeader(
            kind: kind,
            segment: bytes.integer(at: 4), sequence: bytes.integer(at: 8),
            durableThrough: bytes.integer(at: 16), length: bytes.integer(at: 24),
            seed: bytes.integer(at: 32), checksum: bytes.integer(at: 36),
            tag: bytes.integer(at: 40))
    }

    /// The tag that frames of the log with this identity carry.
    static func tag(identity: UInt64) -> UInt32 {
        withUnsafeBytes(of: identity.littleEndian) { Repository.checksum($0) }
    }
}

/// The payload of an opening frame.
package struct SegmentOpening: Equatable, Sendable {
    private static let version: UInt32 = 1
    private static let recycledVersion: UInt32 = 2
    static let length = 32
    static let frameSize = FrameHeader.frameSize(length: length)

    var segment: UInt32
    var identity: UInt64
    var firstSequence: UInt64
    var chain: UInt32
    /// What follows the frames isn't zeros.
    var isRecycled = false

    func encode(to bytes: UnsafeMutableRawPointer) {
        bytes.store(isRecycled ? Self.recycledVersion : Self.version, at: 0)
        bytes.store(segment, at: 4)
        bytes.store(identity, at: 8)
        bytes.store(firstSequence, at: 16)
        bytes.store(chain, at: 24)
        bytes.store(UInt32(0), at: 28)
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws(FrameProblem) -> SegmentOpening {
        guard bytes.count == length else { throw .noOpening }
        let version: UInt32 = bytes.integer(at: 0)
        guard version == Self.version || version == Self.recycledVersion else {
            throw .formatVersion(version)
        }
        return SegmentOpening(
            segment: bytes.integer(at: 4), identity: bytes.integer(at: 8),
            firstSequence: bytes.integer(at: 16), chain: bytes.integer(at: 24),
            isRecycled: version == Self.recycledVersion)
    }
}

/// Why the bytes at an offset are no frame that belongs there.
package enum FrameProblem: Error, Equatable, Sendable {
    /// Zeros: nothing was written here.
    case blank
    /// The segment ends before a header would.
    case noRoom
    case noMagic
    case headerChecksum
    case unknownKind(UInt8, flags: UInt8)
    /// A segment's first frame is no opening frame, or an opening frame stands elsewhere.
    case noOpening
    /// A frame of another kind where a position names a record.
    case noRecord
    case formatVersion(UInt32)
    case otherLog
    case otherSegment(UInt32)
    case pastEnd(length: UInt32)
    case sequence(found: UInt64, expected: UInt64)
    case chain
    case payloadChecksum
}

extension FrameProblem {
    /// The segment simply goes no further.
    var isEnd: Bool { self == .blank || self == .noRoom }

    /// Whole, but not ours to read: never the work of a crash, so never a torn tail.
    var isForeign: Bool {
        switch self {
        case .unknownKind, .formatVersion, .otherLog, .otherSegment: true
        default: false
        }
    }
}

extension FrameProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .blank: "nothing was written there"
        case .noRoom: "the segment ends there"
        case .noMagic: "no frame begins there"
        case .headerChecksum: "the header's checksum is wrong"
        case .unknownKind(let kind, let flags): "unknown frame kind \(kind), flags \(flags)"
        case .noOpening: "the segment's opening frame is missing or misplaced"
        case .noRecord: "the frame holds no record"
        case .formatVersion(let version): "format version \(version) is newer than this program"
        case .otherLog: "the frame belongs to another log"
        case .otherSegment(let segment): "the frame belongs to segment \(segment)"
        case .pastEnd(let length): "a payload of \(length) bytes would pass the segment's end"
        case .sequence(let found, let expected): "sequence \(found) where \(expected) belongs"
        case .chain: "it doesn't continue the checksum of the record before"
        case .payloadChecksum: "the payload's checksum is wrong"
        }
    }
}
