package import Billing

/// A customer as it is kept, in memory and in snapshots: what every call reads as plain values, the
/// rest as the bytes of a `tally.disk.v1.CustomerState`, which only purchases and pages open.
package struct CustomerRow: Sendable {
    // In this order it is six lines of the processor's cache. Calls read no properties but these:
    // for a computed one the compiler would copy the row, and with it touch all it refers to.
    package private(set) var start: RowID
    /// As in `CustomerState`.
    package var sequence: UInt64
    package var position: UInt64
    package var catalogSequence: UInt64
    package var nextDue: Timestamp
    package var buckets: BucketSet
    package internal(set) var marks: RowMarks
    /// The key that what is personal in the rest is sealed with.
    package var key: UInt32
    /// The rest, and the end of a long id.
    package private(set) var tail: [UInt8]

    /// - Parameter seals: as in `RecordWriter`.
    package init(
        _ customer: borrowing CustomerState, arena: Arena, seals: (any CustomerSeals)?
    ) {
        sequence = customer.sequence
        position = customer.position
        catalogSequence = customer.catalogSequence
        nextDue = customer.isDeleted ? .deleted : customer.nextDue
        buckets = customer.buckets
        buckets.trim()
        key = customer.key
        marks = []
        let end: [UInt8]
        (start, end) = RowID.split(customer.id)
        let rest = RecordWriter(arena: arena, seals: seals).rest(customer)
        tail = end.isEmpty ? Array(rest) : rest + end
        marks.set(.isDeleted, customer.isDeleted)
        marks.set(.isBusy, customer.account.isBusy)
        noteExtras()
        marks.set(.isPastDue, customer.subscriptions.contains { $0.status == .pastDue })
        marks.set(.isPaused, customer.subscriptions.contains(where: \.isPaused))
    }

    /// A customer's of whom nothing else is known yet.
    init(id: CustomerID, rest: UnsafeRawBufferPointer) {
        let end: [UInt8]
        (start, end) = RowID.split(id)
        tail = rest + end
        sequence = 0
        position = 0
        catalogSequence = 0
        nextDue = .never
        buckets = BucketSet()
        key = 0
        marks = []
    }

    /// The marks that say what the buckets' extras hold.
    mutating func noteExtras() {
        marks.set(.hasMovedClock, buckets.clock != .unmoved)
        marks.set(.topsUp, buckets.topsUp)
    }

    package var id: CustomerID { start.joined(with: end) }

    private var end: ArraySlice<UInt8> { tail.suffix(RowID.endLength) }

    /// A `tally.disk.v1.CustomerState` without what the row's own fields hold.
    package func withRest<Answer, Fault: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Fault) -> Answer
    ) throws(Fault) -> Answer {
        let count = tail.count - (start.hasEnd ? RowID.endLength : 0)
        return try tail.withUnsafeBufferPointer { (tail) throws(Fault) in
            try body(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: tail[..<count])))
        }
    }

    /// `nextDue` as the environment's clock shows it then; `.never` with it.
    package var dueTime: Timestamp {
        guard marks.contains(.hasMovedClock), nextDue != .never else { return nextDue }
        return nextDue.adding(milliseconds: -buckets.clock.offset)
    }

    /// The same, with what follows from the rest: an older snapshot lacks it.
    func completed(
        _ arena: Arena, seals: (any CustomerSeals)?
    ) throws(RecordFault) -> CustomerRow {
        var whole = try opened(arena, seals: seals)
        whole.refreshNextDue()
        var row = self
        row.nextDue = marks.contains(.isDeleted) ? .deleted : whole.nextDue
        row.marks.set(.isBusy, whole.account.isBusy)
        return row
    }

    /// The rest says that a subscription is past due.
    var saysPastDue: Bool {
        withRest { rest in
            var scan = FieldScan(rest)
            while let field = scan.next() {
                guard field.number == 10, case .bytes(let subscription) = field.value else {
                    continue
                }
                var parts = FieldScan(subscription)
                while let part = parts.next() {
                    guard part.number == 4, case .number(let status) = part.value else { continue }
                    if status == UInt64(SubscriptionStatus.pastDue.rawValue) { return true }
                }
            }
            return false
        }
    }

    /// Name, email or metadata are in the rest in the clear.
    package var hasOpenProfile: Bool {
        withRest { rest in
            var scan = FieldScan(rest)
            while let field = scan.next() {
                if [3, 4, 17].contains(field.number) { return true }
            }
            return false
        }
    }

    /// All of the customer. Uses the arena for a moment.
    package func opened(
        _ arena: Arena, seals: (any CustomerSeals)?
    ) throws(RecordFault) -> CustomerState {
        var customer = CustomerState(id: id)
        customer.sequence = sequence
        customer.position = position
        customer.catalogSequence = catalogSequence
        customer.nextDue = marks.contains(.isDeleted) ? .never : nextDue
        customer.buckets = buckets
        customer.key = key
        try withRest { (rest) throws(RecordFault) in
            try RecordDecoder(arena: arena, seals: seals).rest(rest, into: &customer)
        }
        return customer
    }
}

/// What is asked of many customers, without opening them.
package struct RowMarks: OptionSet, Sendable {
    package var rawValue: UInt8
    /// An effect or a payment page is open.
    package static let isBusy = RowMarks(rawValue: 1 << 1)
    /// A subscription is past due: by the catalog's settings it may give nothing.
    package static let isPastDue = RowMarks(rawValue: 1 << 3)
    /// A subscription is paused: it gives nothing.
    package static let isPaused = RowMarks(rawValue: 1 << 6)
    /// There is no such customer any more. Such a row is always due, so that calls that ask for
    /// that alone, and go the short way where nothing is, never take it.
    package static let isDeleted = RowMarks(rawValue: 1 << 2)
    /// A test has moved its clock, which is with the buckets: asked first, so that hardly anybody
    /// looks there.
    package static let hasMovedClock = RowMarks(rawValue: 1 << 7)
    /// Something of it is bought when little is left: with the buckets, too.
    package static let topsUp = RowMarks(rawValue: 1 << 5)

    /// Those that snapshots keep, at these places.
    static let kept: RowMarks = [.isBusy, .isPastDue, .isPaused, .isDeleted]

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    mutating func set(_ mark: RowMarks, _ isSet: Bool) {
        if isSet { insert(mark) } else { remove(mark) }
    }
}

extension Timestamp {
    /// When a deleted customer is due: always.
    static let deleted = Timestamp(milliseconds: .min)
}
