/// A fixed number of plain values, all bits zero at first. What it spares the hottest code is an
/// array's reference count and, in release builds, the checks of indices.
// Safety: the memory is its own until it is freed with it, and it can't be copied. Indices are
// computed by its owner from `count` alone, and debug builds check them.
struct Cells<Value: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    let count: Int
    private let base: UnsafeMutablePointer<Value>

    init(count: Int) {
        self.count = count
        base = .allocate(capacity: count)
        UnsafeMutableRawPointer(base).initializeMemory(
            as: UInt8.self, repeating: 0, count: count * MemoryLayout<Value>.stride)
    }

    deinit {
        base.deallocate()
    }

    subscript(index: Int) -> Value {
        @inline(__always)
        get {
            assert(index >= 0 && index < count)
            return base[index]
        }
        @inline(__always)
        nonmutating set {
            assert(index >= 0 && index < count)
            base[index] = newValue
        }
    }

    /// Where a value lies, to be asked for ahead.
    @inline(__always)
    func place(_ index: Int) -> UnsafeRawPointer {
        assert(index >= 0 && index < count)
        return UnsafeRawPointer(base + index)
    }
}
