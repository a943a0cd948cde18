// Renewals that are declined, and tried again (billing §11.5).
extension FactSheet {
    /// A charge was declined. A purchase is given up; a renewal is owed, its plans are past due.
    mutating func decline(_ order: Order) -> Invoice? {
        // It can still be paid, another time or another way.
        if customer.account.receivable(order.invoice) != nil {
            return customer.invoice(order.invoice)
        }
        guard order.purpose == .renewal else { return invoice(order, .uncollectible) }
        markPastDue(order)
        if let debt = customer.account.debts.first(where: { $0.invoice == order.invoice }) {
            return tryLater(debt)
        }
        guard let next = pricing.settings.dunning.next(after: 1, since: now) else {
            let invoice = invoice(order, .uncollectible)
            giveUp(order)
            return invoice
        }
        guard let invoice = invoice(order, .open) else { return nil }
        emit(
            .debtSet(
                Debt(invoice: invoice.number, order: order, since: now, attempts: 1, next: next)))
        return invoice
    }

    private mutating func tryLater(_ debt: Debt) -> Invoice? {
        var debt = debt
        // Tried early, because there is another card: that costs no attempt of the schedule.
        let planned = pricing.settings.dunning.next(after: debt.attempts, since: debt.since)
        if let planned, planned > now {
            debt.next = planned
            emit(.debtSet(debt))
            return customer.account.invoices.first { $0.number == debt.invoice }
        }
        debt.attempts += 1
        let next = pricing.settings.dunning.next(after: debt.attempts, since: debt.since)
        if let next {
            debt.next = max(next, now)
            emit(.debtSet(debt))
            return customer.account.invoices.first { $0.number == debt.invoice }
        }
        let invoice = close(debt, .uncollectible, credit: debt.order.credit)
        giveUp(debt.order)
        return invoice
    }

    /// Nobody pays: by settings the plans end, and groups' defaults take their places.
    mutating func giveUp(_ order: Order) {
        guard pricing.settings.dunning.cancels else { return }
        for number in order.subscriptions {
            guard var subscription = customer.subscription(number),
                subscription.status == .pastDue
            else { continue }
            let plan = pricing.plan(subscription.plan)
            let scope = PlanScope(group: plan.group, entity: subscription.entity)
            subscription.canceled = now
            if plan.isMain { endScheduled(in: scope) }
            end(subscription)
            if plan.isMain { giveDefault(in: scope) }
        }
    }

    /// What is owed is paid.
    mutating func payDebt(_ order: Order, _ payment: String = "") -> Invoice? {
        guard let debt = customer.account.debts.first(where: { $0.invoice == order.invoice })
        else { return nil }
        takeCredit(order)
        return close(
            debt, .paid, credit: order.credit, payment, card: payingCard(of: order))
    }

    /// - Parameters:
    ///   - credit: what of it credit has paid.
    ///   - card: what has paid the rest.
    private mutating func close(
        _ debt: Debt, _ status: InvoiceStatus, credit: Int64, _ payment: String = "",
        card: CardLabel? = nil
    ) -> Invoice {
        let kept = customer.account.invoices.first { $0.number == debt.invoice }
        var invoice =
            kept
            ?? Invoice(
                number: debt.invoice, status: status, lines: debt.order.lines,
                total: debt.order.total, time: debt.order.time)
        invoice.status = status
        invoice.credit = credit
        if invoice.due.minorUnits > 0 { invoice.payment = payment }
        invoice.card = card
        emit(.invoiceChanged(invoice))
        return invoice
    }

    /// Tries the first debt that is due again.
    mutating func collectDebts(effectID: () -> String) {
        guard customer.openEffect == nil,
            let debt = customer.account.debts.first(where: { $0.next <= now })
        else { return }
        var again = order(
            .renewal, debt.order.plan, subscriptions: debt.order.subscriptions,
            lines: debt.order.lines, at: debt.order.time)
        again.invoice = debt.invoice
        guard again.due.minorUnits > 0 else {
            _ = payDebt(again)
            fulfil(&again)
            return
        }
        emit(
            .effectRequested(Effect(id: effectID(), kind: .collect, order: again, request: nil)))
    }

    /// With a new card they are tried at once.
    mutating func hastenDebts() {
        for var debt in customer.account.debts where debt.next > now {
            debt.next = now
            emit(.debtSet(debt))
        }
    }

    /// What nobody has any more is not asked for again: an invoice of nothing else stays unpaid,
    /// another one is for the rest.
    mutating func dropDebts(of number: UInt32) {
        for var debt in customer.account.debts where debt.order.subscriptions.contains(number) {
            let whole = debt
            debt.order.subscriptions.removeAll { $0 == number }
            debt.order.lines.removeAll { $0.subscription == number && $0.kind == .charge }
            let rest = debt.order.lines.reduce(0) { $0 + $1.total.minorUnits }
            guard !debt.order.subscriptions.isEmpty, rest > 0 else {
                _ = close(whole, .uncollectible, credit: whole.order.credit)
                continue
            }
            debt.order.total.minorUnits = rest
            debt.order.credit = min(debt.order.credit, rest)
            emit(.debtSet(debt))
            let kept = customer.account.invoices.first { $0.number == debt.invoice }
            guard var invoice = kept else { continue }
            invoice.lines = debt.order.lines
            invoice.total = debt.order.total
            invoice.credit = debt.order.credit
            emit(.invoiceChanged(invoice))
        }
    }
}
