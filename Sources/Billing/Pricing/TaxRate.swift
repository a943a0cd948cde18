/// A tax on what is sold, by a percentage that the seller knows. Percentage, and whether prices
/// have the tax in them, are for good: subscriptions refer to the rate, and go on with it.
package struct TaxRate: Sendable, Equatable {
    /// In one catalog.
    package static let countLimit = 500
    package static let jurisdictionLimit = 64
    /// As many as Stripe's tax rates have.
    package static let decimalLimit = 4

    package var id: String
    /// What a person reads on an invoice, such as "VAT".
    package var name: String
    /// Per cent, 0 to 100.
    package var percentage: Quantity
    /// Prices have it in them; else it is added to them.
    package var isInclusive: Bool
    /// Whose tax it is, such as "DE"; empty: it isn't said.
    package var jurisdiction: String

    package init(
        id: String, name: String, percentage: Quantity, isInclusive: Bool = false,
        jurisdiction: String = ""
    ) {
        self.id = id
        self.name = name
        self.percentage = percentage
        self.isInclusive = isInclusive
        self.jurisdiction = jurisdiction
    }

    /// The tax on an amount, or in it: rounded once for each line, half away from zero, to what can
    /// be charged. Stripe rounds so, too: per line item, unless an account asks for another way.
    package func tax(of amount: Money) -> LineTax {
        let step = Int128(amount.currency.chargeStep)
        let whole = Quantity.scale * 100 + (isInclusive ? percentage.raw : 0)
        let units = FixedPoint.multiplyAway(
            Int128(amount.minorUnits), percentage.raw, dividingBy: whole * step)
        return LineTax(rate: self, minorUnits: Int64(units * step))
    }
}

/// The tax of one line.
package struct LineTax: Sendable, Equatable {
    /// As it was then.
    package var rate: TaxRate
    /// Below 0 where it is given back.
    package var minorUnits: Int64

    package init(rate: TaxRate, minorUnits: Int64) {
        self.rate = rate
        self.minorUnits = minorUnits
    }

    /// What comes on top of the line's amount.
    package var added: Int64 { rate.isInclusive ? 0 : minorUnits }
}

extension PricingState {
    package func taxRate(id: String) -> TaxRate? { taxRates.first { $0.id == id } }

    /// Of those that say no other.
    var defaultTaxRate: TaxRate? {
        settings.defaultTaxRate.isEmpty ? nil : taxRate(id: settings.defaultTaxRate)
    }
}

extension [TaxRate] {
    func publishing(_ draft: [TaxRate]) -> [TaxRate] {
        var rates = self
        for rate in draft {
            let index = rates.firstIndex { $0.id == rate.id }
            if let index { rates[index] = rate } else { rates.append(rate) }
        }
        return rates
    }

    func changes(publishing draft: [TaxRate]) -> [PricingChange] {
        draft.compactMap { rate in
            let present = first { $0.id == rate.id }
            guard present != rate else { return nil }
            return PricingChange(
                subject: .taxRate, id: rate.id, created: present == nil, revision: 0)
        }
    }
}

/// What is wrong with tax rates.
extension DraftCheck {
    mutating func taxRates() {
        var seen: Set<String> = []
        for (index, rate) in draft.taxRates.enumerated() {
            let path = "tax_rates[\(index)]"
            identifier(rate.id, at: "\(path).tax_rate_id")
            name(rate.name, at: "\(path).name")
            if rate.id == TaxRate.automaticID {
                fault("\(path).tax_rate_id", "\"\(rate.id)\" is that of automatic tax; use another")
            }
            if !seen.insert(rate.id).inserted {
                fault("\(path).tax_rate_id", "\"\(rate.id)\" appears twice")
            }
            if rate.jurisdiction.utf8.count > TaxRate.jurisdictionLimit {
                fault(
                    "\(path).jurisdiction",
                    "must be at most \(TaxRate.jurisdictionLimit) bytes")
            }
            check(rate, at: path)
        }
        let count = state.taxRates.publishing(draft.taxRates).count
        if count > TaxRate.countLimit {
            fault("tax_rates", "would be \(count) in all; at most \(TaxRate.countLimit)")
        }
        guard let id = draft.settings?.defaultTaxRate, !id.isEmpty else { return }
        if state.taxRate(id: id) == nil, !draft.taxRates.contains(where: { $0.id == id }) {
            fault("settings.default_tax_rate_id", "\"\(id)\" is no published tax rate")
        }
    }

    private mutating func check(_ rate: TaxRate, at path: String) {
        let step = Quantity.scale / 10_000
        if rate.percentage < .zero || rate.percentage > Quantity(units: 100) {
            fault("\(path).percentage", "must be 0 to 100")
        } else if rate.percentage.raw % step != 0 {
            fault("\(path).percentage", "must have at most \(TaxRate.decimalLimit) decimals")
        }
        guard let present = state.taxRate(id: rate.id) else { return }
        if present.percentage != rate.percentage {
            fault("\(path).percentage", "cannot change once published; use another tax_rate_id")
        }
        if present.isInclusive != rate.isInclusive {
            fault("\(path).inclusive", "cannot change once published; use another tax_rate_id")
        }
    }
}
