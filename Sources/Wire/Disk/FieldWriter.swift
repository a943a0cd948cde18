/// Writes protobuf fields into the arena, in the order in which they are given. As the format wants
/// it, a number that is 0 isn't written.
// Safety: the caller states how much it will write at most; that much is its own, and more traps.
struct FieldWriter {
    private let start: UnsafeMutablePointer<UInt8>
    private let end: UnsafeMutablePointer<UInt8>
    private var place: UnsafeMutablePointer<UInt8>

    init(_ arena: Arena, capacity: Int) {
        let memory = arena.require(capacity)
        start = memory.bindMemory(to: UInt8.self, capacity: capacity)
        end = start + capacity
        place = start
    }

    /// Valid until the arena is reset.
    var written: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: start, count: place - start)
    }

    @inline(__always)
    mutating func number(_ field: UInt32, _ value: UInt64) {
        guard value != 0 else { return }
        varint(UInt64(field << 3))
        varint(value)
    }

    /// A sint64.
    @inline(__always)
    mutating func signed(_ field: UInt32, _ value: Int64) {
        number(field, UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    @inline(__always)
    mutating func bytes(_ field: UInt32, _ bytes: UnsafeRawBufferPointer) {
        varint(UInt64(field << 3 | 2))
        varint(UInt64(bytes.count))
        guard let source = bytes.baseAddress else { return }
        precondition(bytes.count <= end - place)
        UnsafeMutableRawPointer(place).copyMemory(from: source, byteCount: bytes.count)
        place += bytes.count
    }

    @inline(__always)
    private mutating func varint(_ value: UInt64) {
        precondition(end - place >= 10)
        var rest = value
        while rest >= 0x80 {
            place.pointee = UInt8(truncatingIfNeeded: rest) | 0x80
            place += 1
            rest >>= 7
        }
        place.pointee = UInt8(truncatingIfNeeded: rest)
        place += 1
    }
}
