/// What is wrong with coupons, with what codes give, and with the codes (billing §13.1).
extension DraftCheck {
    mutating func rewards() {
        var taken = publishedCodes
        var seen: Set<String> = []
        for (index, coupon) in draft.rewards.coupons.enumerated() {
            let path = "coupons[\(index)]"
            identifier(coupon.id, at: "\(path).coupon_id")
            name(coupon.name, at: "\(path).name")
            if !seen.insert(coupon.id).inserted {
                fault("\(path).coupon_id", "\"\(coupon.id)\" appears twice")
            }
            check(coupon, at: path)
            codes(coupon.codes, at: path, &taken)
        }
        seen = []
        for (index, grant) in draft.rewards.grants.enumerated() {
            let path = "feature_grants[\(index)]"
            identifier(grant.id, at: "\(path).feature_grant_id")
            name(grant.name, at: "\(path).name")
            if !seen.insert(grant.id).inserted {
                fault("\(path).feature_grant_id", "\"\(grant.id)\" appears twice")
            }
            parts(of: grant, at: path)
            codes(grant.codes, at: path, &taken)
        }
    }

    /// Of rewards that stay as they are.
    private var publishedCodes: Set<String> {
        let coupons = state.rewards.coupons.filter { coupon in
            !draft.rewards.coupons.contains { $0.id == coupon.id }
        }
        let grants = state.rewards.grants.filter { grant in
            !draft.rewards.grants.contains { $0.id == grant.id }
        }
        return Set((coupons.flatMap(\.codes) + grants.flatMap(\.codes)).map(\.code))
    }

    private mutating func check(_ coupon: Coupon, at path: String) {
        switch coupon.kind {
        case .percentage(let percentage):
            if percentage <= .zero || percentage > Quantity(units: 100) {
                fault("\(path).percentage", "must be above 0 and at most 100")
            }
        case .amount(let amount): money(amount, at: "\(path).amount")
        case .credits(let amount): money(amount, at: "\(path).invoice_credits")
        }
        if case .months(let months) = coupon.duration, !(1...Coupon.monthLimit ~= months) {
            fault("\(path).months", "must be 1 to \(Coupon.monthLimit)")
        }
        if coupon.minimum < .zero { fault("\(path).minimum_amount", "must not be negative") }
        var seen: Set<String> = []
        for (index, id) in coupon.planIDs.enumerated() {
            let path = "\(path).plan_ids[\(index)]"
            if state.plan(id: id) == nil, !draft.plans.contains(where: { $0.id == id }) {
                fault(path, "\"\(id)\" is not a published plan")
            } else if !seen.insert(id).inserted {
                fault(path, "\"\(id)\" appears twice")
            }
        }
    }

    private mutating func money(_ amount: UnitPrice, at path: String) {
        guard let currency = Currency(code: draft.currency) else { return }
        let money = Money(price: amount, count: Quantity(units: 1), currency: currency)
        guard let money, money.minorUnits <= Money.lineLimit else {
            return fault(path, "is too large")
        }
        if money.minorUnits <= 0 {
            fault(path, "must be at least the currency's smallest coin")
        }
    }

    private mutating func parts(of grant: FeatureGrant, at path: String) {
        if grant.parts.isEmpty { fault("\(path).grants", "give at least one feature") }
        for (index, part) in grant.parts.enumerated() {
            let path = "\(path).grants[\(index)]"
            switch kinds[part.featureID] {
            case nil: fault("\(path).feature_id", "\"\(part.featureID)\" is no published feature")
            case .boolean?: fault("\(path).feature_id", "a boolean feature has no units to give")
            case .metered?, .allocated?, .creditSystem?, .aiCreditSystem?, .concurrency?: break
            }
            if part.units <= .zero || part.units > Quantity(units: 10_000_000_000_000) {
                fault("\(path).quantity", "must be above 0 and at most 10^13")
            }
            switch part.lapse {
            case .never: break
            case .days(let days):
                if days > FeatureGrant.dayLimit {
                    fault("\(path).expire_days", "must be at most \(FeatureGrant.dayLimit)")
                }
            case .months(let months):
                if months > Coupon.monthLimit {
                    fault("\(path).expire_months", "must be at most \(Coupon.monthLimit)")
                }
            }
        }
    }

    private mutating func codes(
        _ codes: [PromotionCode], at path: String, _ taken: inout Set<String>
    ) {
        if codes.count > RewardList.codeLimit {
            fault("\(path).promotion_codes", "must be at most \(RewardList.codeLimit)")
        }
        for (index, code) in codes.enumerated() {
            let path = "\(path).promotion_codes[\(index)]"
            let isWord = code.code.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                case _: false
                }
            }
            if !isWord || !PromotionCode.lengths.contains(code.code.utf8.count) {
                fault("\(path).code", "must be 3 to 63 letters, digits, \"_\" or \"-\"")
            } else if !taken.insert(code.code).inserted {
                fault("\(path).code", "\"\(code.code)\" is another reward's already")
            }
            if code.maxRedemptions == 0 {
                fault("\(path).max_redemptions", "must be at least 1; leave it out for no limit")
            }
        }
    }
}
