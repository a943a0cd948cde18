// Invoices that are sent and wait to be paid (billing §12.3).

extension FactSheet {
    /// Makes the invoice of an order. Credit that pays a part of it is drawn now, and goes back
    /// should nobody pay the rest.
    ///
    /// - Parameters:
    ///   - lines: as they are shown; nil: the order's.
    ///   - token: the secret part of its page's address.
    mutating func raise(
        _ order: Order, showing lines: [InvoiceLine]? = nil, _ terms: InvoiceTerms,
        token: String, expires: Timestamp = .never
    ) -> Invoice {
        var invoice = Invoice(
            number: customer.lastInvoice + 1, status: .open, lines: lines ?? order.shown,
            total: order.total, credit: order.credit, time: now)
        invoice.send(terms, at: now)
        invoice.page = "\(customer.id.text)/\(token)"
        dropOldestInvoice()
        emit(.invoiceRaised(invoice))
        takeCredit(order)
        emit(
            .receivableSet(
                Receivable(
                    invoice: invoice.number, order: order, netDays: terms.netDays,
                    isGiven: terms.gives, next: invoice.dueTime, expires: expires)))
        return invoice
    }

    /// The state keeps only so many, but all that may still be paid.
    mutating func dropOldestInvoice() {
        let account = customer.account
        guard account.invoices.count >= FactSheet.keptInvoices,
            let oldest = account.invoices.first(where: { account.receivable($0.number) == nil })
        else { return }
        emit(.invoiceDropped(number: oldest.number))
    }

    /// Gives what an order says before its invoice is paid. Until then nothing of it counts as
    /// paid, so that nothing of it comes back.
    mutating func give(
        _ order: Order, _ terms: InvoiceTerms, token: String, started: inout Subscription?
    ) -> Invoice {
        var order = order
        noteCredits(of: order)
        started = fulfil(&order)
        var owed = order
        if let number = started?.number {
            owed.purpose = .renewal
            owed.subscriptions = [number]
            for index in owed.lines.indices where owed.lines[index].subscription == 0 {
                owed.lines[index].subscription = number
            }
            // What waits for the next invoice isn't on this one.
            owed.pending = []
        }
        let invoice = raise(owed, showing: order.shown, terms, token: token)
        countDiscounts(of: order.lines, started: started?.number)
        withdraw(owed)
        started = started.flatMap { customer.subscription($0.number) }
        return invoice
    }

    /// Sends the invoice of what has come to its period's end.
    mutating func send(_ order: Order, netDays: UInt32, token: String) {
        noteCredits(of: order)
        countDiscounts(of: order.lines, started: nil)
        withdraw(order)
        _ = raise(order, InvoiceTerms(netDays: netDays, gives: true), token: token)
    }

    /// What is on an unpaid invoice isn't paid.
    private mutating func withdraw(_ order: Order) {
        for number in order.subscriptions {
            guard let before = customer.subscription(number) else { continue }
            var subscription = before
            subscription.withdraw(order)
            if subscription != before { emit(.subscriptionChanged(subscription)) }
        }
    }

    // MARK: It is paid

    /// - Parameter payment: the provider's name for it; empty: no card paid.
    mutating func pay(
        _ receivable: Receivable, _ payment: String, card: CardLabel?
    ) -> (invoice: Invoice, subscription: Subscription?) {
        var order = receivable.order
        order.invoice = receivable.invoice
        var started: Subscription?
        if receivable.isGiven {
            for number in order.subscriptions { closeCheckout(concerning: number) }
        } else {
            carriedOut = receivable.invoice
            noteCredits(of: order)
            started = fulfil(&order)
            countDiscounts(of: order.lines, started: started?.number)
            carriedOut = 0
        }
        var invoice = known(receivable)
        invoice.lines = order.shown
        invoice.status = .paid
        invoice.payment = invoice.due.minorUnits > 0 ? payment : ""
        invoice.card = card
        emit(.invoiceChanged(invoice))
        // After it is owed no more.
        if receivable.isGiven { started = fulfil(&order) }
        chargeAutomatically(order.subscriptions + (started.map { [$0.number] } ?? []))
        return (invoice, started.flatMap { customer.subscription($0.number) })
    }

    /// From the first payment on a card that is on file is charged, if the catalog says so (billing
    /// §18).
    mutating func chargeAutomatically(_ numbers: [UInt32]) {
        guard pricing.settings.convertsToCharges, customer.account.method != nil else { return }
        for number in numbers {
            guard var subscription = customer.subscription(number), subscription.netDays != 0,
                subscription.status != .ended
            else { continue }
            subscription.netDays = 0
            emit(.subscriptionChanged(subscription))
        }
    }

    private func known(_ receivable: Receivable) -> Invoice {
        if let invoice = customer.invoice(receivable.invoice) { return invoice }
        let order = receivable.order
        return Invoice(
            number: receivable.invoice, status: .open, lines: order.shown, total: order.total,
            credit: order.credit, time: order.time)
    }

    // MARK: It isn't

    /// Nobody pays it any more: credit that it drew goes back.
    @discardableResult
    mutating func close(_ receivable: Receivable, _ status: InvoiceStatus) -> Invoice {
        var invoice = known(receivable)
        let drawn = receivable.order.credit
        invoice.status = status
        invoice.credit = 0
        emit(.invoiceChanged(invoice))
        addCredit(drawn)
        if customer.account.checkout?.order.invoice == receivable.invoice { closeCheckout() }
        return invoice
    }

