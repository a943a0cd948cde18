// Tax on what is charged: it is worked out when a line is invoiced, after discounts. What is given
// back takes the tax with it that was charged then, whatever the rate is by now.

extension CustomerState {
    /// Adds tax to lines that are to be invoiced.
    ///
    /// - Parameters:
    ///   - asked: the rate that the subscription that is bought or changed has from now on; empty:
    ///     the one that it has.
    ///   - owner: what the lines call it.
    func tax(
        _ lines: inout [InvoiceLine], asked: String = "", for owner: UInt32 = 0,
        _ pricing: PricingState
    ) {
        guard !pricing.taxRates.isEmpty || pricing.settings.automaticTax != .off else { return }
        for index in lines.indices where lines[index].kind != .credit && lines[index].tax == nil {
            let number = lines[index].subscription
            let own = number == owner && !asked.isEmpty ? asked : subscription(number)?.taxRate
            guard let rate = taxRate(own: own ?? "", pricing) else { continue }
            lines[index].tax = rate.tax(of: lines[index].discounted)
        }
    }

    /// The subscription's, or the customer's, or what its provider has found, or that of all.
    private func taxRate(own: String, _ pricing: PricingState) -> TaxRate? {
        let chosen = pricing.taxRate(id: own) ?? pricing.taxRate(id: account.taxRate)
        if let chosen { return chosen }
        let automatic = pricing.settings.automaticTax
        guard automatic != .off, let found = account.taxes, found.isKnown else {
            return pricing.defaultTaxRate
        }
        var rate = found.rate
        rate?.id = TaxRate.automaticID
        rate?.isInclusive = automatic == .inclusive
        return rate
    }
}

extension PricingState {
    /// Only what is published can be asked for.
    func requireTaxRate(_ id: String?, at path: String = "tax_rate_id") throws(Refusal) {
        guard let id, !id.isEmpty, taxRate(id: id) == nil else { return }
        throw .unfit(
            path, "\"\(id)\" is no published tax rate: publish it among the catalog's tax_rates")
    }
}

extension AttachPlan {
    /// The one that is asked for, or else that of the plan that it replaces.
    func taxRate(
        replacing current: Subscription?, _ pricing: PricingState
    ) throws(Refusal) -> String {
        try pricing.requireTaxRate(taxRate)
        return taxRate ?? current?.taxRate ?? ""
    }
}

extension [InvoiceLine] {
    /// Minor units of tax, added or contained.
    package var tax: Int64 { reduce(0) { $0 + ($1.tax?.minorUnits ?? 0) } }

    /// Tax was worked out for some of them.
    package var isTaxed: Bool { contains { $0.tax != nil } }

    /// What was asked in place of what was computed is shared out by `parts`; its tax with it.
    mutating func share(tax: Int64, by weights: [(index: Int, units: Int64)], _ rate: TaxRate?) {
        guard let rate else { return }
        let whole = weights.reduce(Int64(0)) { $0 + $1.units }
        var (seen, given): (Int64, Int64) = (0, 0)
        for weight in weights {
            seen += weight.units
            // Sums are rounded, not parts, so that they add up.
            let sum = whole == 0 ? 0 : Int64(Int128(tax) * Int128(seen) / Int128(whole))
            self[weight.index].tax = LineTax(rate: rate, minorUnits: sum - given)
            given = sum
        }
    }
}

/// The tax of an invoice at one rate.
package struct TaxSum: Sendable, Equatable {
    package var rate: TaxRate
    /// What the tax is of, without it.
    package var taxable: Money
    package var tax: Money
}

extension Invoice {
    /// All of it, added or contained.
    package var tax: Money {
        Money(minorUnits: lines.tax, currency: total.currency)
    }

    /// What is paid, without tax: with the tax it is the total.
    package var subtotal: Money {
        Money(minorUnits: total.minorUnits - lines.tax, currency: total.currency)
    }

    /// By rate, in order of first appearance.
    package var taxes: [TaxSum] { lines.taxes }
}

extension [InvoiceLine] {
    /// By rate, in order of first appearance.
    package var taxes: [TaxSum] {
        var sums: [TaxSum] = []
        for line in self {
            guard let tax = line.tax else { continue }
            let currency = line.subtotal.currency
            let none = Money(minorUnits: 0, currency: currency)
            let known = sums.firstIndex { $0.rate == tax.rate }
            if known == nil { sums.append(TaxSum(rate: tax.rate, taxable: none, tax: none)) }
            let index = known ?? sums.endIndex - 1
            sums[index].taxable.minorUnits += line.total.minorUnits - tax.minorUnits
            sums[index].tax.minorUnits += tax.minorUnits
        }
        return sums
    }
}
