internal import Billing
internal import Repository

/// Invoices of other systems, as customers see them: nothing can be done about them here.
extension Page {
    /// Rows of the list of invoices, each with when it was made; drafts aren't shown.
    static func externalRows(_ visit: PortalVisit) -> [(Timestamp, String)] {
        visit.customer.account.externalInvoices.filter { $0.status != .draft }.map { invoice in
            let name = "Invoice \(escaped(invoice.id))"
            let link =
                invoice.url.isEmpty
                ? name : "<a href=\"\(escaped(invoice.url))\" rel=\"noreferrer\">\(name)</a>"
            return (
                invoice.time,
                """
                <tr><td>\(link)<br><span class="soft">\(invoice.time.dayText)</span></td>
                <td>\(badge(invoice))</td><td>\(invoice.total.text)</td></tr>
                """
            )
        }
    }

    private static func badge(_ invoice: ExternalInvoice) -> String {
        switch invoice.status {
        case .void: "<span class=\"badge quiet\">Taken back</span>"
        case .paid where invoice.total.minorUnits < 0:
            "<span class=\"badge quiet\">Credit</span>"
        case .paid: "<span class=\"badge right\">Paid</span>"
        case .uncollectible: "<span class=\"badge quiet\">Not paid</span>"
        case .open, .draft: "<span class=\"badge quiet\">Open</span>"
        }
    }
}
