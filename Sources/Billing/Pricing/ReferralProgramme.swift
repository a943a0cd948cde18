/// A plan that is given free of charge, usually for a referral (billing §13.1).
package struct PlanGift: Sendable, Equatable {
    package var id: String
    package var name: String
    package var planID: String

    package init(id: String, name: String, planID: String) {
        self.id = id
        self.name = name
        self.planID = planID
    }
}

/// What customers get for bringing others (billing §13.2).
package struct ReferralProgramme: Sendable, Equatable {
    /// When a redemption is rewarded. Raw values are stored.
    package enum Moment: UInt8, Sendable {
        /// At once.
        case creation = 1
        /// When the redeemer pays.
        case checkout = 2
    }

    /// So often is the code of one customer redeemed at most: it keeps a list of them.
    package static let redemptionLimit: UInt32 = 1000

    package var id: String
    /// Of a coupon, a feature grant or a plan gift.
    package var rewardID: String
    package var redeemOn: Moment
    /// Otherwise the referrer alone.
    package var rewardsBoth = false
    /// Of one code; nil: `redemptionLimit`.
    package var maxRedemptions: UInt32?
    /// With checkout: which plans have to be paid for; empty: any.
    package var planIDs: [String] = []
    /// With checkout: a trial isn't enough, it has to become a payment.
    package var excludesTrial = false

    package init(id: String, rewardID: String, redeemOn: Moment) {
        self.id = id
        self.rewardID = rewardID
        self.redeemOn = redeemOn
    }
}

/// What a programme can give.
package enum Reward: Sendable, Equatable {
    case coupon(Coupon)
    case grant(FeatureGrant)
    case gift(PlanGift)
}

extension PricingState {
    package func programme(id: String) -> ReferralProgramme? {
        rewards.programmes.first { $0.id == id }
    }

    package func reward(id: String) -> Reward? {
        if let coupon = coupon(id: id) { return .coupon(coupon) }
        if let grant = rewards.grants.first(where: { $0.id == id }) { return .grant(grant) }
        return rewards.gifts.first { $0.id == id }.map { .gift($0) }
    }
}

/// What is wrong with plan gifts and referral programmes.
extension DraftCheck {
    mutating func referrals() {
        var seen: Set<String> = []
        for (index, gift) in draft.rewards.gifts.enumerated() {
            let path = "plan_gifts[\(index)]"
            identifier(gift.id, at: "\(path).plan_gift_id")
            name(gift.name, at: "\(path).name")
            if !seen.insert(gift.id).inserted {
                fault("\(path).plan_gift_id", "\"\(gift.id)\" appears twice")
            }
            plan(gift.planID, at: "\(path).plan_id")
        }
        seen = []
        for (index, programme) in draft.rewards.programmes.enumerated() {
            let path = "referral_programmes[\(index)]"
            identifier(programme.id, at: "\(path).programme_id")
            if !seen.insert(programme.id).inserted {
                fault("\(path).programme_id", "\"\(programme.id)\" appears twice")
            }
            check(programme, at: path)
        }
    }

    private mutating func check(_ programme: ReferralProgramme, at path: String) {
        let rewards = state.rewards.publishing(draft.rewards)
        let kinds = [
            rewards.coupons.contains { $0.id == programme.rewardID },
            rewards.grants.contains { $0.id == programme.rewardID },
            rewards.gifts.contains { $0.id == programme.rewardID },
        ].count { $0 }
        if kinds == 0 {
            fault(
                "\(path).reward_id",
                "\"\(programme.rewardID)\" is no coupon, feature grant or plan gift")
        } else if kinds > 1 {
            fault("\(path).reward_id", "\"\(programme.rewardID)\" is the id of several rewards")
        }
        if let most = programme.maxRedemptions,
            !(1...ReferralProgramme.redemptionLimit ~= most)
        {
            fault("\(path).max_redemptions", "must be 1 to \(ReferralProgramme.redemptionLimit)")
        }
        for (index, id) in programme.planIDs.enumerated() {
            let path = "\(path).plan_ids[\(index)]"
            plan(id, at: path)
            if programme.planIDs[..<index].contains(id) { fault(path, "\"\(id)\" appears twice") }
        }
        guard programme.redeemOn == .creation else { return }
        if !programme.planIDs.isEmpty {
            fault("\(path).plan_ids", "needs redeem_on \"checkout\"")
        }
        if programme.excludesTrial {
            fault("\(path).exclude_trial", "needs redeem_on \"checkout\"")
        }
    }

    private mutating func plan(_ id: String, at path: String) {
        if state.plan(id: id) == nil, !draft.plans.contains(where: { $0.id == id }) {
            fault(path, "\"\(id)\" is not a published plan")
        }
    }
}
