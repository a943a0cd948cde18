extension Arena {
    /// The bytes, in the arena.
    package func copy(_ source: [UInt8]) -> UnsafeRawBufferPointer {
        let memory = require(max(source.count, 1))
        source.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress {
                memory.copyMemory(from: start, byteCount: bytes.count)
            }
        }
        return UnsafeRawBufferPointer(start: memory, count: source.count)
    }
}
