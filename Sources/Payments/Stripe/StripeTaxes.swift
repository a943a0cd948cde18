internal import Billing

/// Tax as Stripe is told of it: worked out by us, with the rate that it came from, so that an
/// invoice there says the same as ours (docs.stripe.com/invoicing/taxes/manual-tax-amounts).
extension StripeBodies {
    /// nil: there is none on it.
    static func taxes(of line: InvoiceLine) -> StripeForm.Value? {
        guard let tax = line.tax else { return nil }
        let currency = line.subtotal.currency
        let amount = StripeAmount.amount(of: Money(minorUnits: tax.minorUnits, currency: currency))
        let whole = StripeAmount.amount(of: line.discounted)
        let taxable = tax.rate.isInclusive ? whole - amount : whole
        var rate: StripeForm = [
            "display_name": .text(tax.rate.name),
            "inclusive": tax.rate.isInclusive ? "true" : "false",
            "percentage": .text(tax.rate.percentage.text),
        ]
        if !tax.rate.jurisdiction.isEmpty { rate.append("jurisdiction", tax.rate.jurisdiction) }
        if tax.rate.id == TaxRate.automaticID { rate.append(contentsOf: place(tax.rate)) }
        return [
            .form([
                "amount": .text(String(amount)), "taxable_amount": .text(String(taxable)),
                "tax_rate_data": .form(rate),
            ])
        ]
    }

    /// Where a rate that Stripe has found is of, so that its reports know.
    private static func place(_ rate: TaxRate) -> StripeForm {
        let parts = rate.jurisdiction.split(separator: "-", maxSplits: 1).map(String.init)
        guard let country = parts.first, PostalAddress.country(country) == country else {
            return [:]
        }
        var form: StripeForm = ["country": .text(country)]
        if parts.count > 1 { form.append("state", parts[1]) }
        return form
    }

    /// What comes on top of a line's amount there.
    static func added(_ tax: LineTax, _ currency: Currency) -> Int64 {
        StripeAmount.amount(of: Money(minorUnits: tax.added, currency: currency))
    }

    /// Of a page, which is told no tax: what is added is an item of its own for each rate.
    static func addedTaxes(of lines: [InvoiceLine]) -> [(String, Int64)] {
        lines.taxes.filter { !$0.rate.isInclusive }.map { sum in
            ("\(sum.rate.name) \(sum.rate.percentage.text)%", StripeAmount.amount(of: sum.tax))
        }
    }
}
