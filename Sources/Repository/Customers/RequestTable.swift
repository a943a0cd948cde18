/// Which requests were answered, and where in the log: (keyed fingerprint → position).
///
/// Pages of open addressing, found by the fingerprint's leading bits; a page that is full loses
/// what is no longer remembered, grows, and at 1,024 slots splits in two. So no insertion ever
/// moves more than a page, and an id takes 20 to 33 bytes. A fingerprint may collide; the record at
/// the position tells.
// Safety: the pages' memory is the table's own, freed with it, and it can't be copied.
struct RequestTable: ~Copyable, @unchecked Sendable {
    struct Slot: Equatable, BitwiseCopyable {
        /// 0: vacant.
        var fingerprint: UInt64 = 0
        var position: UInt64 = 0
    }

    /// What an id takes at most, by and large, and so what a budget counts it as.
    static let bytesPerID = 40

    private static let firstSize = 20
    private static let splitSize = 640
    private static let lastSize = 1_024
    /// Bits of the directory at most. Fingerprints that share more are no accident.
    private static let deepest = 20

    /// Indices of pages, by the `depth` leading bits.
    private var directory = Cells<Int32>(count: 1)
    private var depth = 0
    /// The first `pageCount` are in use.
    private var pages = Cells<RequestPage>(count: 1)
    private var pageCount = 1
    /// Ids that were inserted, ever.
    private(set) var inserted: UInt64 = 0

    deinit {
        for index in 0..<pageCount { pages[index].free() }
    }

    /// Bytes that it takes.
    var byteCount: Int {
        (0..<pageCount).reduce(directory.count * 4) {
            $0 + pages[$1].size * MemoryLayout<Slot>.stride
                + MemoryLayout<RequestPage>.stride + 32
        }
    }

    @inline(__always)
    func find(_ fingerprint: UInt64) -> UInt64? {
        let fingerprint = max(fingerprint, 1)
        return pages[pageIndex(fingerprint)].find(fingerprint)
    }

    /// Where `find` and `insert` begin, to be asked for a little before; nil: there is nothing yet.
    @inline(__always)
    func place(of fingerprint: UInt64) -> UnsafeRawPointer? {
        pages[pageIndex(max(fingerprint, 1))].start(of: max(fingerprint, 1))
    }

    /// - Parameter horizon: entries below this position may be forgotten.
    mutating func insert(_ fingerprint: UInt64, position: UInt64, horizon: UInt64) {
        let entry = Slot(fingerprint: max(fingerprint, 1), position: position)
        inserted += 1
        while true {
            let index = pageIndex(entry.fingerprint)
            var page = pages[index]
            if page.insert(entry) {
                pages[index] = page
                return
            }
            makeRoom(index, prefix: entry.fingerprint, horizon: horizon)
        }
    }

    /// The entries of the page at a place among the fingerprints, and the next page's place; nil:
    /// it was the last. A walk along it, from 0 on, meets all that is in the table throughout.
    func entries(at place: UInt64) -> (entries: [Slot], next: UInt64?) {
        let page = pages[pageIndex(place)]
        let shift = UInt64(64 - page.depth)
        let next = (place >> shift + 1) << shift
        return (page.all, page.depth == 0 || next == 0 ? nil : next)
    }

    @inline(__always)
    private func pageIndex(_ fingerprint: UInt64) -> Int {
        Int(directory[Int(truncatingIfNeeded: fingerprint >> UInt64(64 - depth))])
    }

    private mutating func makeRoom(_ index: Int, prefix: UInt64, horizon: UInt64) {
        let old = pages[index]
        let live = old.count { $0.position >= horizon }
        let isRoomy = live * 10 <= old.size * 6 && old.size > 0
        let mayGrow = old.size < RequestTable.lastSize || old.depth == RequestTable.deepest
        guard isRoomy || mayGrow else {
            return split(index, prefix: prefix, horizon: horizon)
        }
        var new = RequestPage(
            depth: old.depth, size: isRoomy ? old.size : RequestTable.size(after: old.size))
        old.each { if $0.position >= horizon { _ = new.insert($0) } }
        old.free()
        pages[index] = new
    }

    private static func size(after size: Int) -> Int {
        if size == 0 { return firstSize }
        return size == splitSize ? lastSize : size * 2
    }

    /// Half of what a page may hold can be all of it, not by chance, but it must fit.
    private static func size(for count: Int) -> Int {
        RequestPage.fits(count, in: splitSize) ? splitSize : lastSize
    }

