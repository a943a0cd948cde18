import Billing
import RPC
import Stories
import Testing

@testable import Wire

@Suite("Looking back through the API") struct LookingBackTests {
    @Test("A customer and its entities are shown as they were read")
    func views() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            let who: JSONObject = ["customer_id": "c"]
            let ann = who.with("entity_id", "ann")
            _ = try await stage.api.call("GetOrCreateCustomer", who.with("name", "Ada"))
            _ = try await stage.api.call("CreateEntity", ann.with("feature_id", "users"))
            _ = try await stage.api.call(
                "CreateBalance", ann.with("feature_id", "messages").with("granted", 50))
            _ = try await stage.api.call("Attach", who.with("plan_id", "free"))
            var seen: [(time: Timestamp, customer: JSONValue?, entity: JSONValue?)] = []
            for day in 1...40 {
                let track = day % 2 == 0 ? who : ann
                _ = try await stage.api.call("Track", track.with("feature_id", "messages"))
                seen.append(
                    (
                        stage.clock.now(), try await stage.api.call("GetCustomer", who)["customer"],
                        try await stage.api.call("GetEntity", ann)["entity"]
                    ))
                stage.clock.set(stage.clock.now().adding(milliseconds: 86_400_000))
            }
            #expect(Set(seen.map { JSONWriter.text($0.customer ?? .null) }).count == 40)
            for (time, customer, entity) in seen {
                // Between this use and the next nothing happened.
                for moment in [time, time.adding(milliseconds: 1_000)] {
                    let asOf = who.with("as_of_time", .time(moment))
                    let then = try await stage.api.call("GetCustomerAsOf", asOf)
                    #expect(then["customer"] == customer && then["entity"] == nil)
                    let hers = try await stage.api.call(
                        "GetCustomerAsOf", asOf.with("entity_id", "ann"))
                    #expect(hers["entity"] == entity && hers["customer"] == nil)
                }
            }
            let before = who.with("as_of_time", .time(seen[0].time.adding(milliseconds: -1)))
            let told = await stage.api.refusal(of: "GetCustomerAsOf", before)
            #expect(told == ToldRefusal(.notFound, "CUSTOMER_NOT_FOUND"))
        }
    }
}
