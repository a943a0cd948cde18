import Billing
import JSONFace
import RPC
import Repository
import Synchronization
import Testing
import Wire

/// Limits, pages of other servers, retries that are refused, and what is told to logs.
@Suite("Before a call is served")
struct GateTests {
    private static let origin = "https://shop.example.com"
    private static let check = #"{"customer_id": "acme", "feature_id": "messages"}"#

    private func limited(
        _ groups: [RateGroup: RateLimit], perKey: RateLimit? = nil
    ) async throws -> Stand {
        var settings = JSONSettings()
        // Time stands still.
        settings.limits = RateLimits(
            RateLimits.Settings(groups: groups, perKey: perKey), now: { 1_000_000 })
        return try await Stand(settings: settings)
    }

    @Test("limits are told with each answer, and too many are refused")
    func limits() async throws {
        let stand = try await limited([.check: RateLimit(count: 2, seconds: 1)])
        try await stand.customer("acme")
        try await stand.customer("beta")
        for remaining in ["1", "0"] {
            let answer = try await stand.post("balances.check", GateTests.check)
            #expect(answer.status == 200)
            #expect(answer.headers["ratelimit-limit"] == "2")
            #expect(answer.headers["ratelimit-policy"] == "2;w=1")
            #expect(answer.headers["ratelimit-remaining"] == remaining)
            #expect(answer.headers["ratelimit-reset"] == "1")
        }
        let over = try await stand.post("balances.check", GateTests.check)
        #expect(over.brief == "429 rate_limit_exceeded")
        #expect(over.headers["retry-after"] == "1")
        #expect(over.headers["ratelimit-remaining"] == "0")
        // The customer's, not the key's.
        let other = #"{"customer_id": "beta", "feature_id": "messages"}"#
        #expect(try await stand.post("balances.check", other).status == 200)
        let free = try await stand.post("customers.get", #"{"customer_id": "acme"}"#)
        #expect(free.status == 200 && free.headers["ratelimit-limit"] == nil)
    }

    @Test("what is refused for its number changes nothing")
    func refusedChangesNothing() async throws {
        let stand = try await limited([.track: RateLimit(count: 1, seconds: 60)])
        try await stand.customer("acme")
        let statuses = try await [0, 1].asyncMap { _ in
            try await stand.post("balances.track", GateTests.check).status
        }
        #expect(statuses == [200, 429])
        let customer = try await stand.post("customers.get", #"{"customer_id": "acme"}"#)
        #expect(customer.json["balances", "messages", "usage"] == .number("1"))
    }

    @Test(
        "each route counts with its group",
        arguments: [
            ("balances.check", RateGroup.check), ("balances.track", .track),
            ("balances.batch_track", .batchTrack), ("billing.attach", .billing),
            ("billing.preview_attach", nil), ("events.list", .events),
            ("customers.list", .customersList), ("entities.get", .entitiesGet),
            ("customers.get", .general), ("plans.list", .general),
        ] as [(String, RateGroup?)])
    func groups(route: String, group: RateGroup?) async throws {
        let all = RateGroup.allCases.map { ($0, RateLimit(count: 9 + $0.rawValue, seconds: 1)) }
        let stand = try await limited(Dictionary(uniqueKeysWithValues: all))
        let answer = try await stand.post(route, "{}")
        #expect(answer.headers["ratelimit-limit"] == group.map { "\(9 + $0.rawValue)" })
    }

    @Test("a key has a limit of its own; without limits nothing is said")
    func perKey() async throws {
        let stand = try await limited([:], perKey: RateLimit(count: 1, seconds: 60))
        let answers = try await [0, 1].asyncMap { _ in try await stand.post("plans.list", "{}") }
        #expect(answers.map(\.status) == [200, 429])
        let plain = try await Stand().post("plans.list", "{}")
        #expect(!plain.headers.keys.contains { $0.hasPrefix("ratelimit") })
    }

    @Test("a retry can be refused, by a setting, and counts nothing")
    func refusedRetries() async throws {
        var settings = JSONSettings()
        settings.refusesRetries = true
        let stand = try await Stand(settings: settings)
        try await stand.customer("acme")
        let track = #"{"customer_id": "acme", "feature_id": "messages", "value": 10}"#
        let grant = #""included_grant": 5"#
        let rows: [(String, String)] = [
            ("balances.track", track),
            ("balances.create", #"{"customer_id": "acme", "feature_id": "calls", \#(grant)}"#),
            ("customers.update", #"{"customer_id": "acme", "name": "Other"}"#),
        ]
        for (route, body) in rows {
            let first = try await stand.post(route, body, ("idempotency-key", route))
            #expect(first.code == "", "\(route): \(first.brief) \(first.message)")
            let again = try await stand.post(route, body, ("idempotency-key", route))
            #expect(again.brief == "409 duplicate_idempotency_key", "\(route)")
        }
        let customer = try await stand.post("customers.get", #"{"customer_id": "acme"}"#)
        #expect(customer.json["balances", "messages", "usage"] == .number("10"))
    }

    private func paged(secretKeys: Bool = false) async throws -> Stand {
        var settings = JSONSettings()
        settings.origins = [GateTests.origin]
        settings.takesSecretKeysFromPages = secretKeys
        return try await Stand(settings: settings)
    }

    @Test(
        "a page may ask whether it may call, if it is one of the settings', to the letter",
        arguments: [
            (origin, true), ("https://shop.example.com:443", false), (origin + "/", false),
            ("http://shop.example.com", false), ("https://evil.example.com", false),
            ("https://shop.example.com.evil.example.com", false), ("null", false),
        ])
    func preflight(from page: String, isAllowed: Bool) async throws {
        let stand = try await paged()
        let answer = try #require(
            await stand.face.respond(
                to: PageRequest(
                    method: "OPTIONS", target: "/v1/check",
                    headers: [("origin", page), ("access-control-request-method", "POST")])))
        let fields = Dictionary(uniqueKeysWithValues: answer.headers.map { ($0.name, $0.value) })
        #expect(answer.status == 204 && answer.body.isEmpty)
        #expect(fields["access-control-allow-origin"] == (isAllowed ? page : nil))
        #expect((fields["access-control-allow-headers"] != nil) == isAllowed)
        #expect(fields["access-control-allow-credentials"] == nil)
        #expect(fields["vary"] == "origin")
    }

    @Test("pages see answers to keys that may be seen, and none to secret keys")
    func pages() async throws {
        let stand = try await paged()
        try await stand.customer("acme")
        let minted = try await stand.post("keys.mint", #"{"customer_id": "acme"}"#)
        func ask(_ key: String, from page: String) async throws -> Answer {
            try await stand.send(
                PageRequest(
                    method: "POST", target: "/v1/customers.get",
                    headers: [("authorization", "Bearer " + key), ("origin", page)],
                    body: Array(#"{"customer_id": "acme"}"#.utf8)))
        }
        let access = minted.text("access_token")
        let seen = try await ask(access, from: GateTests.origin)
        #expect(seen.status == 200)
        #expect(seen.headers["access-control-allow-origin"] == GateTests.origin)
        #expect(seen.headers["vary"] == "origin")
        let stranger = try await ask(access, from: "https://evil.example.com")
        #expect(stranger.headers["access-control-allow-origin"] == nil)
        let secret = try await ask(stand.key, from: GateTests.origin)
        #expect(secret.brief == "403 insufficient_scopes")
        #expect(secret.headers["access-control-allow-origin"] == GateTests.origin)
        let unknown = try await ask("tally_pk_sandbox_x", from: GateTests.origin)
        #expect(unknown.status == 401)
        #expect(unknown.headers["access-control-allow-origin"] == GateTests.origin)
        // No browser would send it on: no page's question.
        #expect(try await ask(stand.key, from: "https://evil.example.com").status == 200)
        let open = try await paged(secretKeys: true)
        try await open.customer("acme")
        let taken = try await open.post(
            "customers.get", #"{"customer_id": "acme"}"#, ("origin", GateTests.origin))
        #expect(taken.status == 200)
    }

    @Test("without the setting nothing is said of pages")
    func noPages() async throws {
        let stand = try await Stand()
        let answer = try await stand.post("plans.list", "{}", ("origin", GateTests.origin))
        #expect(answer.status == 200)
        #expect(!answer.headers.keys.contains { $0.hasPrefix("access-control") || $0 == "vary" })
    }

    @Test("calls are counted and told, with their trace and without what they say")
    func told() async throws {
        let visits = Mutex<[JSONVisit]>([])
        var settings = JSONSettings()
        let meter = JSONMeter()
        settings.meter = meter
        settings.onEnd = { visit in visits.withLock { $0.append(visit) } }
        let stand = try await Stand(settings: settings)
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let missing = try await stand.post(
            "customers.get", #"{"customer_id": "nobody"}"#, ("traceparent", trace))
        #expect(missing.headers["traceparent"] == trace)
        let wrong = try await stand.post("nothing.here", "{}", ("traceparent", "00-x"))
        #expect(wrong.headers["traceparent"] == nil)
        let told = visits.withLock { $0 }
        #expect(told.map(\.status) == [404, 404])
        #expect(told.map(\.trace) == ["4bf92f3577b34da6a3ce929d0e0e4736", nil])
        #expect(told.map(\.path) == ["/v1/customers.get", "/v1/nothing.here"])
        #expect(told.allSatisfy { $0.caller != nil && $0.responseBytes > 0 })
        var page = PrometheusPage()
        meter.add(to: &page)
        let text = page.text
        #expect(text.contains(#"http_requests_total{route="customers.get",status="404"} 1"#))
        #expect(text.contains(#"http_requests_total{route="other",status="404"} 1"#))
        #expect(text.contains(#"http_request_duration_seconds_count{route="customers.get"} 1"#))
    }
}

extension Sequence {
    fileprivate func asyncMap<Result>(
        _ body: (Element) async throws -> Result
    ) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
