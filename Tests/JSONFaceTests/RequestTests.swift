import Billing
import Repository
import Testing
import Wire

@Suite("What is asked")
struct RequestTests {
    /// Route, body, status and code, and what the message names.
    private static let refused: [(String, String, String, String)] = [
        ("balances.check", "", "400 invalid_inputs", "customer_id is required"),
        ("balances.check", "{", "400 invalid_inputs", "line 1, column 2"),
        ("balances.check", "[]", "400 invalid_inputs", "must be an object"),
        (
            "balances.check", #"{"customer_id": "acme", "feature_id": "x", "product_id": "y"}"#,
            "400 invalid_inputs", "feature_id or product_id"
        ),
        (
            "balances.check", #"{"customer_id": "acme", "feature_id": null}"#,
            "400 invalid_inputs", "feature_id or product_id"
        ),
        (
            "balances.check", #"{"customer_id": 7, "send_event": 1, "required_balance": "1"}"#,
            "400 invalid_inputs",
            "customer_id must be a string; required_balance must be a number; "
                + "send_event must be true or false"
        ),
        (
            "balances.check", #"{"customer_id": "a b", "feature_id": "messages"}"#,
            "400 invalid_inputs", "customer_id must be 1 to 63"
        ),
        (
            "balances.check",
            #"{"customer_id": "acme", "feature_id": "messages", "required_balance": 1e16}"#,
            "400 invalid_inputs", "required_balance must be a finite number"
        ),
        (
            "balances.check",
            #"{"customer_id": "acme", "feature_id": "messages", "required_quantity": 1e999}"#,
            "400 invalid_inputs", "required_quantity must be a number"
        ),
        (
            "balances.check",
            #"""
            {"customer_id": "acme", "feature_id": "messages", "required_quantity": 1,
             "required_balance": 1}
            """#,
            "400 invalid_inputs", "must not be given together with"
        ),
        (
            "balances.check",
            #"{"customer_id": "acme", "product_id": "free", "send_event": true}"#,
            "400 invalid_inputs", "send_event needs a feature_id"
        ),
        (
            "balances.check", #"{"customer_id": "acme", "feature_id": "sso", "send_event": true}"#,
            "400 invalid_inputs", "send_event a boolean feature"
        ),
        (
            "balances.check", #"{"customer_id": "acme", "feature_id": "nothing"}"#,
            "404 feature_not_found", "nothing"
        ),
        (
            "balances.check", #"{"customer_id": "acme", "product_id": "nothing"}"#,
            "404 product_not_found", "nothing"
        ),
        (
            "balances.check", #"{"customer_id": "bravo", "feature_id": "messages"}"#,
            "404 customer_not_found", "bravo"
        ),
        (
            "balances.track", #"{"customer_id": "acme"}"#, "400 invalid_inputs",
            "feature_id or event_name"
        ),
        (
            "balances.track",
            #"{"customer_id": "acme", "feature_id": "messages", "overage_behavior": "some"}"#,
            "400 invalid_inputs", "overage_behavior must be one of cap, reject, overflow"
        ),
        (
            "balances.track",
            #"""
            {"customer_id": "acme", "feature_id": "messages", "value": 101,
             "overage_behavior": "reject"}
            """#,
            "400 insufficient_balance", "messages"
        ),
        ("customers.get", #"{"customer_id": "bravo"}"#, "404 customer_not_found", "bravo"),
        (
            "customers.get_or_create", #"{"customer_id": null, "name": "Ada"}"#,
            "400 invalid_inputs", "customer_id is null: then an email is required"
        ),
        (
            "customers.get_or_create", #"{"customer_id": "acme", "name": "a\u0000b"}"#,
            "400 invalid_inputs", "name must"
        ),
    ]

    @Test("is refused with the reason", arguments: refused)
    func refuses(route: String, body: String, outcome: String, names: String) async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let answer = try await stand.post(route, body)
        #expect(answer.brief == outcome)
        #expect(answer.message.contains(names), "\(answer.message)")
    }

    /// Each alone, added to a request that is right.
    private static let later: [(String, String, String)] =
        [
            #""customer_data": {"name": "A"}"#, #""entity_data": {"feature_id": "seats"}"#,
        ].map { ("balances.check", #"{"customer_id": "acme", "feature_id": "messages""#, $0) }
        + [#""skip_event": true"#, #""customer_data": {"name": "A"}"#]
        .map { ("balances.track", #"{"customer_id": "acme", "feature_id": "messages""#, $0) }
        + [
            #""stripe_id": "cus_1""#, #""create_in_stripe": true"#, #""currency": "eur""#,
            #""auto_enable_plan_id": "free""#, #""send_email_receipts": true"#,
        ].map { ("customers.get_or_create", #"{"customer_id": "acme""#, $0) }
        + [#""new_customer_id": "bravo""#]
        .map { ("customers.update", #"{"customer_id": "acme""#, $0) }
        + [
            #""subscription_id": "mine""#, #""license_quantities": [{"quantity": 1}]"#,
            #""no_billing_changes": true"#, #""metadata": {"a": "b"}"#,
        ].map { ("billing.attach", #"{"customer_id": "acme", "plan_id": "metered""#, $0) }
        + [#""recalculate_balances": {"enabled": true}"#]
        .map { ("billing.update", #"{"customer_id": "acme", "plan_id": "free""#, $0) }
        + [#""new_plan_id": "p""#, #""description": "D""#]
        .map { ("plans.update", #"{"plan_id": "free""#, $0) }

    @Test("is refused by name where it isn't supported yet", arguments: later)
    func refusesLater(route: String, start: String, key: String) async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let answer = try await stand.post(route, "\(start), \(key)}")
        #expect(answer.brief == "400 invalid_request")
        let name = key.split(separator: "\"").first { $0 != "send_event" && !$0.contains(":") }
        #expect(answer.message.hasPrefix(name ?? "?"), "\(answer.message)")
    }

    @Test(
        "may hold what asks for nothing, and what nobody knows",
        arguments: [
            (
                "balances.check",
                #"""
                {"customer_id": "acme", "feature_id": "messages", "entity_id": null, "lock": null,
                 "with_preview": false, "properties": {"a": 1}, "send_event": false, "new": [1],
                 "required_balance": 2.0}
                """#
            ),
            (
                "balances.track",
                #"""
                {"customer_id": "acme", "feature_id": "messages", "value": 1e0, "async": true,
                 "properties": {}, "overage_behavior": "cap", "timestamp": null}
                """#
            ),
            (
                "customers.get_or_create",
                #"""
                {"customer_id": "acme", "name": null, "email": null, "metadata": {}, "expand": [],
                 "create_in_stripe": false, "billing_controls": {}}
                """#
            ),
        ])
    func accepts(route: String, body: String) async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        #expect(try await stand.post(route, body).brief == "200")
    }

    @Test(
        "keeps the digits that a binary fraction would lose",
        arguments: ["balances.track", "balances.check"])
    func keepsDigits(route: String) async throws {
        let stand = try await Stand(
            catalog: #"""
                {"currency": "usd",
                 "features": [{"feature_id": "tokens", "name": "Tokens", "type": "metered"}],
                 "plans": [{"plan_id": "free", "name": "Free", "auto_enable": true, "items": [
                   {"feature_id": "tokens", "included": 1000000000000}]}]}
                """#)
        try await stand.customer("acme")
        let amount = "123456789012.1234567891"
        let answer = try await stand.post(
            route,
            #"""
            {"customer_id": "acme", "feature_id": "tokens", "send_event": true,
             "value": \#(amount), "required_balance": \#(amount)}
            """#)
        #expect(answer.status == 200)
        let acme = try #require(CustomerID("acme"))
        let usage = try stand.environment.customers(of: acme).read(
            acme, names: stand.environment.directory.current,
            in: Workspace()
        ) { customer, _ in customer.buckets[0].usage }.answer
        #expect(DecimalText.text(usage.raw, digits: 10) == amount)
    }
}
