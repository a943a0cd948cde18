extension Arena {
    /// A string's bytes, in the arena.
    func text(_ source: String) -> UnsafeRawBufferPointer { copy(Array(source.utf8)) }

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
