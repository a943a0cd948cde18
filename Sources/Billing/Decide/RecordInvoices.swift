/// Puts invoices of another system on record.
package struct RecordInvoices: Sendable {
    /// Each once.
    package var invoices: [ExternalInvoice]
    package var request: RequestMark?

    package init(_ invoices: [ExternalInvoice], request: RequestMark? = nil) {
        self.invoices = invoices
        self.request = request
    }
}

extension CustomerState {
    /// What is on record as it is said stays: a repetition changes nothing.
    func decideRecord(_ record: RecordInvoices) throws(Refusal) -> Decision {
        var account = account
        var facts: [Fact] = []
        for invoice in record.invoices where !account.externalInvoices.contains(invoice) {
            account.put(invoice)
            facts.append(.externalInvoiceSet(invoice))
        }
        guard account.externalInvoices.count <= ExternalInvoice.countLimit else {
            throw .tooMany("external invoices", limit: ExternalInvoice.countLimit)
        }
        var decision = Decision(facts: facts, reply: .recorded(record.invoices))
        decision.settlesRequest = record.request
        return decision
    }
}
