import Billing
import RPC
import Stories
import Testing

@testable import Wire

/// Rows of billing §13.2, §19.9 and §9 through the API.
@Suite("billing §13.2, §9: referrals and fingerprints through the API") struct ReferralTests {
    private static let pricing: PricingState = {
        var trial = Plan.sample("trial", price: "20", group: "other")
        trial.trial = FreeTrial(length: 14, unit: .day, needsCard: false)
        trial.trial?.isUnique = true
        var draft = PricingDraft(
            currency: "usd", features: [.sample("messages", .metered)],
            plans: [.sample("pro", price: "20"), .sample("premium", price: "50"), trial])
        draft.rewards.coupons = [Coupon(id: "half", name: "Half", .percentage(50), .once)]
        draft.rewards.gifts = [PlanGift(id: "gift", name: "Pro", planID: "pro")]
        var atOnce = ReferralProgramme(id: "at_once", rewardID: "half", redeemOn: .creation)
        atOnce.maxRedemptions = 2
        var converted = ReferralProgramme(id: "converted", rewardID: "gift", redeemOn: .checkout)
        converted.excludesTrial = true
        converted.rewardsBoth = true
        draft.rewards.programmes = [atOnce, converted]
        precondition(draft.validate(onto: .empty).isEmpty)
        return PricingState.empty.publishing(draft)
    }()

    private static func with(_ body: (APIStage) async throws -> Void) async throws {
        var options = APIStage.Options()
        options.isWhole = true
        try await APIStage.with(pricing, options) { stage in
            for customer in ["a", "b", "c", "d"] {
                _ = try await stage.api.call(
                    "GetOrCreateCustomer", ["customer_id": .string(customer)])
            }
            try await body(stage)
        }
    }

    private static func code(
        _ stage: APIStage, _ customer: String, _ programme: String
    ) async throws -> String {
        let reply = try await stage.api.call(
            "CreateReferralCode",
            ["customer_id": .string(customer), "programme_id": .string(programme)])
        return reply["referral_code", "code"]?.text ?? ""
    }

    private static func redeeming(_ customer: String, _ code: String) -> JSONObject {
        ["customer_id": .string(customer), "code": .string(code)]
    }

