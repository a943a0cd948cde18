internal import Billing
internal import Wire

/// Customers of whose buckets some may not count: those of a subscription that is paused or, by the
/// catalog's settings, past due. The row says that there is one, its rest which.
extension CustomerRepository {
    /// Its buckets alone don't answer.
    @inline(__always)
    func hidesBuckets(of row: UnsafeMutablePointer<CustomerRow>, _ names: PricingNames) -> Bool {
        row.pointee.marks.contains(.isPaused)
            || row.pointee.marks.contains(.isPastDue)
                && !current(names, for: row.pointee.catalogSequence).pricing.settings
                    .includesPastDue
    }

    /// `readBuckets` of such a row.
    func readHidden(
        _ row: CustomerRow, _ names: PricingNames, _ now: Timestamp, _ workspace: Workspace,
        _ body: (inout BucketSet, PricingNames, Timestamp) throws(Refusal)
            -> UnsafeRawBufferPointer
    ) throws(ExecuteFault) -> UnsafeRawBufferPointer {
        var usable = try opened(row, workspace).usableBuckets(names.pricing)
        return try answered { () throws(Refusal) in try body(&usable, names, now) }
    }

    @inline(__always)
    func answered(
        _ body: () throws(Refusal) -> UnsafeRawBufferPointer
    ) throws(ExecuteFault) -> UnsafeRawBufferPointer {
        do throws(Refusal) { return try body() } catch { throw .refused(error) }
    }
}
