// What waits for the next invoice. A charge that waits counts as paid from the day it was bought.
// When it ends early nothing comes back, as nothing was paid: what waits becomes less instead.

extension InvoiceLine {
    /// It is what a charge waits for to be paid.
    func willPay(_ charge: PaidCharge) -> Bool {
        kind == .charge && charge.invoice == 0 && part.isLike(charge.part)
            && quantity == charge.quantity && period == charge.period
            && subtotal.minorUnits == charge.paid.minorUnits
    }

    func of(_ subscription: UInt32) -> InvoiceLine {
        var line = self
        line.subscription = subscription
        return line
    }

    /// It gives back what is left of a charge.
    fileprivate func givesBack(_ charge: PaidCharge) -> Bool {
        kind == .credit && part == charge.part && quantity == charge.quantity
            && period?.upperBound == charge.period.upperBound && invoice == charge.invoice
    }

    /// It is for what was used until a moment, at so much less.
    fileprivate mutating func end(at now: Timestamp, less minorUnits: Int64) {
        guard let start = period?.lowerBound else { return }
        period = start..<max(start, now)
        subtotal.minorUnits -= minorUnits
    }
}

extension [InvoiceLine] {
    /// Takes from what waits what isn't used of it.
    ///
    /// - Parameter credits: what comes back of the charges; those of charges that wait go.
    mutating func shorten(
        by credits: inout [InvoiceLine], of charges: [PaidCharge], at now: Timestamp
    ) {
        for charge in charges {
            guard let index = firstIndex(where: { $0.willPay(charge) }),
                let credit = InvoiceLine.credit(charge, at: now),
                let given = credits.firstIndex(where: {
                    $0.givesBack(charge) && $0.subtotal == credit.subtotal
                })
            else { continue }
            credits.remove(at: given)
            self[index].end(at: now, less: -credit.subtotal.minorUnits)
            if self[index].subtotal.minorUnits == 0 { remove(at: index) }
        }
    }
}

extension Subscription {
    /// What comes back when it ends at a moment, and what is still owed for it.
    func closing(at now: Timestamp) -> [InvoiceLine] {
        var credits = charges.compactMap { InvoiceLine.credit($0, at: now) }
        var owed = pending
        owed.shorten(by: &credits, of: charges, at: now)
        return (credits + owed).map { $0.of(number) }
    }

    /// What a change of it has settled: what comes back isn't paid any more, what is charged is,
    /// and what the order says waits.
    mutating func settle(_ order: Order, since before: Subscription, on invoice: UInt32) {
        let lines = order.lines + order.pending
        charges.removeAll { charge in
            let isWaiting = before.pending.contains { $0.willPay(charge) }
            return lines.contains { $0.givesBack(charge) }
                || isWaiting && !lines.contains { $0.willPay(charge) }
        }
        // What was charged nothing for gives no credit, and is replaced all the same.
        charges.removeAll { charge in
            charge.unused(at: order.time).minorUnits <= 0
                && lines.contains { $0.part.isLike(charge.part) && !before.pending.contains($0) }
        }
        pending = order.pending
        forfeit(since: before, at: order.time)
        pay(order, on: invoice)
    }

    /// What an order charges for periods that run is paid, or counts as paid while it waits.
    ///
    /// - Parameter named: what its lines call the subscription; nil: by its number.
    mutating func pay(_ order: Order, named: UInt32? = nil, on invoice: UInt32) {
        for (index, line) in (order.lines + pending).enumerated()
        where line.kind == .charge && line.subscription == named ?? number {
            let isWaiting = index >= order.lines.count
            guard let period = line.period, period.upperBound > order.time else { continue }
            let known = charges.firstIndex { line.willPay($0) }
            if isWaiting, known != nil { continue }
            var charge = PaidCharge(line, for: period)
            charge.invoice = isWaiting ? 0 : invoice
            if let known { charges[known] = charge } else { charges.append(charge) }
        }
    }

    /// What an order charges isn't paid.
    mutating func withdraw(_ order: Order) {
        charges.removeAll { charge in
            order.lines.contains {
                $0.kind == .charge && $0.subscription == number && $0.part.isLike(charge.part)
                    && $0.quantity == charge.quantity && $0.period == charge.period
            }
        }
    }

    /// Units that go without credit take what was paid for them with them. What waits is owed for
    /// them all the same.
    private mutating func forfeit(since before: Subscription, at now: Timestamp) {
        for feature in before.bought.map(\.feature) {
            let units = units(of: feature)
            let paidFor = charges.filter { $0.part.feature == feature }
                .reduce(.zero) { $0 + $1.quantity }
            guard units < before.units(of: feature), units < paidFor else { continue }
            for index in charges.indices where charges[index].part.feature == feature {
                let line = pending.firstIndex { $0.willPay(charges[index]) }
                charges[index].keep(units, of: paidFor)
                if let line { split(line, keeping: charges[index], at: now) }
            }
        }
    }

    private mutating func split(_ index: Int, keeping charge: PaidCharge, at now: Timestamp) {
        var kept = pending[index]
        kept.quantity = charge.quantity
        kept.subtotal = charge.paid
        pending[index].end(at: now, less: charge.paid.minorUnits)
        pending[index].quantity = pending[index].quantity - charge.quantity
        if charge.quantity > .zero { pending.insert(kept, at: index + 1) }
    }
}

extension PaidCharge {
    /// What went back before is of all units alike.
    fileprivate mutating func keep(_ units: Quantity, of all: Quantity) {
        func share(_ minorUnits: Int64) -> Int64 {
            let step = paid.currency.chargeStep
            return step
                * Int64(
                    FixedPoint.multiplyDown(
                        Int128(minorUnits / step), units.raw, dividingBy: all.raw))
        }
        let left = share(kept)
        if var tax {
            let left = share(tax.kept)
            tax.disputed = share(tax.disputed)
            tax.charged = share(tax.charged)
            tax.returned = max(tax.charged - tax.disputed - left, 0)
            self.tax = tax
        }
        disputed = share(disputed)
        paid.minorUnits = share(paid.minorUnits)
        returned = max(paid.minorUnits - disputed - left, 0)
        quantity = Quantity(
            raw: FixedPoint.multiplyDown(quantity.raw, units.raw, dividingBy: all.raw))
    }
}
