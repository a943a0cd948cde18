/// Memory for one column of one block; used for one block after the other.
///
/// Safety: confined to one question, which runs on one thread at a time.
final class ColumnBuffer: @unchecked Sendable {
    private let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: EventFormat.blockRows * 16, alignment: 64)
    private(set) var column = ColumnReference()

    deinit {
        memory.deallocate()
    }

    func load(_ column: ColumnReference, rows: Int, from part: EventPart) throws {
        self.column = column
        if !column.isConstant { try part.read(column, rows: rows, into: memory) }
    }

    @inline(__always)
    func numbers<Number>(_ type: Number.Type) -> UnsafePointer<Number> {
        UnsafePointer(memory.baseAddress!.assumingMemoryBound(to: Number.self))
    }

    /// The row's number above the minimum.
    func number(_ row: Int) -> UInt128 {
        switch column.width {
        case 0: 0
        case 1: UInt128(numbers(UInt8.self)[row])
        case 2: UInt128(numbers(UInt16.self)[row])
        case 4: UInt128(numbers(UInt32.self)[row])
        case 8: UInt128(numbers(UInt64.self)[row])
        case _: numbers(UInt128.self)[row]
        }
    }

    /// What the row's number stands for.
    subscript(row: Int) -> Int128 {
        (column.minimum &+ Int128(truncatingIfNeeded: number(row)))
            * ColumnEncoder.power(Int(column.exponent))
    }
}
