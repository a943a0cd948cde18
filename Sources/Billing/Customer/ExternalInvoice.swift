/// An invoice of another system's, on record. It is history: nothing is owed, collected, given back
/// or credited because of it, and no rule reads it.
package struct ExternalInvoice: Sendable, Equatable {
    /// Raw values are those of `tally.v1.InvoiceProcessor`.
    package enum Processor: UInt8, Sendable {
        case stripe = 1
        case revenueCat = 2
    }

    /// All are kept: what is on record isn't counted twice.
    package static let countLimit = 100
    package static let idLimit = 200
    package static let planLimit = 32

    package var processor: Processor
    /// With the processor unique within the customer.
    package var id: String
    package var status: InvoiceStatus
    /// Below 0: it was given back.
    package var total: Money
    /// Minor units of the same currency; nil: it isn't known.
    package var paid: Int64?
    package var refunded: Int64 = 0
    package var time: Timestamp
    /// As the caller says: the catalog may have none of that name any more.
    package var planIDs: [String] = []
    /// It shows whose it is; empty: there is none, or it is erased.
    package var url = ""

    package init(
        _ processor: Processor, _ id: String, _ status: InvoiceStatus, total: Money,
        time: Timestamp
    ) {
        self.processor = processor
        self.id = id
        self.status = status
        self.total = total
        self.time = time
    }

    package func isSame(as other: ExternalInvoice) -> Bool {
        processor == other.processor && id == other.id
    }
}

extension Account {
    mutating func put(_ invoice: ExternalInvoice) {
        let index = externalInvoices.firstIndex { $0.isSame(as: invoice) }
        if let index { externalInvoices[index] = invoice } else { externalInvoices.append(invoice) }
    }

    /// Their pages show whose they are.
    mutating func eraseExternalInvoices() {
        for index in externalInvoices.indices { externalInvoices[index].url = "" }
    }

    /// What is personal of the account besides the name.
    package var hasPersonalParts: Bool {
        !name.isEmpty || !email.isEmpty || !metadata.isEmpty || address != nil
            || externalInvoices.contains { !$0.url.isEmpty }
    }
}
