import Payments
import Testing
import Wire

/// What Stripe charges for so many, as its documentation says it.
@Suite("Prices of Stripe's") struct StripeMoveTests {
    private static func price(_ more: String) throws -> StripePrice {
        let text = """
            {"id":"price_1","product":"prod_1","currency":"usd","billing_scheme":"per_unit",\
            "recurring":{"interval":"month","interval_count":1,"usage_type":"licensed"},\(more)}
            """
        return try #require(StripePrice(try JSONParser.parse(Array(text.utf8))))
    }

    @Test(
        "a line is rounded once, half up",
        arguments: [
            ("\"unit_amount\":2000,\"unit_amount_decimal\":\"2000\"", 3, 6000),
            ("\"unit_amount\":null,\"unit_amount_decimal\":\"12.5\"", 3, 38),
            (
                "\"unit_amount\":1000,\"transform_quantity\":{\"divide_by\":10,\"round\":\"up\"}",
                11, 2000
            ),
        ])
    func units(more: String, quantity: Int64, amount: Int64) throws {
        #expect(try Self.price(more).amount(of: quantity) == amount)
    }

    @Test(
        "graduated tiers charge each unit in its tier, volume tiers all in the last one's",
        arguments: [
            ("graduated", 5, 700), ("graduated", 15, 1700), ("volume", 5, 700), ("volume", 15, 750),
        ])
    func tiers(mode: String, quantity: Int64, amount: Int64) throws {
        let price = try Self.price(
            """
            "tiers_mode":"\(mode)","tiers":[{"up_to":10,"unit_amount":100,"flat_amount":200},\
            {"up_to":null,"unit_amount_decimal":"50","flat_amount":\
            \(mode == "volume" ? "null" : "250")}]
            """)
        #expect(price.amount(of: quantity) == amount)
    }
}
