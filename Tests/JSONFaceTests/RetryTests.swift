import Billing
import Repository
import Testing
import Wire

@Suite("A retry")
struct RetryTests {
    private static let track = #"{"customer_id": "acme", "feature_id": "messages", "value": 10}"#
    private static let check = #"""
        {"customer_id": "acme", "feature_id": "messages", "required_balance": 10,
         "send_event": true}
        """#

    private func remaining(_ stand: Stand) async throws -> JSONValue? {
        try await stand.post("customers.get", #"{"customer_id": "acme"}"#)
            .json["balances", "messages", "remaining"]
    }

    @Test(
        "gets the first answer and counts nothing",
        arguments: [("balances.track", track), ("balances.check", check)])
    func replays(route: String, body: String) async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let first = try await stand.post(route, body, ("idempotency-key", "k1"))
        _ = try await stand.post(route, body)
        let again = try await stand.post(route, body, ("idempotency-key", "k1"))
        #expect(first.status == 200)
        #expect(again.json == first.json)
        #expect(try await remaining(stand) == .number("80"))
    }

    @Test("is not needed: what was answered is durable")
    func waitsForTheLog() async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let customer = try #require(CustomerID("acme"))
        for _ in 0..<10 {
            _ = try await stand.post("balances.track", RetryTests.track)
            let customers = stand.environment.customers(of: customer)
            let durable = customers.log.durableSequence
            let (_, point) = try customers.read(
                customer, names: stand.environment.directory.current, in: Workspace()
            ) { customer, _ in customer.lastBucket }
            #expect(durable >= point.sequence)
        }
    }

    @Test("with another request is refused")
    func refusesReuse() async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        _ = try await stand.post("balances.track", RetryTests.track, ("idempotency-key", "k1"))
        let other = #"{"customer_id": "acme", "feature_id": "messages", "value": 11}"#
        let answer = try await stand.post("balances.track", other, ("idempotency-key", "k1"))
        #expect(answer.brief == "409 duplicate_idempotency_key")
        #expect(try await remaining(stand) == .number("90"))
    }

    @Test(
        "may name its key in the body",
        arguments: [("k1", "200"), ("k2", "400 invalid_inputs"), ("", "200")])
    func takesBodyKey(header: String, outcome: String) async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let body = RetryTests.track.dropLast() + #", "idempotency_key": "k1"}"#
        let first = try await stand.post("balances.track", String(body))
        let again = try await stand.post(
            "balances.track", String(body), ("idempotency-key", header))
        #expect(again.brief == outcome)
        #expect(outcome != "200" || again.json == first.json)
        #expect(try await remaining(stand) == .number("90"))
    }

    @Test("needs a key of at most 63 bytes")
    func boundsKey() async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let key = String(repeating: "k", count: 64)
        let answer = try await stand.post(
            "balances.track", RetryTests.track, ("idempotency-key", key))
        #expect(answer.brief == "400 invalid_inputs")
        #expect(answer.message.hasPrefix("Idempotency-Key must"))
    }

    @Test(
        "may come through the gRPC API",
        arguments: [
            ("10", #"{"customer_id": "acme", "feature_id": "messages", "value": 10.0}"#),
            ("0.1", #"{"customer_id": "acme", "feature_id": "messages", "value": 0.1}"#),
        ])
    func agreesWithMessages(value: String, body: String) async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        _ = try await stand.post("balances.track", body, ("idempotency-key", "k1"))
        let message = try MessageJSON.encode(
            .object([
                "customer_id": .string("acme"), "feature_id": .string("messages"),
                "value": .number(value), "request_id": .string("k1"),
            ]), as: .trackRequest)
        let call = try message.withUnsafeBytes { bytes in
            try RequestReader(
                arena: Arena(), names: stand.environment.directory.current,
                fingerprintKey: stand.environment.fingerprintKey
            ).track(bytes)
        }
        let again = try await stand.environment.commit(
            .track(call.usage), for: call.customer, request: call.request)
        #expect(again.replayed)
    }
}

extension RetryTests {
    @Test("of a plan or feature that was made shows what is there, also after a change by others")
    func catalog() async throws {
        let stand = try await Stand()
        let feature =
            #"{"feature_id": "words", "name": "Words", "type": "metered", "consumable": true}"#
        let items = #"[{"feature_id": "words", "included": 5}]"#
        let plan = #"{"plan_id": "team", "name": "Team", "items": \#(items)}"#
        for (route, body) in [("features.create", feature), ("plans.create", plan)] {
            let first = try await stand.post(route, body, ("idempotency-key", route))
            #expect(first.status == 200, "\(first.message)")
            #expect(
                try await stand.post(route, body, ("idempotency-key", route)).json == first.json)
            let other = try await stand.post(route, body, ("idempotency-key", "another"))
            #expect(other.status == (route == "plans.create" ? 400 : 409))
        }
        let wrong = #"{"plan_id": "other", "name": "Other", "items": []}"#
        #expect(
            try await stand.post("plans.create", wrong, ("idempotency-key", "plans.create")).brief
                == "409 duplicate_idempotency_key")
        let update = #"{"plan_id": "team", "name": "Crew"}"#
        _ = try await stand.post("plans.update", update, ("idempotency-key", "u1"))
        _ = try await stand.post("plans.update", #"{"plan_id": "team", "name": "Gang"}"#)
        let again = try await stand.post("plans.update", update, ("idempotency-key", "u1"))
        #expect(again.json["name"] == .string("Gang"), "a late retry takes nothing back")
    }
}
