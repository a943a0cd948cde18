import Billing
import Testing
import Wire

@testable import Payments

/// What Stripe Tax is asked, and what is made of its answer
/// (docs.stripe.com/api/tax/calculations).
@Suite("Taxes at Stripe") struct StripeTaxTests {
    private static func calculation(
        _ added: Int, _ parts: (amount: Int, reason: String, type: String, place: String)...
    ) -> String {
        let breakdown = parts.map { part in
            let places = part.place.split(separator: "-").map { "\"\($0)\"" }
            let state = places.count > 1 ? places[1] : "null"
            return """
                {"amount":\(part.amount),"inclusive":false,"taxability_reason":"\(part.reason)",
                 "taxable_amount":1000000,"tax_rate_details":{"country":\(places[0]),
                 "state":\(state),"tax_type":"\(part.type)","percentage_decimal":"0"}}
                """
        }.joined(separator: ",")
        return "{\"tax_amount_exclusive\":\(added),\"tax_breakdown\":[\(breakdown)]}"
    }

    private static func rate(_ name: String, _ text: String, _ jurisdiction: String) -> TaxAnswer {
        let raw = DecimalText.parseExactly(text, digits: 10) ?? -1
        return .due(
            TaxRate(
                id: "automatic", name: name, percentage: Quantity(raw: raw),
                jurisdiction: jurisdiction))
    }

    private static let rows: [(rule: String, json: String, answer: TaxAnswer)] = [
        (
            "one", calculation(190_000, (190_000, "standard_rated", "vat", "DE")),
            rate("VAT", "19", "DE")
        ),
        (
            "four decimals", calculation(66_251, (66_251, "standard_rated", "sales_tax", "US-CA")),
            rate("Sales tax", "6.6251", "US-CA")
        ),
        (
            "several authorities together",
            calculation(
                88_750, (40_000, "standard_rated", "sales_tax", "US-NY"),
                (45_000, "standard_rated", "sales_tax", "US-NY"),
                (3_750, "standard_rated", "sales_tax", "US-NY")),
            rate("Sales tax", "8.875", "US-NY")
        ),
        (
            "80 % of the price is taxed",
            calculation(50_000, (50_000, "proportionally_rated", "sales_tax", "US-TX")),
            rate("Sales tax", "5", "US-TX")
        ),
        (
            "the first that takes something names it",
            calculation(
                50_000, (0, "not_subject_to_tax", "lease_tax", "CA"),
                (50_000, "standard_rated", "gst", "CA")),
            rate("GST", "5", "CA")
        ),
        (
            "a kind that is new", calculation(10_000, (10_000, "standard_rated", "moon_tax", "ZZ")),
            rate("Tax", "1", "ZZ")
        ),
        (
            "the buyer owes it", calculation(0, (0, "reverse_charge", "vat", "FR")),
            rate("Reverse charge", "0", "FR")
        ),
        ("the seller isn't registered", calculation(0, (0, "not_collecting", "vat", "FR")), .none),
        ("the customer is exempt", calculation(0, (0, "customer_exempt", "vat", "DE")), .none),
        ("no tax there", calculation(0), .none),
    ]

    @Test("answers")
    func answers() throws {
        for row in Self.rows {
            let json = try JSONParser.parse(Array(row.json.utf8))
            #expect(StripeTaxAnswer(json).answer == row.answer, "\(row.rule)")
        }
    }

    @Test("who is known there is asked for by name, anybody else by address")
    func questions() throws {
        let euro = try #require(Currency(code: "eur"))
        let id = try #require(CustomerID("acme"))
        var payer = Payer(id: id, home: "h")
        payer.address = PostalAddress()
        payer.address?.country = "DE"
        payer.address?.postalCode = "10115"
        let line =
            "line_items[0][amount]=1000000&line_items[0][reference]=rate"
            + "&line_items[0][tax_behavior]=exclusive"
        let details = ["line1", "line2", "city", "state"].map {
            "customer_details[address][\($0)]="
        }
        #expect(
            StripeBodies.taxQuestion(payer, euro).encoded
                == "currency=eur&\(line)&" + details.joined(separator: "&")
                + "&customer_details[address][postal_code]=10115"
                + "&customer_details[address][country]=DE&customer_details[address_source]=billing")
        payer.reference = "cus_1"
        #expect(
            StripeBodies.taxQuestion(payer, euro).encoded == "currency=eur&\(line)&customer=cus_1")
    }
}
