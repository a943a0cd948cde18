import RPC
import Repository
import Stories
import Testing

@testable import Wire

/// What holds for every method alike: who may call it, whose customer it is about, and ids.
@Suite("Every method") struct AccessTests {
    /// One good request for each.
    static let requests: [(method: String, fields: JSONObject)] = [
        ("Check", ["feature_id": "messages"]),
        ("ExplainCheck", ["feature_id": "messages"]),
        ("BatchCheck", ["items": [["feature_id": "messages"]]]),
        ("SettleHold", ["hold_id": "h"]),
        ("ExtendHold", ["hold_id": "h", "expire_time": "2027-01-10T12:00:00Z"]),
        ("Track", ["feature_id": "messages"]),
        ("BatchTrack", ["items": [["feature_id": "messages"]]]),
        ("TrackTokens", ["model_id": "custom/mine", "input_tokens": 1]),
        ("BatchTrackTokens", ["items": [["model_id": "custom/mine", "input_tokens": 1]]]),
        ("ListEvents", [:]),
        (
            "AggregateEvents",
            [
                "selection": [
                    "start_time": "2027-01-01T00:00:00Z", "end_time": "2027-01-02T00:00:00Z",
                ]
            ]
        ),
        ("Attach", ["plan_id": "free"]),
        ("PreviewAttach", ["attach": ["customer_id": "c", "plan_id": "free"]]),
        ("MultiAttach", ["plans": [["plan_id": "free"]]]),
        ("CreateSchedule", ["phases": [["plans": [["plan_id": "free"]]]]]),
        (
            "PreviewCreateSchedule",
            [
                "create_schedule": [
                    "customer_id": "c", "phases": [["plans": [["plan_id": "free"]]]],
                ]
            ]
        ),
        ("DeleteSchedule", [:]),
        (
            "PreviewMultiAttach",
            ["multi_attach": ["customer_id": "c", "plans": [["plan_id": "free"]]]]
        ),
        ("UpdateSubscription", ["cancel_action": "immediately"]),
        (
            "PreviewUpdateSubscription",
            ["update": ["customer_id": "c", "cancel_action": "immediately"]]
        ),
        ("SetupPayment", ["plan_id": "pro"]),
        ("OpenCustomerPortal", [:]),
        ("MigrateCustomer", ["plan_id": "free"]),
        ("ImportCustomer", ["source_id": "cus_1"]),
        ("GetOrCreateCustomer", [:]),
        ("GetCustomer", [:]),
        ("UpdateCustomer", ["name": "Ada"]),
        ("ListCustomers", [:]),
        ("DeleteCustomer", [:]),
        ("EraseCustomer", [:]),
        ("CreateBalance", ["feature_id": "messages", "granted": 1]),
        ("UpdateBalance", ["filter": ["feature_id": "messages"], "add": 1]),
        ("DeleteBalance", ["filter": ["feature_id": "messages"]]),
        ("RecalculateBalances", ["filter": ["feature_id": "messages"]]),
        ("UpdateControls", ["pooling_disabled": true]),
        ("CreateEntity", ["entity_id": "a", "feature_id": "users"]),
        ("GetEntity", ["entity_id": "a"]),
        ("ListEntities", [:]),
        ("UpdateEntity", ["entity_id": "a"]),
        ("DeleteEntity", ["entity_id": "a"]),
        ("AdvanceTestClock", ["duration": ["seconds": 1]]),
        ("GetTestClock", [:]),
        ("RefundInvoice", ["invoice_id": "inv_1"]),
        ("FinalizeInvoice", ["invoice_id": "inv_1"]),
        ("MarkInvoicePaid", ["invoice_id": "inv_1"]),
        ("VoidInvoice", ["invoice_id": "inv_1"]),
        (
            "RecordExternalInvoices",
            [
                "invoices": [
                    [
                        "external_id": "in_1", "status": "paid",
                        "total": ["currency": "usd", "minor_units": 1],
                        "create_time": "2026-01-09T00:00:00Z",
                    ]
                ]
            ]
        ),
        (
            "ReportPaymentEvent",
            [
                "invoice_id": "inv_1",
                "refund": ["refund_id": "r", "amount": ["currency": "usd", "minor_units": 1]],
            ]
        ),
        ("PublishCatalog", ["catalog": ["currency": "usd"]]),
        ("GetCatalog", [:]),
        ("CountPlanCustomers", [:]),
        ("GetStatus", [:]),
        ("ListWebhookEndpoints", [:]),
        ("ReplayWebhooks", ["endpoint": "a", "from_sequence": 1]),
        ("GetCustomerAsOf", ["as_of_time": "2027-01-09T00:00:00Z"]),
        (
            "SimulatePlan",
            [
                "plan_id": "free", "start_time": "2027-01-01T00:00:00Z",
                "end_time": "2027-01-02T00:00:00Z",
            ]
        ),
        ("ApplyDiscount", ["discount": ["coupon_id": "half"]]),
        ("RemoveDiscount", ["coupon_id": "half"]),
        ("RedeemCode", ["code": "GIFT"]),
        ("GetPromotionCode", ["code": "HALF"]),
        ("CreateReferralCode", ["programme_id": "friends"]),
        ("RedeemReferralCode", ["code": "ABC123"]),
        ("CreateKey", ["kind": "customer"]),
        ("ListKeys", [:]),
        ("RotateKey", ["key_id": "key_1"]),
        ("RevokeKey", ["key_id": "key_1"]),
        ("MintCustomerKey", [:]),
        ("RefreshCustomerKey", [:]),
        ("RevokeCustomerKeys", [:]),
    ]

