internal import Billing
internal import Wire

/// A customer's records, newest first: each knows where the one before it is.
package struct CustomerChain {
    /// Records that one question goes through.
    package static let usualLimit = 200_000

    let customer: CustomerID
    let log: any LogStore
    var limit = CustomerChain.usualLimit

    /// The positions of the records up to `newest` and behind `base`, newest first; nil: the log
    /// no longer has all of them.
    ///
    /// - Parameter base: raw; 0: from the first one on.
    func positions(
        from newest: UInt64, to base: UInt64, checkpoint: () throws -> Void
    ) throws -> [UInt64]? {
        var found: [UInt64] = []
        var next = newest
        while next > base {
            try checkpoint()
            guard found.count < limit else {
                throw ExecuteFault.refused(.historyTooLong(limit: limit))
            }
            guard let record = try record(at: next) else { return nil }
            found.append(next)
            next = try link(record, at: next).previousPosition
        }
        guard next == base else {
            throw ExecuteFault.damaged(
                "the records of \(customer.text) pass by the one that a snapshot ends with")
        }
        return found
    }

    /// nil: the log no longer has it.
    func record(at position: UInt64) throws -> [UInt8]? {
        do throws(LogFault) {
            return try log.read(at: LogPosition(rawValue: position))
        } catch {
            if case .notFound = error { return nil }
            throw error
        }
    }

    private func link(_ record: [UInt8], at position: UInt64) throws -> RecordLink {
        let link = try record.withUnsafeBytes { bytes throws(RecordFault) in
            try RecordLink(bytes)
        }
        guard link.customer == customer, link.previousPosition < position else {
            throw ExecuteFault.damaged(
                "another record than one of \(customer.text) is at "
                    + LogPosition(rawValue: position).description)
        }
        return link
    }
}
