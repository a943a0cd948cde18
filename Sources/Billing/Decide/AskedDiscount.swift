/// A coupon that is asked for.
package struct AskedDiscount: Sendable, Equatable {
    package enum Source: Sendable, Equatable {
        case coupon(String)
        /// Its rules are held.
        case code(String)
    }

    package var source: Source
    /// The code's redemption that was reserved; empty: none, and it can't be had.
    package var redemption = ""

    package init(_ source: Source) {
        self.source = source
    }

    package var code: String? { if case .code(let code) = source { code } else { nil } }
}

extension CustomerState {
    /// Coupons that are asked for, as they are held from then on: those that are held already are
    /// left out (billing §8.2).
    ///
    /// - Parameters:
    ///   - plan: what is bought or changed; nil: nothing is.
    ///   - held: what there is already.
    func resolve(
        _ asked: [AskedDiscount], for plan: PlanNumber?, besides held: [HeldDiscount],
        _ pricing: PricingState, _ now: Timestamp
    ) throws(Refusal) -> [HeldDiscount] {
        var all = held
        for (index, asked) in asked.enumerated() {
            let new = try resolve(
                asked, for: plan, at: "discounts[\(index)]", pricing, now)
            if !all.contains(where: { $0.couponID == new.couponID }) { all.append(new) }
        }
        guard all.count <= HeldDiscount.limit || all.count == held.count else {
            throw .tooMany("discounts", limit: HeldDiscount.limit)
        }
        return Array(all.dropFirst(held.count))
    }

    func resolve(
        _ asked: AskedDiscount, for plan: PlanNumber?, at path: String, _ pricing: PricingState,
        _ now: Timestamp
    ) throws(Refusal) -> HeldDiscount {
        switch asked.source {
        case .coupon(let id):
            guard let coupon = pricing.coupon(id: id) else { throw .couponNotFound(id) }
            try coupon.requireCurrency(pricing)
            return coupon.held(pricing, from: now)
        case .code(let text):
            guard let reward = pricing.reward(code: text), let coupon = reward.coupon else {
                throw .promotionCodeNotFound(text)
            }
            try check(reward.code, now)
            try coupon.requireCurrency(pricing)
            var held = coupon.held(pricing, from: now)
            if let plan, !held.plans.isEmpty, !held.plans.contains(plan) {
                let planID = pricing.plan(pricing.latest(plan)).id
                throw .invalid([
                    Violation(
                        path: "\(path).promotion_code",
                        message: "is for other plans than \"\(planID)\"")
                ])
            }
            held.code = reward.code.code
            held.redemption = asked.redemption
            return held
        }
    }

    /// A code's own rules, but for how often it is redeemed, which the directory counts.
    func check(_ code: PromotionCode, _ now: Timestamp) throws(Refusal) {
        guard now < code.expires else { throw .promotionCodeRefused(code.code, .expired) }
        guard !code.firstPurchaseOnly || !hasPaid else {
            throw .promotionCodeRefused(code.code, .firstPurchaseOnly)
        }
    }

    /// Ever, for anything. Invoices that aren't kept any more count as paid.
    private var hasPaid: Bool {
        Int(lastInvoice) > account.invoices.count
            || account.invoices.contains { $0.status == .paid && $0.total.minorUnits > 0 }
    }

    /// Codes are had with a redemption that is reserved and not used up.
    func requireRedemptions(_ added: [HeldDiscount]) throws(Refusal) {
        for held in added where !held.code.isEmpty {
            guard !held.redemption.isEmpty,
                !account.redemptions.contains(where: { $0.id == held.redemption })
            else { throw .promotionCodeRefused(held.code, .usedUp) }
        }
        guard account.redemptions.count + added.count <= Redemption.limit else {
            throw .tooMany("redeemed codes", limit: Redemption.limit)
        }
    }
}

extension [AskedDiscount] {
    /// What a purchase must come to at least, before discounts.
    func checkMinimum(_ lines: [InvoiceLine], _ pricing: PricingState) throws(Refusal) {
        let charged = lines.reduce(Int64(0)) { $0 + Swift.max($1.subtotal.minorUnits, 0) }
        for (index, asked) in enumerated() {
            let coupon =
                switch asked.source {
                case .coupon(let id): pricing.coupon(id: id)
                case .code(let code): pricing.reward(code: code)?.coupon
                }
            guard let coupon, coupon.minimum > .zero,
                let least = Money(
                    price: coupon.minimum, count: Quantity(units: 1),
                    currency: pricing.requiredCurrency), charged < least.minorUnits
            else { continue }
            throw .invalid([
                Violation(
                    path: "discounts[\(index)]",
                    message: "needs a purchase of at least \(least.text)")
            ])
        }
    }
}

extension Coupon {
    /// As somebody has it who gets it now.
    func held(_ pricing: PricingState, from now: Timestamp) -> HeldDiscount {
        func money(_ amount: UnitPrice) -> Money {
            let money = Money(
                price: amount, count: Quantity(units: 1), currency: pricing.requiredCurrency)
            return money ?? Money(minorUnits: 0, currency: pricing.requiredCurrency)
        }
        let kind: Discount.Kind =
            switch kind {
            case .percentage(let percentage): .percentage(percentage)
            case .amount(let amount): .amount(money(amount))
            case .credits(let amount): .credits(money(amount))
            }
        var held = HeldDiscount(couponID: id, kind)
        held.plans = planIDs.compactMap { pricing.plan(id: $0) }
        held.usageOnly = usageOnly
        switch duration {
        case .once: held.once = true
        case .months(let months): held.end = now.adding(months: Int64(months))
        case .forever: break
        }
        return held
    }
}
