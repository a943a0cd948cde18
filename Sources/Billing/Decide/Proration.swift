extension InvoiceLine {
    /// A part that begins now: what is left of the period of its cycle that holds `now`, counted
    /// from the anchor.
    package static func charge(
        _ price: AdvancePrice, from now: Timestamp, anchor: Timestamp, currency: Currency
    ) -> InvoiceLine {
        guard price.cycle.interval != .oneOff else {
            return InvoiceLine(
                .oneOff, price.part, quantity: price.quantity,
                subtotal: Money(price.amount, currency: currency))
        }
        let period = price.cycle.window(around: now, anchor: anchor)
        return InvoiceLine(
            .charge, price.part, quantity: price.quantity, period: now..<period.upperBound,
            subtotal: Money(price.amount, Share(leftOf: period, at: now), currency: currency))
    }

    /// A part that ends now, out of what was charged for it.
    package static func credit(_ charge: PaidCharge, at now: Timestamp) -> InvoiceLine? {
        let unused = charge.unused(at: now)
        guard unused.minorUnits > 0 else { return nil }
        return credit(charge, unused, at: now)
    }

    /// So much of what was charged for it.
    static func credit(
        _ charge: PaidCharge, _ amount: Money, at now: Timestamp
    ) -> InvoiceLine {
        var line = InvoiceLine(
            .credit, charge.part, quantity: charge.quantity,
            period: now..<charge.period.upperBound,
            subtotal: Money(minorUnits: -amount.minorUnits, currency: amount.currency))
        line.invoice = charge.invoice
        if let tax = charge.tax(of: amount.minorUnits) {
            line.tax = LineTax(rate: tax.rate, minorUnits: -tax.minorUnits)
        }
        return line
    }

    /// What moving from some charges to some prices costs now (billing §8.1): what is left of the
    /// ones back, what is left of the periods of the others charged. A part that is on both sides
    /// and costs the same is on neither.
    package static func change(
        from old: [PaidCharge], to new: [AdvancePrice], at now: Timestamp, anchor: Timestamp,
        currency: Currency
    ) -> [InvoiceLine] {
        var credits = old.compactMap { credit($0, at: now) }
        var charges = new.map { charge($0, from: now, anchor: anchor, currency: currency) }
            .filter { $0.subtotal.minorUnits != 0 }
        charges.removeAll { charge in
            let same = credits.firstIndex {
                $0.part.isLike(charge.part) && $0.quantity == charge.quantity
                    && $0.period?.upperBound == charge.period?.upperBound
                    && $0.subtotal.minorUnits == -charge.subtotal.minorUnits
            }
            if let same { credits.remove(at: same) }
            return same != nil
        }
        return credits + charges
    }
}

extension InvoiceLine {
    /// With the words that a person reads.
    func described(_ pricing: PricingState) -> InvoiceLine {
        var line = self
        let plan = pricing.plan(part.plan)
        var words = "Base Price"
        if let number = part.feature {
            let feature = pricing.feature(number)
            let pack = plan.prepaidItem(of: feature.id)?.prepaidPrice?.price.packSize
            words = "\(quantity.text) \(feature.name)"
            if kind != .overage, let pack, pack != Quantity(units: 1) {
                words = "\(quantity.raw / pack.raw) x \(pack.text) \(feature.name)"
            }
        }
        line.description = (kind == .credit ? "Unused " : "") + "\(plan.name) - \(words)"
        return line
    }
}
