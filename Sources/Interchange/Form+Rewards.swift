internal import Billing
internal import Wire

/// Coupons, what codes give, and what customers have of both.
extension Form {
    mutating func rewards(_ value: inout RewardList) throws(FormFault) {
        let empty = Coupon(id: "", name: "", .percentage(.zero), .once)
        try list("coupons", &value.coupons, empty: empty) { (form, coupon) throws(FormFault) in
            try form.text("id", &coupon.id)
            try form.text("name", &coupon.name)
            try form.kind(&coupon.kind)
            try form.duration(&coupon.duration)
            try form.texts("plans", &coupon.planIDs)
            try form.price("minimum", &coupon.minimum)
            try form.flag("usage_only", &coupon.usageOnly)
            try form.codes(&coupon.codes)
        }
        try list(
            "feature_grants", &value.grants, empty: FeatureGrant(id: "", name: "", parts: [])
        ) { (form, grant) throws(FormFault) in
            try form.text("id", &grant.id)
            try form.text("name", &grant.name)
            try form.list(
                "grants", &grant.parts, empty: FeatureGrant.Part(featureID: "", units: .zero)
            ) { (form, part) throws(FormFault) in
                try form.text("feature", &part.featureID)
                try form.quantity("units", &part.units)
                try form.lapse(&part.lapse)
            }
            try form.codes(&grant.codes)
        }
    }

    private enum KindWord { case percentage, amount, credits }

    private mutating func word(_ kind: inout KindWord) throws(FormFault) {
        try word(
            "kind", &kind,
            [(.percentage, "percentage"), (.amount, "amount"), (.credits, "invoice_credits")])
    }

    private mutating func kind(_ value: inout Coupon.Kind) throws(FormFault) {
        var word = KindWord.percentage
        var percentage = Quantity.zero
        var amount = UnitPrice.zero
        switch value {
        case .percentage(let value): percentage = value
        case .amount(let value): (word, amount) = (.amount, value)
        case .credits(let value): (word, amount) = (.credits, value)
        }
        try self.word(&word)
        switch word {
        case .percentage:
            try quantity("percentage", &percentage)
            value = .percentage(percentage)
        case .amount:
            try price("amount", &amount)
            value = .amount(amount)
        case .credits:
            try price("amount", &amount)
            value = .credits(amount)
        }
    }

    private mutating func duration(_ value: inout Coupon.Duration) throws(FormFault) {
        // 0 invoices: for good; else one, or those of so many months.
        var once = value == .once
        var months: UInt32 = 0
        if case .months(let count) = value { months = count }
        try flag("once", &once)
        try number("months", &months)
        value = once ? .once : months > 0 ? .months(months) : .forever
    }

    private mutating func lapse(_ value: inout FeatureGrant.Lapse) throws(FormFault) {
        var (days, months): (UInt32, UInt32) = (0, 0)
        switch value {
        case .never: break
        case .days(let count): days = count
        case .months(let count): months = count
        }
        try number("expire_days", &days)
        try number("expire_months", &months)
        value = days > 0 ? .days(days) : months > 0 ? .months(months) : .never
    }

    private mutating func codes(_ value: inout [PromotionCode]) throws(FormFault) {
        try list("codes", &value, empty: PromotionCode("")) { (form, code) throws(FormFault) in
            try form.text("code", &code.code)
            try form.optional("max_redemptions", &code.maxRedemptions, empty: 0) {
                (form, most) throws(FormFault) in
                try form.number("max_redemptions", &most)
            }
            try form.flag("first_purchase_only", &code.firstPurchaseOnly)
            try form.time("expires", &code.expires)
        }
    }

    mutating func discounts(_ value: inout [HeldDiscount]) throws(FormFault) {
        try list("discounts", &value, empty: HeldDiscount(couponID: "", .percentage(.zero))) {
            (form, held) throws(FormFault) in
            try form.text("coupon", &held.couponID)
            try form.kind(&held.kind)
            try form.list("plans", &held.plans, empty: PlanNumber(rawValue: 0)) {
                (form, plan) throws(FormFault) in
                try form.plan("plan", &plan)
            }
            try form.flag("usage_only", &held.usageOnly)
            try form.flag("once", &held.once)
            try form.time("end", &held.end)
            try form.text("code", &held.code)
            try form.text("redemption", &held.redemption)
        }
    }

    private mutating func kind(_ value: inout Discount.Kind) throws(FormFault) {
        var word = KindWord.percentage
        var percentage = Quantity.zero
        var money = Money.empty
        switch value {
        case .percentage(let value): percentage = value
        case .amount(let value): (word, money) = (.amount, value)
        case .credits(let value): (word, money) = (.credits, value)
        }
        try self.word(&word)
        switch word {
        case .percentage:
            try quantity("percentage", &percentage)
            value = .percentage(percentage)
        case .amount:
            try self.money("amount", &money)
            value = .amount(money)
        case .credits:
            try self.money("amount", &money)
            value = .credits(money)
        }
    }

    mutating func redemptions(_ value: inout [Redemption]) throws(FormFault) {
        try list("redemptions", &value, empty: Redemption(id: "", code: "", time: .epoch)) {
            (form, redemption) throws(FormFault) in
            try form.text("id", &redemption.id)
            try form.text("code", &redemption.code)
            try form.time("time", &redemption.time)
        }
    }

    /// How often codes were redeemed.
    mutating func counts(_ value: inout [CodeCount]) throws(FormFault) {
        try list("code_redemptions", &value, empty: CodeCount(code: "", redemptions: 0)) {
            (form, count) throws(FormFault) in
            try form.text("code", &count.code)
            try form.number("redemptions", &count.redemptions)
        }
    }
}
