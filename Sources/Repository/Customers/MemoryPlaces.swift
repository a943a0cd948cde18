internal import CChecksum

/// Places in memory that will be looked at soon: found one by one, then asked for together.
///
/// A lock makes the processor wait until the pages of all that was asked for before are known. So
/// nothing is asked for where places are found, under locks; then all are, without anything in
/// between, and their pages and lines are looked up at the same time.
package struct MemoryPlaces {
    private static let line: UInt = 64

    private var ranges: [Range<UInt>] = []

    package init() {}

    mutating func add(_ start: UnsafeRawPointer, count: Int) {
        add(UInt(bitPattern: start), count: count)
    }

    /// - Parameter start: any address.
    mutating func add(_ start: UInt, count: Int) {
        let end = start &+ UInt(count)
        if start < end { ranges.append(start..<end) }
    }

    package mutating func fetch() {
        for range in ranges {
            var address = range.lowerBound & ~(MemoryPlaces.line - 1)
            while address < range.upperBound {
                tally_prefetch(UnsafeRawPointer(bitPattern: address))
                address += MemoryPlaces.line
            }
        }
        ranges.removeAll(keepingCapacity: true)
    }
}
