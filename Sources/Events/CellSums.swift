package import Billing

/// Exact sums and counts of many cells. A block adds up in 64 bits above the block's minimum; what
/// comes out is scaled and added in 128.
///
/// Safety: confined to one question, which runs on one thread at a time; memory is never shared.
struct CellSums: ~Copyable {
    private var sums: [Int128]
    private var counts: [UInt64]
    private let blockSums: UnsafeMutablePointer<Int64>
    private let blockCounts: UnsafeMutablePointer<UInt32>

    init(cells: Int) {
        sums = Array(repeating: 0, count: cells)
        counts = Array(repeating: 0, count: cells)
        blockSums = .allocate(capacity: cells)
        blockSums.initialize(repeating: 0, count: cells)
        blockCounts = .allocate(capacity: cells)
        blockCounts.initialize(repeating: 0, count: cells)
    }

    deinit {
        blockSums.deallocate()
        blockCounts.deallocate()
    }

    subscript(cell: Int) -> EventTotal {
        EventTotal(sum: Quantity(raw: sums[cell]), count: counts[cell])
    }

    mutating func add(_ value: Int128, to cell: Int) {
        sums[cell] += value
        counts[cell] += 1
    }

    /// Lets `body` add up one block into zeroed memory for `used` cells, then moves that to the
    /// cells from `offset` on.
    @inline(__always)
    mutating func addBlock(
        _ column: ColumnReference, _ offset: Int, _ used: Int,
        _ body: (UnsafeMutablePointer<Int64>, UnsafeMutablePointer<UInt32>) -> Void
    ) {
        body(blockSums, blockCounts)
        let power = ColumnEncoder.power(Int(column.exponent))
        for cell in 0..<used where blockCounts[cell] > 0 {
            let count = Int128(blockCounts[cell])
            sums[offset + cell] += (Int128(blockSums[cell]) + column.minimum * count) * power
            counts[offset + cell] += UInt64(blockCounts[cell])
            blockSums[cell] = 0
            blockCounts[cell] = 0
        }
    }
}

/// What a cell adds up to.
package struct EventTotal: Sendable, Equatable {
    package var sum: Quantity
    package var count: UInt64

    package static let zero = EventTotal(sum: .zero, count: 0)

    package init(sum: Quantity, count: UInt64) {
        self.sum = sum
        self.count = count
    }

    package static func += (total: inout EventTotal, other: EventTotal) {
        total.sum = total.sum + other.sum
        total.count += other.count
    }
}
