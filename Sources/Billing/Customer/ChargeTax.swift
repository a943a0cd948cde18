/// What of a charge is tax: it comes back with the charge, in proportion, and never more of it.
package struct ChargeTax: Sendable, Equatable {
    package var rate: TaxRate
    /// Minor units that were charged.
    package var charged: Int64
    /// Given back before.
    package var returned: Int64 = 0
    /// A dispute took it back.
    package var disputed: Int64 = 0

    package init(rate: TaxRate, charged: Int64, returned: Int64 = 0, disputed: Int64 = 0) {
        self.rate = rate
        self.charged = charged
        self.returned = returned
        self.disputed = disputed
    }

    /// What of it didn't come back: never below 0.
    package var kept: Int64 { max(charged - returned - disputed, 0) }

    /// The same, as far as it was charged on top of the price.
    var added: Int64 { rate.isInclusive ? 0 : kept }
}

extension PaidCharge {
    /// What of it didn't come back, with the tax on top of it.
    package var keptWithTax: Int64 { kept + (tax?.added ?? 0) }

    /// The same, whatever a dispute took.
    var unreturnedWithTax: Int64 { undisputed.keptWithTax }

    private var undisputed: PaidCharge {
        var charge = self
        charge.disputed = 0
        charge.tax?.disputed = 0
        return charge
    }

    /// The tax of so much of what is left of the price: of all that is left, all that is left.
    func tax(of minorUnits: Int64) -> LineTax? {
        tax.map { LineTax(rate: $0.rate, minorUnits: $0.kept.share(minorUnits, of: kept, step)) }
    }

    /// So much comes back, tax and all. Gives what of it is tax.
    @discardableResult
    mutating func giveBack(withTax minorUnits: Int64) -> Int64 {
        let part = split(minorUnits)
        returned += part.price
        tax?.returned += part.tax
        return part.tax
    }

    /// A dispute has taken so much back, tax and all, in place of what it took before.
    mutating func dispute(withTax minorUnits: Int64) {
        let part = undisputed.split(minorUnits)
        disputed = part.price
        tax?.disputed = part.tax
    }

    private func split(_ minorUnits: Int64) -> (price: Int64, tax: Int64) {
        guard let tax else { return (minorUnits, 0) }
        let part = tax.kept.share(minorUnits, of: keptWithTax, step)
        guard !tax.rate.isInclusive else { return (minorUnits, part) }
        let taken = max(part, minorUnits - kept)
        return (minorUnits - taken, taken)
    }

    private var step: Int64 { paid.currency.chargeStep }
}

extension Int64 {
    /// What of it falls to a part of a whole: rounded half away from zero to what can be charged,
    /// all of it with the last part.
    func share(_ part: Int64, of whole: Int64, _ step: Int64) -> Int64 {
        guard part < whole else { return part > 0 || whole > 0 ? self : 0 }
        let units = FixedPoint.multiplyAway(
            Int128(self), Int128(part), dividingBy: Int128(whole) * Int128(step))
        return Int64(units * Int128(step))
    }
}
