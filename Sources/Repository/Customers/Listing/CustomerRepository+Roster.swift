internal import Billing
internal import HeapModule
internal import Wire

extension CustomerRepository {
    /// Rows that are copied at once, under their shard's lock.
    private static let step = 64

    /// What a list of one shard's customers goes by. It is made at the first call: by the keeper, a
    /// little after the start, or by a list that comes before it. Not for event loops.
    @discardableResult
    func rosterBlocks(_ number: Int) throws(RecordFault) -> [RosterBlock] {
        if let roster = withShard(number, { $0.roster }) { return roster.blocks }
        let drafts = try drafts(number)
        var roster = Roster()
        // Rows of a snapshot, and of an import, are in any order.
        let listed = drafts.indices.compactMap { row in drafts[row].listing.map { (row, $0) } }
        for (row, listing) in listed.sorted(by: { $0.1.created < $1.1.created }) {
            roster.list(row, listing)
        }
        let seals = self.seals
        return try withShard(number) { (shard) throws(RecordFault) in
            if let other = shard.roster { return other.blocks }
            for row in 0..<shard.rows.count {
                let draft = row < drafts.count ? drafts[row] : nil
                guard draft?.sequence != shard.rows[row].sequence else { continue }
                // It changed meanwhile; one that was created anew goes to the end.
                let now = try RowDraft(shard.rows[row], seals)
                if now.listing?.created != draft?.listing?.created { roster.drop(row) }
                if let listing = now.listing { roster.list(row, listing) }
            }
            shard.roster = roster
            return roster.blocks
        }
    }

    /// Of all rows, each as it was when it was copied.
    private func drafts(_ number: Int) throws(RecordFault) -> [RowDraft] {
        var drafts: [RowDraft] = []
        while true {
            let first = drafts.count
            let rows = withShard(number) { $0.rows.copy(from: first, limit: Self.step) }
            guard !rows.isEmpty else { return drafts }
            for row in rows { drafts.append(try RowDraft(row, seals)) }
        }
    }

    /// A customer of the shard isn't as far as the clock yet.
    func hasDue(_ shard: Int) -> Bool {
        let time = environmentTime
        return withShard(shard) { $0.due.min.map { $0.moment <= time } ?? false }
    }

    /// Bytes that rosters take.
    package var rosterBytes: Int {
        var bytes = 0
        eachShard { bytes += $0.roster?.byteCount ?? 0 }
        return bytes
    }
}

/// A row as a roster was begun with it.
private struct RowDraft {
    var sequence: UInt64
    /// nil: there is no such customer any more.
    var listing: CustomerListing?

    init(_ row: CustomerRow, _ seals: (any CustomerSeals)?) throws(RecordFault) {
        sequence = row.sequence
        if !row.marks.contains(.isDeleted) { listing = try CustomerListing(row, seals: seals) }
    }
}

extension Shard {
    /// Keeps the roster right after a commit that isn't about buckets alone.
    mutating func list(_ customer: borrowing CustomerState, at row: Int, after facts: [Fact]) {
        guard roster != nil else { return }
        if !facts.contains(where: { $0.concernsListing }) {
            roster?.mark(row, SubscriptionMarks(customer.subscriptions))
        } else if customer.isDeleted {
            roster?.drop(row)
        } else {
            roster?.list(row, CustomerListing(customer))
        }
    }
}

extension Fact {
    /// It changes who is listed, or by what text they are found.
    fileprivate var concernsListing: Bool {
        switch self {
        case .customerCreated, .profileChanged, .customerErased, .customerDeleted: true
        default: false
        }
    }
}
