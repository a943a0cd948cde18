package import Billing

/// A customer as it is kept, in memory and in snapshots: what every call reads as plain values, the
/// rest as the bytes of a `tally.disk.v1.CustomerState`, which only purchases and pages open.
package struct CustomerRow: Sendable {
    package let id: CustomerID
    /// As in `CustomerState`.
    package var sequence: UInt64
    package var position: UInt64
    package var catalogSequence: UInt64
    package var nextDue: Timestamp
    package var buckets: BucketSet
    /// The key that what is personal in the rest is sealed with.
    package var key: UInt32
    /// An effect or a payment page is open.
    package let isBusy: Bool
    package let rest: [UInt8]

    /// - Parameter seals: as in `RecordWriter`.
    package init(
        _ customer: borrowing CustomerState, arena: Arena, seals: (any CustomerSeals)?
    ) {
        id = customer.id
        sequence = customer.sequence
        position = customer.position
        catalogSequence = customer.catalogSequence
        nextDue = customer.nextDue
        buckets = customer.buckets
        key = customer.key
        isBusy = !customer.account.effects.isEmpty || customer.account.checkout != nil
        rest = Array(RecordWriter(arena: arena, seals: seals).rest(customer))
    }

    /// From a snapshot: what follows from the rest is found again, and so all of it is looked at.
    init(
        _ customer: CustomerState, rest: [UInt8], arena: Arena, seals: (any CustomerSeals)?
    ) throws(RecordFault) {
        var whole = customer
        try RecordDecoder(arena: arena, seals: seals).rest(rest, into: &whole)
        whole.refreshNextDue()
        id = whole.id
        sequence = whole.sequence
        position = whole.position
        catalogSequence = whole.catalogSequence
        nextDue = whole.nextDue
        buckets = whole.buckets
        key = whole.key
        isBusy = !whole.account.effects.isEmpty || whole.account.checkout != nil
        self.rest = rest
    }

    /// Name or email are in the rest in the clear. They would be its first fields.
    package var hasOpenProfile: Bool {
        rest.withUnsafeBytes { rest in
            var scan = FieldScan(rest)
            return scan.next().map { $0.number == 3 || $0.number == 4 } ?? false
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
        customer.nextDue = nextDue
        customer.buckets = buckets
        customer.key = key
        try RecordDecoder(arena: arena, seals: seals).rest(rest, into: &customer)
        return customer
    }
}
