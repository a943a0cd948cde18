import Glibc

/// Header fields kept for later, packed: two lengths, then name and value, field after field.
/// Looking one up is a walk: blocks are short and look-ups rare.
struct HeaderBlock: ~Copyable {
    private struct Lengths {
        var name: UInt32
        var value: UInt32
    }

    private var fields = RawBytes()

    mutating func append(
        _ name: UnsafeRawPointer, _ nameLength: Int, _ value: UnsafeRawPointer, _ valueLength: Int
    ) {
        let size = MemoryLayout<Lengths>.size
        let target = fields.reserve(size + nameLength + valueLength)
        target.storeBytes(of: UInt32(nameLength), as: UInt32.self)
        target.storeBytes(of: UInt32(valueLength), toByteOffset: 4, as: UInt32.self)
        memcpy(target + size, name, nameLength)
        memcpy(target + size + nameLength, value, valueLength)
        fields.commit(size + nameLength + valueLength)
    }

    mutating func clear(keeping kept: Int) { fields.clear(keeping: kept) }

    func first(_ name: StaticString) -> UnsafeRawBufferPointer? {
        first(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    /// Valid until the block changes.
    func first(_ name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var found: UnsafeRawBufferPointer?
        walk { candidate, value in
            if found == nil, candidate.elementsEqual(name) { found = value }
        }
        return found
    }

    var byteCount: Int { fields.count }

    func walk(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
        walk(0..<fields.count, body)
    }

    /// The fields in that part of `byteCount`.
    func walk(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) {
        let all = fields.bytes
        var at = range.lowerBound
        while at < range.upperBound {
            let lengths = all.loadUnaligned(fromByteOffset: at, as: Lengths.self)
            at += MemoryLayout<Lengths>.size
            let valueAt = at + Int(lengths.name)
            let end = valueAt + Int(lengths.value)
            body(
                UnsafeRawBufferPointer(rebasing: all[at..<valueAt]),
                UnsafeRawBufferPointer(rebasing: all[valueAt..<end]))
            at = end
        }
    }
}
