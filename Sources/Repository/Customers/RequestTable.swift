/// Which requests were answered, and where in the log: (keyed fingerprint → position).
///
/// Two generations, each dropped whole: an id is remembered for at least one generation's span and
/// at most two. The fingerprint may collide; the record at the position tells.
struct RequestTable {
    private var current = Generation()
    private var previous = Generation()
    private var turned: Int64

    /// Milliseconds that every id is remembered for at least.
    private let span: Int64

    init(now: Int64, span: Int64) {
        turned = now
        self.span = span
    }

    func find(_ fingerprint: UInt64) -> UInt64? {
        current.find(fingerprint) ?? previous.find(fingerprint)
    }

    mutating func insert(_ fingerprint: UInt64, position: UInt64, now: Int64) {
        if now - turned >= span {
            // Two spans without a call: what is in `current` is too old as well.
            previous = now - turned >= 2 * span ? Generation() : current
            current = Generation()
            turned = now
        }
        current.insert(fingerprint, position)
    }

    /// Open addressing over pairs; a fingerprint of 0 is stored as 1, so that 0 means vacant.
    private struct Generation {
        private var slots: [(fingerprint: UInt64, position: UInt64)] = []
        private var count = 0

        func find(_ fingerprint: UInt64) -> UInt64? {
            guard !slots.isEmpty else { return nil }
            let slot = self.slot(of: max(fingerprint, 1))
            return slots[slot].fingerprint == 0 ? nil : slots[slot].position
        }

        mutating func insert(_ fingerprint: UInt64, _ position: UInt64) {
            if (count + 1) * 4 > slots.count * 3 { grow() }
            let slot = self.slot(of: max(fingerprint, 1))
            if slots[slot].fingerprint == 0 { count += 1 }
            slots[slot] = (max(fingerprint, 1), position)
        }

        /// Where it is, or would be.
        private func slot(of fingerprint: UInt64) -> Int {
            let mask = slots.count - 1
            var slot = Int(truncatingIfNeeded: fingerprint) & mask
            while slots[slot].fingerprint != 0, slots[slot].fingerprint != fingerprint {
                slot = (slot + 1) & mask
            }
            return slot
        }

        private mutating func grow() {
            let old = slots
            slots = Array(repeating: (0, 0), count: max(16, old.count * 2))
            for entry in old where entry.fingerprint != 0 {
                slots[slot(of: entry.fingerprint)] = entry
            }
        }
    }
}
