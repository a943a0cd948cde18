internal import Billing

/// Invoices of other systems that are on record.
extension Form {
    /// Missing where there are none; before version 11 there were none anywhere.
    mutating func externalInvoices(_ value: inout [ExternalInvoice]) throws(FormFault) {
        guard isReading ? isSince(11) && has("external_invoices") : !value.isEmpty else { return }
        let empty = ExternalInvoice(.stripe, "", .paid, total: .empty, time: .epoch)
        try list("external_invoices", &value, empty: empty) { (form, invoice) throws(FormFault) in
            try form.word(
                "processor", &invoice.processor,
                [(.stripe, "stripe"), (.revenueCat, "revenuecat")])
            try form.text("id", &invoice.id)
            try form.word(
                "status", &invoice.status,
                [
                    (.draft, "draft"), (.open, "open"), (.paid, "paid"),
                    (.uncollectible, "uncollectible"), (.void, "void"),
                ])
            try form.money("total", &invoice.total)
            try form.optional("paid", &invoice.paid, empty: 0) { (form, paid) throws(FormFault) in
                try form.number("paid", &paid)
            }
            try form.number("refunded", &invoice.refunded)
            try form.time("time", &invoice.time)
            try form.texts("plans", &invoice.planIDs)
            try form.text("url", &invoice.url)
        }
    }
}
