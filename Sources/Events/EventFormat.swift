// The format of a day file, version 1: usage events of one commit day, by columns. Derived from the
// log, which is the truth: a file that is missing or damaged is made again. All integers are
// little-endian; nothing is aligned.
//
// A day has one file or more, each of at most 1,048,576 events. A file covers a range of the log's
// sequences, those of records without events included, and the ranges of all files follow one
// another without gap.
//
//     header        32 bytes
//     chunks        of the blocks, then the tables
//     footer
//     trailer       24 bytes
//
// Header:
//
//      0  u32  magic: the bytes 89 54 45 56
//      4  u32  version: 1
//      8  u64  identity of the log
//     16  u64  first sequence covered
//     24  u32  commit day of the first event, in days since the epoch, UTC
//     28  u32  CRC-32C of the 28 bytes above
//
// A block has up to 65,536 events; each of its columns is a chunk of numbers of `width` bytes (0,
// 1, 2, 4, 8 or 16), one for each event. The number n stands for (minimum + n) × 10^exponent;
// width 0: all are 0, and there is no chunk. Columns, in this order:
//
//      0  time: when it was used, in milliseconds since the epoch
//      1  delay: milliseconds from then to the commit
//      2  sequence of the record
//      3  index among the record's events
//      4  position of the record in the log
//      5  customer: entry of table 0
//      6  feature: entry of table 1, which is its number as a u32
//      7  value, in ten-billionths
//      8  rest: 1 + entry of table 2; 0: none
//      9… one for each property column: 1 + entry of its table; 0: the event hasn't the property
//
// A table of distinct texts is a chunk: the end of each text as a u32, then the texts. A property's
// value is a tag and its content: 73 and UTF-8, 6E and the 8 bytes of a double, 62 and 00 or 01.
// The first 256 keys of a file become columns. What has other keys is in table 2: for each
// property, in order of key, the key's length as a u8, the key, the value's length as a u16, the
// value.
//
// Footer:
//
//      0  u64  last sequence covered
//      8  u64  position of that record in the log
//     16  u32  chain at its end: the checksum of its frame
//     20  u32  blocks
//     24  u32  property columns
//     28       tables 0, 1 and 2, 20 bytes each: u64 offset, u32 length, u32 entries, u32 CRC-32C
//              each property column: u8 length of its key, the key, its table (20 bytes)
//              each block: u32 events, then each column (48 bytes): u8 width, u8 exponent, u16 0,
//              u32 CRC-32C, u64 offset, i128 minimum, i128 maximum (both before 10^exponent)
//
// Trailer:
//
//      0  u64  offset of the footer
//      8  u32  length of the footer
//     12  u32  CRC-32C of the footer
//     16  u32  magic, as above
//     20  u32  CRC-32C of the 20 bytes above
//
// Example: the first 93 bytes of the file that `Tests/EventsTests/FormatTests.swift` has whole and
// decodes: two events of day 20,752, by "acme" and "zebra", the first with the property "m1".
//
//     89 54 45 56 01 00 00 00  01 00 00 00 00 00 00 00    header: identity 1,
//     01 00 00 00 00 00 00 00  10 51 00 00 C7 6F 40 0A    from sequence 1 on
//     00 00 F4 01  00 00 F4 01  00 02  00 C0 00           time, delay, sequence; position begins
//     01  00 01  00 01  02 00  01 00                      customer, feature, value, property
//     04 00 00 00 09 00 00 00 61 63 6D 65 7A 65 62 72 61  table 0: "acme", "zebra"
//     04 00 00 00 08 00 00 00 01 00 00 00 02 00 00 00     table 1: features 1 and 2
//     03 00 00 00 73 6D 31                                the property's table: "m1"

internal import CChecksum

enum EventFormat {
    static let magic: UInt32 = 0x5645_5489
    static let version: UInt32 = 1
    static let headerSize = 32
    static let trailerSize = 24
    static let columnSize = 48
    static let tableSize = 20

    /// Events of a block, and of a file.
    static let blockRows = 65_536
    static let partRows = 1 << 20
    /// Property columns of a file.
    static let columnLimit = 256
    /// Bytes of texts at which a file is full.
    static let tableBytesLimit = 32 << 20
    /// Records at which a file is full, whether they have events or not.
    static let recordLimit: UInt64 = 1 << 22
    /// More than any file has; what a footer says beyond it is damage.
    static let footerLimit = 64 << 20
}

/// The columns every block has; those of properties follow.
enum EventColumn: Int, CaseIterable {
    case time, delay, sequence, index, position, customer, feature, value, rest

    static var propertyBase: Int { allCases.count }
}

/// The tables every file has; those of properties follow.
enum EventTable: Int, CaseIterable {
    case customers, features, rest

    static var propertyBase: Int { allCases.count }
}

/// What is wrong with a day file, or with a question about events.
package enum EventFault: Error, Equatable, Sendable {
    /// The file isn't what was written.
    case damaged(String)
    /// Written by a newer version of tally.
    case newer(UInt32)
    /// More distinct groups than one question may have.
    case tooManyGroups(limit: Int)
    /// More bins × groups × features than one answer may have.
    case tooManyCells(limit: Int)
}

/// Where a table is.
struct TableReference: Equatable, Sendable {
    var offset: UInt64
    var length: UInt32
    var entries: UInt32
    var checksum: UInt32
}

/// Where a column of a block is, and what its numbers stand for.
struct ColumnReference: Equatable, Sendable {
    var width: UInt8 = 0
    var exponent: UInt8 = 0
    var checksum: UInt32 = 0
    var offset: UInt64 = 0
    var minimum: Int128 = 0
    var maximum: Int128 = 0

    /// All rows have the minimum.
    var isConstant: Bool { width == 0 }
}

struct BlockReference: Equatable, Sendable {
    var rows: Int
    var columns: [ColumnReference]

    subscript(_ column: EventColumn) -> ColumnReference { columns[column.rawValue] }
}

/// Up to where the log was derived: a record, and everything before it.
package struct EventWatermark: Equatable, Sendable {
    package var sequence: UInt64
    /// Raw position of the record in the log; 0 with sequence 0.
    package var position: UInt64
    /// Checksum of the record's frame, which stands for the whole log up to it.
    package var chain: UInt32

    package static let start = EventWatermark(sequence: 0, position: 0, chain: 0)

    package init(sequence: UInt64, position: UInt64, chain: UInt32) {
        self.sequence = sequence
        self.position = position
        self.chain = chain
    }
}

func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    tally_crc32c(0, bytes.baseAddress, bytes.count)
}
