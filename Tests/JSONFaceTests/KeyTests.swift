import Billing
import JSONFace
import RPC
import Repository
import Testing
import Wire

/// What keys of each kind may do (entitlements §10.1).
@Suite("Keys")
struct KeyTests {
    private func key(
        _ stand: Stand, _ kind: APIKey.Kind, scopes: Scopes = .all, of customer: String? = nil
    ) throws -> String {
        let draft = KeyDraft(
            kind: kind, name: "", scopes: scopes, customer: customer.flatMap { CustomerID($0) })
        return try stand.environment.keys.make(draft, time: 0).key
    }

    @Test("mint, refresh, revoke, in the official client's shapes")
    func lifecycle() async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let minted = try await stand.post("keys.mint", #"{"customer_id": "acme"}"#)
        #expect(minted.status == 200)
        #expect(
            minted.json.names == [
                "access_token", "expires_at", "refresh_token", "refresh_expires_at",
            ])
        let access = minted.text("access_token"), refresh = minted.text("refresh_token")
        let seen = try await stand.post("customers.get", "{}", as: access)
        #expect(seen.json["id"] == .string("acme"))

        // No body: the token is the key.
        let next = try await stand.post("keys.refresh", "", as: refresh)
        #expect(next.status == 200 && next.json.names == minted.json.names)
        #expect(next.text("access_token") != access)
        #expect(
            try await stand.post("keys.refresh", "{}", as: refresh).brief
                == "401 invalid_secret_key")
        #expect(
            try await stand.post("keys.refresh", "{}", as: access).brief
                == "403 insufficient_scopes")
        #expect(try await stand.post("keys.refresh", "{}").brief == "401 invalid_secret_key")

        let endless = try await stand.post(
            "keys.mint", #"{"customer_id": "acme", "indefinite": true}"#)
        #expect(endless.json.names == ["access_token", "expires_at"])
        #expect(endless.json["expires_at"] == .null)
        let revoked = try await stand.post("keys.revoke", #"{"customer_id": "acme"}"#)
        #expect(revoked.json == .object(["revoked": .bool(true)]))
        for token in [access, next.text("access_token"), endless.text("access_token")] {
            #expect(
                try await stand.post("customers.get", "{}", as: token).brief
                    == "401 invalid_secret_key")
        }
    }

    @Test(
        "what can't be minted",
        arguments: [
            ("keys.mint", "{}", "400 invalid_inputs"),
            ("keys.mint", #"{"customer_id": 1}"#, "400 invalid_inputs"),
            ("keys.mint", #"{"customer_id": ""}"#, "400 invalid_inputs"),
            ("keys.mint", #"{"customer_id": "nobody"}"#, "404 customer_not_found"),
            ("keys.mint", #"{"customer_id": "acme", "indefinite": "yes"}"#, "400 invalid_inputs"),
            ("keys.revoke", "{}", "400 invalid_inputs"),
            ("keys.revoke", #"{"customer_id": "nobody"}"#, "404 customer_not_found"),
        ])
    func badInput(route: String, body: String, outcome: String) async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        #expect(try await stand.post(route, body).brief == outcome)
        #expect(stand.environment.keys.givenCount == 0)
    }

    @Test("no key gives away what it may not do")
    func scopes() async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let poor = try key(stand, .secret, scopes: [.keysWrite, .customersRead])
        let minted = try await stand.post(
            "keys.mint", #"{"customer_id": "acme"}"#, as: poor)
        let access = minted.text("access_token")
        #expect(try await stand.post("customers.get", "{}", as: access).status == 200)
        #expect(
            try await stand.post(
                "balances.check", #"{"feature_id": "messages"}"#, as: access
            ).brief == "403 insufficient_scopes")
        let none = try key(stand, .secret, scopes: .ofCustomer)
        #expect(
            try await stand.post("keys.mint", #"{"customer_id": "acme"}"#, as: none).brief
                == "403 insufficient_scopes")
    }

    @Test("a customer's key sees its customer, whoever the body names, and nobody else")
    func oneCustomer() async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        try await stand.customer("beta")
        let access = try key(stand, .customer, scopes: .all, of: "acme")
        let own = #""feature_id": "messages""#
        let rows: [(String, String, String)] = [
            ("customers.get", "{}", "200"),
            ("customers.get", #"{"customer_id": null}"#, "200"),
            ("customers.get", #"{"customer_id": "acme"}"#, "200"),
            ("customers.get", #"{"customer_id": "beta"}"#, "403 insufficient_scopes"),
            ("customers.get", #"{"customer_id": 5}"#, "403 insufficient_scopes"),
            ("balances.check", "{\(own)}", "200"),
            ("balances.check", "{\(own), \"customer_id\": \"beta\"}", "403 insufficient_scopes"),
            ("balances.track", "{\(own)}", "200"),
            ("balances.track", "{\(own), \"customer_id\": \"beta\"}", "403 insufficient_scopes"),
            ("balances.batch_track", "[{\(own)}]", "202"),
            (
                "balances.batch_track", "[{\(own)}, {\(own), \"customer_id\": \"beta\"}]",
                "403 insufficient_scopes"
            ),
            ("events.list", "{}", "200"),
            ("plans.list", "{}", "200"),
            ("features.list", "{}", "200"),
        ]
        for (route, body, outcome) in rows {
            let answer = try await stand.post(route, body, as: access)
            #expect(answer.brief == outcome, "\(route) \(body)")
            #expect(!answer.message.contains("beta"))
        }
        #expect(
            try await stand.post("customers.get", #"{"customer_id": "beta"}"#)
                .json["balances", "messages", "usage"] == .number("0"))
    }

    @Test("a customer's key can't call what isn't about one customer")
    func routesOfCustomers() async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let access = try key(stand, .customer, scopes: .all, of: "acme")
        let open: Set<String> = [
            "balances.check", "balances.track", "balances.track_tokens", "balances.batch_track",
            "balances.finalize", "customers.get", "entities.get", "entities.list",
            "events.aggregate", "events.list", "features.get", "features.list", "invoices.list",
            "plans.get", "plans.list",
        ]
        for route in try stand.routes {
            let answer = try await stand.post(route, "{}", as: access)
            let isRefused = answer.brief == "403 insufficient_scopes"
            #expect(isRefused == !open.contains(route), "\(route): \(answer.brief)")
        }
    }

    @Test("a publishable key is refused by each of the newer routes, a refresh token too")
    func routesOfPages() async throws {
        let stand = try await Stand()
        let publishable = try key(stand, .publishable)
        try await stand.customer("acme")
        let minted = try await stand.post("keys.mint", #"{"customer_id": "acme"}"#)
        let refresh = minted.text("refresh_token")
        for route in try stand.routes {
            let answer = try await stand.post(route, "{}", as: publishable)
            #expect(answer.brief == "401 endpoint_not_public", "\(route)")
            guard route != "keys.refresh" else { continue }
            let other = try await stand.post(route, "{}", as: refresh)
            #expect(other.brief == "401 invalid_secret_key", "\(route)")
        }
    }
}

extension Stand {
    private var document: JSONValue {
        get throws { try JSONParser.parse(documentBytes) }
    }

    /// All of the newer ones, as the document lists them.
    var routes: [String] {
        get throws {
            guard case .object(let paths)? = try document["paths"] else { return [] }
            return paths.members.compactMap {
                let name = $0.key.dropFirst("/v1/".count)
                return name.contains(".") ? String(name) : nil
            }
        }
    }

    func post(
        _ route: String, _ body: String, as key: String
    ) async throws -> Answer {
        try await send(
            PageRequest(
                method: "POST", target: "/v1/" + route,
                headers: [("authorization", "Bearer " + key)], body: Array(body.utf8)))
    }
}

extension JSONValue {
    /// Of an object's members.
    var names: [String] {
        guard case .object(let object) = self else { return [] }
        return object.members.map(\.key)
    }
}
