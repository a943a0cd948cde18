internal import Billing
internal import HeapModule

/// A part of the customers, behind one lock.
struct Shard {
    /// Never removed, so that a row's number stays.
    var rows: [CustomerState] = []
    var index = RowIndex()
    var requests: RequestTable
    /// When rows fall due. An entry whose moment is no longer the row's is stale and ignored.
    var due = Heap<DueEntry>()

    init(now: Int64, requestSpan: Int64) {
        requests = RequestTable(now: now, span: requestSpan)
    }

    func find(_ id: CustomerID, hash: UInt64) -> Int? {
        rows.withUnsafeBufferPointer { rows in index.find(hash) { rows[$0].id == id } }
    }

    /// Reads a row where it lies: `rows[row]` passed to a function would copy it, and so retain and
    /// release all it refers to.
    func withRow<Answer, Fault: Error>(
        _ row: Int, _ body: (borrowing CustomerState) throws(Fault) -> Answer
    ) throws(Fault) -> Answer {
        try rows.withUnsafeBufferPointer { (rows) throws(Fault) in try body(rows[row]) }
    }

    /// Reads a row's buckets, which is all that most calls need: nothing else of the customer is
    /// touched, and what isn't in the cache stays out of it.
    func withBuckets<Answer, Fault: Error>(
        _ row: Int, _ body: (borrowing BucketSet) throws(Fault) -> Answer
    ) throws(Fault) -> Answer {
        try rows.withUnsafeBufferPointer { (rows) throws(Fault) in try body(rows[row].buckets) }
    }

    mutating func add(_ customer: CustomerState, hash: UInt64, seed: UInt64) -> Int {
        rows.append(customer)
        index.insert(rows.count - 1, hash: hash) { rows[$0].id.hash(seed: seed) }
        return rows.count - 1
    }

    /// To be called when a row's `nextDue` may have changed from `before`.
    mutating func noteDue(row: Int, before: Timestamp) {
        let moment = rows[row].nextDue
        if moment != before, moment != .never { due.insert(DueEntry(moment: moment, row: row)) }
    }

    /// Up to `limit` customers that are due.
    mutating func takeDue(by now: Timestamp, limit: Int) -> [CustomerID] {
        var found: [CustomerID] = []
        while found.count < limit, let first = due.min, first.moment <= now {
            due.removeMin()
            if rows[first.row].nextDue == first.moment { found.append(rows[first.row].id) }
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
