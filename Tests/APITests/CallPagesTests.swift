import GRPCFace
import RPC
import Repository
import Stories
import Testing

@testable import Wire

/// The same methods in JSON: a call is answered, and refused, as it is over gRPC.
@Suite("Calls in JSON") struct CallPagesTests {
    /// What came back.
    struct Answer {
        let status: Int
        let headers: [(name: String, value: String)]
        let value: JSONValue

        var reason: String { value["reason"]?.text ?? "" }
        var fields: [String] {
            (value["violations"]?.elements ?? []).compactMap { $0["field"]?.text }
        }

        func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    }

    /// As a page that keeps to the rules, unless it is told otherwise.
    struct Call {
        var method = "POST"
        var path: String
        var body = "{}"
        /// nil: the stage's, unless there is a certificate.
        var key: String?
        var isStranger = false
        var peer: PeerCertificate?
        var headers: [(name: String, value: String)] = [("content-type", "application/json")]

        init(_ path: String, _ body: String = "{}") {
            self.path = path
            self.body = body
        }

        init(_ method: String, _ request: JSONObject) {
            path = APIMethod.all[method]?.path ?? method
            body = JSONWriter.text(.object(request))
        }
    }

    private func send(_ stage: APIStage, _ call: Call) async throws -> Answer {
        let usual = call.isStranger || call.peer != nil ? nil : stage.api.key
        let key = (call.key ?? usual).map { [(name: "authorization", value: "Bearer \($0)")] }
        let request = PageRequest(
            method: call.method, target: call.path, headers: call.headers + (key ?? []),
            body: Array(call.body.utf8), peer: call.peer)
        let response = try #require(await stage.calls.respond(to: request))
        return Answer(
            status: response.status, headers: response.headers,
            value: try JSONParser.parse(response.body))
    }

