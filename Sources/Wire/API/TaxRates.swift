internal import Billing
internal import CTallyProto

/// Tax rates as they are published, asked for, and shown.
extension DraftReader {
    mutating func taxRates(_ message: Tally__V1__PricingCatalog) -> [TaxRate] {
        var rates: [TaxRate] = []
        for (index, rate) in elements(message.n_tax_rates, message.tax_rates).enumerated() {
            rates.append(taxRate(rate.pointee, at: "\(prefix)tax_rates[\(index)]"))
        }
        return rates
    }

    mutating func taxRate(_ message: Tally__V1__TaxRate, at path: String) -> TaxRate {
        var rate = TaxRate(
            id: text(message.tax_rate_id), name: text(message.name), percentage: .zero,
            isInclusive: message.inclusive != 0, jurisdiction: text(message.jurisdiction))
        let percentage = text(message.percentage)
        if let raw = DecimalText.parseExactly(percentage, digits: 10),
            raw.magnitude <= Quantity.limit.raw.magnitude
        {
            rate.percentage = Quantity(raw: raw)
        } else {
            fields.fault("\(path).percentage", "must be a decimal such as \"8.875\"")
        }
        return rate
    }
}

extension FieldReader {
    /// Whether there is such a rate is for the catalog to say. nil: none is given, or a fault was
    /// noted.
    mutating func taxRate(_ text: UnsafePointer<CChar>?) -> String? {
        let id = self.text(text, at: "tax_rate_id", limit: InlineText.capacity)
        return id.isEmpty ? nil : id
    }
}

extension Fingerprint {
    /// Nothing is added where there is nothing, as before there could be.
    mutating func add(_ currency: Currency? = nil, taxRate id: String?) {
        if let currency { add("currency \(currency.code)") }
        if let id { add("tax_rate \(id)") }
    }
}

extension CatalogWriter {
    func add(
        _ rates: [TaxRate], to message: UnsafeMutablePointer<Tally__V1__PricingCatalog>
    ) {
        (message.pointee.n_tax_rates, message.pointee.tax_rates) = arena.list(rates) {
            taxRate($0)
        }
    }

    func taxRate(_ rate: TaxRate) -> UnsafeMutablePointer<Tally__V1__TaxRate> {
        let message = arena.make(tally__v1__tax_rate__init)
        message.pointee.tax_rate_id = arena.string(rate.id)
        message.pointee.name = arena.string(rate.name)
        message.pointee.percentage = arena.string(rate.percentage.text)
        message.pointee.inclusive = rate.isInclusive ? 1 : 0
        message.pointee.jurisdiction = arena.string(rate.jurisdiction)
        return message
    }
}

extension ReplyWriter {
    /// Nothing where no line has any.
    func add(_ invoice: Invoice, to message: UnsafeMutablePointer<Tally__V1__Invoice>) {
        guard invoice.lines.isTaxed else { return }
        message.pointee.subtotal = money(invoice.subtotal)
        message.pointee.tax = money(invoice.tax)
        (message.pointee.n_taxes, message.pointee.taxes) = arena.list(invoice.taxes) { sum in
            let part = arena.make(tally__v1__invoice_tax__init)
            part.pointee.tax_rate_id = arena.string(sum.rate.id)
            part.pointee.name = arena.string(sum.rate.name)
            part.pointee.percentage = arena.string(sum.rate.percentage.text)
            part.pointee.inclusive = sum.rate.isInclusive ? 1 : 0
            part.pointee.jurisdiction = arena.string(sum.rate.jurisdiction)
            part.pointee.taxable_amount = money(sum.taxable)
            part.pointee.amount = money(sum.tax)
            return part
        }
    }

    func foundTax(_ found: TaxFinding) -> UnsafeMutablePointer<Tally__V1__FoundTax> {
        let message = arena.make(tally__v1__found_tax__init)
        message.pointee.status = Tally__V1__TaxStatus(UInt32(found.status.rawValue))
        message.pointee.code = arena.string(found.code)
        message.pointee.time = found.time == .epoch ? nil : time(found.time)
        guard let rate = found.rate else { return message }
        message.pointee.name = arena.string(rate.name)
        message.pointee.percentage = arena.string(rate.percentage.text)
        message.pointee.jurisdiction = arena.string(rate.jurisdiction)
        return message
    }

    func lineTax(
        _ tax: LineTax, _ currency: Currency
    ) -> UnsafeMutablePointer<Tally__V1__LineTax> {
        let message = arena.make(tally__v1__line_tax__init)
        message.pointee.tax_rate_id = arena.string(tax.rate.id)
        message.pointee.name = arena.string(tax.rate.name)
        message.pointee.percentage = arena.string(tax.rate.percentage.text)
        message.pointee.inclusive = tax.rate.isInclusive ? 1 : 0
        message.pointee.amount = money(Money(minorUnits: tax.minorUnits, currency: currency))
        return message
    }
}
