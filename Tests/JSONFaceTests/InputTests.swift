import RPC
import Testing
import Wire

/// What is not as it should be: status, code, and what the message names; nothing is applied.
@Suite("What nobody should send")
struct InputTests {
    private static let attach = #""customer_id": "acme", "plan_id": "metered""#

    private static let refused: [(String, String, String, String)] = [
        (
            "billing.attach", "{\(attach), \"plan_id\": \"free\"}", "400 invalid_inputs",
            "duplicate key"
        ),
        (
            "billing.attach",
            "{\(attach), \"metadata\": " + String(repeating: "[", count: 65)
                + String(repeating: "]", count: 65) + "}",
            "400 invalid_inputs", "column"
        ),
        // No second begins before it.
        (
            "balances.track",
            "{\"customer_id\": \"acme\", \"feature_id\": \"messages\", "
                + "\"timestamp\": -9223372036854775808}",
            "400 invalid_inputs", "timestamp must be a time"
        ),
        ("billing.attach", "[]", "400 invalid_inputs", "must be an object"),
        ("billing.attach", "\"text\"", "400 invalid_inputs", "must be an object"),
        ("billing.attach", "{\"customer_id\": \"acme\"}", "400 invalid_inputs", "plan_id is requi"),
        (
            "billing.attach", "{\(attach), \"version\": 1.5}", "400 invalid_inputs",
            "version must be a whole number"
        ),
        (
            "billing.attach", "{\(attach), \"version\": -1}", "400 invalid_inputs",
            "version must be a whole number"
        ),
        (
            "billing.attach", "{\(attach), \"feature_quantities\": {}}", "400 invalid_inputs",
            "feature_quantities must be a list"
        ),
        (
            "billing.attach", "{\(attach), \"feature_quantities\": [1]}", "400 invalid_inputs",
            "feature_quantities[0] must be an object"
        ),
        (
            "billing.attach",
            #"""
            {"customer_id": "acme", "plan_id": "metered",
             "feature_quantities": [{"feature_id": "calls", "quantity": 1e99}]}
            """#,
            "400 invalid_inputs", "feature_quantities[0].quantity"
        ),
        (
            "billing.attach",
            "{\(attach), \"feature_quantities\": [{\"feature_id\": \"x y\", \"quantity\": 1}]}",
            "400 invalid_inputs", "feature_quantities[0].feature_id"
        ),
        (
            "billing.attach", "{\(attach), \"redirect_mode\": \"sometimes\"}",
            "400 invalid_inputs", "redirect_mode must be one of"
        ),
        (
            "billing.attach", "{\(attach), \"proration_behavior\": \"later\"}",
            "400 invalid_inputs", "proration_behavior must be"
        ),
        (
            "billing.attach", "{\(attach), \"billing_cycle_anchor\": 1}", "400 invalid_inputs",
            "billing_cycle_anchor must be"
        ),
        (
            "billing.attach", "{\(attach), \"customize\": {\"price\": {\"amount\": \"much\"}}}",
            "400 invalid_inputs", "customize.price.amount must be a number"
        ),
        (
            "billing.attach",
            "{\(attach), \"customize\": {\"items\": [{\"feature_id\": 1}]}}",
            "400 invalid_inputs", "customize.items[0].feature_id must be a string"
        ),
        (
            "billing.attach",
            "{\(attach), \"discounts\": [{\"reward_id\": \"a\", \"promotion_code\": \"B\"}]}",
            "400 invalid_inputs", "discounts[0].reward_id or promotion_code"
        ),
        (
            "billing.preview_attach", "{\(attach), \"success_url\": \"ftp://example.com\"}",
            "400 invalid_inputs", "success_url must be"
        ),
        (
            "billing.attach",
            "{\(attach), \"custom_line_items\": [{\"amount\": 1.001, \"description\": \"D\"}]}",
            "400 invalid_inputs", "custom_line_items[0].amount must be"
        ),
        (
            "billing.update", #"{"customer_id": "acme", "plan_id": "free"}"#,
            "400 invalid_inputs", "give at least one of"
        ),
        (
            "balances.finalize", #"{"lock_id": "l", "action": "keep"}"#, "400 invalid_request",
            "no lock"
        ),
        (
            "balances.finalize",
            #"{"customer_id": "acme", "lock_id": "l", "action": "release", "override_value": 1}"#,
            "400 invalid_inputs", "override_value is for"
        ),
        ("balances.batch_track", "{}", "400 invalid_inputs", "list of 1 to 1000"),
        (
            "balances.batch_track",
            #"""
            [{"customer_id": "acme", "feature_id": "messages"},
             {"customer_id": "acme", "feature_id": "nothing"}]
            """#,
            "404 feature_not_found", "[1]: "
        ),
        (
            "balances.batch_track",
            #"""
            [{"customer_id": "acme", "feature_id": "messages"},
             {"customer_id": "bravo", "feature_id": "messages"}]
            """#,
            "404 customer_not_found", "[1]: "
        ),
        (
            "balances.track",
            #"{"customer_id": "acme", "feature_id": "messages", "properties": {"a": [1]}}"#,
            "400 invalid_inputs", "properties.a must be"
        ),
        (
            "balances.track",
            #"{"customer_id": "acme", "feature_id": "messages", "timestamp": "now"}"#,
            "400 invalid_inputs", "timestamp must be a time"
        ),
        (
            "customers.get", #"{"customer_id": "acme", "expand": ["everything"]}"#,
            "400 invalid_inputs", "expand must be among"
        ),
        (
            "customers.update", #"{"customer_id": "acme", "metadata": {"a": 1}}"#,
            "400 invalid_inputs", "metadata.a must be a text"
        ),
        (
            "customers.update",
            #"""
            {"customer_id": "acme", "name": "New", "billing_controls": {
              "usage_limits": [{"feature_id": "nothing", "limit": 1, "interval": "day"}]}}
            """#,
            "404 feature_not_found", "nothing"
        ),
        (
            "customers.list", #"{"limit": -1}"#, "400 invalid_inputs",
            "limit must be a whole number"
        ),
        ("events.aggregate", "{}", "400 invalid_inputs", "feature_id"),
        (
            "events.aggregate",
            #"""
            {"feature_id": "messages", "range": "7d", "custom_range": {"start": 1, "end": 2}}
            """#,
            "400 invalid_inputs", "range must not be given together"
        ),
        (
            "events.aggregate", #"{"feature_id": "messages", "range": "8d"}"#,
            "400 invalid_inputs", "range must be one of"
        ),
        (
            "plans.create",
            #"""
            {"plan_id": "new", "name": "New", "items": [{"feature_id": "calls",
              "price": {"interval": "month", "billing_method": "usage_based", "amount": 1,
                        "tiers": [{"to": "inf", "amount": 1}]}}]}
            """#,
            "400 invalid_inputs", "items[0]."
        ),
        ("plans.delete", #"{"plan_id": "free"}"#, "409 invalid_request", "acme"),
        ("plans.delete", #"{"plan_id": "never"}"#, "404 product_not_found", "never"),
        ("plans.delete", #"{"plan_id": 5}"#, "400 invalid_inputs", "plan_id"),
        (
            "plans.delete", #"{"plan_id": "free", "all_versions": 1}"#, "400 invalid_inputs",
            "all_versions"
        ),
        ("features.delete", #"{"feature_id": "sso"}"#, "409 invalid_request", "plan"),
        ("features.delete", #"{"feature_id": "never"}"#, "404 feature_not_found", "never"),
        (
            "billing.multi_update", #"{"customer_id": "acme", "updates": []}"#,
            "400 invalid_inputs", "updates"
        ),
        (
            "billing.multi_update",
            #"{"customer_id": "acme", "updates": [{"plan_id": "free"}]}"#,
            "400 invalid_inputs", "updates[0].cancel_action"
        ),
        (
            "billing.multi_update",
            #"""
            {"customer_id": "acme", "updates": [
             {"plan_id": "free", "cancel_action": "cancel_immediately"},
             {"plan_id": "free", "cancel_action": "uncancel", "proration_behavior": "x"}]}
            """#,
            "400 invalid_inputs", "updates[1].proration_behavior"
        ),
        ("keys.mint", "{", "400 invalid_inputs", "not JSON"),
    ]

    @Test("is refused, and nothing of it is applied", arguments: refused)
    func refuses(route: String, body: String, outcome: String, names: String) async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let before = try await stand.post("customers.get", #"{"customer_id": "acme"}"#)
        let answer = try await stand.post(route, body)
        #expect(answer.brief == outcome, "\(answer.message)")
        #expect(answer.message.contains(names), "\(answer.message)")
        let after = try await stand.post("customers.get", #"{"customer_id": "acme"}"#)
        #expect(after.json == before.json)
    }

    @Test(
        "of another type than JSON is not read",
        arguments: [
            ("application/json", "200"), ("application/json; charset=utf-8", "200"),
            ("Application/JSON", "200"), ("application/merge-patch+json", "200"),
            ("text/plain", "415 unsupported_media_type"), ("", "415 unsupported_media_type"),
            ("application/x-www-form-urlencoded", "415 unsupported_media_type"),
        ])
    func types(type: String, outcome: String) async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let answer = try await stand.post(
            "customers.get", #"{"customer_id": "acme"}"#, ("content-type", type))
        #expect(answer.brief == outcome)
    }
}
