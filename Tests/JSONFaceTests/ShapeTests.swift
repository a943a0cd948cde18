import Testing
import Wire

/// Whole answers, key by key: a key that is missing, or one too many, is a client that breaks.
@Suite("What is answered")
struct ShapeTests {
    private static let now = "1769817600000"
    /// 28 February: a month after the 31st.
    private static let reset = "1772236800000"

    private static func messages(remaining: Int, usage: Int) -> String {
        #"""
        {"feature_id": "messages", "granted": 100, "remaining": \#(remaining), "usage": \#(usage),
         "unlimited": false, "overage_allowed": false, "max_purchase": null,
         "next_reset_at": \#(reset), "breakdown": [
          {"id": "bal_1", "plan_id": "free", "included_grant": 100, "prepaid_grant": 0,
           "remaining": \#(remaining), "usage": \#(usage), "unlimited": false,
           "reset": {"interval": "month", "resets_at": \#(reset)}, "price": null,
           "expires_at": null}]}
        """#
    }

    private static let seats = #"""
        {"feature_id": "seats", "granted": 3, "remaining": 3, "usage": 0, "unlimited": false,
         "overage_allowed": false, "max_purchase": null, "next_reset_at": null, "breakdown": [
          {"id": "bal_2", "plan_id": "free", "included_grant": 3, "prepaid_grant": 0,
           "remaining": 3, "usage": 0, "unlimited": false, "reset": null, "price": null,
           "expires_at": null}]}
        """#

    private static let credits = credits(remaining: "10", usage: "0")

    private static func credits(remaining: String, usage: String) -> String {
        #"""
        {"feature_id": "credits", "granted": 10, "remaining": \#(remaining), "usage": \#(usage),
         "unlimited": false, "overage_allowed": false, "max_purchase": null,
         "next_reset_at": null, "breakdown": [
          {"id": "bal_3", "plan_id": "free", "included_grant": 10, "prepaid_grant": 0,
           "remaining": \#(remaining), "usage": \#(usage), "unlimited": false,
           "reset": {"interval": "one_off", "resets_at": null}, "price": null,
           "expires_at": null}]}
        """#
    }

    private static let calls = #"""
        {"feature_id": "calls", "granted": 5, "remaining": 5, "usage": 0, "unlimited": false,
         "overage_allowed": true, "max_purchase": 40, "next_reset_at": \#(reset), "breakdown": [
          {"id": "bal_5", "plan_id": "metered", "included_grant": 5, "prepaid_grant": 0,
           "remaining": 5, "usage": 0, "unlimited": false,
           "reset": {"interval": "month", "resets_at": \#(reset)},
           "price": {"amount": 0.5, "billing_units": 10, "billing_method": "usage_based",
                     "max_purchase": 40},
           "expires_at": null}]}
        """#

    private static let sso =
        #"{"id": "bal_4", "feature_id": "sso", "plan_id": "free", "expires_at": null}"#

    private static func check(
        _ allowed: Bool, required: String = "1", balance: String = "null", flag: String = "null"
    ) -> String {
        #"""
        {"allowed": \#(allowed), "customer_id": "acme", "entity_id": null,
         "required_balance": \#(required), "balance": \#(balance), "flag": \#(flag),
         "preview": null}
        """#
    }

    private static func product(_ allowed: Bool, _ id: String, status: String = "") -> String {
        #"""
        {"allowed": \#(allowed), "customer_id": "acme", "code": "product_found",
         "product_id": "\#(id)", "entity_id": null, \#(status) "preview": null}
        """#
    }

    /// What is asked beside the customer's id, and the answer.
    private static let checks: [(String, String)] = [
        (#""feature_id": "messages""#, check(true, balance: messages(remaining: 100, usage: 0))),
        (
            #""feature_id": "messages", "required_balance": 100.5"#,
            check(false, required: "100.5", balance: messages(remaining: 100, usage: 0))
        ),
        (
            #""feature_id": "messages", "required_balance": 30, "send_event": true"#,
            check(true, required: "30", balance: messages(remaining: 70, usage: 30))
        ),
        (
            #""feature_id": "messages", "required_balance": 101, "send_event": true"#,
            check(false, required: "101", balance: messages(remaining: 100, usage: 0))
        ),
        (
            #""feature_id": "images", "required_quantity": 10"#,
            check(true, required: "2", balance: credits)
        ),
        (#""feature_id": "seats""#, check(true, balance: seats)),
        (#""feature_id": "calls""#, check(true, balance: calls)),
        (#""feature_id": "sso""#, check(true, flag: sso)),
        (#""feature_id": "audit""#, check(false)),
        (#""product_id": "free""#, product(true, "free", status: #""status": "active","#)),
    ]

    @Test("to a check", arguments: checks)
    func answersCheck(asked: String, expected: String) async throws {
        let stand = try await Stand()
        try await stand.customer("acme", buying: "metered")
        let answer = try await stand.post(
            "balances.check", #"{"customer_id": "acme", \#(asked)}"#)
        #expect(answer.status == 200)
        #expect(answer.json == (try JSONParser.parse(expected)))
    }

    @Test("to a check of what the customer doesn't have")
    func answersCheckOfNothing() async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        for (asked, expected) in [
            (#""feature_id": "calls""#, ShapeTests.check(false)),
            (#""product_id": "metered""#, ShapeTests.product(false, "metered")),
        ] {
            let answer = try await stand.post(
                "balances.check", #"{"customer_id": "acme", \#(asked)}"#)
            #expect(answer.json == (try JSONParser.parse(expected)))
        }
    }

    private static let month = #"{"interval": "month", "resets_at": \#(reset)}"#

    /// What is tracked, the value, the balance, and what was drawn.
    private static let tracks: [(String, String, String, String)] = [
        (
            #""feature_id": "messages""#, "1", messages(remaining: 99, usage: 1),
            #"""
            [{"balance_id": "bal_1", "feature_id": "messages", "plan_id": "free",
              "reset": \#(month), "value": 1}]
            """#
        ),
        (
            #""feature_id": "messages", "value": 120.0"#, "120", messages(remaining: 0, usage: 100),
            #"""
            [{"balance_id": "bal_1", "feature_id": "messages", "plan_id": "free",
              "reset": \#(month), "value": 100}]
            """#
        ),
        (#""feature_id": "messages", "value": -1"#, "-1", messages(remaining: 100, usage: 0), "[]"),
        (
            #""feature_id": "images", "value": 1.5"#, "1.5",
            credits(remaining: "9.7", usage: "0.3"),
            #"""
            [{"balance_id": "bal_3", "feature_id": "credits", "plan_id": "free",
              "reset": {"interval": "one_off", "resets_at": null}, "value": 0.3}]
            """#
        ),
        (
            #""feature_id": "seats", "value": 2"#, "2",
            seats.replacing(#""remaining": 3"#, with: #""remaining": 1"#)
                .replacing(#""usage": 0"#, with: #""usage": 2"#),
            #"""
            [{"balance_id": "bal_2", "feature_id": "seats", "plan_id": "free", "reset": null,
              "value": 2}]
            """#
        ),
        (#""feature_id": "sso""#, "1", "null", "[]"),
        (#""feature_id": "calls""#, "1", "null", "[]"),
    ]

    @Test("to a track", arguments: tracks)
    func answersTrack(
        asked: String, value: String, balance: String, drawn: String
    ) async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let answer = try await stand.post(
            "balances.track", #"{"customer_id": "acme", \#(asked)}"#)
        #expect(answer.status == 200)
        #expect(
            answer.json
                == (try JSONParser.parse(
                    #"""
                    {"customer_id": "acme", "value": \#(value),
                     "balance": \#(balance), "deductions": \#(drawn)}
                    """#)))
    }

    private static let subscription = #"""
        {"id": "sub_1", "plan_id": "free", "auto_enable": true, "add_on": false,
         "status": "active", "past_due": false, "canceled_at": null, "expires_at": null,
         "trial_ends_at": null, "started_at": \#(now), "current_period_start": null,
         "current_period_end": null, "quantity": 1, "scope": "customer"}
        """#

    private static let paid = #"""
        {"id": "sub_2", "plan_id": "metered", "auto_enable": false, "add_on": false,
         "status": "active", "past_due": false, "canceled_at": null, "expires_at": null,
         "trial_ends_at": null, "started_at": \#(now), "current_period_start": \#(now),
         "current_period_end": \#(reset), "quantity": 1, "scope": "customer"}
        """#

    private static let purchase = #"""
        {"plan_id": "once", "expires_at": null, "started_at": \#(now), "quantity": 1,
         "scope": "customer"}
        """#

    private static func customer(
        subscriptions: String, purchases: String = "", calls: String = ""
    ) -> String {
        #"""
        {"id": "acme", "name": "Acme", "email": null, "created_at": \#(now), "fingerprint": null,
         "stripe_id": null, "env": "sandbox", "metadata": {}, "send_email_receipts": false,
         "billing_controls": {}, "subscriptions": [\#(subscriptions)],
         "purchases": [\#(purchases)], "licenses": [],
         "balances": {"messages": \#(messages(remaining: 100, usage: 0)), "seats": \#(seats),
                      "credits": \#(credits)\#(calls)},
         "flags": {"sso": \#(sso)}}
        """#
    }

    @Test(
        "with a customer", arguments: ["customers.get", "customers.get_or_create"])
    func answersCustomer(route: String) async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let answer = try await stand.post(route, #"{"customer_id": "acme"}"#)
        let expected = ShapeTests.customer(subscriptions: ShapeTests.subscription)
        #expect(answer.json == (try JSONParser.parse(expected)))
    }

    @Test("with what a customer bought")
    func answersPurchases() async throws {
        let stand = try await Stand()
        try await stand.customer("acme", buying: "metered")
        try await stand.customer("acme")
        let bought = try await stand.post("customers.get", #"{"customer_id": "acme"}"#)
        let expected = ShapeTests.customer(
            subscriptions: "\(ShapeTests.subscription), \(ShapeTests.paid)",
            calls: #", "calls": \#(ShapeTests.calls)"#)
        #expect(bought.json == (try JSONParser.parse(expected)))
    }

    @Test("with a plan bought once under purchases")
    func answersOneOff() async throws {
        let stand = try await Stand()
        try await stand.customer("acme", buying: "once")
        let bought = try await stand.post("customers.get", #"{"customer_id": "acme"}"#)
        let expected = ShapeTests.customer(
            subscriptions: ShapeTests.subscription, purchases: ShapeTests.purchase)
        #expect(bought.json == (try JSONParser.parse(expected)))
    }
}
