import CZlib
import Glibc
import Synchronization

// The format of a compressed segment, version 1. All integers are little-endian.
//
// It holds the frames of a sealed segment, nothing behind the last one, in blocks of the same size
// (the last one may be shorter), each packed by itself with zlib: whoever reads a record unpacks
// one or two of them. The file is the packed blocks one after the other, an index, and a trailer.
//
// Index, 12 bytes a block:
//
//      0  u32  where the packed block begins in the file
//      4  u32  length of the packed block in bytes
//      8  u32  CRC-32C of the unpacked block
//
// Trailer, the last 48 bytes of the file:
//
//      0  u64  magic: the bytes 89 54 5A 53 0D 0A 1A 0A
//      8  u32  format version: 1
//     12  u32  segment id
//     16  u64  length of the frames in bytes
//     24  u32  size of an unpacked block in bytes
//     28  u32  how many blocks
//     32  u32  where the index begins in the file
//     36  u32  CRC-32C of the index
//     40  u32  0
//     44  u32  CRC-32C of the 44 bytes above
//
// It is written as `segment.compressing`, synced, read back, and renamed to the segment's name and
// `.z`; only then the segment itself goes. Where both are there, the segment counts.

/// The last 48 bytes of a compressed segment; the format stands at the top of this file.
struct CompressedTrailer: Equatable {
    static let size = 48
    private static let magic: UInt64 = 0x0A1A_0A0D_535A_5489
    private static let version: UInt32 = 1

    var segment: UInt32
    /// Of the frames, in bytes.
    var length: Int
    var blockSize: Int
    var blocks: Int
    var indexOffset: Int
    var indexChecksum: UInt32

    var encoded: [UInt8] {
        var bytes = LittleEndianBytes()
        bytes.add(Self.magic)
        bytes.add(Self.version)
        bytes.add(segment)
        bytes.add(UInt64(length))
        bytes.add(UInt32(blockSize))
        bytes.add(UInt32(blocks))
        bytes.add(UInt32(indexOffset))
        bytes.add(indexChecksum)
        bytes.addZeros(4)
        bytes.addChecksum()
        return bytes.bytes
    }

    /// Nil: it is none, or none that is whole.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size, bytes.isSealed,
            bytes.integer(at: 0, as: UInt64.self) == Self.magic,
            bytes.integer(at: 8, as: UInt32.self) == Self.version
        else { return nil }
        segment = bytes.integer(at: 12)
        length = Int(bytes.integer(at: 16, as: UInt64.self))
        blockSize = Int(bytes.integer(at: 24, as: UInt32.self))
        blocks = Int(bytes.integer(at: 28, as: UInt32.self))
        indexOffset = Int(bytes.integer(at: 32, as: UInt32.self))
        indexChecksum = bytes.integer(at: 36)
        guard length <= Int(UInt32.max), blockSize > 0, blockSize <= 64 << 20,
            blocks == (length + blockSize - 1) / blockSize
        else { return nil }
    }

    init(segment: UInt32, length: Int, blockSize: Int, index: CompressedIndex, at offset: Int) {
        self.segment = segment
        self.length = length
        self.blockSize = blockSize
        blocks = index.blocks.count
        indexOffset = offset
        indexChecksum = index.encoded.withUnsafeBytes { checksum($0) }
    }
}

/// Where the blocks of a compressed segment are.
struct CompressedIndex: Equatable {
    struct Block: Equatable {
        var offset: Int
        var length: Int
        /// Of the unpacked bytes.
        var checksum: UInt32
    }

    static let entrySize = 12
    var blocks: [Block] = []

    var encoded: [UInt8] {
        var bytes = LittleEndianBytes()
        for block in blocks {
            bytes.add(UInt32(block.offset))
            bytes.add(UInt32(block.length))
            bytes.add(block.checksum)
        }
        return bytes.bytes
    }

    init() {}

    init(_ bytes: [UInt8]) {
        blocks = stride(from: 0, to: bytes.count, by: Self.entrySize).map { at in
            Block(
                offset: Int(bytes.integer(at: at, as: UInt32.self)),
                length: Int(bytes.integer(at: at + 4, as: UInt32.self)),
                checksum: bytes.integer(at: at + 8))
        }
    }
}

/// A compressed segment that reads as the segment it was. Any thread.
///
/// What can't be unpacked reads as bytes that are no frame, so that whoever reads on finds damage
/// there, and a scrub or a repair goes on behind it.
final class CompressedSegment: DiskFile {
    private static let unreadable: UInt8 = 0xFF

