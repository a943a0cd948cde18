import Billing
import RPC
import Repository
import Stories
import Testing

@testable import Wire

/// Refusals that take more than one call to meet.
@Suite("Refusals by circumstance") struct CircumstanceTests {
    private func customer(_ id: String, _ stage: APIStage) async throws {
        _ = try await stage.api.call("GetOrCreateCustomer", ["customer_id": .string(id)])
    }

    @Test("11.4, 19.8: a seat that isn't paid for isn't taken")
    func seats() async throws {
        try await APIStage.with(SeatStories.table.pricing) { stage in
            try await customer("c", stage)
            let page = try await stage.api.call(
                "Attach", ["customer_id": "c", "plan_id": "keep"])["payment_url"]
            // It pays once.
            #expect(await stage.pay(at: page?.text ?? "", card: "4000000000000341") == 200)
            let seat: JSONObject = ["customer_id": "c", "feature_id": "users"]
            _ = try await stage.api.call("Track", seat)
            let declined = ToldRefusal(.failedPrecondition, "PAYMENT_DECLINED")
            #expect(await stage.api.refusal(of: "Track", seat) == declined)
            #expect(await stage.api.refusal(of: "Check", seat.with("deduct", true)) == declined)
            let entity = seat.with("entity_id", "a").with("name", "A")
            #expect(await stage.api.refusal(of: "CreateEntity", entity) == declined)
            let found = try await stage.api.call("GetCustomer", ["customer_id": "c"])["customer"]
            let users = found?["balances"]?.elements.first { $0["feature_id"]?.text == "users" }
            #expect(users?["usage"]?.quantity == 1)
            #expect(found?["invoices"]?.elements.filter { $0["status"]?.text == "paid" }.count == 1)
        }
    }

