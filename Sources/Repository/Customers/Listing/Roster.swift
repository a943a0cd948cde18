internal import Billing
internal import CChecksum
internal import Wire

/// A shard's customers in order of creation, and what searches and filters look at. Derived from
/// the rows, and only in memory: made after the start, kept right by each commit that concerns it.
///
/// An entry stays where it is; one whose customer is gone is blank until the next start. Readers
/// take the blocks and let go of the shard's lock: a change meanwhile copies the block it is in.
struct Roster {
    private(set) var blocks: [RosterBlock] = []
    /// The entry of each row.
    private var places: [UInt32] = []

    private static let unlisted = UInt32.max

    /// Puts a row at the end, or replaces its text. Customers of a shard are created in order of
    /// time; one that says otherwise stands by the one before it.
    mutating func list(_ row: Int, _ listing: CustomerListing) {
        while places.count <= row { places.append(Self.unlisted) }
        guard places[row] == Self.unlisted else {
            let (block, entry) = Self.parts(of: places[row])
            blocks[block].replace(entry, with: listing.text)
            return blocks[block].mark(entry, listing.marks)
        }
        let last = blocks.last?.created.last ?? .min
        if blocks.last.map({ $0.created.count == RosterBlock.size }) ?? true {
            if let full = blocks.indices.last { blocks[full].tighten() }
            blocks.append(RosterBlock())
        }
        let end = blocks.count - 1
        places[row] = UInt32(end * RosterBlock.size + blocks[end].created.count)
        blocks[end].append(row, max(listing.created, last), listing)
    }

    /// The row's subscriptions may have changed.
    mutating func mark(_ row: Int, _ marks: SubscriptionMarks) {
        guard row < places.count, places[row] != Self.unlisted else { return }
        let (block, entry) = Self.parts(of: places[row])
        // A change copies the block if somebody reads it.
        if blocks[block].marks[entry] != marks { blocks[block].mark(entry, marks) }
    }

    /// The row's customer is gone.
    mutating func drop(_ row: Int) {
        guard row < places.count, places[row] != Self.unlisted else { return }
        let (block, entry) = Self.parts(of: places[row])
        blocks[block].clear(entry)
        places[row] = Self.unlisted
    }

    private static func parts(of place: UInt32) -> (block: Int, entry: Int) {
        Int(place).quotientAndRemainder(dividingBy: RosterBlock.size) as (Int, Int)
    }

    /// About.
    var byteCount: Int {
        blocks.reduce(places.capacity * 4) { $0 + $1.byteCount }
    }
}

/// Some entries of a roster, with their texts one after another.
struct RosterBlock {
    static let size = 256
    static let noRow = UInt32.max

    /// Milliseconds, ascending.
    private(set) var created: [Int64] = []
    private(set) var rows: [UInt32] = []
    private(set) var marks: [SubscriptionMarks] = []
    /// Where each one's text ends.
    private var ends: [UInt32] = []
    private var text: [UInt8] = []

    fileprivate mutating func append(_ row: Int, _ created: Int64, _ listing: CustomerListing) {
        self.created.append(created)
        rows.append(UInt32(row))
        marks.append(listing.marks)
        text += listing.text
        ends.append(UInt32(text.count))
    }

    fileprivate mutating func mark(_ entry: Int, _ marks: SubscriptionMarks) {
        self.marks[entry] = marks
    }

    fileprivate mutating func replace(_ entry: Int, with text: [UInt8]) {
        let start = entry == 0 ? 0 : Int(ends[entry - 1])
        let growth = text.count - (Int(ends[entry]) - start)
        self.text.replaceSubrange(start..<Int(ends[entry]), with: text)
        for index in entry..<ends.count { ends[index] = UInt32(Int(ends[index]) + growth) }
    }

    fileprivate mutating func clear(_ entry: Int) {
        replace(entry, with: [])
        rows[entry] = Self.noRow
    }

    /// Gives back what was reserved to grow.
    fileprivate mutating func tighten() {
        let whole = text
        text = [UInt8](unsafeUninitializedCapacity: whole.count) { buffer, count in
            count = buffer.initialize(fromContentsOf: whole)
        }
    }

    var byteCount: Int {
        (created.capacity + marks.capacity) * 8 + (rows.capacity + ends.capacity) * 4
            + text.capacity + 5 * 32
            + MemoryLayout<RosterBlock>.stride
    }

    /// The entries whose text contains this, ascending. Not empty.
    func entries(with wanted: [UInt8]) -> [Int] {
        var found: [Int] = []
        text.withUnsafeBytes { text in
            guard let start = text.baseAddress else { return }
            var (offset, entry) = (0, 0)
            while let hit = tally_find(
                start + offset, text.count - offset, wanted, wanted.count)
            {
                let place = hit - start
                while Int(ends[entry]) <= place { entry += 1 }
                found.append(entry)
                offset = Int(ends[entry])
            }
        }
        return found
    }
}
