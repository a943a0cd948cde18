internal import Billing

/// Finds a customer's row by its hash: open addressing over (upper 32 bits of the hash, row + 1).
///
/// The lower bits chose the shard, so the upper ones choose the slot; and as they are in it,
/// growing looks at no row.
struct RowIndex {
    private var slots: [UInt64] = Array(repeating: 0, count: 16)
    private var count = 0

    /// The row for which `isMatch` holds among those with this hash.
    func find(_ hash: UInt64, isMatch: (Int) -> Bool) -> Int? {
        let tag = hash >> 32
        let mask = slots.count - 1
        var slot = Int(tag) & mask
        while slots[slot] != 0 {
            let row = Int(slots[slot] & 0xFFFF_FFFF) - 1
            if slots[slot] >> 32 == tag, isMatch(row) { return row }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Rows are never removed.
    mutating func insert(_ row: Int, hash: UInt64) {
        if (count + 1) * 4 > slots.count * 3 { grow() }
        place((hash >> 32) << 32 | UInt64(row + 1))
        count += 1
    }

    private mutating func place(_ entry: UInt64) {
        let mask = slots.count - 1
        var slot = Int(entry >> 32) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = entry
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: 0, count: old.count * 2)
        for entry in old where entry != 0 { place(entry) }
    }
}
