import Billing
import RPC
import Stories
import Testing

@testable import Wire

/// Codes that may be redeemed so often: what holds one, and what gives it back.
@Suite("Redemptions through the API") struct RewardTests {
    private static let usedUp = ToldRefusal(.failedPrecondition, "PROMOTION_CODE_USED_UP")

    private static let pricing: PricingState = {
        var single = Coupon(id: "single", name: "Half", .percentage(50), .months(3))
        single.codes = [PromotionCode("SINGLE", maxRedemptions: 1)]
        var gift = FeatureGrant(
            id: "gift", name: "Gift", parts: [.init(featureID: "messages", units: 5)])
        gift.codes = [PromotionCode("GIFT", maxRedemptions: 1)]
        return .sample(
            [.sample("messages", .metered)],
            [.sample("pro", price: "20"), .sample("premium", price: "50")], [single], [gift])
    }()

    private static func buying(_ customer: String, _ code: String? = "single") -> JSONObject {
        [
            "customer_id": .string(customer), "plan_id": "pro",
            "discounts": .array(code.map { [["promotion_code": .string($0)]] } ?? []),
        ]
    }

    private static func with(
        isWhole: Bool = false, _ body: (APIStage) async throws -> Void
    ) async throws {
        var options = APIStage.Options()
        options.isWhole = isWhole
        try await APIStage.with(pricing, options) { stage in
            for customer in ["a", "b"] {
                _ = try await stage.api.call(
                    "GetOrCreateCustomer", ["customer_id": .string(customer)])
            }
            try await body(stage)
        }
    }

    private static func redemptions(_ stage: APIStage, of code: String) async throws -> Int {
        let known = try await stage.api.call("GetPromotionCode", ["code": .string(code)])
        return Int((known["redemptions"]?.quantity ?? 0).raw / Quantity.scale)
    }

    @Test("a payment page holds one until it is given up, or paid")
    func page() async throws {
        try await Self.with(isWhole: true) { stage in
            let page = try await stage.api.call("Attach", Self.buying("a"))
            #expect(page["outcome"]?.text == "payment_required")
            #expect(page["invoice", "total", "minor_units"]?.quantity == 1000)
            let again = try await stage.api.call("Attach", Self.buying("a"))
            #expect(again["payment_url"] == page["payment_url"])
            #expect(await stage.api.refusal(of: "Attach", Self.buying("b")) == Self.usedUp)
            let asked: JSONObject = ["attach": .object(Self.buying("b"))]
            #expect(await stage.api.refusal(of: "PreviewAttach", asked) == Self.usedUp)
            let own: JSONObject = ["attach": .object(Self.buying("a"))]
            #expect(await stage.api.refusal(of: "PreviewAttach", own) == nil)
            // Another page takes its place.
            _ = try await stage.api.call("Attach", Self.buying("a", nil))
            for _ in 0..<500 {
                if try await Self.redemptions(stage, of: "single") == 0 { break }
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(try await Self.redemptions(stage, of: "single") == 0)
            let other = try await stage.api.call("Attach", Self.buying("b"))
            #expect(await stage.pay(at: other["payment_url"]?.text ?? "") == 200)
            #expect(try await Self.redemptions(stage, of: "single") == 1)
            try await Task.sleep(for: .milliseconds(1200))
            #expect(try await Self.redemptions(stage, of: "single") == 1)
            #expect(await stage.api.refusal(of: "Attach", Self.buying("a")) == Self.usedUp)
        }
    }

    @Test("what is declined gives it back")
    func declined() async throws {
        try await Self.with { stage in
            let never = Self.buying("a").with("redirect_mode", "never")
            let reply = try await stage.api.call("Attach", never)
            #expect(reply["outcome"]?.text == "declined")
            #expect(try await Self.redemptions(stage, of: "SINGLE") == 0)
        }
    }

    @Test("a retry is answered again, and redeems nothing")
    func retry() async throws {
        try await Self.with { stage in
            let redeem: JSONObject = ["customer_id": "a", "code": "gift", "request_id": "r"]
            let first = try await stage.api.call("RedeemCode", redeem)
            #expect(first["feature_grant_id"]?.text == "gift")
            #expect(first["granted"]?.elements.first?["quantity"]?.quantity == 5)
            let second = try await stage.api.call("RedeemCode", redeem)
            #expect(second["replayed"]?.flag == true)
            #expect(second["granted"] == first["granted"])
            #expect(try await Self.redemptions(stage, of: "GIFT") == 1)
            let other = redeem.with("customer_id", "b")
            #expect(await stage.api.refusal(of: "RedeemCode", other) == Self.usedUp)
        }
    }
}
