import Billing
import Stories

@testable import Wire

/// Balances that a row begins with, brought about by calls.
extension Teller {
    /// The customer's next balance.
    func give(_ bucket: Bucket, id: String) async throws {
        let feature = pricing.feature(bucket.feature).id
        if let plan = bucket.plan(of: feature) {
            try await buy(plan.id)
        } else {
            try await call(.open(bucket.grant(of: feature)))
        }
        if bucket.flags.contains(.unlimited) {
            if bucket.balance < .zero { try await call(.track(feature, -bucket.balance)) }
        } else if bucket.balance != bucket.granted {
            let pick = Pick(feature, id: id)
            try await call(.update(pick, .usage(bucket.granted - bucket.balance)))
        }
    }

    private func call(_ step: Step) async throws {
        guard let request = StepRequest(step, of: customer, pricing) else { return }
        _ = try await stage.api.call(request.method, request.fields)
    }
}

extension Bucket {
    /// What sells or adds it; nil: it is granted outside plans.
    func plan(of featureID: String) -> Plan? {
        guard !flags.isDisjoint(with: [.priced, .addOn]) else { return nil }
        let isPriced = flags.contains(.priced)
        let most = flags.contains(.limited) ? maxOverage : nil
        let price = UsagePrice(amount: "1", billingUnits: 1, maxPurchase: most)
        // What has a price resets.
        let isOnce = cycle == Cycle(.oneOff)
        let reset = isOnce ? (isPriced ? Cycle(.month) : nil) : cycle
        // What makes plans different makes their names different; each is a group of its own.
        let parts = [featureID, "\(granted)", "\(maxOverage)", "\(cycle)", "\(flags.rawValue)"]
        let id = "given_" + parts.joined(separator: "_").filter { $0.isLetter || $0.isNumber }
        return Plan(
            id: String(id.prefix(63)), name: id, group: id, addOn: flags.contains(.addOn),
            autoEnable: false, price: nil,
            items: [
                PlanItem(
                    featureID: featureID, included: granted, unlimited: false,
                    reset: reset, usagePrice: isPriced ? price : nil)
            ])
    }

    fileprivate func grant(of featureID: String) -> Grant {
        let isCounted = flags.isDisjoint(with: [.boolean, .unlimited])
        var grant = Grant(
            featureID, isCounted ? granted : nil, unlimited: flags.contains(.unlimited))
        if cycle != Cycle(.oneOff) {
            grant.reset = cycle
            grant.nextReset = nextReset
        }
        grant.expires = expires == .never ? nil : expires
        return grant
    }
}
