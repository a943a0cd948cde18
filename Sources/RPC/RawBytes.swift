import Glibc

/// A growable piece of memory with one owner. Unlike an array it costs no reference counting
/// and no uniqueness check, and C may fill it.
struct RawBytes: ~Copyable {
    private(set) var base: UnsafeMutableRawPointer?
    private(set) var count = 0
    private(set) var capacity = 0

    init() {}

    deinit { free(base) }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// Room for `extra` more bytes; they count once committed.
    @inline(__always)
    mutating func reserve(_ extra: Int) -> UnsafeMutableRawPointer {
        precondition(extra >= 0)
        if count + extra > capacity || base == nil { grow(to: count + extra) }
        return base.unsafelyUnwrapped + count
    }

    @inline(__always)
    mutating func commit(_ extra: Int) {
        precondition(extra >= 0 && count + extra <= capacity)
        count += extra
    }

    @inline(__always)
    mutating func append(_ source: UnsafeRawPointer, _ length: Int) {
        guard length > 0 else { return }
        memcpy(reserve(length), source, length)
        count += length
    }

    mutating func append(_ source: UnsafeRawBufferPointer) {
        if let base = source.baseAddress { append(base, source.count) }
    }

    /// Forgets the bytes; keeps the memory unless it is larger than `kept`.
    @inline(__always)
    mutating func clear(keeping kept: Int = .max) {
        count = 0
        if capacity > kept { release() }
    }

    mutating func removeFirst(_ length: Int) {
        precondition(length >= 0 && length <= count)
        count -= length
        if let base, length > 0, count > 0 { memmove(base, base + length, count) }
    }

    /// Forgets what stands from here on.
    mutating func truncate(to length: Int) {
        precondition(length <= count)
        count = length
    }

    func equals(_ other: UnsafeRawPointer, _ length: Int) -> Bool {
        count == length && (length == 0 || memcmp(base.unsafelyUnwrapped, other, length) == 0)
    }

    private mutating func release() {
        free(base)
        base = nil
        capacity = 0
    }

    @inline(never)
    private mutating func grow(to needed: Int) {
        let size = max(64, needed, capacity * 2)
        guard let memory = realloc(base, size) else { fatalError("out of memory") }
        base = memory
        capacity = size
    }
}