    @Test("say the same as over gRPC")
    func answers() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            let asked: [(String, JSONObject)] = [
                ("GetOrCreateCustomer", ["customer_id": "c", "name": "<script>"]),
                ("Attach", ["customer_id": "c", "plan_id": "free", "request_id": "a"]),
                (
                    "Check",
                    [
                        "customer_id": "c", "feature_id": "messages", "required_quantity": 2.5,
                        "deduct": true, "request_id": "b",
                    ]
                ),
                ("GetCustomer", ["customer_id": "c"]), ("GetCatalog", [:]),
                ("ListCustomers", [:]), ("ListKeys", [:]),
                ("AggregateEvents", AccessTests.fields(of: "AggregateEvents")),
                (
                    "PreviewAttach",
                    ["attach": ["customer_id": "c", "plan_id": "pro", "request_id": "d"]]
                ),
            ]
            for (method, request) in asked {
                // What is done is done, and from then on a retry.
                _ = try await send(stage, Call(method, request))
                let answer = try await send(stage, Call(method, request))
                #expect(answer.status == 200, "\(method): \(answer.value)")
                #expect(answer.header("content-type") == "application/json")
                #expect(try await stage.api.call(method, request) == answer.value, "\(method)")
            }
        }
    }

    @Test("are refused as over gRPC, each method")
    func refusals() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            let idle = try stage.environment.keys.make(name: "idle", scopes: [], time: 0).key
            for key in [stage.api.key, nil, "tally_sk_unknown", idle] {
                let client = APIClient(client: stage.api.client, key: key)
                for (method, fields) in AccessTests.requests {
                    let request = fields.naming("no body", for: method)
                    let told = await client.refusal(of: method, request)
                    var call = Call(method, request)
                    (call.key, call.isStranger) = (key, key == nil)
                    let answer = try await send(stage, call)
                    #expect(answer.reason == told?.reason ?? "", "\(method)")
                    #expect(answer.fields == told?.paths ?? [], "\(method)")
                    #expect(
                        answer.value["code"]?.text == told?.code.name.lowercased(), "\(method)")
                    #expect((answer.status == 200) == (told == nil), "\(method)")
                }
            }
        }
    }

    private static let check = "/tally.v1.EntitlementService/Check"
    private static let large = "{\"customer_id\": \"\(String(repeating: "x", count: 17_000))\"}"

    static let bad: [(call: Call, status: Int, reason: String, fields: [String])] = {
        var rows: [(call: Call, status: Int, reason: String, fields: [String])] = [
            (Call("/tally.v1.EntitlementService/Chek"), 404, "", []),
            (Call("/tally.v1.NoService/Check"), 404, "", []),
            (Call("/tally.v1.EntitlementService/WatchCustomer"), 501, "", []),
            (Call("/tally.v1.UsageService/StreamTrack"), 501, "", []),
            (Call(check, "{"), 400, "MALFORMED_MESSAGE", []),
            (Call(check, "{}{}"), 400, "MALFORMED_MESSAGE", []),
            (Call(check, "{\"plan_id\": 1, \"plan_id\": 1}"), 400, "MALFORMED_MESSAGE", []),
            (
                Call(check, String(repeating: "[", count: 70)), 400, "MALFORMED_MESSAGE", []
            ),
            (Call(check, "[]"), 400, "INVALID_ARGUMENT", [""]),
            (
                Call(check, "{\"customer\": \"c\", \"deduct\": 1, \"required_quantity\": \"2\"}"),
                400, "INVALID_ARGUMENT", ["customer", "deduct", "required_quantity"]
            ),
            (Call(check, ""), 400, "INVALID_ARGUMENT", ["customer_id", "feature_id"]),
            (Call(check, large), 413, "MESSAGE_TOO_LARGE", []),
            (
                Call(check, "{\"customer_id\": \"nobody\", \"feature_id\": \"messages\"}"), 404,
                "CUSTOMER_NOT_FOUND", []
            ),
        ]
        for method in ["GET", "PUT", "OPTIONS", "HEAD"] {
            var call = Call(check)
            call.method = method
            rows.append((call, 405, "", []))
        }
        let types = [
            "", "text/plain", "application/x-www-form-urlencoded", "application/grpc",
            "application/problem+json",
        ]
        for type in types {
            var call = Call(check)
            call.headers = type.isEmpty ? [] : [("content-type", type)]
            rows.append((call, 415, "", []))
        }
        for time in ["0", "-1", "1.5", "soon", "86400001"] {
            var call = Call(check)
            call.headers.append(("connect-timeout-ms", time))
            rows.append((call, 400, "", []))
        }
        return rows
    }()

    @Test("that make no sense are told why")
    func badInput() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            for row in CallPagesTests.bad {
                let answer = try await send(stage, row.call)
                let what = "\(row.call.method) \(row.call.path) \(row.call.body.prefix(80))"
                #expect(answer.status == row.status, "\(what) \(answer.value)")
                #expect(answer.reason == row.reason, "\(what) \(answer.value)")
                #expect(answer.fields == row.fields, "\(what) \(answer.value)")
                #expect(answer.value["message"]?.text?.isEmpty == false)
                if row.status == 405 { #expect(answer.header("allow") == "POST") }
                #expect(!answer.headers.contains { $0.name.hasPrefix("access-control") })
            }
        }
    }

    @Test("name every fault of a catalog, however many")
    func faults() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            let misspelt: JSONObject = ["catalog": ["plans": [["plan_id": "x", "nam": "y"]]]]
            var answer = try await send(stage, Call("PublishCatalog", misspelt))
            #expect(answer.fields == ["catalog.plans[0].nam"])
            let plans = (0..<40).map { number -> JSONValue in
                [
                    "plan_id": .string("p\(number)"), "name": "Plan",
                    "price": ["amount": "-1", "interval": "month"],
                ]
            }
            let catalog: JSONValue = ["currency": "usd", "plans": .array(plans)]
            answer = try await send(stage, Call("PublishCatalog", ["catalog": catalog]))
            #expect(answer.status == 400)
            #expect(answer.reason == "INVALID_ARGUMENT")
            #expect(answer.fields == (0..<40).map { "catalog.plans[\($0)].price.amount" })
        }
    }

    @Test("may be made with a certificate, and a key decides alone")
    func certificates() async throws {
        var options = APIStage.Options()
        options.certificates = ["DNS:meter.example.com": [.usageWrite]]
        try await APIStage.with(RefusalTests.pricing, options) { stage in
            _ = try await stage.api.call("GetOrCreateCustomer", ["customer_id": "c"])
            _ = try await stage.api.call("Attach", ["customer_id": "c", "plan_id": "free"])
            let track: JSONObject = ["customer_id": "c", "feature_id": "messages", "value": 1]
            let known = PeerCertificate(names: ["URI:spiffe://x", "DNS:meter.example.com"])
            let unknown = PeerCertificate(names: ["DNS:other.example.com"])
            let rows: [(PeerCertificate, String?, String, JSONObject, Int, String)] = [
                (known, nil, "Track", track, 200, ""),
                (known, nil, "GetCatalog", [:], 403, "SCOPE_MISSING"),
                (known, stage.api.key, "GetCatalog", [:], 200, ""),
                (known, "tally_sk_unknown", "Track", track, 401, "KEY_UNKNOWN"),
                (unknown, nil, "Track", track, 401, "CERTIFICATE_UNKNOWN"),
                (unknown, stage.api.key, "Track", track, 200, ""),
                (known, nil, "Track", track, 200, ""),
            ]
            for (peer, key, method, request, status, reason) in rows {
                var call = Call(method, request)
                (call.peer, call.key) = (peer, key)
                let answer = try await send(stage, call)
                #expect(answer.status == status, "\(method) \(answer.value)")
                #expect(answer.reason == reason)
            }
            var call = Call("GetCatalog", [:])
            call.peer = known
            let answer = try await send(stage, call)
            #expect(answer.value["metadata", "scope"] == .string("catalog:read"))
        }
    }

    @Test("count once against the limits")
    func limits() async throws {
        var options = APIStage.Options()
        options.rates = RateLimits(
            RateLimits.Settings(groups: [.check: RateLimit(count: 3, seconds: 60)]))
        try await APIStage.with(RefusalTests.pricing, options) { stage in
            _ = try await stage.api.call("GetOrCreateCustomer", ["customer_id": "c"])
            let check: JSONObject = ["customer_id": "c", "feature_id": "messages"]
            for _ in 0..<3 {
                let answer = try await send(stage, Call("Check", check))
                #expect(answer.status == 200)
            }
            let answer = try await send(stage, Call("Check", check))
            #expect(answer.status == 429)
            #expect(answer.reason == "RATE_LIMITED")
            let wait = answer.header("retry-after").flatMap { Int($0) } ?? 0
            #expect((1...60).contains(wait))
        }
    }

    @Test("keep the caller's deadline and trace")
    func headers() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            var call = Call("Check", ["customer_id": "nobody", "feature_id": "messages"])
            let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            call.headers += [("traceparent", trace), ("connect-timeout-ms", "20000")]
            let answer = try await send(stage, call)
            #expect(answer.status == 404)
            #expect(answer.header("traceparent") == trace)
        }
    }
}