    static func fields(of method: String) -> JSONObject {
        requests.first { $0.method == method }?.fields ?? [:]
    }

    @Test("is in the table but for those that stream")
    func complete() {
        let streams = ["StreamTrack", "WatchCustomer"]
        #expect(Set(AccessTests.requests.map(\.method)).union(streams) == Set(APIMethod.all.keys))
    }

    @Test("is closed to strangers, and to those who may do something else")
    func access() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            let callers: [(key: String?, told: ToldRefusal)] = [
                (nil, ToldRefusal(.unauthenticated, "KEY_MISSING")),
                ("tally_sk_unknown", ToldRefusal(.unauthenticated, "KEY_UNKNOWN")),
                (
                    try stage.environment.keys.make(name: "idle", scopes: [], time: 0).key,
                    ToldRefusal(.permissionDenied, "SCOPE_MISSING")
                ),
            ]
            for caller in callers {
                let client = APIClient(client: stage.api.client, key: caller.key)
                for (method, fields) in AccessTests.requests {
                    let request = fields.naming("c", for: method)
                    // Whoever brings a token to exchange needs no scope for that.
                    let told =
                        method == "RefreshCustomerKey" && caller.told.code == .permissionDenied
                        ? ToldRefusal(.unauthenticated, "KEY_UNKNOWN") : caller.told
                    #expect(await client.refusal(of: method, request) == told, "\(method)")
                }
            }
        }
    }

    @Test("names a customer who is there, by an id that can be one")
    func customer() async throws {
        let missing = ToldRefusal(.notFound, "CUSTOMER_NOT_FOUND")
        let invalid = ToldRefusal(.invalidArgument, "INVALID_ARGUMENT", ["customer_id"])
        try await APIStage.with(RefusalTests.pricing) { stage in
            for (method, fields) in AccessTests.requests {
                let request = fields.naming("nobody", for: method)
                guard request["customer_id"] != nil else { continue }
                // Those two make whoever isn't there.
                if !["GetOrCreateCustomer", "ImportCustomer"].contains(method) {
                    #expect(await stage.api.refusal(of: method, request) == missing, "\(method)")
                }
                // Without an id a simulation is of everyone, and a list of what people made.
                let empty = ["SimulatePlan", "ListKeys"].contains(method) ? [] : [""]
                for id in empty + ["a b", String(repeating: "x", count: 64)] {
                    let wrong = request.with("customer_id", .string(id))
                    #expect(await stage.api.refusal(of: method, wrong) == invalid, "\(method)")
                }
            }
        }
    }

    @Test("that changes something takes an id once, for one request")
    func requestID() async throws {
        let invalid = ToldRefusal(.invalidArgument, "INVALID_ARGUMENT", ["request_id"])
        let long = JSONValue.string(String(repeating: "x", count: 64))
        try await APIStage.with(RefusalTests.pricing) { stage in
            for (method, fields) in AccessTests.requests where takesRequestID(method) {
                let request = fields.naming("c", for: method).with("request_id", long)
                #expect(await stage.api.refusal(of: method, request) == invalid, "\(method)")
            }
        }
    }

    private func takesRequestID(_ method: String) -> Bool {
        APIMethod.all[method]?.request.index(of: "request_id") != nil
    }

    @Test("takes protobuf only, and no more of it than one call may unpack")
    func message() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            for (name, method) in APIMethod.all where !method.request.fields.isEmpty {
                guard AccessTests.requests.contains(where: { $0.method == name }) else { continue }
                // Field 1 has ten bytes, and there are two.
                let told = await refusal(of: stage.api, method.path, [10, 10, 0])
                #expect(told == ToldRefusal(.invalidArgument, "MALFORMED_MESSAGE"), "\(name)")
            }
            let items = Array(repeatElement([18, 0] as [UInt8], count: 200_000).joined())
            let told = await refusal(of: stage.api, "/tally.v1.UsageService/BatchTrack", items)
            #expect(told == ToldRefusal(.resourceExhausted, "MESSAGE_TOO_LARGE"))
        }
    }

    private func refusal(
        of client: APIClient, _ path: String, _ message: [UInt8]
    ) async -> ToldRefusal? {
        do throws(RPCStatus) {
            _ = try await client.send(message, to: path)
            return nil
        } catch {
            return ToldRefusal(error)
        }
    }
}
