internal import Attach
internal import Billing
internal import RPC
internal import Repository

/// Where cards are entered on a page of the provider's: nobody types one here.
extension PortalDesk {
    /// To put a card on file leads there and back; with it, what a card owes is charged. An invoice
    /// that was sent is paid at a word, with the card on file.
    func cardElsewhere(
        _ request: PageRequest, _ place: String, _ invoice: Invoice?
    ) async -> PageResponse {
        guard let invoice, invoice.dueTime != .never, let method = visit.customer.account.method
        else {
            let done = invoice == nil ? "\(path)?done=card" : place
            guard let url = await service.openSetup(on: visit, leadsTo: done) else {
                return .html(503, Page.failed(path), leads: false)
            }
            return .see(url)
        }
        guard request.method == "POST" else {
            return .html(
                200, Page.payment(of: invoice, with: method, at: place, path), leads: false)
        }
        do {
            try await service.pay(invoice.number, with: method, on: visit)
        } catch {
            return .html(503, Page.failed(path), leads: false)
        }
        let isPaid = !service.again(visit).customer.account.invoices.contains {
            $0.number == invoice.number && $0.status == .open
        }
        guard isPaid else {
            let text = Page.payment(of: invoice, with: method, at: place, path, isDeclined: true)
            return .html(402, text, leads: false)
        }
        return .see(isOfInvoice ? path : "\(path)?done=paid")
    }
}

extension Page {
    static func payment(
        of invoice: Invoice, with method: PaymentMethod, at place: String, _ path: String,
        isDeclined: Bool = false
    ) -> String {
        let card = escaped("\(method.brand) ending in \(method.last4)")
        let declined =
            isDeclined
            ? "<p role=\"alert\">The card was declined, and nothing was charged.</p>" : ""
        return document(
            "Pay invoice \(invoice.number)",
            """
            <section class="card single">
            <p><a href="\(escaped(path))">&larr; Back</a></p>
            <h1>Pay invoice \(invoice.number)</h1>
            <p class="amount">\(invoice.due.text)</p>
            \(declined)
            <form method="post" action="\(escaped(place))">
            <button>Pay with \(card)</button>
            </form>
            </section>
            """)
    }
}
