import Billing
import RPC
import Stories
import Testing

@testable import Repository
@testable import Wire

@Suite("Test clocks") struct TestClockTests {
    private static let month: JSONValue = ["seconds": 2_678_400]

    private func customer(_ id: String, _ stage: APIStage, buying plan: String? = nil) async throws
    {
        _ = try await stage.api.call("GetOrCreateCustomer", ["customer_id": .string(id)])
        guard let plan else { return }
        let bought = try await stage.api.call(
            "Attach", ["customer_id": .string(id), "plan_id": .string(plan)])
        guard let url = bought["payment_url"]?.text, !url.isEmpty else { return }
        #expect(await stage.pay(at: url) == 200)
    }

    private func state(_ id: CustomerID, _ stage: APIStage) throws -> CustomerState {
        try stage.environment.customers(of: id).read(
            id, names: stage.environment.directory.current, in: Workspace()
        ) { customer, _ in copy customer }.answer
    }

    private func time(_ stage: APIStage, _ id: String? = nil) async throws -> Timestamp? {
        var request = JSONObject()
        if let id { request.append("customer_id", .string(id)) }
        return try await stage.api.call("GetTestClock", request)["time"]?.time
    }

    @Test("a customer's year of a monthly plan is twelve invoices, at their moments")
    func year() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            let start = stage.clock.now()
            try await customer("c", stage, buying: "pro")
            try await customer("other", stage, buying: "pro")
            let reply = try await stage.api.call(
                "AdvanceTestClock",
                ["customer_id": "c", "time": .time(start.adding(months: 12)), "request_id": "r"])
            #expect(reply["time"]?.time == start.adding(months: 12))
            let moved = try state("c", stage)
            let due = (1...12).map { start.adding(months: $0) }
            #expect(moved.account.invoices.map(\.time) == due)
            #expect(moved.account.invoices.allSatisfy { $0.status == .paid })
            #expect(moved.subscriptions.map(\.periodEnd) == [start.adding(months: 13)])
            let other = try state("other", stage)
            #expect(other.account.invoices.count == 1)
            #expect(try await time(stage, "c") == start.adding(months: 12))
            #expect(try await time(stage, "other") == start)
            #expect(try await time(stage) == start)
        }
    }

    @Test("a preview is of the customer's time")
    func preview() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            try await customer("c", stage)
            _ = try await stage.api.call(
                "AdvanceTestClock", ["customer_id": "c", "duration": Self.month])
            let preview = try await stage.api.call(
                "PreviewAttach", ["attach": ["customer_id": "c", "plan_id": "pro"]])
            #expect(try await time(stage, "c") == preview["preview", "quote_time"]?.time)
        }
    }

    @Test("the environment's takes everyone along, whatever they have")
    func everyone() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            let start = stage.clock.now()
            for number in 0..<20 {
                try await customer("p\(number)", stage, buying: "pro")
                try await customer("f\(number)", stage, buying: "free")
            }
            _ = try await stage.api.call("Track", ["customer_id": "f3", "feature_id": "messages"])
            _ = try await stage.api.call(
                "AdvanceTestClock", ["customer_id": "p7", "duration": Self.month])
            _ = try await stage.api.call(
                "AdvanceTestClock", ["time": .time(start.adding(months: 6))])
            for number in 0..<20 {
                let paid = try state(CustomerID("p\(number)") ?? .empty, stage)
                #expect(paid.account.invoices.count == (number == 7 ? 8 : 7), "p\(number)")
                #expect(paid.nextDue > start.adding(months: 6))
            }
            #expect(try await time(stage) == start.adding(months: 6))
            #expect(try await time(stage, "f3") == start.adding(months: 6))
            #expect(
                try await time(stage, "p7")
                    == start.adding(months: 6).adding(milliseconds: 2_678_400_000))
            let balance = try await stage.api.call(
                "Check", ["customer_id": "f3", "feature_id": "messages"])["balance"]
            #expect(balance?["remaining"]?.quantity == 100)
            #expect(balance?["next_reset_time"]?.time == start.adding(months: 7))
            // Who comes later lives in the same time.
            try await customer("late", stage)
            #expect(try state("late", stage).account.created == start.adding(months: 6))
        }
    }

    @Test("moves once for a request, and says so")
    func requests() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            try await customer("c", stage, buying: "free")
            for id in ["c", nil] {
                var move: JSONObject = ["duration": Self.month, "request_id": "r"]
                if let id { move.append("customer_id", .string(id)) }
                let first = try await stage.api.call("AdvanceTestClock", move)
                let again = try await stage.api.call("AdvanceTestClock", move)
                #expect(again["time"] == first["time"] && again["replayed"]?.flag == true)
                let told = await stage.api.refusal(
                    of: "AdvanceTestClock", move.with("duration", ["seconds": 1]))
                #expect(told == ToldRefusal(.failedPrecondition, "REQUEST_ID_REUSED"))
            }
        }
    }

    @Test("goes forwards only")
    func backwards() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            let start = stage.clock.now()
            try await customer("c", stage)
            for fields in [JSONObject(), ["customer_id": "c"]] {
                let told = await stage.api.refusal(
                    of: "AdvanceTestClock",
                    fields.with("time", .time(start.adding(milliseconds: -1))))
                #expect(told == ToldRefusal(.failedPrecondition, "TEST_CLOCK_BACKWARDS"))
            }
        }
    }

    @Test("is in no live environment")
    func live() async throws {
        let options = APIStage.Options(environment: "live")
        try await APIStage.with(RefusalTests.pricing, options) { stage in
            try await customer("c", stage)
            let only = ToldRefusal(.failedPrecondition, "TEST_CLOCK_SANDBOX_ONLY")
            for fields in [JSONObject(), ["customer_id": "c"]] {
                let move = fields.with("duration", Self.month)
                #expect(await stage.api.refusal(of: "AdvanceTestClock", move) == only)
                #expect(await stage.api.refusal(of: "GetTestClock", fields) == only)
            }
        }
    }

    @Test("is what holds, events and answers go by")
    func everything() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            let start = stage.clock.now()
            try await customer("c", stage, buying: "free")
            _ = try await stage.api.call(
                "Track", ["customer_id": "c", "feature_id": "messages", "value": 5])
            _ = try await stage.api.call(
                "Track",
                [
                    "customer_id": "c", "feature_id": "messages", "value": 7,
                    "hold": ["hold_id": "h"],
                ])
            _ = try await stage.api.call(
                "AdvanceTestClock", ["customer_id": "c", "duration": ["seconds": 86_400]])
            let day = start.adding(milliseconds: 86_400_000)
            let customer = try await stage.api.call("GetCustomer", ["customer_id": "c"])["customer"]
            #expect(customer?["holds"]?.elements.isEmpty ?? true)
            _ = try await stage.api.call(
                "Track", ["customer_id": "c", "feature_id": "messages", "value": 2])
            let listed = try await stage.api.call("ListEvents", [:])["events"]?.elements ?? []
            #expect(listed.map { $0["event_time"]?.time } == [day, day, start, start])
            // What was used, what was held and given back, what was used before.
            #expect(listed.map { $0["value"]?.quantity } == [2, -7, 7, 5])
            #expect(listed.first?["commit_time"]?.time == start)
            let check = try await stage.api.call(
                "Check", ["customer_id": "c", "feature_id": "messages"])
            #expect(check["balance"]?["remaining"]?.quantity == 93)
        }
    }
}
