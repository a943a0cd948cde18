internal import Billing
internal import CChecksum
internal import Wire

/// A shard's customers, in chunks that never move: growing copies nothing, and a row's number stays
/// for good.
// Safety: its chunks are its own, and it can't be copied; whoever has it has them.
struct CustomerRows: ~Copyable, @unchecked Sendable {
    private static let chunkSize = 256

    private var chunks = Cells<UnsafeMutablePointer<CustomerRow>?>(count: 1)
    private(set) var count = 0

    deinit {
        for index in 0..<chunks.count {
            guard let chunk = chunks[index] else { break }
            let used = min(count - index * CustomerRows.chunkSize, CustomerRows.chunkSize)
            chunk.deinitialize(count: used)
            chunk.deallocate()
        }
    }

    subscript(row: Int) -> CustomerRow {
        unsafeAddress { UnsafePointer(place(of: row)) }
        unsafeMutableAddress { place(of: row) }
    }

    /// Where a row lies. `rows[row]` handed to a function might be copied, and with it be retained
    /// all it refers to; what the pointer points at isn't.
    @inline(__always)
    func place(of row: Int) -> UnsafeMutablePointer<CustomerRow> {
        guard row < count, let chunk = chunks[row / CustomerRows.chunkSize] else {
            preconditionFailure("there is no such row")
        }
        return chunk + row % CustomerRows.chunkSize
    }

    @inline(__always)
    func isRow(_ row: Int, of id: CustomerID) -> Bool {
        let start = place(of: row).pointee.start
        return start.isStart(of: id) && (!start.hasEnd || self[row].id == id)
    }

    /// Asks the processor for all of a row: its lines come at once instead of one by one.
    @inline(__always)
    func prefetch(_ row: Int) {
        let start = UnsafeRawPointer(place(of: row))
        for offset in stride(from: 0, to: MemoryLayout<CustomerRow>.stride, by: 64) {
            tally_prefetch(start + offset)
        }
    }

    func add(_ row: Int, to places: inout MemoryPlaces) {
        places.add(UnsafeRawPointer(place(of: row)), count: MemoryLayout<CustomerRow>.stride)
    }

    /// Adds a row's far buckets of a feature; to be called a little after the row was fetched.
    func addFar(_ row: Int, of feature: () -> FeatureNumber?, to places: inout MemoryPlaces) {
        var array: UInt = 0
        place(of: row).pointee.buckets.eachFar(of: feature) { start, index in
            array = start
            let length = MemoryLayout<Bucket>.stride
            places.add(start + UInt(CustomerRows.arrayHeader + index * length), count: length)
        }
        // The array's count is looked at too: it is in the second half of the header.
        if array != 0 { places.add(array + UInt(CustomerRows.arrayHeader / 2), count: 8) }
    }

    /// What lies before an array's elements.
    private static let arrayHeader = 32

    mutating func append(_ row: CustomerRow) {
        let (chunk, place) = count.quotientAndRemainder(dividingBy: CustomerRows.chunkSize)
        if place == 0 { addChunk(chunk) }
        guard let start = chunks[chunk] else { preconditionFailure("a chunk is missing") }
        (start + place).initialize(to: row)
        count += 1
    }

    private mutating func addChunk(_ chunk: Int) {
        if chunk == chunks.count {
            let more = Cells<UnsafeMutablePointer<CustomerRow>?>(count: chunks.count * 2)
            for index in 0..<chunks.count { more[index] = chunks[index] }
            chunks = more
        }
        // A row is six lines of the cache, and no line is two rows'.
        chunks[chunk] = UnsafeMutableRawPointer.allocate(
            byteCount: CustomerRows.chunkSize * MemoryLayout<CustomerRow>.stride, alignment: 64
        ).bindMemory(to: CustomerRow.self, capacity: CustomerRows.chunkSize)
    }

    /// Copies of the rows from `first` on, at most `limit`.
    func copy(from first: Int, limit: Int) -> [CustomerRow] {
        (first..<min(count, first + limit)).map { self[$0] }
    }

    /// Fetches what `copy` copies; a little later, what it refers to, whose count of references
    /// grows with each copy.
    func prefetch(from first: Int, limit: Int, rests: Bool) {
        for row in first..<min(count, first + limit) {
            if rests {
                place(of: row).pointee.tail.withUnsafeBytes { tail in
                    if let start = tail.baseAddress {
                        tally_prefetch(start - CustomerRows.arrayHeader)
                    }
                }
            } else {
                prefetch(row)
            }
        }
    }
}
