/// A coupon that a customer or a subscription has, as it was when they got it: what becomes of the
/// coupon afterwards changes nothing.
package struct HeldDiscount: Sendable, Equatable {
    /// Of one customer or subscription.
    package static let limit = 20

    package var couponID: String
    /// Of credits: what is left.
    package var kind: Discount.Kind
    /// Only lines of these plans; empty: of all.
    package var plans: [PlanNumber] = []
    /// Only what was used beyond grants.
    package var usageOnly = false
    /// It counts for one invoice, which is yet to come.
    package var once = false
    /// From when on it doesn't count any more.
    package var end = Timestamp.never
    /// The code that it came by; empty: none.
    package var code = ""
    /// Of an order: the code's redemption that is used up when it is paid; empty: none.
    package var redemption = ""

    package init(couponID: String, _ kind: Discount.Kind) {
        self.couponID = couponID
        self.kind = kind
    }

    func counts(at now: Timestamp) -> Bool {
        if case .credits(let left) = kind, left.minorUnits <= 0 { return false }
        return now < end
    }

    /// - Parameters:
    ///   - holder: whose it is; see `AppliedDiscount`.
    ///   - subscriptions: whose lines it lowers; nil: all.
    func discount(of holder: UInt32, on subscriptions: [UInt32]? = nil) -> Discount {
        var discount = Discount(rewardID: couponID, kind, plans: plans)
        discount.usageOnly = usageOnly
        discount.subscriptions = subscriptions
        discount.holder = holder
        return discount
    }

    /// As it is once it has taken so much off an invoice; nil: it is used up.
    func after(taking minorUnits: Int64) -> HeldDiscount? {
        guard minorUnits > 0 else { return self }
        if once { return nil }
        guard case .credits(var left) = kind else { return self }
        left.minorUnits -= minorUnits
        var rest = self
        rest.kind = .credits(left)
        return left.minorUnits > 0 ? rest : nil
    }
}

extension [HeldDiscount] {
    /// With others, each coupon once.
    func merged(with others: [HeldDiscount]) -> [HeldDiscount] {
        others.reduce(into: self) { all, other in
            if !all.contains(where: { $0.couponID == other.couponID }) { all.append(other) }
        }
    }

    /// As whoever gets them has them: the redemptions are theirs then.
    var settled: [HeldDiscount] {
        map { held in
            var held = held
            held.redemption = ""
            return held
        }
    }
}

/// That a customer has redeemed a code.
package struct Redemption: Sendable, Equatable {
    /// Of one customer.
    package static let limit = 500

    /// Unique in the environment: the directory counts it.
    package var id: String
    /// In capitals.
    package var code: String
    package var time: Timestamp

    package init(id: String, code: String, time: Timestamp) {
        self.id = id
        self.code = code
        self.time = time
    }
}
