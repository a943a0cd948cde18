/// The tight loops over one block's columns. A question loads a column, runs one loop over it, and
/// goes on with the next: the rows that are left, and for each of them the cell it counts in.
///
/// Safety: confined to one question, which runs on one thread at a time.
final class BlockScan: @unchecked Sendable {
    private let part: EventPart
    private let buffer: ColumnBuffer
    private let rows: UnsafeMutablePointer<UInt16>
    private let cells: UnsafeMutablePointer<UInt32>
    private var block = 0
    /// How many rows are left.
    private(set) var count = 0

    init(_ part: EventPart) {
        self.part = part
        buffer = ColumnBuffer()
        rows = .allocate(capacity: EventFormat.blockRows)
        cells = .allocate(capacity: EventFormat.blockRows)
    }

    deinit {
        rows.deallocate()
        cells.deallocate()
    }

    /// Begins with the rows of a block that the filter leaves.
    func begin(_ block: Int, _ filter: PartFilter) throws {
        self.block = block
        count = part.blocks[block].rows
        for row in 0..<count { rows[row] = UInt16(truncatingIfNeeded: row) }
        for condition in filter.conditions where count > 0 { try apply(condition) }
        guard count > 0 else { return }
        let times = part.blocks[block][.time]
        let (first, last) = (Int64(times.minimum), Int64(times.maximum))
        if first < filter.times.lowerBound || last >= filter.times.upperBound {
            try apply(filter.times)
        }
    }

    /// The rows that are left, ascending.
    var remaining: UnsafeBufferPointer<UInt16> {
        UnsafeBufferPointer(start: rows, count: count)
    }

    private func load(_ column: Int) throws -> ColumnReference {
        let reference = part.column(column, of: block)
        try buffer.load(reference, rows: part.blocks[block].rows, from: part)
        return reference
    }

    private func apply(_ condition: PartFilter.Condition) throws {
        let column = part.column(condition.column, of: block)
        switch condition.test {
        case .equals(let code):
            // The filter has seen to it that a constant column has this code.
            if column.isConstant { return }
            _ = try load(condition.column)
            let number = Int64(Int128(code) - column.minimum)
            switch column.width {
            case 1: keep(UInt8.self) { Int64($0) == number }
            case 2: keep(UInt16.self) { Int64($0) == number }
            case _: keep(UInt32.self) { Int64($0) == number }
            }
        case .among(let accepted):
            if column.isConstant { return }
            let base = Int(column.minimum)
            if accepted[base...Int(column.maximum)].allSatisfy({ $0 }) { return }
            _ = try load(condition.column)
            accepted.withUnsafeBufferPointer { accepted in
                switch column.width {
                case 1: keep(UInt8.self) { accepted[base &+ Int($0)] }
                case 2: keep(UInt16.self) { accepted[base &+ Int($0)] }
                case _: keep(UInt32.self) { accepted[base &+ Int($0)] }
                }
            }
        }
    }

    private func apply(_ times: Range<Int64>) throws {
        let column = try load(EventColumn.time.rawValue)
        let base = Int64(column.minimum)
        switch column.width {
        // The filter has seen to it that a constant time is within.
        case 0: break
        case 1: keep(UInt8.self) { times.contains(base &+ Int64($0)) }
        case 2: keep(UInt16.self) { times.contains(base &+ Int64($0)) }
        case 4: keep(UInt32.self) { times.contains(base &+ Int64($0)) }
        case _: keep(UInt64.self) { times.contains(base &+ Int64(bitPattern: $0)) }
        }
    }

    @inline(__always)
    private func keep<Number>(_ type: Number.Type, _ isKept: (Number) -> Bool) {
        let numbers = buffer.numbers(type)
        var kept = 0
        for index in 0..<count {
            let row = rows[index]
            rows[kept] = row
            kept &+= isKept(numbers[Int(row)]) ? 1 : 0
        }
        count = kept
    }
}

extension BlockScan {
    /// Puts all rows that are left into cell `cell`.
    func startCells(at cell: UInt32) {
        cells.update(repeating: cell, count: count)
    }

