package import Billing
internal import Repository

/// What a page for a card shows.
package struct SetupOffer: Sendable {
    package var order: Order
    package var customer: CustomerID
    /// What people know the customer by.
    package var name: String
    /// What is attached once the card is on file; nil: nothing, or it can't be had any more.
    package var plan: String?
    /// What is charged then; nil: nothing.
    package var invoice: Invoice?
    /// What it costs later on; nil: nothing.
    package var renewal: (money: Money, cycle: Cycle)?
    /// Customer time.
    package var time: Timestamp

    package var due: Money? {
        invoice.flatMap { $0.due.minorUnits > 0 ? $0.due : nil }
    }
}

extension AttachService {
    /// nil: the page is done, replaced or never was.
    package func setup(_ session: String) -> SetupOffer? {
        guard let page = page(session), page.order.purpose == .setup else { return nil }
        var offer = SetupOffer(
            order: page.order, customer: page.customer,
            name: page.name.isEmpty ? page.customer.text : page.name, time: page.time)
        guard let (customer, pricing) = environment.state(of: page.customer),
            let attach = customer.attach(after: page.order),
            let preview = try? customer.preview(attach, pricing: pricing, now: page.time)
        else { return offer }
        offer.plan = pricing.plan(pricing.latest(attach.plan)).name
        offer.renewal = price(pricing.latest(attach.plan), for: page.customer)
        offer.invoice = preview.invoice
        return offer
    }
}
