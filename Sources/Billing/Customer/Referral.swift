/// A person's or device's fingerprint, as a keyed hash: what callers gave is kept nowhere.
package struct FingerprintMark: Sendable, Hashable {
    /// Not 0.
    package var rawValue: UInt64

    /// nil: none.
    package init?(rawValue: UInt64) {
        guard rawValue != 0 else { return nil }
        self.rawValue = rawValue
    }
}

/// What a customer refers others with, in one programme.
package struct ReferralCode: Sendable, Equatable {
    package static let length = 6

    package var programmeID: String
    /// Letters and digits, in capitals.
    package var code: String
    package var created: Timestamp

    package init(programmeID: String, code: String, created: Timestamp) {
        self.programmeID = programmeID
        self.code = code
        self.created = created
    }
}

/// That a customer has redeemed another one's code. Both have it: the redeemer decides it, and what
/// becomes of it is handed over to the referrer.
package struct Referral: Sendable, Equatable {
    /// Whose it is. Raw values are stored.
    package enum Role: UInt8, Sendable {
        case redeemer = 1
        case referrer = 2
    }

    /// What its owner gets. Raw values are stored and those of `tally.v1.ReferralReward`.
    package enum RewardState: UInt8, Sendable {
        /// Nothing: the other one does.
        case none = 1
        /// What it is for has yet to happen.
        case waiting = 2
        /// It is due, and given as soon as there is room for it.
        case due = 3
        case given = 4
        /// There is no such plan or feature any more, or no room.
        case dropped = 5
    }

    /// Of a reward. Raw values are stored.
    package enum Kind: UInt8, Sendable {
        case coupon = 1
        case grant = 2
        case gift = 3
    }

    /// How far it is. Raw values are stored.
    package enum Stage: UInt8, Sendable {
        case unknown = 0
        case redeemed = 1
        case earned = 2
    }

    /// Codes of programmes that one customer redeems.
    package static let limit = 100

    /// Unique in the environment: the directory counts it.
    package var id: String
    package var role: Role
    package var programmeID: String
    package var code: String
    /// The referrer, or the redeemer.
    package var other: CustomerID
    package var rewardID: String
    package var kind: Kind
    package var created: Timestamp
    /// When what it is rewarded for happened; `.never`: not yet.
    package var earned = Timestamp.never
    package var reward: RewardState
    /// With a reward that is due: since when it could be given, if nothing else is in its way.
    package var ready = Timestamp.never

    // The redeemer's only.

    package var rewardsBoth = false
    /// It waits for a payment, of one of these plans; empty: of any.
    package var plans: [PlanNumber] = []
    package var excludesTrial = false
    /// What the referrer has been told.
    package var told = Stage.unknown

    package init(
        id: String, _ role: Role, programmeID: String, code: String, other: CustomerID,
        rewardID: String, _ kind: Kind, created: Timestamp, reward: RewardState
    ) {
        self.id = id
        self.role = role
        self.programmeID = programmeID
        self.code = code
        self.other = other
        self.rewardID = rewardID
        self.kind = kind
        self.created = created
        self.reward = reward
    }

    package var stage: Stage { earned == .never ? .redeemed : .earned }

    /// Something is to be handed over to the referrer.
    package var isUntold: Bool { role == .redeemer && told.rawValue < stage.rawValue }

    /// What the referrer is to have of the redeemer's.
    package func handedOver(by redeemer: CustomerID) -> Referral {
        Referral(
            id: id, .referrer, programmeID: programmeID, code: code, other: redeemer,
            rewardID: rewardID, kind, created: created, reward: .waiting)
    }
}

extension Account {
    mutating func put(_ referral: Referral) {
        let index = referrals.firstIndex { $0.id == referral.id && $0.role == referral.role }
        if let index { referrals[index] = referral } else { referrals.append(referral) }
    }

    mutating func put(_ code: ReferralCode) {
        let index = referralCodes.firstIndex { $0.programmeID == code.programmeID }
        if let index { referralCodes[index] = code } else { referralCodes.append(code) }
    }

    /// When a reward can be given; `.never`: none is due, or something is in its way for good.
    var rewardDue: Timestamp {
        var due = Timestamp.never
        for referral in referrals where referral.reward == .due {
            due = min(due, max(referral.ready, referral.kind == .coupon ? discountFree : .epoch))
        }
        return due
    }

    /// From when on the customer as a whole has no discount.
    private var discountFree: Timestamp { discounts.map(\.end).max() ?? .epoch }
}
