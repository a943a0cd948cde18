import Stories

@testable import Billing

extension Shop {
    /// Mostly none; now and then one for all.
    static func taxes(_ draft: inout PricingDraft, _ dice: inout Dice) {
        guard dice.chance(50) else { return }
        let percentages = ["0", "7.7", "19", "20", "8.875", "25"]
        draft.taxRates = percentages.enumerated().map { index, text in
            TaxRate(
                id: "rate-\(index)", name: "VAT",
                percentage: Quantity(raw: DecimalText.parseExactly(text, digits: 10) ?? 0),
                isInclusive: dice.chance(40))
        }
        guard dice.chance(60) else { return }
        draft.settings = PricingSettings()
        if dice.chance(60) { draft.settings?.defaultTaxRate = dice.pick(draft.taxRates).id }
        if dice.chance(60) { draft.settings?.automaticTax = dice.pick([.exclusive, .inclusive]) }
    }
}

extension Shopper {
    /// nil, mostly.
    mutating func taxRate(chance: Int = 30) -> String? {
        let rates = desk.pricing.taxRates
        guard !rates.isEmpty, dice.chance(chance) else { return nil }
        return dice.pick(rates).id
    }

    mutating func answerTaxes() {
        note("it is asked what tax is due")
        do { try desk.answerTaxes() } catch { note("\(error)") }
    }

    /// The customer's own from now on, or none; or another place where it is billed.
    mutating func changeTaxRate() {
        guard !desk.pricing.taxRates.isEmpty else { return }
        if dice.chance(50) {
            let (country, state) = dice.pick([
                ("DE", ""), ("DE", ""), ("CH", ""), ("US", ""), ("US", "CA"), ("BR", ""), ("", ""),
            ])
            note("billed in \(country) \(state)")
            try? desk.move(to: country, state)
            return
        }
        var update = UpdateCustomer()
        update.taxRate = taxRate(chance: 70) ?? ""
        note("tax rate \(update.taxRate ?? "")")
        _ = try? desk.run(.update(update))
    }
}

/// What of each invoice is tax, and what of that came back.
struct TaxLedger {
    private var charged: [UInt32: Int64] = [:]
    private var returned: [UInt32: Int64] = [:]
    /// Of all that came back, tax or not.
    private var rest: [UInt32: Int64] = [:]

    mutating func add(_ invoice: Invoice) -> String? {
        charged[invoice.number] = invoice.lines.reduce(0) { $0 + max($1.tax?.minorUnits ?? 0, 0) }
        rest[invoice.number] = invoice.lines.reduce(0) { $0 + max($1.total.minorUnits, 0) }
        for line in invoice.lines where line.kind == .credit {
            let tax = line.tax?.minorUnits ?? 0
            if tax > 0 || tax < line.total.minorUnits { return "the tax of \(line)" }
        }
        return nil
    }

    mutating func giveBack(_ lines: [InvoiceLine]) -> String? {
        for line in lines where line.kind == .credit && charged[line.invoice] != nil {
            let fault = take(-line.total.minorUnits, -(line.tax?.minorUnits ?? 0), of: line.invoice)
            if let fault { return fault }
        }
        return nil
    }

    mutating func add(_ refund: Refund) -> String? {
        guard refund.status == .pending, charged[refund.invoice] != nil else { return nil }
        if refund.tax < 0 || refund.tax > refund.amount.minorUnits {
            return "\(refund.tax) of \(refund.amount.minorUnits) is tax"
        }
        return take(refund.amount.minorUnits, refund.tax, of: refund.invoice)
    }

    /// Never more tax than was charged, and all of it with the last of the rest.
    private mutating func take(_ amount: Int64, _ tax: Int64, of invoice: UInt32) -> String? {
        returned[invoice, default: 0] += tax
        rest[invoice, default: 0] -= amount
        let (all, back) = (charged[invoice] ?? 0, returned[invoice] ?? 0)
        if back > all { return "\(back) of \(all) tax of \(invoice) came back" }
        if rest[invoice] == 0, back != all {
            return "all of \(invoice) came back, but \(back) of \(all) tax"
        }
        return nil
    }
}

extension Invoice {
    /// nil: subtotal, tax and total agree, as do the lines and the rates.
    var taxFault: String? {
        let added = lines.reduce(0) { $0 + ($1.tax?.added ?? 0) }
        let before = lines.reduce(0) { $0 + $1.discounted.minorUnits }
        if before + added != total.minorUnits { return "tax added to \(self)" }
        if subtotal.minorUnits + tax.minorUnits != total.minorUnits { return "subtotal of \(self)" }
        let rates = taxes.reduce(0) { $0 + $1.tax.minorUnits }
        return rates == tax.minorUnits ? nil : "rates of \(self)"
    }
}
