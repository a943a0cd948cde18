internal import Glibc

/// Distinct texts by number, in the form in which a day file holds them.
package struct TextTable: Sendable {
    private(set) var ends: [UInt32] = []
    private(set) var bytes: [UInt8] = []

    init() {}

    package var count: Int { ends.count }

    /// Bytes in the file.
    var length: Int { ends.count * 4 + bytes.count }

    mutating func append(_ text: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: text)
        ends.append(UInt32(bytes.count))
    }

    func with<Result>(
        _ number: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let start = number == 0 ? 0 : Int(ends[number - 1])
        return try bytes.withUnsafeBytes {
            try body(UnsafeRawBufferPointer(rebasing: $0[start..<Int(ends[number])]))
        }
    }

    /// The number of a text; looks at all of them, once a question.
    func find(_ text: UnsafeRawBufferPointer) -> Int? {
        ends.withUnsafeBufferPointer { ends in
            bytes.withUnsafeBytes { bytes in
                var start = 0
                for number in 0..<ends.count {
                    let end = Int(ends[number])
                    let known = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                    if isEqual(known, text) { return number }
                    start = end
                }
                return nil
            }
        }
    }

    func encode(to image: inout [UInt8]) {
        for end in ends { withUnsafeBytes(of: end.littleEndian) { image.append(contentsOf: $0) } }
        image.append(contentsOf: bytes)
    }

    init(decoding chunk: UnsafeRawBufferPointer, entries: Int) throws(EventFault) {
        guard chunk.count >= entries * 4 else { throw .damaged("a table is too short") }
        let textBytes = chunk.count - entries * 4
        ends.reserveCapacity(entries)
        var last: UInt32 = 0
        for entry in 0..<entries {
            let end = UInt32(
                littleEndian: chunk.loadUnaligned(fromByteOffset: entry * 4, as: UInt32.self))
            guard end >= last, end <= textBytes else { throw .damaged("a table is out of order") }
            ends.append(end)
            last = end
        }
        guard last == textBytes else { throw .damaged("a table has loose bytes") }
        bytes = Array(chunk[(entries * 4)...])
    }
}

/// A table that is being filled: finds a text's number by its hash.
struct TextInterner: Sendable {
    private(set) var table = TextTable()
    /// Open addressing; a number is stored as 1 + number, so that 0 means vacant.
    private var slots: [UInt32] = Array(repeating: 0, count: 16)

    /// The text's number; a new one for a new text.
    mutating func number(of text: UnsafeRawBufferPointer) -> UInt32 {
        if (table.count + 1) * 4 > slots.count * 3 { grow() }
        let slot = slot(of: text)
        if slots[slot] != 0 { return slots[slot] - 1 }
        table.append(text)
        slots[slot] = UInt32(table.count)
        return UInt32(table.count - 1)
    }

    /// Where it is, or would be.
    private func slot(of text: UnsafeRawBufferPointer) -> Int {
        let mask = slots.count - 1
        var slot = hash(text) & mask
        while slots[slot] != 0 {
            if table.with(Int(slots[slot]) - 1, { isEqual($0, text) }) { break }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        for number in 0..<table.count {
            let mask = slots.count - 1
            var slot = table.with(number) { hash($0) } & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = UInt32(number + 1)
        }
    }

    /// Keyed by the process: callers choose ids and properties.
    private func hash(_ text: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: text)
        return hasher.finalize()
    }
}

@inline(__always)
func isEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    guard a.count == b.count else { return false }
    guard let first = a.baseAddress, let second = b.baseAddress else { return true }
    return memcmp(first, second, a.count) == 0
}
