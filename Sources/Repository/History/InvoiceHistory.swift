package import Billing
internal import Wire

extension TallyEnvironment {
    /// A customer's invoices of a time, oldest first. The state has the newest ones, the log those
    /// before; false: it no longer has all of them. Not for event loops.
    package func invoices(
        of customer: borrowing CustomerState, in times: Range<Timestamp>,
        checkpoint: () throws -> Void
    ) throws -> (invoices: [Invoice], isWhole: Bool) {
        var found: [UInt32: Invoice] = [:]
        for invoice in customer.account.invoices { found[invoice.number] = invoice }
        let oldest = customer.account.invoices.first
        var isWhole = true
        if let oldest, oldest.number > 1, oldest.time >= times.lowerBound {
            try customers(of: customer.id).log.waitUntilDurable(customer.sequence)
            isWhole = try addEarlier(
                of: customer.id, from: customer.position, until: times.lowerBound, to: &found,
                checkpoint)
        }
        let wanted = found.values.filter { times.contains($0.time) }
        return (wanted.sorted { $0.number < $1.number }, isWhole)
    }

    /// Goes back from record to record; the latest that is said of an invoice counts.
    private func addEarlier(
        of id: CustomerID, from newest: UInt64, until time: Timestamp,
        to found: inout [UInt32: Invoice], _ checkpoint: () throws -> Void
    ) throws -> Bool {
        let repository = customers(of: id)
        let chain = CustomerChain(customer: id, log: repository.log)
        let arena = Arena(cap: .max)
        var next = newest
        for _ in 0..<chain.limit {
            guard next != 0 else { return true }
            try checkpoint()
            guard let bytes = try chain.record(at: next) else { return false }
            arena.reset()
            let record = try bytes.withUnsafeBytes { bytes throws(RecordFault) in
                try RecordDecoder(arena: arena, seals: repository.seals).record(bytes)
            }
            for fact in record.facts.reversed() {
                switch fact {
                case .invoiceRaised(let invoice):
                    if found[invoice.number] == nil { found[invoice.number] = invoice }
                    if invoice.number == 1 || invoice.time < time { return true }
                case .invoiceChanged(let invoice):
                    if found[invoice.number] == nil { found[invoice.number] = invoice }
                default: break
                }
            }
            next = record.previousPosition
        }
        return false
    }
}
