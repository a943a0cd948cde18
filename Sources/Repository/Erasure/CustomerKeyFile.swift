// The format of the file `customer-keys`, version 1: the keys that what is personal in a log and
// its snapshots is sealed with. All integers are little-endian. The file is written in place, and
// is zeros where nothing was written yet.
//
// Header, 64 bytes:
//
//      0  u64  magic: the bytes 89 54 4B 59 0D 0A 1A 0A
//      8  u32  format version: 1
//     12  u32  0
//     16  u64  identity of the log that it belongs to
//     24  u64  sequence of the last record that may be in the clear; 0: none is
//     32  u64  when records began to be sealed, in milliseconds since the Unix epoch
//     40       zeros
//     60  u32  CRC-32C of the 60 bytes above
//
// Counter, 64 bytes: a u64 that grows with every change of the file, for who follows it; zeros; at
// 60 the CRC-32C of the 60 bytes above.
//
// Then a slot of 64 bytes for each key. Keys are numbered from 1, and no number is given twice:
//
//      0  u32  CRC-32C of the 60 bytes below
//      4  u32  the key's number
//      8  u32  state: 1 live, 2 destroyed and its customer's day files yet to be rewritten,
//              3 destroyed
//     12  u32  0
//     16       32 bytes: the key, of AES-256; zeros unless it is live
//     48  u64  in state 2: position of the record that erased its customer
//     56  u64  0
//
// A slot is durable before the record that first uses it, and is overwritten in place when its key
// is destroyed.
//
// Example: the slot of key 1, destroyed.
//
//     93 B1 83 88 01 00 00 00  03 00 00 00 00 00 00 00, and 48 zeros

/// The first 64 bytes of the file; the format stands at the top of this file.
struct CustomerKeyHeader: Equatable, Sendable {
    static let size = 64
    static let version: UInt32 = 1
    static let magic: UInt64 = 0x0A1A_0A0D_594B_5489

    var identity: UInt64
    /// The last record that may be in the clear.
    var sealedAfter: UInt64 = 0
    /// Milliseconds since the epoch.
    var sealedSince: Int64 = 0

    var encoded: [UInt8] {
        var bytes = LittleEndianBytes()
        bytes.add(Self.magic)
        bytes.add(Self.version)
        bytes.add(UInt32(0))
        bytes.add(identity)
        bytes.add(sealedAfter)
        bytes.add(sealedSince)
        bytes.addZeros(20)
        bytes.addChecksum()
        return bytes.bytes
    }

    static func decode(
        _ bytes: [UInt8], identity: UInt64
    ) throws(CustomerKeyProblem) -> CustomerKeyHeader {
        guard bytes.count == size, bytes.integer(at: 0, as: UInt64.self) == magic else {
            throw .foreign("it is no file of keys")
        }
        let version: UInt32 = bytes.integer(at: 8)
        guard version <= Self.version else {
            throw .foreign("format version \(version) is newer than this program")
        }
        guard bytes.isSealed else { throw .damaged("the header's checksum is wrong") }
        guard bytes.integer(at: 16, as: UInt64.self) == identity else {
            throw .foreign("it belongs to another log")
        }
        return CustomerKeyHeader(
            identity: identity, sealedAfter: bytes.integer(at: 24),
            sealedSince: bytes.integer(at: 32))
    }
}

/// The 64 bytes after the header.
struct CustomerKeyCounter: Equatable, Sendable {
    var changes: UInt64

    var encoded: [UInt8] {
        var bytes = LittleEndianBytes()
        bytes.add(changes)
        bytes.addZeros(52)
        bytes.addChecksum()
        return bytes.bytes
    }

    /// Of a file that is being written, it may be torn: 0.
    init(_ bytes: [UInt8]) {
        changes = bytes.count == 64 && bytes.isSealed ? bytes.integer(at: 0) : 0
    }

    init(changes: UInt64) { self.changes = changes }
}

/// Why the file can't be used. Without it nothing that is sealed can be read.
enum CustomerKeyProblem: Error, Equatable, Sendable {
    case foreign(String)
    case damaged(String)
    case missing
    case disk(DiskFault)
}

/// A key of AES-256; all zeros where there is none.
struct CustomerKey: Equatable, Sendable {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    var isLive: Bool { words.0 | words.1 | words.2 | words.3 != 0 }

    static func == (a: CustomerKey, b: CustomerKey) -> Bool { a.words == b.words }
}

/// One slot of the file.
struct CustomerKeySlot: Equatable, Sendable {
    static let size = 64

    enum State: UInt32 {
        case live = 1
        case erasing = 2
        case destroyed = 3
    }

    var number: UInt32
    var state: State
    var key = CustomerKey()
    /// With `erasing`: raw position of the record.
    var position: UInt64 = 0

    static func offset(of number: UInt32) -> Int { (Int(number) + 1) * size }

    var encoded: [UInt8] {
        var bytes = LittleEndianBytes()
        bytes.add(number)
        bytes.add(state.rawValue)
        bytes.add(UInt32(0))
        bytes.add(key.words.0)
        bytes.add(key.words.1)
        bytes.add(key.words.2)
        bytes.add(key.words.3)
        bytes.add(position)
        bytes.add(UInt64(0))
        var sealed = LittleEndianBytes()
        sealed.add(bytes.bytes.withUnsafeBytes { checksum($0) })
        return sealed.bytes + bytes.bytes
    }

    /// nil: it isn't whole.
    init?(_ bytes: UnsafeRawBufferPointer, number: UInt32) {
        guard bytes.count == Self.size,
            checksum(UnsafeRawBufferPointer(rebasing: bytes[4...])) == bytes.integer(at: 0),
            bytes.integer(at: 4, as: UInt32.self) == number,
            let state = State(rawValue: bytes.integer(at: 8))
        else { return nil }
        self.number = number
        self.state = state
        key = CustomerKey(
            words: (
                bytes.integer(at: 16), bytes.integer(at: 24), bytes.integer(at: 32),
                bytes.integer(at: 40)
            ))
        position = bytes.integer(at: 48)
    }

    init(number: UInt32, state: State, key: CustomerKey = CustomerKey(), position: UInt64 = 0) {
        self.number = number
        self.state = state
        self.key = key
        self.position = position
    }
}

extension CustomerKeyProblem: CustomStringConvertible {
    var description: String {
        switch self {
        case .foreign(let why): why
        case .damaged(let why): "it is damaged: \(why)"
        case .missing: "it is missing"
        case .disk(let fault): "\(fault)"
        }
    }
}
