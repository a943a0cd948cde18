@testable import Billing

/// What came with taxes.
enum TaxSamples {
    private static let rate = TaxRate(
        id: "vat", name: "VAT", percentage: Quantity(raw: Quantity.scale * 8_875 / 1_000),
        isInclusive: true, jurisdiction: "DE")

    private static let line: InvoiceLine = {
        var line = RewardSamples.order.lines[0]
        line.tax = LineTax(rate: rate, minorUnits: -7)
        return line
    }()

    private static let order: Order = {
        var order = RewardSamples.order
        order.lines = [line]
        order.taxRate = "vat"
        return order
    }()

    /// Of a seller's own lines, and of several plans of which one has a rate.
    private static let others: [Order] = {
        var custom = order
        custom.purpose = .purchase
        (custom.starts, custom.ends) = (.never, .never)
        custom.taxRate = ""
        custom.custom = custom.lines
        custom.custom[0].kind = .custom
        var several = RewardSamples.order
        var part = several
        part.purpose = .purchase
        part.taxRate = "vat"
        several.purpose = .several
        several.parts = [part]
        several.lines += part.lines
        return [custom, several]
    }()

    static let subscription: Subscription = {
        let time = ExtraSamples.time
        var subscription = Subscription(
            number: 1, plan: PlanReference(plan: PlanNumber(rawValue: 1), revision: 1),
            status: .active, addOn: false, start: time, anchor: time, periodStart: time,
            periodEnd: time.adding(milliseconds: 7))
        subscription.taxRate = "vat"
        var charge = PaidCharge(
            part: PricePart(plan: subscription.plan), quantity: .zero,
            period: time..<time.adding(milliseconds: 7), paid: line.subtotal)
        charge.tax = ChargeTax(rate: rate, charged: 9, returned: 3, disputed: 2)
        subscription.charges = [charge]
        subscription.netDays = 3
        return subscription
    }()

    static let invoice: Invoice = {
        var invoice = Invoice(
            number: 4, status: .paid, lines: [line], total: line.total, time: ExtraSamples.time)
        invoice.returns = InvoiceReturns(refunded: 5, credited: 6, disputed: 7, tax: 1)
        return invoice
    }()

    private static let refund: Refund = {
        var refund = Refund(
            id: "r", payment: "p", invoice: 4, amount: line.subtotal, reason: .requested,
            time: ExtraSamples.time)
        refund.tax = 3
        return refund
    }()

    /// What is asked for automatic tax.
    private static let question = Order(
        purpose: .setup, plan: .none, subscriptions: [], lines: [],
        total: Money(minorUnits: 0, currency: line.subtotal.currency), time: ExtraSamples.time)

    static let found = [
        TaxFinding(.due, rate, time: ExtraSamples.time), TaxFinding(.none, time: .epoch),
        TaxFinding(.addressInsufficient, time: ExtraSamples.time),
        TaxFinding(.failed, rate, code: "x", time: ExtraSamples.time),
    ]

    static let facts: [Fact] =
        [
            .taxRateSet(id: "vat"), .taxRateSet(id: ""), .subscriptionChanged(subscription),
            .invoiceRaised(invoice), .invoiceChanged(invoice),
            .invoiceReturned(number: 4, invoice.returns), .refundSet(refund),
            .effectRequested(Effect(id: "t", kind: .collect, order: order, request: nil)),
            .effectRequested(Effect(id: "t", kind: .findTaxes, order: question, request: nil)),
        ]
        + found.map { .taxesFound($0) }
        + others.map {
            .effectRequested(Effect(id: "t", kind: .collect, order: $0, request: nil))
        }
}
