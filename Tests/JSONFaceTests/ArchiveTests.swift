import RPC
import Testing
import Wire

/// Billing §1.1, §3, §16.4: plans and features that are archived.
@Suite("What is archived") struct ArchiveTests {
    private func ids(_ answer: Answer) -> [String] {
        guard case .array(let list)? = answer.json["list"] else { return [] }
        return list.compactMap { if case .string(let id)? = $0["id"] { id } else { nil } }
    }

    private func archive(_ plan: String, on stand: Stand) async throws {
        let answer = try await stand.post(
            "plans.update", #"{"plan_id": "\#(plan)", "archived": true}"#)
        #expect(answer.brief == "200")
        #expect(answer.json["archived"] == .bool(true))
    }

    @Test("§3: a plan that is archived is in no list unless it is asked for, and still there")
    func plan() async throws {
        let stand = try await Stand()
        let before = try await stand.post("plans.get", #"{"plan_id": "metered"}"#)
        #expect(before.json["archived"] == .bool(false))
        try await archive("metered", on: stand)
        let after = try await stand.post("plans.get", #"{"plan_id": "metered"}"#)
        guard case .object(let known) = before.json, case .object(let marked) = after.json else {
            return
        }
        #expect(
            marked.members.map { $0.key == "archived" ? .bool(false) : $0.value }
                == known.members.map(\.value))
        #expect(after.json["archived"] == .bool(true))
        for body in ["{}", #"{"include_archived": false}"#, #"{"include_archived": null}"#] {
            #expect(ids(try await stand.post("plans.list", body)) == ["free", "once"])
        }
        let all = try await stand.post("plans.list", #"{"include_archived": true}"#)
        #expect(ids(all) == ["free", "metered", "once"])
        guard case .array(let list)? = all.json["list"] else { return }
        #expect(list.map { $0["archived"] } == [.bool(false), .bool(true), .bool(false)])
        let wrong = try await stand.post("plans.list", #"{"include_archived": "yes"}"#)
        #expect(wrong.brief == "400 invalid_inputs" && wrong.message.contains("include_archived"))

        let back = try await stand.post(
            "plans.update", #"{"plan_id": "metered", "archived": false}"#)
        #expect(back.json == before.json)
        #expect(ids(try await stand.post("plans.list", "{}")) == ["free", "metered", "once"])
    }

    @Test("§3: all versions are archived together, and it makes none")
    func versions() async throws {
        let stand = try await Stand()
        let edited = try await stand.post(
            "plans.update",
            #"{"plan_id": "metered", "price": {"amount": 30, "interval": "month"}}"#)
        #expect(edited.json["version"] == .number("2"))
        try await archive("metered", on: stand)
        for version in ["1", "2"] {
            let shown = try await stand.post(
                "plans.get", #"{"plan_id": "metered", "version": \#(version)}"#)
            #expect(shown.json["archived"] == .bool(true))
            #expect(shown.json["version"] == .number(version))
        }
        let missing = try await stand.post(
            "plans.get", #"{"plan_id": "metered", "version": 3}"#)
        #expect(missing.status == 404)
        let none = try await stand.post("plans.list", #"{"all_versions": true}"#)
        #expect(ids(none) == ["free", "once"])
        let all = try await stand.post(
            "plans.list", #"{"all_versions": true, "include_archived": true}"#)
        #expect(ids(all) == ["free", "metered", "metered", "once"])
        // Another change leaves it archived.
        let renamed = try await stand.post(
            "plans.update", #"{"plan_id": "metered", "name": "Meters"}"#)
        #expect(renamed.json["archived"] == .bool(true))
    }

    @Test("§3: existing customers are unaffected, and it can be attached by its id")
    func customers() async throws {
        let stand = try await Stand()
        try await stand.customer("acme", buying: "metered")
        let before = try await stand.post("customers.get", #"{"customer_id": "acme"}"#)
        try await archive("metered", on: stand)
        let after = try await stand.post("customers.get", #"{"customer_id": "acme"}"#)
        #expect(after.json == before.json)
        let full = try await stand.post(
            "customers.get", #"{"customer_id": "acme", "expand": ["subscriptions.plan"]}"#)
        guard case .array(let held)? = full.json["subscriptions"] else { return }
        #expect(held.map { $0["plan", "archived"] } == [.bool(false), .bool(true)])
        let tracked = try await stand.post(
            "balances.track", #"{"customer_id": "acme", "feature_id": "calls", "value": 2}"#)
        #expect(tracked.json["balance", "remaining"] == .number("3"))
        try await archive("free", on: stand)
        try await stand.customer("later")
        let attached = try await stand.post(
            "billing.attach", #"{"customer_id": "later", "plan_id": "free"}"#)
        #expect(attached.brief == "200")
        let check = try await stand.post(
            "balances.check", #"{"customer_id": "later", "feature_id": "sso"}"#)
        #expect(check.json["allowed"] == .bool(true))
    }

    @Test("§3: a default that is archived is given to nobody; the flag stays")
    func givenToNobody() async throws {
        let stand = try await Stand()
        try await stand.customer("before")
        try await archive("free", on: stand)
        let plan = try await stand.post("plans.get", #"{"plan_id": "free"}"#)
        #expect(plan.json["auto_enable"] == .bool(true))
        try await stand.customer("after")
        func plans(_ id: String) async throws -> JSONValue? {
            try await stand.post("customers.get", #"{"customer_id": "\#(id)"}"#)
                .json["subscriptions"]
        }
        guard case .array(let held)? = try await plans("before") else { return }
        #expect(held.map { $0["plan_id"] } == [.string("free")])
        #expect(try await plans("after") == .array([]))
        let other = try await stand.post(
            "plans.create", #"{"plan_id": "hello", "name": "Hello", "auto_enable": true}"#)
        #expect(other.brief == "200")
        try await stand.customer("last")
        guard case .array(let given)? = try await plans("last") else { return }
        #expect(given.map { $0["plan_id"] } == [.string("hello")])
        let back = try await stand.post("plans.update", #"{"plan_id": "free", "archived": false}"#)
        #expect(back.brief == "400 invalid_inputs" && back.message.contains("auto_enable"))
        #expect(back.message.contains("hello"))
        let freed = try await stand.post(
            "plans.update", #"{"plan_id": "free", "archived": false, "auto_enable": false}"#)
        #expect(freed.json["archived"] == .bool(false))
    }

    @Test("§1.1: a feature that is archived is listed, marked, and used as before")
    func feature() async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        for archived in ["true", "false"] {
            let answer = try await stand.post(
                "features.update", #"{"feature_id": "messages", "archived": \#(archived)}"#)
            #expect(answer.brief == "200")
            #expect(answer.json["archived"] == .bool(archived == "true"))
            let shown = try await stand.post("features.get", #"{"feature_id": "messages"}"#)
            #expect(shown.json == answer.json && shown.json["name"] == .string("Messages"))
            let list = try await stand.post("features.list", "{}")
            #expect(ids(list).first == "messages" && ids(list).count == 7)
            #expect(list.json["list"] != nil)
            let check = try await stand.post(
                "balances.check",
                #"{"customer_id": "acme", "feature_id": "messages", "send_event": true}"#)
            #expect(check.json["allowed"] == .bool(true))
            let item = try await stand.post(
                "plans.create",
                #"""
                {"plan_id": "with_\#(archived)", "name": "With", "add_on": true,
                 "items": [{"feature_id": "messages", "included": 1}]}
                """#)
            #expect(item.brief == "200")
        }
        let new = try await stand.post(
            "features.create",
            #"{"feature_id": "old", "name": "Old", "type": "boolean", "archived": true}"#)
        #expect(new.json["archived"] == .bool(true))
    }

    @Test("§1.1, §3: deleting what is in use is refused, and archiving it told of, which works")
    func deletion() async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        for (route, body) in [
            ("plans", #"{"plan_id": "free""#), ("features", #"{"feature_id": "messages""#),
            ("features", #"{"feature_id": "images""#),
        ] {
            let refused = try await stand.post("\(route).delete", body + "}")
            #expect(refused.brief == "409 invalid_request")
            #expect(refused.message.contains("archive it"), "\(refused.message)")
            let archived = try await stand.post("\(route).update", body + #", "archived": true}"#)
            #expect(archived.json["archived"] == .bool(true))
        }
        // Nobody has it: what is archived can go.
        try await archive("once", on: stand)
        #expect(try await stand.post("plans.delete", #"{"plan_id": "once"}"#).brief == "200")
    }

    @Test("§3: a check offers nobody what is archived")
    func preview() async throws {
        let stand = try await Stand()
        try await stand.customer("acme")
        let body = #"{"customer_id": "acme", "feature_id": "calls", "with_preview": true}"#
        let before = try await stand.post("balances.check", body)
        #expect(before.json["preview", "upgrade_product_id"] == .string("metered"))
        try await archive("metered", on: stand)
        let after = try await stand.post("balances.check", body)
        #expect(after.json["preview", "products"] == .array([]))
        #expect(after.json["preview", "upgrade_product_id"] == nil)
    }

    @Test(
        "older shapes show it, and lists leave plans out",
        arguments: [
            ("1.2", "products", "list"), ("2.0", "plans", "list"), ("2.3", "plans", "list"),
            ("1.2", "components/pricing_table", ""),
        ])
    func older(version: String, path: String, key: String) async throws {
        let stand = try await Stand()
        func get(_ path: String) async throws -> Answer { try await stand.old(path, version) }
        #expect(ids(try await get(path)) == ["free", "metered", "once"])
        let one = key.isEmpty ? "products/metered" : "\(path)/metered"
        #expect(try await get(one).json["archived"] == .bool(false))
        let done = try await stand.old(one, version, posting: #"{"archived": true}"#)
        #expect(done.status == 200 && done.json["archived"] == .bool(true))
        #expect(ids(try await get(path)) == ["free", "once"])
        #expect(try await get(one).json["archived"] == .bool(true))
        let all = ids(try await get(path + "?include_archived=true"))
        // A table of prices is for whoever may buy.
        #expect(all == (key.isEmpty ? ["free", "once"] : ["free", "metered", "once"]))
        let feature = try await stand.old(
            "features/sso", version, posting: #"{"archived": true}"#)
        #expect(feature.json["archived"] == .bool(true))
        #expect(try await get("features/sso").json["archived"] == .bool(true))
    }
}

extension Stand {
    fileprivate func old(
        _ path: String, _ version: String, posting body: String? = nil
    ) async throws -> Answer {
        try await send(
            PageRequest(
                method: body == nil ? "GET" : "POST", target: "/v1/" + path,
                headers: [
                    ("authorization", "Bearer " + key), ("x-api-version", version),
                    ("content-type", "application/json"),
                ], body: Array((body ?? "").utf8)))
    }
}
