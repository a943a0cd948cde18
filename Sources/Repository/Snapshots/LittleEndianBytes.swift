/// Bytes of a fixed layout, one integer after the other.
struct LittleEndianBytes {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }

    mutating func addZeros(_ count: Int) {
        bytes += repeatElement(0, count: count)
    }

    /// Seals what is there: CRC-32C of all of it.
    mutating func addChecksum() {
        add(bytes.withUnsafeBytes { checksum($0) })
    }
}

extension [UInt8] {
    /// A little-endian integer.
    func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int, as type: Value.Type = Value.self
    ) -> Value {
        withUnsafeBytes { $0.integer(at: offset, as: type) }
    }

    /// The last four bytes are the checksum of those before.
    var isSealed: Bool {
        guard count >= 4 else { return false }
        let found = withUnsafeBytes {
            checksum(UnsafeRawBufferPointer(rebasing: $0[..<(count - 4)]))
        }
        return found == integer(at: count - 4, as: UInt32.self)
    }
}
