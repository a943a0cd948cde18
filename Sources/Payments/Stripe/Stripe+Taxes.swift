package import Billing
internal import Wire

/// What tax is due where somebody is billed, as Stripe Tax works it out.
///
/// It is asked for the tax on one round amount: what of that is tax is the rate, of all authorities
/// together, with what of the price they tax. Each line is then taxed by it here, as with a rate
/// that the seller knows, and Stripe gets the amounts with the invoice: so what a preview shows,
/// what is charged, and what Stripe has on record are the same to the last cent
/// (docs.stripe.com/api/tax/calculations).
extension Stripe {
    package func taxes(
        for payer: Payer, paying currency: Currency, id: String
    ) async throws -> TaxAnswer {
        do {
            var known = payer
            if !payer.reference.isEmpty {
                // With what Stripe knows of them beside: tax ids, and exemptions.
                try await update(payer)
                let found = try await client.find("/v1/customers/\(payer.reference)")
                if found == nil || found?.flag("deleted") == true { known.reference = "" }
            }
            let made = try await client.post(
                "/v1/tax/calculations", StripeBodies.taxQuestion(known, currency), key: id)
            return StripeTaxAnswer(made).answer
        } catch StripeFault.invalid("customer_tax_location_invalid", _, _) {
            return .addressInsufficient
        } catch StripeFault.invalid(let code, _, _) {
            return .failed(code: code)
        }
    }
}

extension StripeBodies {
    /// So that a rate shows with all four decimals that a rate can have there.
    static let taxedAmount: Int64 = 1_000_000

    package static func taxQuestion(_ payer: Payer, _ currency: Currency) -> StripeForm {
        var form: StripeForm = [
            "currency": .text(currency.code),
            "line_items": .list([
                .form([
                    "amount": .text(String(taxedAmount)), "reference": "rate",
                    "tax_behavior": "exclusive",
                ])
            ]),
        ]
        if payer.reference.isEmpty {
            form.append(
                "customer_details",
                [
                    "address": .form(address(payer.address ?? PostalAddress())),
                    "address_source": "billing",
                ])
        } else {
            form.append("customer", payer.reference)
        }
        return form
    }
}

/// A calculation of Stripe's.
struct StripeTaxAnswer {
    private let calculation: JSONValue

    init(_ calculation: JSONValue) {
        self.calculation = calculation
    }

    var answer: TaxAnswer {
        let parts = calculation.list("tax_breakdown")
        let tax = calculation.number("tax_amount_exclusive") ?? 0
        guard tax > 0 else {
            // The buyer owes it, and an invoice has to say so.
            let reversed = parts.first { $0.text("taxability_reason") == "reverse_charge" }
            guard let reversed else { return .none }
            return .due(rate("Reverse charge", .zero, jurisdiction(of: reversed)))
        }
        let named = parts.first { ($0.number("amount") ?? 0) > 0 }
        let percentage = Quantity(
            raw: Int128(tax) * 100 * Quantity.scale / Int128(StripeBodies.taxedAmount))
        return .due(rate(name(of: named), percentage, jurisdiction(of: named)))
    }

    private func rate(
        _ name: String, _ percentage: Quantity, _ jurisdiction: String
    ) -> TaxRate {
        TaxRate(
            id: TaxRate.automaticID, name: name, percentage: percentage,
            jurisdiction: jurisdiction)
    }

    private func name(of part: JSONValue?) -> String {
        switch part?["tax_rate_details"]?.text("tax_type") {
        case "vat": "VAT"
        case "gst": "GST"
        case "hst": "HST"
        case "qst": "QST"
        case "pst": "PST"
        case "rst": "RST"
        case "igst": "IGST"
        case "jct": "Consumption tax"
        case "sales_tax": "Sales tax"
        case "retail_delivery_fee", "lease_tax", "communications_tax", "amusement_tax": "Local tax"
        case _: "Tax"
        }
    }

    private func jurisdiction(of part: JSONValue?) -> String {
        let details = part?["tax_rate_details"]
        let places = [details?.text("country") ?? "", details?.text("state") ?? ""]
        return places.filter { !$0.isEmpty }.joined(separator: "-")
    }
}
