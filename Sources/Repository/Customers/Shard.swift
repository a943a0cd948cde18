internal import Billing
internal import CChecksum
internal import HeapModule
internal import Wire

/// A part of the customers, behind one lock.
struct Shard: ~Copyable {
    /// Never removed, so that a row's number stays.
    var rows = CustomerRows()
    var index = RowIndex()
    var requests = RequestTable()
    /// nil: not made yet.
    var roster: Roster?
    /// What of the catalog nobody may begin to use.
    var closed = ClosedCatalog()
    /// Rows whose customers are gone.
    private(set) var deletedCount = 0
    /// When rows fall due, by the environment's clock. An entry whose moment is no longer the row's
    /// is stale and ignored.
    var due = Heap<DueEntry>()

    @inline(__always)
    func find(_ id: CustomerID, hash: UInt64) -> Int? {
        index.find(hash) { row in
            // It is the one almost always, and all of it is needed.
            rows.prefetch(row)
            return rows.isRow(row, of: id)
        }
    }

    /// Where a customer's row is looked up, and a request.
    @inline(__always)
    func addIndex(_ hash: UInt64, request fingerprint: UInt64?, to places: inout MemoryPlaces) {
        places.add(index.place(of: hash), count: 1)
        if let place = fingerprint.flatMap({ requests.place(of: $0) }) {
            places.add(place, count: 1)
        }
    }

    /// What `find` of a customer will find, probably, and its number; to be called a little after
    /// the index was fetched.
    @inline(__always)
    func addRow(_ hash: UInt64, to places: inout MemoryPlaces) -> Int? {
        let row = index.find(hash) { _ in true }
        if let row { rows.add(row, to: &places) }
        return row
    }

    /// Fetches all that a call looks at, so that it waits for the memory twice, not five times.
    @inline(__always)
    func prefetch(_ hash: UInt64, request fingerprint: UInt64?) {
        tally_prefetch(index.place(of: hash))
        if let fingerprint { tally_prefetch(requests.place(of: fingerprint)) }
        _ = index.find(hash) { row in
            rows.prefetch(row)
            return true
        }
    }

    /// Reads a row's buckets, which is all that most calls need: nothing else of the customer is
    /// touched, and what isn't in the cache stays out of it. `inout`, as the compiler would copy
    /// what is borrowed.
    mutating func withBuckets<Answer, Fault: Error>(
        _ row: Int, _ body: (inout BucketSet) throws(Fault) -> Answer
    ) throws(Fault) -> Answer {
        try body(&rows.place(of: row).pointee.buckets)
    }

    /// Puts a customer in its row's place; nil: it is new.
    mutating func put(_ row: CustomerRow, at place: Int?, hash: UInt64) {
        var before = Timestamp.never
        if row.marks.contains(.isDeleted) { deletedCount += 1 }
        if let place {
            if rows[place].marks.contains(.isDeleted) { deletedCount -= 1 }
            before = rows[place].dueTime
            rows[place] = row
        } else {
            rows.append(row)
            index.insert(rows.count - 1, hash: hash)
        }
        if row.dueTime != before, row.nextDue != .never, !row.marks.contains(.isDeleted) {
            due.insert(DueEntry(moment: row.dueTime, row: place ?? rows.count - 1))
        }
    }

    /// Up to `limit` customers that are due.
    mutating func takeDue(by now: Timestamp, limit: Int) -> [CustomerID] {
        var found: [CustomerID] = []
        while found.count < limit, let first = due.min, first.moment <= now {
            due.removeMin()
            if rows[first.row].dueTime == first.moment { found.append(rows[first.row].id) }
        }
        return found
    }
}

/// A row that falls due.
struct DueEntry: Comparable {
    var moment: Timestamp
    var row: Int

    static func < (a: DueEntry, b: DueEntry) -> Bool { a.moment < b.moment }
}