    private mutating func split(_ index: Int, prefix: UInt64, horizon: UInt64) {
        let old = pages[index]
        if old.depth == depth { deepen() }
        let half = UInt64(1) << UInt64(63 - old.depth)
        let live = old.count { $0.position >= horizon }
        let upper = old.count { $0.position >= horizon && $0.fingerprint & half != 0 }
        var pair = (
            RequestPage(depth: old.depth + 1, size: RequestTable.size(for: live - upper)),
            RequestPage(depth: old.depth + 1, size: RequestTable.size(for: upper))
        )
        old.each { slot in
            guard slot.position >= horizon else { return }
            _ = slot.fingerprint & half == 0 ? pair.0.insert(slot) : pair.1.insert(slot)
        }
        old.free()
        pages[index] = pair.0
        let sibling = add(pair.1)
        // The directory's entries of the old page: the upper half goes to the sibling.
        let span = 1 << (depth - old.depth)
        let first = Int(truncatingIfNeeded: prefix >> UInt64(64 - depth)) & ~(span - 1)
        for entry in first + span / 2..<first + span { directory[entry] = Int32(sibling) }
    }

    private mutating func deepen() {
        let wider = Cells<Int32>(count: directory.count * 2)
        for entry in 0..<wider.count { wider[entry] = directory[entry / 2] }
        directory = wider
        depth += 1
    }

    private mutating func add(_ page: RequestPage) -> Int {
        if pageCount == pages.count {
            let more = Cells<RequestPage>(count: pages.count * 2)
            for index in 0..<pageCount { more[index] = pages[index] }
            pages = more
        }
        pages[pageCount] = page
        pageCount += 1
        return pageCount - 1
    }
}

/// Slots that share the leading bits of their fingerprints. All bits zero: an empty page.
// Safety: only the table makes and frees pages; `slots` has `size` initialised entries, and by how
// the index of a slot is computed it is below `size`.
private struct RequestPage: BitwiseCopyable {
    typealias Slot = RequestTable.Slot

    private var slots: UnsafeMutablePointer<Slot>?
    private var shortSize: UInt32
    private var used: UInt32
    private var shortDepth: UInt32

    init(depth: Int, size: Int) {
        let slots = UnsafeMutablePointer<Slot>.allocate(capacity: size)
        slots.initialize(repeating: Slot(), count: size)
        self.slots = slots
        shortSize = UInt32(size)
        used = 0
        shortDepth = UInt32(depth)
    }

    /// How many leading bits its fingerprints share.
    var depth: Int { Int(shortDepth) }
    var size: Int { Int(shortSize) }

    var all: [Slot] { Array(UnsafeBufferPointer(start: slots, count: size)) }

    func free() {
        slots?.deallocate()
    }

    static func fits(_ count: Int, in size: Int) -> Bool { count * 3 <= size * 2 }

    @inline(__always)
    func find(_ fingerprint: UInt64) -> UInt64? {
        guard let slots else { return nil }
        let slot = slots[place(of: fingerprint, in: slots)]
        return slot.fingerprint == 0 ? nil : slot.position
    }

    @inline(__always)
    func start(of fingerprint: UInt64) -> UnsafeRawPointer? {
        slots.map { UnsafeRawPointer($0 + first(for: fingerprint)) }
    }

    /// False: it takes no more.
    @inline(__always)
    mutating func insert(_ entry: Slot) -> Bool {
        guard let slots else { return false }
        let place = place(of: entry.fingerprint, in: slots)
        if slots[place].fingerprint == 0 {
            guard RequestPage.fits(Int(used) + 1, in: size) else { return false }
            used += 1
        }
        slots[place] = entry
        return true
    }

    @inline(__always)
    func each(_ body: (Slot) -> Void) {
        guard let slots else { return }
        for slot in 0..<size where slots[slot].fingerprint != 0 { body(slots[slot]) }
    }

    @inline(__always)
    func count(where isWanted: (Slot) -> Bool) -> Int {
        var count = 0
        each { if isWanted($0) { count += 1 } }
        return count
    }

    /// The lower bits, spread over the slots; the upper ones chose the page.
    @inline(__always)
    private func first(for fingerprint: UInt64) -> Int {
        Int(truncatingIfNeeded: ((fingerprint & 0xFFFF_FFFF) &* UInt64(shortSize)) >> 32)
    }

    /// Where it is, or would be. The page is never full.
    @inline(__always)
    private func place(of fingerprint: UInt64, in slots: UnsafeMutablePointer<Slot>) -> Int {
        var slot = first(for: fingerprint)
        while slots[slot].fingerprint != 0, slots[slot].fingerprint != fingerprint {
            slot += 1
            if slot == size { slot = 0 }
        }
        return slot
    }
}
