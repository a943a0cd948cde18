/// What people get a reward by.
package struct PromotionCode: Sendable, Equatable {
    package static let lengths = 3...63

    /// In capitals.
    package var code: String
    /// By all customers together; nil: any number of times.
    package var maxRedemptions: UInt32?
    /// Only by customers who haven't paid for anything yet.
    package var firstPurchaseOnly = false
    package var expires = Timestamp.never

    package init(_ code: String, maxRedemptions: UInt32? = nil) {
        self.code = PromotionCode.capitals(code)
        self.maxRedemptions = maxRedemptions
    }

    /// Small letters count as capital ones.
    package static func capitals(_ code: String) -> String { code.uppercased() }
}

/// Something off what is charged (billing §13.1).
package struct Coupon: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// Per cent of each line, above 0, at most 100.
        case percentage(Quantity)
        /// Off each invoice, in major units of the catalog's currency.
        case amount(UnitPrice)
        /// Covers invoices until it is used up.
        case credits(UnitPrice)
    }

    package enum Duration: Sendable, Equatable {
        /// The first invoice that it lowers.
        case once
        case months(UInt32)
        case forever
    }

    package static let monthLimit: UInt32 = 1200

    package var id: String
    package var name: String
    package var kind: Kind
    package var duration: Duration
    /// Only what these plans cost; empty: all.
    package var planIDs: [String] = []
    /// The least that a purchase must come to before discounts.
    package var minimum = UnitPrice.zero
    /// Only what was used beyond grants.
    package var usageOnly = false
    package var codes: [PromotionCode] = []

    package init(id: String, name: String, _ kind: Kind, _ duration: Duration) {
        self.id = id
        self.name = name
        self.kind = kind
        self.duration = duration
    }
}

/// Units that are given to whoever redeems a code (billing §13.1).
package struct FeatureGrant: Sendable, Equatable {
    /// When what is given lapses.
    package enum Lapse: Sendable, Equatable {
        case never
        case days(UInt32)
        case months(UInt32)

        func time(from now: Timestamp) -> Timestamp? {
            switch self {
            case .never: nil
            case .days(let days): now.adding(milliseconds: Int64(days) * 86_400_000)
            case .months(let months): now.adding(months: Int64(months))
            }
        }
    }

    package struct Part: Sendable, Equatable {
        package var featureID: String
        package var units: Quantity
        package var lapse: Lapse

        package init(featureID: String, units: Quantity, lapse: Lapse = .never) {
            self.featureID = featureID
            self.units = units
            self.lapse = lapse
        }
    }

    package static let dayLimit: UInt32 = 36_500

    package var id: String
    package var name: String
    package var parts: [Part]
    package var codes: [PromotionCode] = []

    package init(id: String, name: String, parts: [Part]) {
        self.id = id
        self.name = name
        self.parts = parts
    }
}

/// What a catalog gives away.
package struct RewardList: Sendable, Equatable {
    /// Codes of one reward.
    package static let codeLimit = 1000

    package var coupons: [Coupon] = []
    package var grants: [FeatureGrant] = []
    package var gifts: [PlanGift] = []
    package var programmes: [ReferralProgramme] = []

    package init() {}

    package var isEmpty: Bool { self == RewardList() }

    /// With what another one has new, or otherwise.
    func publishing(_ draft: RewardList) -> RewardList {
        var rewards = self
        for coupon in draft.coupons {
            let index = rewards.coupons.firstIndex { $0.id == coupon.id }
            if let index { rewards.coupons[index] = coupon } else { rewards.coupons.append(coupon) }
        }
        for grant in draft.grants {
            let index = rewards.grants.firstIndex { $0.id == grant.id }
            if let index { rewards.grants[index] = grant } else { rewards.grants.append(grant) }
        }
        for gift in draft.gifts {
            let index = rewards.gifts.firstIndex { $0.id == gift.id }
            if let index { rewards.gifts[index] = gift } else { rewards.gifts.append(gift) }
        }
        for new in draft.programmes {
            let index = rewards.programmes.firstIndex { $0.id == new.id }
            if let index {
                rewards.programmes[index] = new
            } else {
                rewards.programmes.append(new)
            }
        }
        return rewards
    }

    /// What publishing another one does.
    func changes(publishing draft: RewardList) -> [PricingChange] {
        var changes: [PricingChange] = []
        for coupon in draft.coupons {
            let present = coupons.first { $0.id == coupon.id }
            guard present != coupon else { continue }
            changes.append(
                PricingChange(
                    subject: .coupon, id: coupon.id, created: present == nil, revision: 0))
        }
        for grant in draft.grants {
            let present = grants.first { $0.id == grant.id }
            guard present != grant else { continue }
            changes.append(
                PricingChange(
                    subject: .featureGrant, id: grant.id, created: present == nil, revision: 0))
        }
        for gift in draft.gifts {
            let present = gifts.first { $0.id == gift.id }
            guard present != gift else { continue }
            changes.append(
                PricingChange(
                    subject: .planGift, id: gift.id, created: present == nil, revision: 0))
        }
        for programme in draft.programmes {
            let present = programmes.first { $0.id == programme.id }
            guard present != programme else { continue }
            changes.append(
                PricingChange(
                    subject: .referralProgramme, id: programme.id, created: present == nil,
                    revision: 0))
        }
        return changes
    }
}

/// Finds rewards by their ids and codes.
struct RewardIndex: Sendable {
    private enum Place {
        case coupon(Int, PromotionCode)
        case grant(Int, PromotionCode)
    }

    private let rewards: RewardList
    private var coupons: [String: Int] = [:]
    private var codes: [String: Place] = [:]

    init(_ rewards: RewardList) {
        self.rewards = rewards
        for (index, coupon) in rewards.coupons.enumerated() {
            coupons[coupon.id] = index
            for code in coupon.codes { codes[code.code] = .coupon(index, code) }
        }
        for (index, grant) in rewards.grants.enumerated() {
            for code in grant.codes { codes[code.code] = .grant(index, code) }
        }
    }

    func coupon(id: String) -> Coupon? { coupons[id].map { rewards.coupons[$0] } }

    func reward(code: String) -> CodedReward? {
        switch codes[PromotionCode.capitals(code)] {
        case .coupon(let index, let code): CodedReward(.coupon(rewards.coupons[index]), code)
        case .grant(let index, let code): CodedReward(.grant(rewards.grants[index]), code)
        case nil: nil
        }
    }
}

/// A code and what is had by it.
package struct CodedReward: Sendable, Equatable {
    package enum Reward: Sendable, Equatable {
        case coupon(Coupon)
        case grant(FeatureGrant)
    }

    package var reward: Reward
    package var code: PromotionCode

    init(_ reward: Reward, _ code: PromotionCode) {
        self.reward = reward
        self.code = code
    }

    package var coupon: Coupon? { if case .coupon(let coupon) = reward { coupon } else { nil } }
    package var grant: FeatureGrant? { if case .grant(let grant) = reward { grant } else { nil } }
}

extension PricingState {
    package func coupon(id: String) -> Coupon? { rewardIndex.coupon(id: id) }

    package func reward(code: String) -> CodedReward? { rewardIndex.reward(code: code) }
}