    /// Adds what `offsets` has for each row's code to its cell.
    func addCells(_ column: Int, offsets: [UInt32]) throws {
        let reference = part.column(column, of: block)
        let base = Int(reference.minimum)
        if reference.isConstant {
            let offset = offsets[base]
            if offset != 0 { for index in 0..<count { cells[index] &+= offset } }
            return
        }
        _ = try load(column)
        offsets.withUnsafeBufferPointer { offsets in
            switch reference.width {
            case 1: add(UInt8.self) { offsets[base &+ Int($0)] }
            case 2: add(UInt16.self) { offsets[base &+ Int($0)] }
            case _: add(UInt32.self) { offsets[base &+ Int($0)] }
            }
        }
    }

    @inline(__always)
    private func add<Number>(_ type: Number.Type, _ offset: (Number) -> UInt32) {
        let numbers = buffer.numbers(type)
        for index in 0..<count { cells[index] &+= offset(numbers[Int(rows[index])]) }
    }

    /// Starts with each row's bin times `stride`; gives the bins of the block. Rows come about in
    /// order of time, so that the next one is mostly in the bin of the last.
    func startCells(bins: TimeBins, stride: Int) throws -> ClosedRange<Int> {
        let times = part.blocks[block][.time]
        let first = bins.index(of: max(Int64(times.minimum), bins.range.lowerBound))
        let last = bins.index(of: min(Int64(times.maximum), bins.range.upperBound - 1))
        guard first < last else {
            startCells(at: 0)
            return first...first
        }
        let column = try load(EventColumn.time.rawValue)
        let base = Int64(column.minimum)
        switch column.width {
        case 1: start(UInt8.self, bins, first, stride) { base &+ Int64($0) }
        case 2: start(UInt16.self, bins, first, stride) { base &+ Int64($0) }
        case 4: start(UInt32.self, bins, first, stride) { base &+ Int64($0) }
        case _: start(UInt64.self, bins, first, stride) { base &+ Int64(bitPattern: $0) }
        }
        return first...last
    }

    @inline(__always)
    private func start<Number>(
        _ type: Number.Type, _ bins: TimeBins, _ first: Int, _ stride: Int,
        _ time: (Number) -> Int64
    ) {
        let numbers = buffer.numbers(type)
        var cell: UInt32 = 0
        var current = bins.range(of: first)
        for index in 0..<count {
            let time = time(numbers[Int(rows[index])])
            if time < current.lowerBound || time >= current.upperBound {
                let bin = bins.index(of: time)
                current = bins.range(of: bin)
                cell = UInt32((bin - first) * stride)
            }
            cells[index] = cell
        }
    }

    /// Adds the rows' values to their cells, of which the first is `offset` in `sums`.
    func addValues(to sums: inout CellSums, from offset: Int, cells used: Int) throws {
        let column = try load(EventColumn.value.rawValue)
        switch column.width {
        case 0: sums.addBlock(column, offset, used) { _, counts in self.count(into: counts) }
        case 1: addBlock(UInt8.self, column, &sums, offset, used)
        case 2: addBlock(UInt16.self, column, &sums, offset, used)
        case 4: addBlock(UInt32.self, column, &sums, offset, used)
        case _:
            for index in 0..<count {
                sums.add(buffer[Int(rows[index])], to: offset + Int(cells[index]))
            }
        }
    }

    private func count(into counts: UnsafeMutablePointer<UInt32>) {
        for index in 0..<count { counts[Int(cells[index])] &+= 1 }
    }

    @inline(__always)
    private func addBlock<Number: FixedWidthInteger>(
        _ type: Number.Type, _ column: ColumnReference, _ sums: inout CellSums, _ offset: Int,
        _ used: Int
    ) {
        let numbers = buffer.numbers(type)
        sums.addBlock(column, offset, used) { blockSums, counts in
            for index in 0..<self.count {
                let cell = Int(cells[index])
                // 65,536 numbers of at most 32 bits: it can't overflow.
                blockSums[cell] &+= Int64(truncatingIfNeeded: numbers[Int(rows[index])])
                counts[cell] &+= 1
            }
        }
    }
}
