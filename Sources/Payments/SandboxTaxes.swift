package import Billing

/// What the sandbox says of tax: the standard rates of some places, as examples. They are facts of
/// 2026, and no advice.
enum SandboxTaxes {
    /// Of a country as a whole: name and per cent.
    private static let countries: [String: (name: String, percentage: String)] = [
        "AT": ("VAT", "20"), "AU": ("GST", "10"), "BE": ("VAT", "21"), "CH": ("VAT", "8.1"),
        "DE": ("VAT", "19"), "DK": ("VAT", "25"), "ES": ("VAT", "21"), "FI": ("VAT", "25.5"),
        "FR": ("VAT", "20"), "GB": ("VAT", "20"), "IE": ("VAT", "23"), "IT": ("VAT", "22"),
        "JP": ("Consumption tax", "10"), "NL": ("VAT", "21"), "NO": ("VAT", "25"),
        "NZ": ("GST", "15"), "PL": ("VAT", "23"), "PT": ("VAT", "23"), "SE": ("VAT", "25"),
        "SG": ("GST", "9"),
    ]

    /// Of countries whose states have taxes of their own, which an address there has to name.
    private static let states: [String: [String: (name: String, percentage: String)]] = [
        "CA": ["AB": ("GST", "5"), "ON": ("HST", "13"), "QC": ("GST and QST", "14.975")],
        "US": [
            "CA": ("Sales tax", "7.25"), "NY": ("Sales tax", "4"), "TX": ("Sales tax", "6.25"),
            "WA": ("Sales tax", "6.5"),
        ],
    ]

    static func answer(for address: PostalAddress) -> TaxAnswer {
        let country = address.country
        if let states = states[country] {
            guard !address.state.isEmpty else { return .addressInsufficient }
            let state = address.state.uppercased()
            return due(states[state], "\(country)-\(state)")
        }
        return due(countries[country], country)
    }

    private static func due(
        _ rate: (name: String, percentage: String)?, _ jurisdiction: String
    ) -> TaxAnswer {
        guard let rate, let raw = DecimalText.parseExactly(rate.percentage, digits: 10) else {
            return .none
        }
        return .due(
            TaxRate(
                id: TaxRate.automaticID, name: rate.name, percentage: Quantity(raw: raw),
                jurisdiction: jurisdiction))
    }
}

extension Sandbox {
    package func taxes(
        for payer: Payer, paying currency: Currency, id: String
    ) async throws -> TaxAnswer {
        payer.address.map { SandboxTaxes.answer(for: $0) } ?? .addressInsufficient
    }
}
