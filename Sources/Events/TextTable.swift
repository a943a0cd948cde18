internal import Billing
internal import CChecksum
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

    @inline(__always)
    func isEqual(_ number: Int, to text: UnsafeRawBufferPointer) -> Bool {
        let start = number == 0 ? 0 : Int(ends[number - 1])
        let end = Int(ends[number])
        guard end - start == text.count, let other = text.baseAddress else {
            return end - start == text.count
        }
        return bytes.withUnsafeBufferPointer { bytes in
            memcmp(bytes.baseAddress! + start, other, end - start) == 0
        }
    }

    /// Fetches where a text begins and ends; a little later, `prefetchText` the text itself.
    func prefetchEnd(_ number: Int) {
        ends.withUnsafeBufferPointer { ends in
            if let start = ends.baseAddress { tally_prefetch(start + number) }
        }
    }

    func prefetchText(_ number: Int) {
        let offset = number == 0 ? 0 : Int(ends[number - 1])
        bytes.withUnsafeBufferPointer { bytes in
            if let start = bytes.baseAddress { tally_prefetch(start + offset) }
        }
    }

    /// The number of a text; looks at all of them, once a question.
    func find(_ text: UnsafeRawBufferPointer) -> Int? {
        ends.indices.first { isEqual($0, to: text) }
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
    /// Open addressing: half of the hash above 1 + the number; 0 means vacant.
    private var slots: [UInt64] = Array(repeating: 0, count: 16)
    /// The process's secret: callers choose ids and properties.
    private let seed = UInt64(bitPattern: Int64(Hasher().finalize()))

    /// The text's number; a new one for a new text.
    mutating func number(of text: UnsafeRawBufferPointer) -> UInt32 {
        number(of: text, tag: tag(of: text))
    }

    /// The same for each of some texts, in order. With many texts in the table none of them is in
    /// the cache: so all slots are asked of the memory at once, then all ends, then all texts.
    mutating func numbers(of queue: borrowing TextQueue, appendingTo numbers: inout [UInt32]) {
        var tags = InlineArray<16, UInt64>(repeating: 0)
        for index in 0..<queue.count {
            tags[index] = queue.with(index) { tag(of: $0) }
            prefetchSlot(tags[index])
        }
        for index in 0..<queue.count {
            if let number = candidate(tags[index]) { table.prefetchEnd(number) }
        }
        for index in 0..<queue.count {
            if let number = candidate(tags[index]) { table.prefetchText(number) }
        }
        for index in 0..<queue.count {
            numbers.append(queue.with(index) { number(of: $0, tag: tags[index]) })
        }
    }

    private mutating func number(of text: UnsafeRawBufferPointer, tag: UInt64) -> UInt32 {
        if (table.count + 1) * 4 > slots.count * 3 { grow() }
        let (number, vacant) = find(tag, text)
        if let number { return number }
        table.append(text)
        slots[vacant] = tag << 32 | UInt64(table.count)
        return UInt32(table.count - 1)
    }

    private func prefetchSlot(_ tag: UInt64) {
        slots.withUnsafeBufferPointer { slots in
            guard let start = slots.baseAddress else { return }
            tally_prefetch(start + (Int(tag) & (slots.count - 1)))
        }
    }

    /// The text in the first slot for the tag, if it has the same one.
    private func candidate(_ tag: UInt64) -> Int? {
        let entry = slots[Int(tag) & (slots.count - 1)]
        return entry != 0 && entry >> 32 == tag ? Int(entry & 0xFFFF_FFFF) - 1 : nil
    }

    /// The number, or the slot for it.
    @inline(__always)
    private func find(_ tag: UInt64, _ text: UnsafeRawBufferPointer) -> (UInt32?, vacant: Int) {
        slots.withUnsafeBufferPointer { slots in
            let mask = slots.count - 1
            var slot = Int(tag) & mask
            while slots[slot] != 0 {
                if slots[slot] >> 32 == tag {
                    let number = UInt32(truncatingIfNeeded: slots[slot]) - 1
                    if table.isEqual(Int(number), to: text) { return (number, slot) }
                }
                slot = (slot + 1) & mask
            }
            return (nil, slot)
        }
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: 0, count: old.count * 2)
        let mask = slots.count - 1
        for entry in old where entry != 0 {
            var slot = Int(entry >> 32) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = entry
        }
    }

    /// Half of a hash: multiply and fold, as for ids, eight bytes at a time.
    @inline(__always)
    private func tag(of text: UnsafeRawBufferPointer) -> UInt64 {
        let factor: UInt64 = 0xD6E8_FEB8_6659_FD93
        var state = seed ^ UInt64(text.count)
        var offset = 0
        while offset + 8 <= text.count {
            let word = text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            state = InlineText.fold(state ^ word, factor)
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < text.count {
            rest = rest << 8 | UInt64(text[offset])
            offset += 1
        }
        return InlineText.fold(InlineText.fold(state ^ rest, factor), seed | 1) >> 32
    }
}

/// Texts that wait for their numbers, sixteen at most.
struct TextQueue: Sendable {
    static let limit = 16

    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    var count: Int { ends.count }

    mutating func append(_ text: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: text)
        ends.append(bytes.count)
    }

    func with<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let start = index == 0 ? 0 : ends[index - 1]
        return bytes.withUnsafeBytes {
            body(UnsafeRawBufferPointer(rebasing: $0[start..<ends[index]]))
        }
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }
}
