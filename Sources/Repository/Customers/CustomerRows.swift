internal import Wire

/// A shard's customers, in chunks that never move: growing copies nothing, and a row's number stays
/// for good.
// Safety: its chunks are its own, and it can't be copied; whoever has it has them.
struct CustomerRows: ~Copyable, @unchecked Sendable {
    private static let chunkSize = 256

    private var chunks: [UnsafeMutablePointer<CustomerRow>] = []
    private(set) var count = 0

    deinit {
        for (index, chunk) in chunks.enumerated() {
            let used = min(count - index * CustomerRows.chunkSize, CustomerRows.chunkSize)
            chunk.deinitialize(count: used)
            chunk.deallocate()
        }
    }

    subscript(row: Int) -> CustomerRow {
        _read { yield place(of: row).pointee }
        _modify { yield &place(of: row).pointee }
    }

    /// Where a row lies. `rows[row]` handed to a function might be copied, and with it be retained
    /// all it refers to; what the pointer points at isn't.
    @inline(__always)
    func place(of row: Int) -> UnsafeMutablePointer<CustomerRow> {
        precondition(row < count)
        return chunks[row / CustomerRows.chunkSize] + row % CustomerRows.chunkSize
    }

    mutating func append(_ row: CustomerRow) {
        let place = count % CustomerRows.chunkSize
        if place == 0 { chunks.append(.allocate(capacity: CustomerRows.chunkSize)) }
        (chunks[chunks.count - 1] + place).initialize(to: row)
        count += 1
    }

    /// Copies of the rows from `first` on, at most `limit`.
    func copy(from first: Int, limit: Int) -> [CustomerRow] {
        (first..<min(count, first + limit)).map { self[$0] }
    }
}