    private let file: any DiskFile
    private let path: String
    private let length: Int
    private let blockSize: Int
    private let index: CompressedIndex
    /// The block unpacked last: records are read near each other.
    private let last = Mutex<(number: Int, bytes: [UInt8])>((-1, []))

    init(_ file: any DiskFile, _ path: String, segment: UInt32) throws(DiskFault) {
        self.file = file
        self.path = path
        let found = try Self.find(in: file, segment: segment)
        // One bad frame.
        length = found?.trailer.length ?? FrameHeader.size
        blockSize = found?.trailer.blockSize ?? FrameHeader.size
        index = found?.index ?? CompressedIndex()
    }

    /// Nil: they aren't whole.
    private static func find(
        in file: any DiskFile, segment: UInt32
    ) throws(DiskFault) -> (trailer: CompressedTrailer, index: CompressedIndex)? {
        let end = try file.size() - CompressedTrailer.size
        guard end >= 0,
            let trailer = CompressedTrailer(try file.bytes(CompressedTrailer.size, at: end)),
            trailer.segment == segment,
            trailer.indexOffset + trailer.blocks * CompressedIndex.entrySize == end
        else { return nil }
        let bytes = try file.bytes(end - trailer.indexOffset, at: trailer.indexOffset)
        guard bytes.withUnsafeBytes({ checksum($0) }) == trailer.indexChecksum else { return nil }
        return (trailer, CompressedIndex(bytes))
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(DiskFault) -> Int {
        let end = min(length, offset + buffer.count)
        var at = offset
        while at < end {
            let number = at / blockSize
            let start = number * blockSize
            let count = min(end, start + blockSize) - at
            let bytes = try block(number) ?? []
            let target = UnsafeMutableRawBufferPointer(
                rebasing: buffer[(at - offset)..<(at - offset + count)])
            if bytes.isEmpty {
                target.initializeMemory(as: UInt8.self, repeating: Self.unreadable)
            } else {
                target.copyBytes(from: bytes[(at - start)..<(at - start + count)])
            }
            at += count
        }
        return max(0, end - offset)
    }

    /// Every block is whole.
    func isWhole() throws(DiskFault) -> Bool {
        guard index.blocks.count == (length + blockSize - 1) / blockSize else { return false }
        for number in index.blocks.indices where try block(number) == nil { return false }
        return true
    }

    /// The unpacked block; nil: it isn't whole.
    private func block(_ number: Int) throws(DiskFault) -> [UInt8]? {
        if let known = last.withLock({ $0.number == number ? $0.bytes : nil }) { return known }
        guard number < index.blocks.count else { return nil }
        let block = index.blocks[number]
        let packed = try file.bytes(block.length, at: block.offset)
        let count = min(blockSize, length - number * blockSize)
        guard let bytes = Self.unpack(packed, count: count),
            bytes.withUnsafeBytes({ checksum($0) }) == block.checksum
        else { return nil }
        last.withLock { $0 = (number, bytes) }
        return bytes
    }

    static func unpack(_ packed: [UInt8], count: Int) -> [UInt8]? {
        var length = uLongf(count)
        var code = Z_OK
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            code = uncompress(buffer.baseAddress, &length, packed, uLong(packed.count))
            done = code == Z_OK ? Int(length) : 0
        }
        return code == Z_OK && bytes.count == count ? bytes : nil
    }

    static func pack(_ bytes: [UInt8]) -> [UInt8] {
        var length = compressBound(uLong(bytes.count))
        return [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, done in
            let code = compress2(
                buffer.baseAddress, &length, bytes, uLong(bytes.count), Z_DEFAULT_COMPRESSION)
            precondition(code == Z_OK, "zlib had all the room it asked for")
            done = Int(length)
        }
    }

    func size() throws(DiskFault) -> Int { length }

    func forget(_ range: Range<Int>) throws(DiskFault) {
        last.withLock { $0 = (-1, []) }
        try file.forget(0..<(try file.size()))
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskFault) {
        throw DiskFault(operation: "pwrite", path: path, code: EROFS)
    }

    func sync() throws(DiskFault) {
        throw DiskFault(operation: "fdatasync", path: path, code: EROFS)
    }

    func lock() throws(DiskFault) -> Bool {
        throw DiskFault(operation: "flock", path: path, code: EROFS)
    }
}
