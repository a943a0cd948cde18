/// What a seller asks for now, in place of what is computed (billing §5.1).
package struct CustomLine: Sendable, Equatable {
    /// How many there may be in one request.
    package static let countLimit = 20
    /// The most minor units that one charges, or gives.
    package static let amountLimit: Int64 = 100_000_000_00
    /// The longest description in bytes.
    package static let descriptionLimit = 200

    /// Below 0 it becomes credit.
    package var amount: Money
    package var description: String

    package init(_ amount: Money, _ description: String) {
        self.amount = amount
        self.description = description
    }
}

extension CustomerState {
    /// Nothing but what is charged now, beside what is paid for already, has lines to take the
    /// place of (billing §5.4).
    func check(_ attach: AttachPlan, _ quote: PurchaseQuote) throws(Refusal) {
        guard !attach.custom.isEmpty else { return }
        guard !quote.startsLater else {
            throw .unfit(
                CustomLine.path, "cannot be had with a plan that starts later: it is charged then")
        }
        guard subscriptions.contains(where: { $0.isBilled && $0.status.grantsAccess }) else {
            throw .unfit(
                CustomLine.path,
                "are for customers with a paid plan: customize the price of the first one")
        }
        try checkTrial(quote.order, replacing: quote.current)
    }

    /// Puts a seller's amounts in place of what a change comes to.
    func ask(
        _ change: ChangeSubscription, of quote: inout ChangeQuote, _ pricing: PricingState,
        _ now: Timestamp
    ) throws(Refusal) {
        guard !change.custom.isEmpty else { return }
        switch quote.course {
        case .quantities, .plan, .cancelNow: break
        case .none, .cancelAtEnd, .uncancel, .discounts:
            throw .unfit(CustomLine.path, "cannot be had: the change charges nothing now")
        }
        guard change.refund == nil else {
            throw .unfit(CustomLine.path, "cannot be had together with refund_last_payment")
        }
        guard change.prorates else {
            throw .unfit(
                CustomLine.path, "cannot be had together with proration_behavior \"none\"")
        }
        let subscription = quote.subscription
        guard subscription.isBilled, subscription.status.grantsAccess else {
            throw .unfit(CustomLine.path, "are for a paid plan that has started")
        }
        try checkTrial(quote.order, replacing: subscription)
        // Leaving is never charged to a card.
        let isCharged = quote.course.isCharged
        let hasCard = account.method != nil
        let minimum =
            hasCard && change.terms == nil ? pricing.requiredCurrency.minimumCharge : 0
        try ask(
            change.custom, for: &quote.order, minimum: isCharged ? minimum : .max, pricing)
        quote.needsPage = isCharged && !hasCard && quote.order.due.minorUnits > 0
    }

    /// A trial is free, and what ends it is charged for in full.
    private func checkTrial(
        _ order: Order, replacing current: Subscription?
    ) throws(Refusal) {
        guard order.trialEnd != .never || current?.isTrialing(at: order.time) ?? false else {
            return
        }
        throw .unfit(CustomLine.path, "cannot be had when a trial begins, goes on or ends")
    }

    func ask(
        _ custom: [CustomLine], for order: inout Order, minimum: Int64, _ pricing: PricingState
    ) throws(Refusal) {
        let currency = order.total.currency
        for (index, line) in custom.enumerated() where line.amount.currency != currency {
            throw .unfit(
                "\(CustomLine.path)[\(index)].amount.currency",
                "must be the customer's: \"\(currency.code)\"")
        }
        let step = currency.chargeStep
        for (index, line) in custom.enumerated() where line.amount.minorUnits % step != 0 {
            throw .unfit(
                "\(CustomLine.path)[\(index)].amount.minor_units",
                "must be a multiple of \(step) in \"\(currency.code)\"")
        }
        let owner = order.purpose == .purchase ? 0 : order.subscriptions.first ?? 0
        order.custom = custom.map {
            InvoiceLine(
                .custom, PricePart(plan: order.plan), subscription: owner,
                description: $0.description, subtotal: $0.amount)
        }
        tax(&order.custom, asked: order.taxRate, for: owner, pricing)
        let priced = Order(
            order.purpose, order.plan, subscriptions: [], lines: order.custom,
            balance: account.credit?.minorUnits ?? 0, minimum: minimum, time: order.time,
            currency: currency)
        order.total = priced.total
        order.credit = priced.credit
        order.lines.share(order.custom)
    }
}

extension CustomLine {
    static let path = "custom_line_items"
}

extension Order {
    /// Its invoice says something, if only that discounts have lowered it to nothing, or that what
    /// came back has paid a renewal: nobody is there who is told of that otherwise.
    var isInvoiced: Bool {
        total.minorUnits != 0 || lines.isDiscounted || !custom.isEmpty
            || purpose == .renewal && lines.contains { $0.total.minorUnits != 0 }
    }
}

extension [InvoiceLine] {
    /// What is really paid, with what comes back of earlier charges, is paid for what is charged,
    /// in proportion to what was computed: nothing else can come back of it later.
    fileprivate mutating func share(_ custom: [InvoiceLine]) {
        let sum = custom.reduce(0) { $0 + $1.discounted.minorUnits }
        let shared = indices.filter { self[$0].subtotal.minorUnits > 0 }
        let whole = shared.reduce(0) { $0 + self[$1].subtotal.minorUnits }
        let others = reduce(0) { $0 + $1.subtotal.minorUnits } - whole
        let paid = Swift.max(sum - others, 0)
        var (seen, given): (Int64, Int64) = (0, 0)
        for index in shared {
            seen += self[index].subtotal.minorUnits
            // Sums are rounded, not parts, so that they add up.
            let part = Int64(Int128(paid) * Int128(seen) / Int128(whole))
            self[index].subtotal.minorUnits = part - given
            given = part
        }
        let tax = paid > 0 ? Swift.max(custom.tax - self.tax, 0) : 0
        share(
            tax: tax, by: shared.map { ($0, self[$0].subtotal.minorUnits) },
            custom.first?.tax?.rate)
    }
}
