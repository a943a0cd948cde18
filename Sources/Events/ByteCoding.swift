/// Little-endian integers one after the other.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func add<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func add(raw: some Sequence<UInt8>) {
        bytes.append(contentsOf: raw)
    }

    /// The checksum of everything so far.
    mutating func addChecksum() {
        add(bytes.withUnsafeBytes { checksum($0) })
    }

    mutating func add(_ table: TableReference) {
        add(table.offset)
        add(table.length)
        add(table.entries)
        add(table.checksum)
    }

    mutating func add(_ column: ColumnReference) {
        add(column.width)
        add(column.exponent)
        add(UInt16(0))
        add(column.checksum)
        add(column.offset)
        add(column.minimum)
        add(column.maximum)
    }
}

/// Reads what `ByteWriter` wrote; past the end it gives zeros and notes it.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0
    private(set) var isPastEnd = false

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var rest: Int { bytes.count - offset }

    mutating func next<Value: FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type = Value.self
    ) -> Value {
        guard rest >= MemoryLayout<Value>.size else {
            isPastEnd = true
            return 0
        }
        defer { offset += MemoryLayout<Value>.size }
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    mutating func next(bytes count: Int) -> UnsafeRawBufferPointer {
        guard rest >= count else {
            isPastEnd = true
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    mutating func table() -> TableReference {
        TableReference(offset: next(), length: next(), entries: next(), checksum: next())
    }

    mutating func column() -> ColumnReference {
        var column = ColumnReference(width: next(), exponent: next())
        let _: UInt16 = next()
        column.checksum = next()
        column.offset = next()
        column.minimum = next()
        column.maximum = next()
        return column
    }
}