    private mutating func addCredit(_ minorUnits: Int64) {
        guard minorUnits != 0 else { return }
        emit(
            .creditChanged(
                Money(
                    minorUnits: balance + minorUnits,
                    currency: customer.account.credit?.currency ?? pricing.requiredCurrency)))
    }

    /// Purchases that wait for their invoice are given up, of those that something is true of.
    mutating func voidWaiting(where isMeant: (Order) -> Bool) {
        for receivable in customer.account.receivables
        where !receivable.isGiven && receivable.invoice != carriedOut
            && isMeant(receivable.order)
        {
            close(receivable, .void)
        }
    }

    /// What was given for an invoice that is given up: as with a renewal that stays unpaid. What
    /// the invoice gave back of what was paid before stays the customer's.
    mutating func giveUp(_ receivable: Receivable, _ status: InvoiceStatus) -> Invoice {
        let invoice = close(receivable, status)
        guard receivable.isGiven else { return invoice }
        let given = receivable.order.lines.filter { $0.kind == .credit && $0.invoice != 0 }
        addCredit(given.reduce(0) { $0 - $1.total.minorUnits })
        markPastDue(receivable.order)
        giveUp(receivable.order)
        return invoice
    }

    /// A subscription ends before its invoice is paid: what is left of its periods isn't owed.
    mutating func lowerReceivables(of number: UInt32, at time: Timestamp) {
        for var receivable in customer.account.receivables
        where receivable.isGiven && receivable.order.subscriptions.contains(number) {
            let drawn = receivable.order.credit
            let unused = receivable.order.lines
                .filter { $0.subscription == number }.compactMap { unusedPart(of: $0, at: time) }
            receivable.order.lines += unused
            if !receivable.order.custom.isEmpty { receivable.order.custom += unused }
            receivable.order.subscriptions.removeAll { $0 == number }
            let total = receivable.order.shown.total?.minorUnits ?? 0
            receivable.order.total.minorUnits = total
            receivable.order.credit = min(drawn, total)
            addCredit(drawn - receivable.order.credit)
            emit(.receivableSet(receivable))
            var invoice = known(receivable)
            invoice.lines = receivable.order.shown
            invoice.total = receivable.order.total
            invoice.credit = receivable.order.credit
            let isSettled = receivable.order.due.minorUnits <= 0
            // What it gave back of what was paid before is the customer's credit.
            let givesBack = receivable.order.lines.contains {
                $0.kind == .credit && $0.invoice != 0
            }
            if isSettled { invoice.status = total == 0 && !givesBack ? .void : .paid }
            emit(.invoiceChanged(invoice))
            var order = receivable.order
            order.invoice = receivable.invoice
            if isSettled { fulfil(&order) }
        }
    }

    private func unusedPart(of line: InvoiceLine, at time: Timestamp) -> InvoiceLine? {
        guard line.kind == .charge, let period = line.period else { return nil }
        let charge = PaidCharge(line, for: period)
        guard var unused = InvoiceLine.credit(charge, at: max(time, period.lowerBound)) else {
            return nil
        }
        unused.subscription = line.subscription
        return unused.described(pricing)
    }

    // MARK: Time passes

    /// What is due isn't paid: first the plan is past due, in the end it is given up (billing
    /// §11.5). The schedule is that of declined payments, counted from the due date.
    mutating func followReceivables() {
        guard customer.openEffect == nil else { return }
        for number in customer.account.receivables.map(\.invoice) {
            // What becomes of one may change another.
            guard let receivable = customer.account.receivable(number), receivable.moment <= now
            else { continue }
            if receivable.expires <= now {
                close(receivable, .void)
            } else if receivable.isOverdue {
                _ = giveUp(receivable, receivable.isGiven ? .uncollectible : .void)
            } else {
                becomeOverdue(receivable)
            }
        }
    }

    private mutating func becomeOverdue(_ receivable: Receivable) {
        var overdue = receivable
        overdue.isOverdue = true
        overdue.next = InvoiceTerms.due(pricing.settings.dunning.retryDays.last ?? 0, from: now)
        emit(.receivableSet(overdue))
        emit(.invoiceOverdue(known(receivable)))
        if receivable.isGiven { markPastDue(receivable.order) }
    }
}

extension Order {
    /// Both buy the same, whatever it costs by now.
    func buysSame(as other: Order) -> Bool {
        purpose == other.purpose && plan == other.plan && subscriptions == other.subscriptions
            && entity == other.entity && bought == other.bought && netDays == other.netDays
            && startsCycle == other.startsCycle && taxRate == other.taxRate
            && starts == other.starts && ends == other.ends
            && (trialEnd == .never) == (other.trialEnd == .never)
            && carriedBalances == other.carriedBalances
            && carriedUsages == other.carriedUsages
            && discounts.map(\.couponID) == other.discounts.map(\.couponID)
            && discounts.map(\.redemption) == other.discounts.map(\.redemption)
            && lines.map(\.description) == other.lines.map(\.description)
            && custom == other.custom
    }
}

extension Invoice {
    /// A draft is due so many days after it is finalized.
    mutating func send(_ terms: InvoiceTerms, at now: Timestamp) {
        status = terms.finalizes ? .open : .draft
        if terms.finalizes { dueTime = InvoiceTerms.due(terms.netDays, from: now) }
    }
}
