/// Which requests were answered, and where in the log: (keyed fingerprint → position).
///
/// Pages of open addressing, found by the fingerprint's leading bits; a page that is full loses
/// what is no longer remembered, grows, and at 1,024 slots splits in two. So no insertion ever
/// moves more than a page, and an id takes 20 to 33 bytes. A fingerprint may collide; the record at
/// the position tells.
struct RequestTable {
    struct Slot: Equatable {
        /// 0: vacant.
        var fingerprint: UInt64 = 0
        var position: UInt64 = 0
    }

    fileprivate struct Page {
        /// How many leading bits its fingerprints share.
        var depth: Int
        var slots: [Slot]
        var count = 0

        init(depth: Int, slots: Int) {
            self.depth = depth
            self.slots = Array(repeating: Slot(), count: slots)
        }
    }

    /// What an id takes at most, by and large, and so what a budget counts it as.
    static let bytesPerID = 40

    private static let firstSize = 20
    private static let splitSize = 640
    private static let lastSize = 1_024
    /// Bits of the directory at most. Fingerprints that share more are no accident.
    private static let deepest = 20

    /// Indices of pages, by the `depth` leading bits.
    private var directory: [Int32] = [0]
    private var depth = 0
    private var pages = [Page(depth: 0, slots: 0)]
    /// Ids that were inserted, ever.
    private(set) var inserted: UInt64 = 0

    /// Bytes that it takes.
    var byteCount: Int {
        pages.reduce(directory.count * 4) {
            $0 + $1.slots.count * MemoryLayout<Slot>.stride + MemoryLayout<Page>.stride + 32
        }
    }

    func find(_ fingerprint: UInt64) -> UInt64? {
        let fingerprint = max(fingerprint, 1)
        let page = pageIndex(fingerprint)
        guard !pages[page].slots.isEmpty else { return nil }
        let slot = pages[page].slot(of: fingerprint)
        return pages[page].slots[slot].fingerprint == 0 ? nil : pages[page].slots[slot].position
    }

    /// - Parameter horizon: entries below this position may be forgotten.
    mutating func insert(_ fingerprint: UInt64, position: UInt64, horizon: UInt64) {
        let fingerprint = max(fingerprint, 1)
        inserted += 1
        while true {
            let page = pageIndex(fingerprint)
            if pages[page].insert(Slot(fingerprint: fingerprint, position: position)) { return }
            makeRoom(page, prefix: fingerprint, horizon: horizon)
        }
    }

    /// The entries of the page at a place among the fingerprints, and the next page's place; nil:
    /// it was the last. A walk along it, from 0 on, meets all that is in the table throughout.
    func entries(at place: UInt64) -> (entries: [Slot], next: UInt64?) {
        let page = pages[pageIndex(place)]
        let shift = UInt64(64 - page.depth)
        let next = (place >> shift + 1) << shift
        return (page.slots, page.depth == 0 || next == 0 ? nil : next)
    }

    private func pageIndex(_ fingerprint: UInt64) -> Int {
        Int(directory[Int(truncatingIfNeeded: fingerprint >> UInt64(64 - depth))])
    }

    private mutating func makeRoom(_ index: Int, prefix: UInt64, horizon: UInt64) {
        let old = pages[index]
        let live = old.slots.filter { $0.fingerprint != 0 && $0.position >= horizon }
        let isRoomy = live.count * 10 <= old.slots.count * 6 && !old.slots.isEmpty
        let mayGrow = old.slots.count < RequestTable.lastSize || old.depth == RequestTable.deepest
        if isRoomy || mayGrow {
            let size = isRoomy ? old.slots.count : RequestTable.size(after: old.slots.count)
            pages[index] = Page(depth: old.depth, slots: size)
            for slot in live { _ = pages[index].insert(slot) }
        } else {
            split(index, prefix: prefix, live)
        }
    }

    private static func size(after size: Int) -> Int {
        if size == 0 { return firstSize }
        return size == splitSize ? lastSize : size * 2
    }

    private mutating func split(_ index: Int, prefix: UInt64, _ live: [Slot]) {
        let bits = pages[index].depth
        if bits == depth {
            directory = directory.flatMap { [$0, $0] }
            depth += 1
        }
        let sibling = pages.count
        pages[index] = Page(depth: bits + 1, slots: RequestTable.splitSize)
        pages.append(Page(depth: bits + 1, slots: RequestTable.splitSize))
        // The directory's entries of the old page: the upper half goes to the sibling.
        let span = 1 << (depth - bits)
        let first = Int(truncatingIfNeeded: prefix >> UInt64(64 - depth)) & ~(span - 1)
        for entry in first + span / 2..<first + span { directory[entry] = Int32(sibling) }
        for slot in live {
            let page = pageIndex(slot.fingerprint)
            if !pages[page].insert(slot) {
                // All in one half: not by chance, but it must hold.
                makeRoom(page, prefix: slot.fingerprint, horizon: 0)
                _ = pages[pageIndex(slot.fingerprint)].insert(slot)
            }
        }
    }
}

extension RequestTable.Page {
    /// Where it is, or would be. The page is never full.
    func slot(of fingerprint: UInt64) -> Int {
        // The lower bits, spread over the slots; the upper ones chose the page.
        let first = Int((fingerprint & 0xFFFF_FFFF) * UInt64(slots.count) >> 32)
        return slots.withUnsafeBufferPointer { slots in
            var slot = first
            while slots[slot].fingerprint != 0, slots[slot].fingerprint != fingerprint {
                slot += 1
                if slot == slots.count { slot = 0 }
            }
            return slot
        }
    }

    /// False: it takes no more.
    mutating func insert(_ entry: RequestTable.Slot) -> Bool {
        guard !slots.isEmpty else { return false }
        let slot = self.slot(of: entry.fingerprint)
        if slots[slot].fingerprint == 0 {
            guard (count + 1) * 3 <= slots.count * 2 else { return false }
            count += 1
        }
        slots[slot] = entry
        return true
    }
}
