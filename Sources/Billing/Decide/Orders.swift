extension Order {
    /// - Parameter balance: minor units of the customer's credit.
    /// - Parameter minimum: less isn't charged, but comes on top of the next invoice.
    init(
        _ purpose: Purpose, _ plan: PlanReference, subscriptions: [UInt32], lines: [InvoiceLine],
        balance: Int64 = 0, minimum: Int64 = 0, time: Timestamp, currency: Currency
    ) {
        let sum = lines.reduce(0) { $0 + $1.total.minorUnits }
        let due = sum - balance
        let isCharged = sum > 0 && due > 0 && due >= minimum
        self.init(
            purpose: purpose, plan: plan, subscriptions: subscriptions, lines: lines,
            total: Money(minorUnits: sum, currency: currency), credit: isCharged ? balance : sum,
            time: time)
    }

    /// The invoice that paying it will make; nil: none, as when a trial only asks for a card.
    package var offer: Invoice? {
        guard !shown.isEmpty else { return nil }
        return Invoice(
            number: 0, status: .open, lines: shown, total: total, credit: credit, time: .epoch)
    }

    /// When a part of what it sells is over; `.never`: nothing of it ends. Later the same money
    /// would buy another period. Periods that were over before are paid for all the same.
    var soldUntil: Timestamp {
        let next = purpose == .schedule ? laterPhases.first?.start ?? .never : .never
        return lines.reduce(min(trialEnd, next)) { end, line in
            guard line.kind == .charge, let period = line.period, period.upperBound > time else {
                return end
            }
            return min(end, period.upperBound)
        }
    }

    /// Whole periods of what it buys begin at a moment.
    ///
    /// - Parameter subscription: 0: the new one.
    mutating func begin(
        at now: Timestamp, _ plan: Plan, _ pricing: PricingState, of subscription: UInt32 = 0
    ) {
        for index in lines.indices where lines[index].kind == .charge {
            guard lines[index].subscription == subscription,
                let cycle = plan.cycle(of: lines[index].part, pricing)
            else { continue }
            lines[index].period = now..<cycle.boundary(after: now, anchor: now)
        }
    }
}

// What paying an order does, and what an invoice says of it.
extension FactSheet {
    /// Does what paying an order does. nil: what it is about has ended meanwhile.
    @discardableResult
    mutating func fulfil(_ order: inout Order) -> Subscription? {
        switch order.purpose {
        case .purchase: return activate(&order)
        case .several: return start(&order).first
        case .schedule: return begin(&order).first
        case .renewal:
            for number in order.subscriptions { markPaid(number, order) }
            return order.subscriptions.first.flatMap { customer.subscription($0) }
        case .change:
            guard let number = order.subscriptions.first,
                let subscription = customer.subscription(number),
                subscription.status.grantsAccess
            else { return nil }
            return change(subscription, order)
        case .setup: return nil
        case .switch:
            guard let number = order.subscriptions.first,
                let subscription = customer.subscription(number), subscription.status != .ended
            else { return nil }
            return `switch`(subscription, &order)
        case .topUp: return topUp(order)
        }
    }

    private mutating func markPaid(_ number: UInt32, _ order: Order) {
        guard var subscription = customer.subscription(number) else { return }
        let before = subscription
        if !customer.isOwing(number),
            subscription.status == .renewing || subscription.status == .pastDue
        {
            subscription.status = subscription.end == .never ? .active : .canceling
        }
        if subscription.status.grantsAccess {
            subscription.pay(order, on: invoiceNumber(of: order))
        }
        if subscription != before { emit(.subscriptionChanged(subscription)) }
        // A page that replaces it gives back what was paid when it was opened.
        if subscription.charges != before.charges { closeCheckout(concerning: number) }
    }

    /// A declined renewal keeps access and marks the debt (billing §11.5).
    mutating func markPastDue(_ order: Order) {
        guard order.purpose == .renewal else { return }
        for number in order.subscriptions {
            guard let before = customer.subscription(number) else { continue }
            var subscription = before
            if subscription.status == .renewing || subscription.status == .active {
                subscription.status = .pastDue
            }
            // What waited for this invoice isn't paid.
            subscription.withdraw(order)
            if subscription != before { emit(.subscriptionChanged(subscription)) }
        }
    }

    /// Puts an order on record as an invoice; nil: there is nothing to pay and nothing to get.
    ///
    /// - Parameter payment: the provider's name for it; empty: no card paid.
    @discardableResult
    mutating func invoice(
        _ order: Order, _ status: InvoiceStatus, _ payment: String = ""
    ) -> Invoice? {
        var started: Subscription?
        return invoice(order, status, payment, of: &started)
    }

    /// - Parameter started: the subscription that paying it started or changed.
    @discardableResult
    mutating func invoice(
        _ order: Order, _ status: InvoiceStatus, _ payment: String = "",
        of started: inout Subscription?
    ) -> Invoice? {
        if status != .uncollectible { noteCredits(of: order) }
        // What discounts have lowered to nothing is to be seen, too.
        guard order.isInvoiced else { return nil }
        // What is declined is given up, but for renewals, which are tried again.
        if status == .paid || order.purpose == .renewal {
            countDiscounts(of: order.lines, started: started?.number)
            if let number = started?.number { started = customer.subscription(number) }
        }
        var invoice = Invoice(
            number: customer.lastInvoice + 1, status: status, lines: order.shown,
            total: order.total, credit: order.credit,
            time: order.purpose == .renewal ? order.time : now)
        if invoice.due.minorUnits > 0 { invoice.payment = payment }
        if status == .paid { invoice.card = payingCard(of: order) }
        dropOldestInvoice()
        emit(.invoiceRaised(invoice))
        if status == .paid { takeCredit(order) }
        return invoice
    }

    /// The card on file, unless there is nothing left for it to pay.
    func payingCard(of order: Order) -> CardLabel? {
        order.due.minorUnits > 0 ? customer.account.method?.label : nil
    }

    mutating func takeCredit(_ order: Order) {
        guard order.credit != 0 else { return }
        emit(
            .creditChanged(
                Money(minorUnits: balance - order.credit, currency: order.total.currency)))
    }

    /// The customer's money that pays invoices first, in minor units.
    var balance: Int64 { customer.account.credit?.minorUnits ?? 0 }

    /// What is charged without anybody at a payment page.
    func order(
        _ purpose: Order.Purpose, _ plan: PlanReference, subscriptions: [UInt32],
        lines: [InvoiceLine], at time: Timestamp? = nil
    ) -> Order {
        let currency = pricing.requiredCurrency
        return Order(
            purpose, plan, subscriptions: subscriptions, lines: lines, balance: balance,
            minimum: currency.minimumCharge, time: time ?? now, currency: currency)
    }
}

extension PricingState {
    /// The currency: there is one as soon as there is a plan.
    var requiredCurrency: Currency {
        guard let currency else { preconditionFailure("a catalog with plans has a currency") }
        return currency
    }
}

extension Currency {
    /// The least that a card can be charged, in minor units (Stripe's minimum charge amounts); 0:
    /// there is none known.
    package var minimumCharge: Int64 {
        switch code {
        case "usd", "eur", "aud", "brl", "cad", "chf", "inr", "nzd", "sgd": 50
        case "gbp": 30
        case "jpy": 50
        case "aed", "myr", "pln", "ron": 200
        case "bgn": 100
        case "czk": 1500
        case "dkk": 250
        case "hkd": 400
        case "huf": 17_500
        case "mxn", "thb": 1000
        case "nok", "sek": 300
        case _: 0
        }
    }
}
