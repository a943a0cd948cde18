@testable import Billing

/// What is paid by invoice, and facts with it.
enum ReceivableSamples {
    private static let time = ExtraSamples.time

    static let invoice: Invoice = {
        let order = RewardSamples.order
        var invoice = Invoice(
            number: 3, status: .draft, lines: order.lines, total: order.total, credit: 7,
            time: time)
        invoice.page = "acme/secret"
        return invoice
    }()

    static let sent: Invoice = {
        var sent = invoice
        sent.status = .open
        sent.dueTime = time.adding(milliseconds: 5)
        return sent
    }()

    static let receivable: Receivable = {
        var order = RewardSamples.order
        order.netDays = 14
        return Receivable(
            invoice: 3, order: order, netDays: 14, isGiven: true, isOverdue: true,
            next: time, expires: time.adding(milliseconds: 9))
    }()

    private static let subscription: Subscription = {
        var subscription = Subscription(
            number: 1, plan: PlanReference(plan: PlanNumber(rawValue: 1), revision: 1),
            status: .active, addOn: false, start: time, anchor: time, periodStart: time,
            periodEnd: .never)
        subscription.netDays = 30
        return subscription
    }()

    static let facts: [Fact] =
        [
            .invoiceRaised(invoice), .invoiceChanged(sent), .receivableSet(receivable),
            .subscriptionChanged(subscription), .invoiceOverdue(sent),
        ] + custom

    /// What a seller asked for in place of what was computed.
    private static let custom = [Order.Purpose.purchase, .renewal, .change, .switch].map {
        purpose in
        var order = RewardSamples.order
        order.purpose = purpose
        order.custom = [
            InvoiceLine(
                .custom, order.lines[0].part, description: "Agreed", subtotal: order.total)
        ]
        order.starts = purpose == .purchase ? time : .never
        return Fact.effectRequested(
            Effect(id: "e", kind: .collect, order: order, request: nil))
    }
}
