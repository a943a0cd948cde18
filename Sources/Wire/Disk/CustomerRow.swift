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
    /// An effect or a payment page is open.
    package internal(set) var isBusy: Bool
    package internal(set) var rest: [UInt8]

    package init(_ customer: borrowing CustomerState, arena: Arena) {
        id = customer.id
        sequence = customer.sequence
        position = customer.position
        catalogSequence = customer.catalogSequence
        nextDue = customer.nextDue
        buckets = customer.buckets
        isBusy = !customer.account.effects.isEmpty || customer.account.checkout != nil
        rest = Array(RecordWriter(arena: arena).rest(customer))
    }

    /// Nobody's.
    init() {
        id = .empty
        sequence = 0
        position = 0
        catalogSequence = 0
        nextDue = .never
        buckets = BucketSet()
        isBusy = false
        rest = []
    }

    /// The same, with what follows from the rest: an older snapshot lacks it.
    func completed(_ arena: Arena) throws(RecordFault) -> CustomerRow {
        var whole = try opened(arena)
        whole.refreshNextDue()
        var row = self
        row.nextDue = whole.nextDue
        row.isBusy = !whole.account.effects.isEmpty || whole.account.checkout != nil
        return row
    }

    /// All of the customer. Uses the arena for a moment.
    package func opened(_ arena: Arena) throws(RecordFault) -> CustomerState {
        var customer = CustomerState(id: id)
        customer.sequence = sequence
        customer.position = position
        customer.catalogSequence = catalogSequence
        customer.nextDue = nextDue
        customer.buckets = buckets
        try RecordDecoder(arena: arena).rest(rest, into: &customer)
        return customer
    }
}
