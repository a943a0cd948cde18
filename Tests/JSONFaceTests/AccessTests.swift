import JSONFace
import RPC
import Repository
import Testing
import Wire

@Suite("Who may ask, and where")
struct AccessTests {
    @Test(
        "answers only paths of the API",
        arguments: ["/", "/v1", "/healthz", "/v2/balances.check"])
    func leavesOtherPaths(path: String) async throws {
        let stand = try await Stand()
        #expect(await stand.face.respond(to: PageRequest(method: "POST", target: path)) == nil)
    }

    @Test(
        "routes",
        arguments: [
            ("POST", "/v1/balances.chek", "404 not_found"),
            ("POST", "/v1/", "404 not_found"),
            ("POST", "/v1/balances.check/", "404 not_found"),
            ("GET", "/v1/balances.check", "405 method_not_allowed"),
            ("DELETE", "/v1/customers.get", "405 method_not_allowed"),
            ("POST", "/v1/balances.check?skip_cache=true", "200"),
        ])
    func routes(method: String, target: String, outcome: String) async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let answer = try await stand.send(
            PageRequest(
                method: method, target: target,
                headers: [("authorization", "Bearer " + stand.key)],
                body: Array(#"{"customer_id": "acme", "feature_id": "messages"}"#.utf8)))
        #expect(answer.brief == outcome)
        #expect(answer.headers["content-type"] == "application/json")
        #expect(answer.headers["allow"] == (answer.status == 405 ? "POST" : nil))
    }

    @Test(
        "asks for a key",
        arguments: [
            (nil, "401 no_secret_key"),
            ("", "401 no_secret_key"),
            ("Bearer", "401 no_secret_key"),
            ("Bearer ", "401 no_secret_key"),
            ("Basic YTpi", "401 no_secret_key"),
            ("Bearer tally_sk_sandbox_nope", "401 invalid_secret_key"),
            ("Bearer $KEY!", "401 invalid_secret_key"),
            ("Bearer $KEY", "404 customer_not_found"),
            ("bearer  $KEY", "404 customer_not_found"),
        ])
    func authenticates(header: String?, outcome: String) async throws {
        let stand = try await Stand()
        let value = header?.replacing("$KEY", with: stand.key)
        let answer = try await stand.send(
            PageRequest(
                method: "POST", target: "/v1/customers.get",
                headers: value.map { [("authorization", $0)] } ?? [],
                body: Array(#"{"customer_id": "nobody"}"#.utf8)))
        #expect(answer.brief == outcome)
        #expect(answer.json["env"] == .string("sandbox"))
        #expect(answer.message.isEmpty == false)
        #expect((answer.headers["www-authenticate"] != nil) == (answer.status == 401))
    }

    @Test("refuses a revoked key")
    func refusesRevoked() async throws {
        let stand = try await Stand()
        for key in stand.environment.keys.all { _ = try stand.environment.keys.revoke(id: key.id) }
        let answer = try await stand.post("customers.get", "{}")
        #expect(answer.brief == "401 invalid_secret_key")
    }

    @Test("chooses the environment by the key")
    func choosesEnvironment() async throws {
        let (first, second) = (try await Stand(), try await Stand())
        try await second.customer("acme")
        let face = JSONPages(
            AccessList(environments: [first.environment, second.environment]))
        for (stand, status) in [(first, 404), (second, 200)] {
            let response = await face.respond(
                to: PageRequest(
                    method: "POST", target: "/v1/customers.get",
                    headers: [("authorization", "Bearer " + stand.key)],
                    body: Array(#"{"customer_id": "acme"}"#.utf8)))
            #expect(response?.status == status)
        }
    }

    @Test(
        "speaks 1.2 and later",
        arguments: [
            ("2.3.0", "200"), ("2.1", "200"), ("2.5.0", "200"), ("2.0.0", "200"), ("1.2", "200"),
            ("1.9", "200"), ("1.1", "400"), ("0.2", "400"), ("2025-05-05", "200"),
            ("2026-03-16", "200"), ("2026-11-01", "200"), ("2025-05-04", "400"),
            ("2026-3-16", "400"), ("2", "400"), ("2.x", "400"), ("2.3.0.1", "400"), ("", "400"),
            ("3.0", "400"),
        ])
    func versions(version: String, status: String) async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let answer = try await stand.post(
            "customers.get", #"{"customer_id": "acme"}"#, ("x-api-version", version))
        #expect(answer.brief == (status == "200" ? status : "400 invalid_api_version"))
    }

    @Test("says so when nothing can be written any more")
    func unavailable() async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        try stand.environment.close()
        let answer = try await stand.post(
            "balances.track", #"{"customer_id": "acme", "feature_id": "messages"}"#)
        #expect(answer.brief == "503 service_unavailable")
        #expect(answer.headers["retry-after"] == "1")
    }
}
