import RPC
import Testing
import Wire

/// Older routes, and older shapes of the newest answers (entitlements §1.7, §2.7, §4.3, §8.1;
/// billing §16.3), whole and key by key.
@Suite("What older clients get")
struct OlderTests {
    private static let reset = "1772236800000"
    private static let now = "1769817600000"

    private static let messages20 = #"""
        {"feature_id": "messages", "unlimited": false, "granted_balance": 100,
         "purchased_balance": 0, "current_balance": 100, "usage": 0, "overage_allowed": false,
         "max_purchase": null, "reset": {"interval": "month", "resets_at": \#(reset)},
         "plan_id": "free", "breakdown": [
          {"id": "bal_1", "plan_id": "free", "granted_balance": 100, "purchased_balance": 0,
           "current_balance": 100, "usage": 0, "overage_allowed": false, "max_purchase": null,
           "reset": {"interval": "month", "resets_at": \#(reset)}, "prepaid_quantity": 0,
           "expires_at": null}]}
        """#

    /// Version, method, path, body; and the answer.
    private static let rows: [(String, String, String, String, String)] = [
        (
            "2.0", "POST", "check", #"{"customer_id": "acme", "feature_id": "messages"}"#,
            #"""
            {"allowed": true, "customer_id": "acme", "entity_id": null, "required_balance": 1,
             "balance": \#(messages20), "preview": null}
            """#
        ),
        // What is there or not was a balance of nothing.
        (
            "2.0", "POST", "entitled", #"{"customer_id": "acme", "feature_id": "sso"}"#,
            #"""
            {"allowed": true, "customer_id": "acme", "entity_id": null, "required_balance": 1,
             "balance": {"feature_id": "sso", "unlimited": false, "granted_balance": 0,
              "purchased_balance": 0, "current_balance": 0, "usage": 0,
              "overage_allowed": false, "max_purchase": null, "reset": null, "plan_id": "free"},
             "preview": null}
            """#
        ),
        (
            "1.2", "POST", "check", #"{"customer_id": "acme", "feature_id": "messages"}"#,
            #"""
            {"allowed": true, "code": "feature_found", "customer_id": "acme",
             "feature_id": "messages", "entity_id": null, "required_balance": 1,
             "unlimited": false, "included_usage": 100, "balance": 100, "usage": 0,
             "interval": "month", "next_reset_at": \#(reset), "overage_allowed": false,
             "preview": null}
            """#
        ),
        // It has a limit, so it read as none, and both are in one.
        (
            "1.2", "POST", "balances.check",
            #"{"customer_id": "acme", "feature_id": "calls", "required_balance": 45}"#,
            #"""
            {"allowed": true, "code": "feature_found", "customer_id": "acme",
             "feature_id": "calls", "entity_id": null, "required_balance": 45,
             "unlimited": false, "included_usage": 5, "balance": 5, "usage": 0,
             "usage_limit": 45, "interval": "month", "next_reset_at": \#(reset),
             "overage_allowed": false, "preview": null}
            """#
        ),
        (
            "1.2", "POST", "check", #"{"customer_id": "acme", "feature_id": "audit"}"#,
            #"""
            {"allowed": false, "code": "feature_found", "customer_id": "acme",
             "feature_id": "audit", "entity_id": null, "required_balance": 1, "preview": null}
            """#
        ),
        (
            "1.2", "POST", "check", #"{"customer_id": "acme", "product_id": "free"}"#,
            #"""
            {"allowed": true, "customer_id": "acme", "code": "product_found",
             "product_id": "free", "entity_id": null, "status": "active", "preview": null}
            """#
        ),
        (
            "1.2", "POST", "track",
            #"{"customer_id": "acme", "feature_id": "calls", "properties": {"value": 7}}"#,
            #"""
            {"id": "placeholder", "code": "event_received", "customer_id": "acme",
             "entity_id": null, "event_name": null, "feature_id": "calls"}
            """#
        ),
        (
            "1.2", "POST", "usage",
            #"{"customer_id": "acme", "feature_id": "messages", "value": 3}"#,
            #"{"success": true}"#
        ),
        (
            "1.2", "GET", "features/credits", "",
            #"""
            {"id": "credits", "name": "Credits", "type": "credit_system",
             "credit_schema": [{"metered_feature_id": "images", "credit_cost": 0.2}],
             "archived": false}
            """#
        ),
        (
            "2.0", "GET", "customers/acme", "",
            #"""
            {"id": "acme", "name": "Acme", "email": null, "created_at": \#(now),
             "fingerprint": null, "stripe_id": null, "env": "sandbox", "metadata": {},
             "subscriptions": [
              {"plan_id": "free", "default": true, "add_on": false, "status": "active",
               "past_due": false, "canceled_at": null, "expires_at": null,
               "trial_ends_at": null, "started_at": \#(now), "current_period_start": null,
               "current_period_end": null, "quantity": 1},
              {"plan_id": "metered", "default": false, "add_on": false, "status": "active",
               "past_due": false, "canceled_at": null, "expires_at": null,
               "trial_ends_at": null, "started_at": \#(now), "current_period_start": \#(now),
               "current_period_end": \#(reset), "quantity": 1},
              {"plan_id": "once", "default": false, "add_on": false, "status": "active",
               "past_due": false, "canceled_at": null, "expires_at": null,
               "trial_ends_at": null, "started_at": \#(now), "current_period_start": null,
               "current_period_end": null, "quantity": 1}],
             "scheduled_subscriptions": [], "balances": "…"}
            """#
        ),
        (
            "1.2", "GET", "products/metered", "",
            #"""
            {"id": "metered", "name": "Metered", "group": "calls", "env": "sandbox",
             "is_add_on": false, "is_default": false, "archived": false, "version": 1,
             "created_at": 0, "items": [
              {"type": "price", "feature_id": null, "price": 20, "interval": "month"},
              {"type": "priced_feature", "feature_id": "calls", "feature_type": "single_use",
               "included_usage": 5, "interval": "month", "usage_model": "pay_per_use",
               "price": 0.5, "billing_units": 10, "usage_limit": 45}],
             "free_trial": null, "base_variant_id": null, "properties": {
              "is_free": false, "is_one_off": false, "interval_group": "month",
              "has_trial": false, "updateable": false}}
            """#
        ),
        (
            "2.0", "GET", "plans/metered", "",
            #"""
            {"id": "metered", "name": "Metered", "description": null, "group": "calls",
             "version": 1, "add_on": false, "default": false,
             "price": {"amount": 20, "interval": "month"}, "features": [
              {"feature_id": "calls", "granted_balance": 5, "unlimited": false,
               "reset": {"interval": "month", "reset_when_enabled": true},
               "price": {"amount": 0.5, "interval": "month", "billing_units": 10,
                "usage_model": "pay_per_use", "max_purchase": 40}}],
             "created_at": 0, "env": "sandbox", "archived": false, "base_variant_id": null}
            """#
        ),
        // The newest shapes, by an older address.
        (
            "2.3", "GET", "features/sso", "",
            #"""
            {"id": "sso", "name": "SSO", "type": "boolean", "consumable": false,
             "archived": false}
            """#
        ),
    ]

    @Test("is what their version has", arguments: rows)
    func answers(
        version: String, method: String, path: String, body: String, expected: String
    ) async throws {
        let stand = try await Stand()
        try await stand.customer("acme", buying: "metered", "once")
        let answer = try await stand.older(method, path, body, version)
        let wanted = try JSONParser.parse(expected)
        #expect(answer.status == 200)
        guard case .object(let there) = answer.json, case .object(let keys) = wanted else {
            return #expect(answer.json == wanted)
        }
        #expect(there.members.map(\.key).sorted() == keys.members.map(\.key).sorted())
        for member in keys.members where member.value != .string("…") {
            #expect(there[member.key] == member.value, "\(member.key)")
        }
    }

    @Test("a customer, or an entity, that is named is made before 2.1, and never after")
    func makesCustomers() async throws {
        let body = #"""
            {"customer_id": "new", "feature_id": "messages", "customer_data": {"name": "New"},
             "entity_id": "e1", "entity_data": {"feature_id": "seats", "name": "One"}}
            """#
        for (version, status) in [("1.2", 200), ("2.0", 200), ("2.1", 400)] {
            let stand = try await Stand()
            #expect(try await stand.older("POST", "check", body, version).status == status)
            let customer = try await stand.post("customers.get", #"{"customer_id": "new"}"#)
            #expect(customer.status == (status == 200 ? 200 : 404))
            guard status == 200 else { continue }
            #expect(customer.json["name"] == .string("New"))
            #expect(customer.json["balances", "seats", "usage"] == .number("1"))
        }
    }

    @Test(
        "says no in the caller's words",
        arguments: [
            ("GET", "check", "", "405 method_not_allowed", "use POST"),
            ("PUT", "customers/acme", "{}", "405 method_not_allowed", "GET or POST or PATCH"),
            ("POST", "nothing/here", "{}", "404 not_found", "no route"),
            ("POST", "attach", #"{"customer_id": "acme"}"#, "400 invalid_inputs", "product_id is"),
            (
                "POST", "attach", #"{"customer_id": "acme", "product_id": "once", "items": [1]}"#,
                "400 invalid_request", "items"
            ),
            (
                "POST", "customers/acme/transfer", "{}", "400 invalid_request", "moved"
            ),
            ("GET", "customers?limit=0", "", "400 invalid_inputs", "limit"),
            ("GET", "customers/acme?expand=nothing", "", "400 invalid_inputs", "expand"),
            ("GET", "customers/nobody", "", "404 customer_not_found", "nobody"),
            ("POST", "check", "[1]", "400 invalid_inputs", "object"),
            ("POST", "check", "{", "400 invalid_inputs", "JSON"),
        ])
    func refuses(
        method: String, path: String, body: String, brief: String, named: String
    ) async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let answer = try await stand.older(method, path, body, "1.2")
        #expect(answer.brief == brief)
        #expect(answer.message.contains(named), "\(answer.message)")
    }

    @Test("customers come in pages by number")
    func pages() async throws {
        let stand = try await Stand()
        for id in ["a", "b", "c"] { try await stand.customer(id) }
        var seen: [JSONValue] = []
        for offset in 0..<3 {
            let page = try await stand.older(
                "GET", "customers?limit=1&offset=\(offset)", "", "1.2"
            ).json
            #expect(page["total"] == .number("1") && page["offset"] == .number(offset))
            #expect(page["has_more"] == .bool(offset < 2))
            guard case .array(let list)? = page["list"] else { continue }
            seen += list.compactMap { $0["id"] }
        }
        let all = try await stand.older("GET", "customers", "", "1.2").json
        guard case .array(let list)? = all["list"] else { return #expect(Bool(false)) }
        #expect(seen.count == 3 && seen == list.compactMap { $0["id"] })
    }
}

extension Stand {
    fileprivate func older(
        _ method: String, _ path: String, _ body: String, _ version: String
    ) async throws -> Answer {
        try await send(
            PageRequest(
                method: method, target: "/v1/" + path,
                headers: [
                    ("authorization", "Bearer " + key), ("x-api-version", version),
                    ("content-type", "application/json"),
                ], body: Array(body.utf8)))
    }
}
