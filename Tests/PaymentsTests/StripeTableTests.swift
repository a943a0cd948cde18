import Billing
import Payments
import Testing
import Wire

@Suite("Stripe's tables") struct StripeTableTests {
    @Test(
        "amounts: minor units, and where Stripe has rules of its own",
        arguments: [
            ("usd", 1999, 1999), ("eur", -5, -5), ("jpy", 500, 500), ("krw", 1, 1),
            // No minor unit, but counted in hundredths.
            ("ugx", 5, 500), ("ugx", -5, -500),
            // Whole units in hundredths.
            ("isk", 1_200, 1_200), ("isk", 1_249, 1_200), ("isk", 1_250, 1_300),
            ("isk", -1_250, -1_300),
            // Thousandths, in steps of ten.
            ("kwd", 5_124, 5_120), ("kwd", 5_125, 5_130), ("kwd", -5_125, -5_130),
            ("bhd", 10, 10), ("jod", 4, 0), ("omr", 5, 10), ("tnd", 15, 20),
            // Hundredths for charges, whatever payouts have.
            ("huf", 1_050, 1_050), ("twd", 80_050, 80_050), ("mga", 3, 3), ("pyg", 7, 7),
        ] as [(String, Int64, Int64)])
    func amounts(code: String, minor: Int64, amount: Int64) throws {
        let currency = try #require(Currency(code: code))
        let money = Money(minorUnits: minor, currency: currency)
        #expect(StripeAmount.amount(of: money) == amount)
        let back = try #require(StripeAmount.money(amount, code))
        #expect(StripeAmount.amount(of: back) == amount)
    }

    @Test("amounts: Stripe's currencies without minor unit are Tally's")
    func zeroDecimal() throws {
        let codes = [
            "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv",
            "xaf", "xof", "xpf",
        ]
        for code in codes {
            #expect(try #require(Currency(code: code)).minorDigits == 0)
            #expect(StripeAmount.money(100, code)?.minorUnits == 100)
        }
        #expect(StripeAmount.money(100, "USD") == nil && StripeAmount.money(1, "") == nil)
    }

    private static func error(_ members: String) -> String { "{\"error\":{\(members)}}" }

    @Test(
        "errors",
        arguments: [
            (
                402, #""type":"card_error","code":"card_declined","decline_code":"do_not_honor""#,
                .declined(code: "do_not_honor")
            ),
            (402, #""type":"card_error","code":"expired_card""#, .declined(code: "expired_card")),
            (402, #""type":"card_error""#, .declined(code: "card_declined")),
            (
                402, #""type":"card_error","code":"authentication_required""#,
                .authenticationRequired
            ),
            (
                400,
                #""type":"invalid_request_error","#
                    + #""code":"invoice_payment_intent_requires_action""#,
                .authenticationRequired
            ),
            (
                402,
                #""type":"card_error","code":"card_declined","#
                    + #""decline_code":"authentication_required""#,
                .authenticationRequired
            ),
            (
                400,
                #""type":"invalid_request_error","code":"resource_missing","param":"customer","#
                    + #""message":"No such customer: 'cus_1'""#,
                .invalid(
                    code: "resource_missing", parameter: "customer",
                    message: "No such customer: 'cus_1'")
            ),
            (
                400, #""type":"invalid_request_error""#,
                .invalid(code: "invalid_request", parameter: "", message: "")
            ),
            (
                400, #""type":"invalid_request_error","message":"Bad sk_test_123 here""#,
                .invalid(code: "invalid_request", parameter: "", message: "Bad … here")
            ),
            (400, #""type":"idempotency_error""#, .keyReused),
            (409, #""type":"idempotency_error","code":"idempotency_key_in_use""#, .busy),
            (401, #""type":"invalid_request_error""#, .unauthorized(status: 401)),
            (403, #""type":"invalid_request_error""#, .unauthorized(status: 403)),
            (404, #""type":"invalid_request_error""#, .missing),
            (429, #""type":"invalid_request_error","code":"lock_timeout""#, .rateLimited),
            (500, #""type":"api_error""#, .failed(status: 500, isReplayed: false)),
            (503, "", .failed(status: 503, isReplayed: false)),
            (301, "", .failed(status: 301, isReplayed: false)),
        ] as [(Int, String, StripeFault)])
    func errors(status: Int, members: String, fault: StripeFault) throws {
        let json = try JSONParser.parse(Self.error(members))
        #expect(StripeFault(status: status, body: json) == fault)
        #expect(!"\(fault)".contains("sk_"))
    }

    @Test("errors without JSON are Stripe's failing")
    func noJSON() {
        #expect(StripeFault(status: 502, body: .null) == .failed(status: 502, isReplayed: false))
        let replayed = StripeFault(status: 500, body: .null, isReplayed: true)
        #expect(replayed == .failed(status: 500, isReplayed: true))
    }

    @Test(
        "what is sent again, and when",
        arguments: [
            (1, .unreachable, 0, 250), (1, .unreachable, 1, 500), (2, .unreachable, 0.5, 750),
            (2, .unreachable, 9, 1_000), (3, .unreachable, 0, nil),
            (1, .answer(status: 409), 0, 250), (1, .answer(status: 429), 0, 250),
            (1, .answer(status: 500), 0, 250), (2, .answer(status: 503), 1, 1_000),
            (1, .answer(status: 400), 0, nil), (1, .answer(status: 402), 0, nil),
            (1, .answer(status: 404), 0, nil),
            (1, .answer(status: 500, advice: false), 0, nil),
            (1, .answer(status: 400, advice: true), 0, 250),
            (3, .answer(status: 400, advice: true), 0, nil),
            (1, .answer(status: 500, isReplayed: true), 0, nil),
            (1, .answer(status: 500, advice: true, isReplayed: true), 0, nil),
        ] as [(Int, StripeRetry.Outcome, Double, Int64?)])
    func retries(attempt: Int, outcome: StripeRetry.Outcome, chance: Double, pause: Int64?) {
        #expect(StripeRetry.pause(after: attempt, outcome, chance: chance) == pause)
    }
}
