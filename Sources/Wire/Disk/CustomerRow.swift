package import Billing

/// A customer as it is kept, in memory and in snapshots: what every call reads as plain values, the
/// rest as the bytes of a `tally.disk.v1.CustomerState`, which only purchases and pages open.
package struct CustomerRow: Sendable {
    package internal(set) var id: CustomerID
    /// As in `CustomerState`.
    package var sequence: UInt64
    package var position: UInt64
    package var catalogSequence: UInt64
    package var nextDue: Timestamp
    package var buckets: BucketSet
    /// The key that what is personal in the rest is sealed with.
    package var key: UInt32
    /// An effect or a payment page is open.
    package internal(set) var isBusy: Bool
    /// A subscription is past due: by the catalog's settings it may give nothing.
    package internal(set) var isPastDue: Bool
    /// A subscription is paused: it gives nothing.
    package internal(set) var isPaused: Bool
    /// There is no such customer any more. Such a row is always due, so that calls that ask for
    /// that alone, and go the short way where nothing is, never take it.
    package internal(set) var isDeleted: Bool
    /// A test has moved its clock, which is with the buckets: asked first, so that hardly anybody
    /// looks there.
    package internal(set) var hasMovedClock: Bool
    package internal(set) var rest: [UInt8]

    /// - Parameter seals: as in `RecordWriter`.
    package init(
        _ customer: borrowing CustomerState, arena: Arena, seals: (any CustomerSeals)?
    ) {
        id = customer.id
        sequence = customer.sequence
        position = customer.position
        catalogSequence = customer.catalogSequence
        nextDue = customer.isDeleted ? .deleted : customer.nextDue
        buckets = customer.buckets
        buckets.trim()
        key = customer.key
        isDeleted = customer.isDeleted
        isBusy = customer.account.isBusy
        hasMovedClock = customer.buckets.clock != .unmoved
        isPastDue = customer.subscriptions.contains { $0.status == .pastDue }
        isPaused = customer.subscriptions.contains(where: \.isPaused)
        rest = Array(RecordWriter(arena: arena, seals: seals).rest(customer))
    }

    /// Nobody's.
    init() {
        id = .empty
        sequence = 0
        position = 0
        catalogSequence = 0
        nextDue = .never
        buckets = BucketSet()
        key = 0
        isBusy = false
        isPastDue = false
        isPaused = false
        isDeleted = false
        hasMovedClock = false
        rest = []
    }

    /// `nextDue` as the environment's clock shows it then; `.never` with it.
    package var dueTime: Timestamp {
        guard hasMovedClock, nextDue != .never else { return nextDue }
        return nextDue.adding(milliseconds: -buckets.clock.offset)
    }

    /// The same, with what follows from the rest: an older snapshot lacks it.
    func completed(
        _ arena: Arena, seals: (any CustomerSeals)?
    ) throws(RecordFault) -> CustomerRow {
        var whole = try opened(arena, seals: seals)
        whole.refreshNextDue()
        var row = self
        row.nextDue = isDeleted ? .deleted : whole.nextDue
        row.isBusy = whole.account.isBusy
        return row
    }

    /// The rest says that a subscription is past due.
    var saysPastDue: Bool {
        rest.withUnsafeBytes { rest in
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
        rest.withUnsafeBytes { rest in
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
        customer.nextDue = isDeleted ? .never : nextDue
        customer.buckets = buckets
        customer.key = key
        try RecordDecoder(arena: arena, seals: seals).rest(rest, into: &customer)
        return customer
    }
}

extension Timestamp {
    /// When a deleted customer is due: always.
    static let deleted = Timestamp(milliseconds: .min)
}
