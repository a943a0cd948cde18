import CChecksum

/// CRC-32C over `bytes`, continuing `seed`: the checksum of everything before (0 at the start).
@inline(__always)
package func checksum(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
    tally_crc32c(seed, bytes.baseAddress, bytes.count)
}

extension UnsafeRawBufferPointer {
    /// A little-endian integer at any offset, aligned or not.
    @inline(__always)
    func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int, as type: Value.Type = Value.self
    ) -> Value {
        Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    /// The offset of the last byte that isn't zero, or nil where all are.
    var lastNonZero: Int? {
        var end = count
        while end >= 8, integer(at: end - 8, as: UInt64.self) == 0 { end -= 8 }
        while end > 0, self[end - 1] == 0 { end -= 1 }
        return end == 0 ? nil : end - 1
    }
}

extension UnsafeMutableRawPointer {
    /// Stores a little-endian integer at any offset, aligned or not.
    @inline(__always)
    func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at offset: Int) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
    }
}
