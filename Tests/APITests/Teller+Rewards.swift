import Billing
import RPC
import Stories
import Testing

@testable import Wire

/// Discounts through the API.
extension Teller {
    /// Of what the customer has of a plan.
    func reward(_ step: Step) async throws {
        switch step {
        case .give(let name, let plan?):
            _ = try await stage.api.call(
                "ApplyDiscount",
                [
                    "customer_id": .string(customer), "discount": StepRequest.discount(name),
                    "subscription_id": try await newest(plan)["subscription_id"] ?? .null,
                ])
        case .takeAway(let coupon, let plan?):
            _ = try await stage.api.call(
                "RemoveDiscount",
                [
                    "customer_id": .string(customer), "coupon_id": .string(coupon),
                    "subscription_id": try await newest(plan)["subscription_id"] ?? .null,
                ])
        default: preconditionFailure("\(step) is about something else")
        }
    }

    func lookAtDiscounts(_ step: Step) async throws {
        switch step {
        case .discounts(let expected, let plan):
            let holder =
                if let plan { try await newest(plan) } else { try await wholeCustomer() }
            let coupons = (holder["discounts"]?.elements ?? []).map { $0["coupon_id"]?.text }
            #expect(coupons == expected, comment)
        case .creditsLeft(let coupon, let expected):
            let held = try await wholeCustomer()["discounts"]?.elements.first {
                $0["coupon_id"]?.text == coupon
            }
            #expect(cents(held?["credits_remaining"]) == expected, comment)
        case .foreseen(let change, let now, let next):
            guard let request = StepRequest(change, of: customer, pricing) else {
                preconditionFailure("\(change) is a call")
            }
            let preview = try await stage.api.call(
                "Preview\(request.method)",
                [request.method == "Attach" ? "attach" : "update": .object(request.fields)])
            let said = preview["preview"]
            #expect(said?["invoice"].map { cents($0["total"]) } == now, comment)
            #expect(said?["next_invoice"].map { cents($0["total"]) } == next, comment)
        default: preconditionFailure("\(step) is about something else")
        }
    }

    private func wholeCustomer() async throws -> JSONValue {
        try await settled { _ in true }
    }

    private func newest(_ plan: String) async throws -> JSONValue {
        let all = try await wholeCustomer()["subscriptions"]?.elements ?? []
        return try #require(all.last { $0["plan_id"]?.text == plan }, comment)
    }
}