    /// Rewards of the customer's list, as soon as they are so.
    private static func rewards(
        _ stage: APIStage, _ customer: String, becoming expected: [String]
    ) async throws -> [String] {
        var shown: [String] = []
        for _ in 0..<300 {
            let reply = try await stage.api.call("GetCustomer", ["customer_id": .string(customer)])
            shown = (reply["customer", "referrals"]?.elements ?? []).map {
                $0["reward"]?.text ?? ""
            }
            if shown == expected { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        return shown
    }

    @Test("19.9: at most 2 of 3, each once, and not one's own")
    func atOnce() async throws {
        try await Self.with { stage in
            let code = try await Self.code(stage, "a", "at_once")
            #expect(try await Self.code(stage, "a", "at_once") == code)
            let own = await stage.api.refusal(
                of: "RedeemReferralCode", Self.redeeming("a", code))
            #expect(own == ToldRefusal(.failedPrecondition, "REFERRAL_CODE_OWN"))
            let first = try await stage.api.call(
                "RedeemReferralCode", Self.redeeming("b", code.lowercased()))
            #expect(first["referral", "referrer_id"]?.text == "a")
            #expect(first["referral", "redeemer_id"]?.text == "b")
            #expect(first["referral", "reward"]?.text == "none")
            #expect(try await Self.rewards(stage, "a", becoming: ["given"]) == ["given"])
            let again = await stage.api.refusal(
                of: "RedeemReferralCode", Self.redeeming("b", code))
            #expect(again == ToldRefusal(.alreadyExists, "REFERRAL_ALREADY_REDEEMED"))
            _ = try await stage.api.call("RedeemReferralCode", Self.redeeming("c", code))
            let third = await stage.api.refusal(
                of: "RedeemReferralCode", Self.redeeming("d", code))
            #expect(third == ToldRefusal(.failedPrecondition, "REFERRAL_CODE_USED_UP"))
            // The second discount waits until the first one is gone.
            let both = ["given", "pending"]
            #expect(try await Self.rewards(stage, "a", becoming: both) == both)
            _ = try await stage.api.call(
                "RemoveDiscount", ["customer_id": "a", "coupon_id": "half"])
            #expect(
                try await Self.rewards(stage, "a", becoming: ["given", "given"])
                    == ["given", "given"])
        }
    }

    @Test("What isn't there is said")
    func unknown() async throws {
        try await Self.with { stage in
            let none = await stage.api.refusal(
                of: "RedeemReferralCode", Self.redeeming("a", "ZZZZZZ"))
            #expect(none == ToldRefusal(.notFound, "REFERRAL_CODE_NOT_FOUND"))
            let programme = await stage.api.refusal(
                of: "CreateReferralCode", ["customer_id": "a", "programme_id": "none"])
            #expect(programme == ToldRefusal(.notFound, "PROGRAMME_NOT_FOUND"))
            let customer = await stage.api.refusal(
                of: "CreateReferralCode", ["customer_id": "x", "programme_id": "at_once"])
            #expect(customer == ToldRefusal(.notFound, "CUSTOMER_NOT_FOUND"))
        }
    }

    @Test("A retry is answered again, and counts once")
    func retry() async throws {
        try await Self.with { stage in
            let code = try await Self.code(stage, "a", "at_once")
            let asked = Self.redeeming("b", code).with("request_id", "r")
            let first = try await stage.api.call("RedeemReferralCode", asked)
            let second = try await stage.api.call("RedeemReferralCode", asked)
            #expect(second["replayed"]?.flag == true)
            #expect(second["referral"] == first["referral"])
        }
    }

    @Test("19.9: a trial isn't enough, its payment is; then both have the plan")
    func converted() async throws {
        try await Self.with { stage in
            let code = try await Self.code(stage, "a", "converted")
            _ = try await stage.api.call("RedeemReferralCode", Self.redeeming("b", code))
            let page = try await stage.api.call(
                "Attach", ["customer_id": "b", "plan_id": "trial", "redirect_mode": "always"])
            #expect(await stage.pay(at: page["payment_url"]?.text ?? "") == 200)
            #expect(
                try await Self.rewards(stage, "b", becoming: ["waiting"]) == ["waiting"])
            #expect(
                try await Self.rewards(stage, "a", becoming: ["waiting"]) == ["waiting"])
            stage.clock.set(Story.usualStart.adding(milliseconds: 15 * 86_400_000))
            for customer in ["b", "a"] {
                #expect(
                    try await Self.rewards(stage, customer, becoming: ["given"]) == ["given"])
                let reply = try await stage.api.call(
                    "GetCustomer", ["customer_id": .string(customer)])
                let plans = (reply["customer", "subscriptions"]?.elements ?? []).filter {
                    $0["status"]?.text == "active"
                }
                #expect(plans.contains { $0["plan_id"]?.text == "pro" })
            }
        }
    }

    private static func mark(
        _ stage: APIStage, _ customer: String, _ fingerprint: String
    ) async throws {
        let reply = try await stage.api.call(
            "UpdateCustomer",
            ["customer_id": .string(customer), "fingerprint": .string(fingerprint)])
        #expect(reply["customer", "has_fingerprint"]?.flag == !fingerprint.isEmpty)
    }

    @Test("9, 14.3: nor is there another one among several plans")
    func severalPlans() async throws {
        try await Self.with { stage in
            for customer in ["a", "b"] { try await Self.mark(stage, customer, "laptop") }
            func outcome(_ customer: String) async throws -> (String?, Bool) {
                let asked: JSONObject = [
                    "customer_id": .string(customer),
                    "plans": .array([.object(["plan_id": "trial"])]),
                ]
                let preview = try await stage.api.call(
                    "PreviewMultiAttach", ["multi_attach": .object(asked)])
                let reply = try await stage.api.call("MultiAttach", asked)
                return (reply["outcome"]?.text, preview["preview", "invoice"] == nil)
            }
            #expect(try await outcome("a") == ("active", true))
            #expect(try await outcome("b") == ("payment_required", false))
        }
    }

    @Test("9: a plan of one's own has the trial of its base, once for a fingerprint")
    func customized() async throws {
        try await Self.with { stage in
            for customer in ["a", "b"] { try await Self.mark(stage, customer, "laptop") }
            func outcome(_ customer: String) async throws -> String? {
                let price: JSONObject = [
                    "amount": "25", "interval": "month",
                ]
                let asked: JSONObject = [
                    "customer_id": .string(customer), "plan_id": "trial",
                    "customize": .object(["price": .object(price)]),
                ]
                return try await stage.api.call("Attach", asked)["outcome"]?.text
            }
            #expect(try await outcome("a") == "active")
            #expect(try await outcome("b") == "payment_required")
        }
    }

    @Test("9: one trial for a fingerprint; the preview says so")
    func fingerprints() async throws {
        try await Self.with { stage in
            for customer in ["a", "b"] { try await Self.mark(stage, customer, "laptop") }
            try await Self.mark(stage, "c", "phone")
            func outcome(_ customer: String) async throws -> (String?, Bool) {
                let asked: JSONObject = ["customer_id": .string(customer), "plan_id": "trial"]
                let preview = try await stage.api.call("PreviewAttach", ["attach": .object(asked)])
                let reply = try await stage.api.call("Attach", asked)
                return (reply["outcome"]?.text, preview["preview", "invoice"] == nil)
            }
            #expect(try await outcome("a") == ("active", true))
            #expect(try await outcome("b") == ("payment_required", false))
            #expect(try await outcome("c") == ("active", true))
            // What was tried before the fingerprint was known counts for it, too.
            _ = try await outcome("d")
            try await Self.mark(stage, "d", "tablet")
            let new: JSONObject = ["customer_id": "e", "fingerprint": "tablet"]
            let created = try await stage.api.call("GetOrCreateCustomer", new)
            #expect(created["customer", "has_fingerprint"]?.flag == true)
            #expect(try await outcome("e") == ("payment_required", false))
            let code = try await Self.code(stage, "a", "at_once")
            let same = await stage.api.refusal(
                of: "RedeemReferralCode", Self.redeeming("b", code))
            #expect(same == ToldRefusal(.failedPrecondition, "REFERRAL_SAME_FINGERPRINT"))
        }
    }
}
