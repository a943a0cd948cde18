internal import Billing

/// Finds a customer's row by its hash: open addressing over (32 bits of hash, row + 1).
struct RowIndex {
    private var slots: [UInt64] = Array(repeating: 0, count: 16)
    private var count = 0

    /// The row for which `isMatch` holds among those with this hash.
    func find(_ hash: UInt64, isMatch: (Int) -> Bool) -> Int? {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let row = Int(slots[slot] & 0xFFFF_FFFF) - 1
            if slots[slot] >> 32 == hash >> 32, isMatch(row) { return row }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Rows are never removed. `hashOf` is asked for each row when the table grows.
    mutating func insert(_ row: Int, hash: UInt64, hashOf: (Int) -> UInt64) {
        if (count + 1) * 4 > slots.count * 3 { grow(hashOf) }
        place(row, hash)
        count += 1
    }

    private mutating func place(_ row: Int, _ hash: UInt64) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = (hash >> 32) << 32 | UInt64(row + 1)
    }

    private mutating func grow(_ hashOf: (Int) -> UInt64) {
        let old = slots
        slots = Array(repeating: 0, count: old.count * 2)
        for slot in old where slot != 0 {
            let row = Int(slot & 0xFFFF_FFFF) - 1
            place(row, hashOf(row))
        }
    }
}
