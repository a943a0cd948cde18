import Billing
import Foundation
import RPC
import Repository
import Stories
import Testing

@testable import Wire

/// What the dashboard asks about all customers, and about the server.
@Suite("Over all customers") struct SystemTests {
    private func counts(_ stage: APIStage) async throws -> [String] {
        let reply = try await stage.api.call("CountPlanCustomers", [:])
        return (reply["plans"]?.elements ?? []).map { line in
            let numbers = ["revision", "customer_count", "subscription_count"].map { key in
                line[key].map { JSONWriter.text($0) } ?? "?"
            }
            return "\(line["plan_id"]?.text ?? "?") \(numbers.joined(separator: " "))"
        }
    }

    private func attach(_ stage: APIStage, _ customer: String, _ more: JSONObject) async throws {
        let request = JSONObject([.init("customer_id", .string(customer))] + more.members)
        _ = try await stage.api.call("GetOrCreateCustomer", ["customer_id": .string(customer)])
        let reply = try await stage.api.call("Attach", request)
        guard let page = reply["payment_url"]?.text, !page.isEmpty else { return }
        #expect(await stage.pay(at: page) == 200)
    }

    @Test("subscriptions are counted by plan and revision, as they stand")
    func plans() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            #expect(try await counts(stage) == [])
            for number in 0..<70 { try await attach(stage, "f\(number)", ["plan_id": "free"]) }
            try await attach(stage, "p", ["plan_id": "pro"])
            try await attach(stage, "over", ["plan_id": "free"])
            try await attach(stage, "gone", ["plan_id": "free"])
            #expect(try await counts(stage) == ["free 1 72 72", "pro 1 1 1"])
            _ = try await stage.api.call(
                "UpdateSubscription",
                ["customer_id": "over", "plan_id": "free", "cancel_action": "immediately"])
            _ = try await stage.api.call("DeleteCustomer", ["customer_id": "gone"])
            #expect(try await counts(stage) == ["free 1 70 70", "pro 1 1 1"])
            let revised: JSONValue = [
                "plan_id": "free", "name": "Free", "group": "main",
                "items": [
                    [
                        "feature_id": "messages", "included": 7,
                        "reset": ["interval": "month", "interval_count": 1],
                    ]
                ],
            ]
            _ = try await stage.api.call(
                "PublishCatalog", ["catalog": ["currency": "usd", "plans": [revised]]])
            try await attach(stage, "new", ["plan_id": "free"])
            // Of one who has it twice.
            for id in ["x", "y"] {
                _ = try await stage.api.call(
                    "CreateEntity",
                    ["customer_id": "new", "entity_id": .string(id), "feature_id": "users"])
            }
            try await attach(stage, "new", ["plan_id": "free", "entity_id": "x"])
            #expect(try await counts(stage) == ["free 1 70 70", "free 2 1 2", "pro 1 1 1"])
            // It ends by itself, and nobody has looked since.
            _ = try await stage.api.call(
                "UpdateSubscription",
                ["customer_id": "p", "plan_id": "pro", "cancel_action": "end_of_cycle"])
            #expect(try await counts(stage) == ["free 1 70 70", "free 2 1 2", "pro 1 1 1"])
            stage.clock.set(Story.usualStart.adding(milliseconds: 40 * 86_400_000))
            #expect(try await counts(stage) == ["free 1 70 70", "free 2 1 2"])
        }
    }

    @Test("the environment says how it stands")
    func status() async throws {
        for (environment, hasClock) in [("sandbox", true), ("live", false)] {
            var options = APIStage.Options()
            options.environment = environment
            options.hasProvider = hasClock
            try await APIStage.with(RefusalTests.pricing, options) { stage in
                try await attach(stage, "a", ["plan_id": "free"])
                _ = try await stage.api.call("GetOrCreateCustomer", ["customer_id": "b"])
                let told = try await stage.api.call("GetStatus", [:])
                #expect(told["environment"]?.text == environment)
                #expect(told["has_test_clock"]?.flag == hasClock)
                #expect(told["customer_count"] == 2)
                #expect(told["log", "records"] == 3)
                #expect(told["log", "records_waiting"] == 0)
                #expect((told["log", "bytes"]?.quantity ?? .zero) > .zero)
                #expect(told["snapshot"] == nil)
                #expect(told["backup"] == nil)
                let names = (told["conditions"]?.elements ?? []).map { $0["name"]?.text }
                #expect(names == ["storage", "backup", "webhooks"])
                #expect(told["conditions"]?.elements.allSatisfy { $0["healthy"] == true } == true)
                let kind: JSONValue = hasClock ? "sandbox" : "none"
                #expect(told["payment_provider"] == ["kind": kind, "open_effects": 0])
                stage.environment.conditions.set(.storage, "a record is damaged")
                let partition = stage.environment.partitions[0]
                try partition.snapshots.take(now: SystemClock.monotonic)
                let later = try await stage.api.call("GetStatus", [:])
                #expect(
                    later["conditions"]?.elements.first == [
                        "name": "storage", "healthy": false, "message": "a record is damaged",
                    ])
                if stage.environment.partitions.count == 1 {
                    #expect(later["snapshot", "time"]?.time != nil)
                }
            }
        }
    }

    @Test("a share of a histogram ends within its bucket")
    func quantiles() {
        let bounds = [1.0, 2, 4, .infinity]
        let rows: [(share: Double, buckets: [UInt64], value: Double)] = [
            (0.5, [0, 0, 0, 0], 0), (0.5, [2, 0, 0, 0], 0.5), (1, [2, 0, 0, 0], 1),
            (0.5, [1, 0, 1, 0], 1), (0.75, [1, 0, 1, 0], 3), (0.99, [0, 100, 0, 0], 1.99),
            (0.5, [0, 0, 0, 9], 4), (0.1, [1, 9, 0, 0], 1),
        ]
        for row in rows {
            let value = Quantile.of(row.share, row.buckets) { bounds[$0] }
            #expect(abs(value - row.value) < 1e-9, "\(row.share) of \(row.buckets)")
        }
    }
}
