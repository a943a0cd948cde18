import Foundation
import RPC
import Stories
import Testing

@testable import Billing
@testable import Repository
@testable import Wire

/// What keys that may do less are refused, and what can't be done with keys.
@Suite("Keys over gRPC") struct KeyTests {
    private func refusal(
        _ stage: APIStage, _ key: String?, _ method: String, _ request: JSONObject
    ) async throws -> ToldRefusal? {
        let client = APIClient(client: stage.api.client, key: key ?? stage.api.key)
        return await client.refusal(of: method, request)
    }

    @Test("do what their kind may, and nothing else")
    func kinds() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            let keys = stage.environment.keys
            _ = try await stage.api.call("GetOrCreateCustomer", ["customer_id": "c"])
            let now = SystemClock.wall.milliseconds
            let page = try keys.make(KeyDraft(kind: .publishable, name: ""), time: now).key
            let customer: CustomerID = "c"
            let minted = try keys.mint(for: customer, scopes: .all, time: now)
            let takesBack = ToldRefusal(.permissionDenied, "KEY_CANNOT_LOWER_USAGE")
            let check: JSONObject = ["customer_id": "c", "feature_id": "messages"]
            let other: JSONObject = ["customer_id": "d", "feature_id": "messages"]
            func with(_ more: JSONObject) -> JSONObject {
                var request = check
                for member in more.members { request.append(member.key, member.value) }
                return request
            }
            let rows: [(String?, String, JSONObject, ToldRefusal?)] = [
                (page, "Check", check, nil),
                (
                    page, "ListCustomers", [:],
                    ToldRefusal(.permissionDenied, "KEY_PUBLISHABLE")
                ),
                (minted.access, "Check", check, nil),
                (
                    minted.access, "Check", other,
                    ToldRefusal(.permissionDenied, "KEY_OF_CUSTOMER")
                ),
                (
                    minted.access, "ListCustomers", [:],
                    ToldRefusal(.permissionDenied, "KEY_OF_CUSTOMER")
                ),
                (minted.access, "Track", with(["value": .number("1")]), nil),
                (minted.access, "Track", with(["value": .number("-1")]), takesBack),
                (minted.access, "Track", with(["set_usage": .bool(true)]), takesBack),
                (
                    minted.access, "BatchTrack",
                    [
                        "customer_id": "c",
                        "items": .array([
                            .object([
                                "feature_id": .string("messages"), "value": .number("-0.5"),
                            ])
                        ]),
                    ], takesBack
                ),
                (
                    minted.access, "Check",
                    with(["required_quantity": .number("-1"), "deduct": .bool(true)]), takesBack
                ),
                (
                    minted.access, "SettleHold",
                    ["customer_id": "c", "hold_id": "h", "value": .number("-1")], takesBack
                ),
                (
                    minted.refresh, "Check", check,
                    ToldRefusal(.unauthenticated, "KEY_IS_REFRESH_TOKEN")
                ),
                (
                    nil, "RevokeKey", ["key_id": "key_x"],
                    ToldRefusal(.notFound, "KEY_NOT_FOUND")
                ),
            ]
            for (key, method, request, told) in rows {
                #expect(try await refusal(stage, key, method, request) == told, "\(method)")
            }
        }
    }

    @Test("are rotated once, and not while they can't be kept")
    func faults() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            let made = try await stage.api.call("CreateKey", ["name": "a"])
            let id = try #require(made["key", "key_id"])
            let request: JSONObject = ["key_id": id]
            #expect(try await refusal(stage, nil, "RotateKey", request) == nil)
            #expect(
                try await refusal(stage, nil, "RotateKey", request)
                    == ToldRefusal(.failedPrecondition, "KEY_ALREADY_ROTATED"))
            let lock = "\(stage.folder)/sandbox/keys.json.lock"
            try FileManager.default.removeItem(atPath: lock)
            try FileManager.default.createDirectory(
                atPath: lock, withIntermediateDirectories: false)
            let before = stage.environment.keys.all.count
            #expect(
                try await refusal(stage, nil, "CreateKey", [:])
                    == ToldRefusal(.unavailable, "KEYS_UNAVAILABLE"))
            #expect(stage.environment.keys.all.count == before)
        }
    }

    @Test("are refused what comes too often")
    func rates() async throws {
        var options = APIStage.Options()
        options.rates = RateLimits(
            RateLimits.Settings(groups: [.check: RateLimit(count: 1, seconds: 60)]),
            now: { 1_000_000 })
        try await APIStage.with(RefusalTests.pricing, options) { stage in
            _ = try await stage.api.call("GetOrCreateCustomer", ["customer_id": "c"])
            let check: JSONObject = ["customer_id": "c", "feature_id": "messages"]
            #expect(try await refusal(stage, nil, "Check", check) == nil)
            #expect(
                try await refusal(stage, nil, "Check", check)
                    == ToldRefusal(.resourceExhausted, "RATE_LIMITED"))
        }
    }
}
