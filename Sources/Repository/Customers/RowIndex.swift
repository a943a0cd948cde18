/// Finds a customer's row by its hash: open addressing over (upper 32 bits of the hash, row + 1).
///
/// The lower bits chose the shard, so the upper ones choose the slot; and as they are in it,
/// growing looks at no row.
struct RowIndex: ~Copyable {
    private var slots = Cells<UInt64>(count: 16)
    private var count = 0

    /// The row for which `isMatch` holds among those with this hash.
    @inline(__always)
    func find(_ hash: UInt64, isMatch: (Int) -> Bool) -> Int? {
        let tag = hash >> 32
        let mask = slots.count - 1
        var slot = Int(tag) & mask
        while true {
            let entry = slots[slot]
            if entry == 0 { return nil }
            let row = Int(entry & 0xFFFF_FFFF) - 1
            if entry >> 32 == tag, isMatch(row) { return row }
            slot = (slot + 1) & mask
        }
    }

    /// Where `find` begins: to be asked for a little before.
    @inline(__always)
    func place(of hash: UInt64) -> UnsafeRawPointer {
        slots.place(Int(hash >> 32) & (slots.count - 1))
    }

    /// Rows are never removed.
    mutating func insert(_ row: Int, hash: UInt64) {
        if (count + 1) * 4 > slots.count * 3 { grow() }
        RowIndex.place((hash >> 32) << 32 | UInt64(row + 1), in: slots)
        count += 1
    }

    private static func place(_ entry: UInt64, in slots: borrowing Cells<UInt64>) {
        let mask = slots.count - 1
        var slot = Int(entry >> 32) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = entry
    }

    private mutating func grow() {
        let larger = Cells<UInt64>(count: slots.count * 2)
        for slot in 0..<slots.count where slots[slot] != 0 {
            RowIndex.place(slots[slot], in: larger)
        }
        slots = larger
    }
}
