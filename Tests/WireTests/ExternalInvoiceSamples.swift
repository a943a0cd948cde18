import Billing

/// Invoices of other systems.
enum ExternalInvoiceSamples {
    private static let dollars: Currency = {
        guard let dollars = Currency(code: "usd") else { preconditionFailure("it is a code") }
        return dollars
    }()

    static let page = "https://pay.example.com/i/ada"

    static func invoice(_ id: String, url: String = page) -> ExternalInvoice {
        var invoice = ExternalInvoice(
            .stripe, id, .paid,
            total: Money(minorUnits: 2000, currency: dollars), time: ExtraSamples.time)
        invoice.paid = 2000
        invoice.refunded = 500
        invoice.planIDs = ["pro", "packs"]
        invoice.url = url
        return invoice
    }

    /// With nothing that may be missing.
    static let bare = ExternalInvoice(
        .revenueCat, "rc:1", .void, total: Money(minorUnits: -1, currency: dollars), time: .epoch)

    static let facts: [Fact] = [
        .externalInvoiceSet(invoice("in_1")), .externalInvoiceSet(bare),
    ]
}