    @Test("the second of two editors is told, not overwritten")
    func editors() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            func publish(_ name: String, _ expected: JSONValue?, dry: Bool = false) -> JSONObject {
                let plan: JSONValue = ["plan_id": "free", "name": .string(name)]
                return [
                    "catalog": ["currency": "usd", "plans": [plan]],
                    "validate_only": .bool(dry), "expected_sequence": expected ?? .null,
                ]
            }
            let changed = ToldRefusal(.failedPrecondition, "CATALOG_CHANGED")
            let seen = try #require(
                try await stage.api.call("GetCatalog", [:])["catalog_sequence"])
            let first = publish("Free for all", seen)
            let done = try await stage.api.call("PublishCatalog", first)
            #expect(done["changes"]?.elements.count == 1)
            // The other one, who began with the same.
            for dry in [true, false] {
                let other = publish("Gratis", seen, dry: dry)
                #expect(await stage.api.refusal(of: "PublishCatalog", other) == changed)
            }
            var wrong = publish("", seen)
            #expect(await stage.api.refusal(of: "PublishCatalog", wrong) == changed)
            // Whoever lost the answer tries again, and has it.
            let again = try await stage.api.call("PublishCatalog", first)
            #expect(again["changes"]?.elements.isEmpty == true)
            let now = again["catalog_sequence"]
            #expect(now != nil && now != seen)
            wrong = publish("", now)
            let told = await stage.api.refusal(of: "PublishCatalog", wrong)
            #expect(told?.reason == "INVALID_ARGUMENT")
            _ = try await stage.api.call("PublishCatalog", publish("Gratis", now))
            _ = try await stage.api.call("PublishCatalog", publish("Free", nil))
            let ahead = publish("Gratis", .number(1 << 40))
            #expect(await stage.api.refusal(of: "PublishCatalog", ahead) == changed)
        }
    }

    @Test("only one of many editors publishes")
    func manyEditors() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            let seen = try await stage.api.call("GetCatalog", [:])["catalog_sequence"] ?? .null
            let done = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let plan: JSONValue = ["plan_id": "free", "name": .string("n\(number)")]
                        let request: JSONObject = [
                            "catalog": ["currency": "usd", "plans": [plan]],
                            "expected_sequence": seen,
                        ]
                        return await stage.api.refusal(of: "PublishCatalog", request) == nil
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(done == 1)
        }
    }

    @Test("§18: automatic tax needs an address that says enough")
    func taxAddress() async throws {
        try await APIStage.with(AutomaticTaxStories.table.pricing) { stage in
            try await customer("c", stage)
            let attach: JSONObject = ["customer_id": "c", "plan_id": "pro"]
            let refused = ToldRefusal(.failedPrecondition, "TAX_ADDRESS_REQUIRED", ["address"])
            func tries() async {
                #expect(await stage.api.refusal(of: "Attach", attach) == refused)
                let preview: JSONObject = ["attach": .object(attach)]
                #expect(await stage.api.refusal(of: "PreviewAttach", preview) == refused)
            }
            func move(to country: String, _ state: String) async throws -> JSONValue? {
                let update: JSONObject = [
                    "customer_id": "c",
                    "address": ["country": .string(country), "state": .string(state)],
                ]
                let moved = try await stage.api.call("UpdateCustomer", update)["customer"]
                return moved?["found_tax"]
            }
            await tries()
            #expect(try await move(to: "US", "") == nil)
            await tries()
            let found = try await move(to: "US", "NY")
            #expect(found?["status"]?.text == "address_insufficient" && found?["time"] == nil)
            let preview = try await stage.api.call("PreviewAttach", ["attach": .object(attach)])
            let taxes = preview["preview"]?["invoice"]?["taxes"]?.elements ?? []
            #expect(taxes.map { $0["tax_rate_id"]?.text } == ["automatic"])
            #expect(taxes.map { $0["percentage"]?.text } == ["4"])
            #expect(taxes.map { $0["jurisdiction"]?.text } == ["US-NY"])
            let seen = try await stage.api.call("GetCustomer", ["customer_id": "c"])["customer"]
            #expect(seen?["found_tax"]?["status"]?.text == "due")
            #expect(seen?["found_tax"]?["name"]?.text == "Sales tax")
        }
    }

    @Test("an id of a request stands for one request")
    func reused() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            try await customer("c", stage)
            let track: JSONObject = [
                "customer_id": "c", "feature_id": "messages", "request_id": "r",
            ]
            _ = try await stage.api.call("Track", track)
            let again = try await stage.api.call("Track", track)
            #expect(again["replayed"]?.flag == true)
            let told = await stage.api.refusal(of: "Track", track.with("value", 2))
            #expect(told == ToldRefusal(.failedPrecondition, "REQUEST_ID_REUSED"))
        }
    }

    @Test("an id with a time from before answers are remembered may be of an answer")
    func tooOld() async throws {
        try await APIStage.with(RefusalTests.pricing, APIStage.Options(isWhole: true)) { stage in
            try await customer("c", stage)
            let began = stage.clock.now().milliseconds
            let digits = String(began - 86_400_000, radix: 16)
            // A UUIDv7: 48 bits of milliseconds first.
            let time = String(repeating: "0", count: 12 - digits.count) + digits
            let id = "\(time.prefix(8))-\(time.suffix(4))-7000-8000-000000000000"
            try await waitForWindow(stage)
            let told = await stage.api.refusal(
                of: "Track",
                ["customer_id": "c", "feature_id": "messages", "request_id": .string(id)])
            #expect(told == ToldRefusal(.failedPrecondition, "REQUEST_ID_TOO_OLD"))
        }
    }

    /// Until something is forgotten: the server looks once a second.
    private func waitForWindow(_ stage: APIStage) async throws {
        for hour in 1...200 where stage.environment.requestWindow == nil {
            stage.clock.set(.utc(2027, 1, 10).adding(milliseconds: Int64(hour) * 3_600_000))
            _ = try await stage.api.call("Track", ["customer_id": "c", "feature_id": "messages"])
            try await Task.sleep(for: .milliseconds(50))
        }
        try #require(stage.environment.requestWindow != nil)
    }

    @Test("an answer that named somebody who is erased is gone")
    func erased() async throws {
        try await APIStage.with(RefusalTests.pricing, APIStage.Options(isWhole: true)) { stage in
            let create: JSONObject = ["customer_id": "c", "name": "Ada", "request_id": "r"]
            _ = try await stage.api.call("GetOrCreateCustomer", create)
            _ = try await stage.api.call("EraseCustomer", ["customer_id": "c"])
            let told = await stage.api.refusal(of: "GetOrCreateCustomer", create)
            #expect(told == ToldRefusal(.failedPrecondition, "REQUEST_ERASED"))
        }
    }

    @Test("what costs money needs somebody to collect it")
    func noProvider() async throws {
        try await APIStage.with(RefusalTests.pricing, APIStage.Options(hasProvider: false)) {
            stage in
            try await customer("c", stage)
            let told = await stage.api.refusal(
                of: "Attach", ["customer_id": "c", "plan_id": "pro"])
            #expect(told == ToldRefusal(.failedPrecondition, "PAYMENT_PROVIDER_MISSING"))
        }
    }

    @Test("purchases of one customer wait for each other, but not for ever")
    func purchases() async throws {
        let plans = (0..<40).map { Plan.sample("add_\($0)", price: "1", addOn: true) }
        try await APIStage.with(.sample(Fixture.features, plans)) { stage in
            try await customer("c", stage)
            let first = try await stage.api.call(
                "Attach", ["customer_id": "c", "plan_id": "add_0"])
            #expect(await stage.pay(at: first["payment_url"]?.text ?? "") == 200)
            let told = await withTaskGroup(of: ToldRefusal?.self) { group in
                for plan in plans.dropFirst() {
                    group.addTask {
                        await stage.api.refusal(
                            of: "Attach", ["customer_id": "c", "plan_id": .string(plan.id)])
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let refused = told.compactMap { $0 }
            let busy = ToldRefusal(.failedPrecondition, "PURCHASE_IN_PROGRESS")
            #expect(!refused.isEmpty && refused.allSatisfy { $0 == busy })
            #expect(refused.count < told.count)
        }
    }

    @Test("a customer has only so many holds")
    func tooMany() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            try await customer("c", stage)
            let holds = (0...Hold.countLimit).map { number in
                JSONValue.object([
                    "feature_id": "messages", "hold": ["hold_id": .number(number)],
                ])
            }
            let most = JSONValue.array(Array(holds.dropLast()))
            _ = try await stage.api.call("BatchTrack", ["customer_id": "c", "items": most])
            let told = await stage.api.refusal(
                of: "BatchTrack", ["customer_id": "c", "items": .array(holds.suffix(1))])
            #expect(told == ToldRefusal(.resourceExhausted, "TOO_MANY"))
        }
    }

    @Test("slow calls are few at once")
    func tooManyCalls() async throws {
        var options = APIStage.Options()
        options.limits.slowCalls.perPrincipal = 0
        let told = ToldRefusal(.resourceExhausted, "TOO_MANY_CALLS")
        try await APIStage.with(RefusalTests.pricing, options) { stage in
            for method in [
                "ListEvents", "AggregateEvents", "ListCustomers", "GetCustomerAsOf",
                "SimulatePlan",
            ] {
                let request = AccessTests.requests.first { $0.method == method }
                let fields = (request?.fields ?? [:]).naming("c", for: method)
                #expect(await stage.api.refusal(of: method, fields) == told)
            }
        }
    }

    @Test("the health of a service that isn't there")
    func health() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            do throws(RPCStatus) {
                // HealthCheckRequest { service: "no" }
                _ = try await stage.api.send([10, 2, 110, 111], to: "/grpc.health.v1.Health/Check")
                Issue.record("it was not refused")
            } catch {
                #expect(ToldRefusal(error) == ToldRefusal(.notFound, "SERVICE_UNKNOWN"))
            }
        }
    }

    @Test("a method that isn't there")
    func unimplemented() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            do throws(RPCStatus) {
                _ = try await stage.api.send([], to: "/tally.v1.UsageService/Nothing")
                Issue.record("it was not refused")
            } catch {
                #expect(error.code == .unimplemented)
            }
        }
    }
}
