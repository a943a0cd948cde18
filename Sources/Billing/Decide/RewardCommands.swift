/// Gives a coupon.
package struct ApplyDiscount: Sendable {
    /// nil: to the customer as a whole.
    package var subscription: UInt32?
    package var discount: AskedDiscount

    package init(subscription: UInt32? = nil, _ discount: AskedDiscount) {
        self.subscription = subscription
        self.discount = discount
    }
}

/// Takes a coupon away.
package struct RemoveDiscount: Sendable {
    /// nil: from the customer as a whole.
    package var subscription: UInt32?
    package var couponID: String

    package init(subscription: UInt32? = nil, couponID: String) {
        self.subscription = subscription
        self.couponID = couponID
    }
}

/// Redeems the code of a feature grant.
package struct RedeemCode: Sendable {
    package var code: String
    /// See `AskedDiscount`.
    package var redemption = ""

    package init(_ code: String) {
        self.code = code
    }
}

extension CustomerState {
    func decideApplyDiscount(
        _ apply: ApplyDiscount, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard openEffect == nil else { throw .purchaseInProgress }
        let (held, plan) = try discounts(of: apply.subscription)
        let new = try resolve(apply.discount, for: plan, at: "discount", pricing, now)
        guard !held.contains(where: { $0.couponID == new.couponID }) else {
            throw .discountExists(couponID: new.couponID)
        }
        guard held.count < HeldDiscount.limit else {
            throw .tooMany("discounts", limit: HeldDiscount.limit)
        }
        try requireRedemptions([new])
        var facts = FactSheet(self, pricing: pricing, now: now)
        facts.redeem([new])
        facts.hold(held + [new].settled, of: apply.subscription)
        return Decision(facts: facts.facts, reply: .customer)
    }

    func decideRemoveDiscount(
        _ remove: RemoveDiscount, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard openEffect == nil else { throw .purchaseInProgress }
        let (held, _) = try discounts(of: remove.subscription)
        let rest = held.filter { $0.couponID != remove.couponID }
        guard rest.count < held.count else {
            throw .discountNotFound(couponID: remove.couponID)
        }
        var facts = FactSheet(self, pricing: pricing, now: now)
        facts.hold(rest, of: remove.subscription)
        return Decision(facts: facts.facts, reply: .customer)
    }

    /// - Parameter number: nil: the customer's.
    private func discounts(
        of number: UInt32?
    ) throws(Refusal) -> (held: [HeldDiscount], plan: PlanNumber?) {
        guard let number else { return (account.discounts, nil) }
        guard let subscription = subscription(number), subscription.status != .ended else {
            throw .subscriptionNotFound("sub_\(number)")
        }
        return (subscription.discounts, subscription.plan.plan)
    }

    /// Gives what a code promises, as balances outside plans (billing §13.1).
    func decideRedeemCode(
        _ redeem: RedeemCode, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard let reward = pricing.reward(code: redeem.code), let grant = reward.grant else {
            throw .promotionCodeNotFound(redeem.code)
        }
        let code = reward.code
        guard !account.redemptions.contains(where: { $0.code == code.code }) else {
            throw .codeAlreadyRedeemed(code.code)
        }
        try check(code, now)
        guard !redeem.redemption.isEmpty else {
            throw .promotionCodeRefused(code.code, .usedUp)
        }
        guard account.redemptions.count < Redemption.limit else {
            throw .tooMany("redeemed codes", limit: Redemption.limit)
        }
        var facts = FactSheet(self, pricing: pricing, now: now)
        facts.emit(
            .codeRedeemed(Redemption(id: redeem.redemption, code: code.code, time: now)))
        try facts.give(grant)
        return Decision(facts: facts.facts, reply: .redeemed(grant))
    }
}

extension FactSheet {
    /// - Parameter number: nil: the customer's. What a page offers may have changed with them.
    fileprivate mutating func hold(_ discounts: [HeldDiscount], of number: UInt32?) {
        closeCheckout()
        guard let number, var subscription = customer.subscription(number) else {
            return emit(.discountsSet(discounts))
        }
        subscription.discounts = discounts
        emit(.subscriptionChanged(subscription))
    }

    /// Features that are gone from the catalog can't be: numbers stay.
    mutating func give(_ grant: FeatureGrant) throws(Refusal) {
        for part in grant.parts {
            guard let feature = pricing.feature(id: part.featureID) else { continue }
            var open = OpenBalance(feature: feature)
            open.granted = part.units
            open.expires = part.lapse.time(from: now)
            let opened = try customer.decideOpenBalance(open, pricing: pricing, now: now)
            for fact in opened.facts { emit(fact) }
        }
    }
}
