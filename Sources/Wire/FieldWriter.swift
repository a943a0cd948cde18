/// Writes protobuf fields into the arena, in the order in which they are given: for the messages
/// that nearly every call has, at a fraction of what packing costs. Tests hold each of them against
/// the generated code. As the format wants it, a number that is 0 isn't written.
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
    mutating func flag(_ field: UInt32, _ value: Bool) {
        number(field, value ? 1 : 0)
    }

    @inline(__always)
    mutating func double(_ field: UInt32, _ value: Double) {
        guard value != 0 else { return }
        present(field, value)
    }

    /// An optional one that is there, 0 or not.
    @inline(__always)
    mutating func present(_ field: UInt32, _ value: Double) {
        varint(UInt64(field << 3 | 1))
        store(value.bitPattern)
    }

    /// A fixed64.
    @inline(__always)
    mutating func fixed(_ field: UInt32, _ value: UInt64) {
        guard value != 0 else { return }
        varint(UInt64(field << 3 | 1))
        store(value)
    }

    /// A text, unless it is empty.
    @inline(__always)
    mutating func text(_ field: UInt32, _ text: UnsafeRawBufferPointer) {
        if !text.isEmpty { bytes(field, text) }
    }

    /// A message; `body` writes its fields.
    @inline(__always)
    mutating func message(_ field: UInt32, _ body: (inout FieldWriter) -> Void) {
        varint(UInt64(field << 3 | 2))
        // Most are short: their length takes a byte.
        precondition(end - place >= 10)
        let length = place
        place += 1
        body(&self)
        let count = place - length - 1
        guard count >= 0x80 else { return length.pointee = UInt8(truncatingIfNeeded: count) }
        move(length, count)
    }

    private mutating func move(_ length: UnsafeMutablePointer<UInt8>, _ count: Int) {
        precondition(end - place >= 10)
        let more = (Int.bitWidth - count.leadingZeroBitCount - 1) / 7
        UnsafeMutableRawPointer(length + 1 + more).copyMemory(from: length + 1, byteCount: count)
        place = length
        varint(UInt64(count))
        place += count
    }

    @inline(__always)
    mutating func bytes(_ field: UInt32, _ bytes: UnsafeRawBufferPointer) {
        varint(UInt64(field << 3 | 2))
        varint(UInt64(bytes.count))
        raw(bytes)
    }

    /// As they are.
    @inline(__always)
    mutating func raw(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        precondition(bytes.count <= end - place)
        UnsafeMutableRawPointer(place).copyMemory(from: source, byteCount: bytes.count)
        place += bytes.count
    }

    /// A number as people write it.
    mutating func digits(_ number: UInt32) {
        precondition(end - place >= 10)
        var count = 1
        var rest = number / 10
        while rest > 0 {
            count += 1
            rest /= 10
        }
        rest = number
        for index in stride(from: count - 1, through: 0, by: -1) {
            place[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        place += count
    }

    @inline(__always)
    private mutating func store(_ value: UInt64) {
        precondition(end - place >= 8)
        UnsafeMutableRawPointer(place).storeBytes(of: value.littleEndian, as: UInt64.self)
        place += 8
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
