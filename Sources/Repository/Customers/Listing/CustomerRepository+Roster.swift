internal import Billing
internal import Wire

extension CustomerRepository {
    /// After a recovery: makes each shard's roster.
    ///
    /// - Parameter threads: that share the work.
    func makeRosters(threads: Int) throws(LogFault) {
        do throws(RecordFault) {
            try LogThread.share(256, among: threads) { (shards) throws(RecordFault) in
                for shard in shards { try self.makeRoster(shard) }
            }
        } catch {
            throw .failed("a customer can't be read: \(error)")
        }
    }

    private func makeRoster(_ number: Int) throws(RecordFault) {
        try withShard(number) { (shard) throws(RecordFault) in
            var listings: [(row: Int, listing: CustomerListing)] = []
            listings.reserveCapacity(shard.rows.count)
            for row in 0..<shard.rows.count where !shard.rows[row].isDeleted {
                listings.append((row, try CustomerListing(shard.rows[row], seals: seals)))
            }
            // Rows of a snapshot, and of an import, are in any order.
            listings.sort { $0.listing.created < $1.listing.created }
            for (row, listing) in listings { shard.roster.list(row, listing) }
        }
    }

    /// Bytes that rosters take.
    package var rosterBytes: Int {
        var bytes = 0
        eachShard { bytes += $0.roster.byteCount }
        return bytes
    }
}

extension Shard {
    /// Keeps the roster right after a commit.
    mutating func list(_ customer: borrowing CustomerState, at row: Int, after facts: [Fact]) {
        guard facts.contains(where: { $0.concernsRoster }) else { return }
        if customer.isDeleted {
            roster.drop(row)
        } else {
            roster.list(row, CustomerListing(customer))
        }
    }
}

extension Fact {
    fileprivate var concernsRoster: Bool {
        switch self {
        case .customerCreated, .profileChanged, .customerErased, .customerDeleted: true
        default: false
        }
    }
}
