internal import Billing
internal import Wire

/// Taxes. All of it is missing where there is none; before version 9 there was none anywhere.
extension Form {
    mutating func taxRates(_ value: inout [TaxRate]) throws(FormFault) {
        guard isTold("tax_rates", !value.isEmpty) else { return }
        try list("tax_rates", &value, empty: .empty) { (form, rate) throws(FormFault) in
            try form.taxRate(&rate)
        }
    }

    /// The rate of a subscription, an order, a customer, or of all.
    mutating func taxRateID(
        _ value: inout String, _ key: String = "tax_rate"
    ) throws(FormFault) {
        guard isTold(key, !value.isEmpty) else { return }
        try text(key, &value)
        guard isReading, !value.isEmpty, key == "tax_rate", pricing.taxRate(id: value) == nil
        else { return }
        throw fault(key, "was never published")
    }

    mutating func automaticTax(_ value: inout AutomaticTax) throws(FormFault) {
        guard isReading ? isSince(11) && has("automatic_tax") : value != .off else { return }
        try word(
            "automatic_tax", &value,
            [(.off, "off"), (.exclusive, "exclusive"), (.inclusive, "inclusive")])
    }

    /// What tax is due where a customer is billed; before version 11 nobody asked.
    mutating func taxFinding(_ value: inout TaxFinding?) throws(FormFault) {
        guard isReading ? isSince(11) && has("found_tax") : value != nil else { return }
        try part("found_tax", &value, empty: TaxFinding(.none, time: .epoch)) {
            (form, found) throws(FormFault) in
            try form.word(
                "status", &found.status,
                [
                    (.due, "due"), (.none, "none"), (.addressInsufficient, "address_insufficient"),
                    (.failed, "failed"),
                ])
            try form.part("rate", &found.rate, empty: .empty) { (form, rate) throws(FormFault) in
                try form.taxRate(&rate)
            }
            try form.text("code", &found.code)
            try form.time("time", &found.time)
        }
    }

    /// Of a line.
    mutating func tax(_ value: inout LineTax?) throws(FormFault) {
        guard isTold("tax", value != nil) else { return }
        try part("tax", &value, empty: LineTax(rate: .empty, minorUnits: 0)) {
            (form, tax) throws(FormFault) in
            try form.taxRate(&tax.rate)
            try form.number("amount", &tax.minorUnits)
        }
    }

    /// Of a charge.
    mutating func tax(_ value: inout ChargeTax?) throws(FormFault) {
        guard isTold("tax", value != nil) else { return }
        try part("tax", &value, empty: ChargeTax(rate: .empty, charged: 0)) {
            (form, tax) throws(FormFault) in
            try form.taxRate(&tax.rate)
            try form.number("charged", &tax.charged)
            try form.number("returned", &tax.returned)
            try form.number("disputed", &tax.disputed)
        }
    }

    /// What of something that was given back is tax.
    mutating func tax(_ key: String, _ value: inout Int64) throws(FormFault) {
        guard isTold(key, value != 0) else { return }
        try number(key, &value)
    }

    private mutating func taxRate(_ value: inout TaxRate) throws(FormFault) {
        try text("id", &value.id)
        try text("name", &value.name)
        try quantity("percentage", &value.percentage)
        try flag("inclusive", &value.isInclusive)
        try text("jurisdiction", &value.jurisdiction)
    }

    private func isTold(_ key: String, _ isThere: Bool) -> Bool {
        isReading ? isSince(9) && has(key) : isThere
    }
}

extension TaxRate {
    fileprivate static var empty: TaxRate { TaxRate(id: "", name: "", percentage: .zero) }
}
