package import Billing

/// A row of a table: its name is the rule it comes from.
package protocol RuleRow: Sendable, CustomStringConvertible {
    var rule: String { get }
}

extension RuleRow {
    package var description: String { rule }
}

extension Quantity: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    package init(stringLiteral text: String) {
        guard let raw = DecimalText.parseExactly(text, digits: 10) else {
            preconditionFailure("\(text) is no quantity")
        }
        self.init(raw: raw)
    }

    package init(integerLiteral units: Int) {
        self.init(units: units)
    }
}

extension UnitPrice: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) {
        guard let price = UnitPrice(text) else { preconditionFailure("\(text) is no price") }
        self = price
    }
}

extension InlineText: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) {
        guard let short = InlineText(text) else { preconditionFailure("\(text) is too long") }
        self = short
    }
}

extension Timestamp {
    package static func utc(
        _ year: Int64, _ month: Int64, _ day: Int64, _ hour: Int64 = 0, _ minute: Int64 = 0
    ) -> Timestamp {
        let days = CivilDate.daysSinceEpoch(year: year, month: month, day: day)
        return Timestamp(milliseconds: ((days * 24 + hour) * 60 + minute) * 60_000)
    }
}

extension Feature {
    package static func sample(
        _ id: String, _ kind: FeatureKind, costs: KeyValuePairs<String, UnitPrice> = [:]
    ) -> Feature {
        Feature(
            id: id, name: id, kind: kind,
            creditCosts: costs.map { CreditCost(featureID: $0.key, credits: $0.value) })
    }
}

extension PlanItem {
    package static func sample(
        _ featureID: String, _ included: Quantity = 0, each interval: Interval? = nil,
        count: UInt16 = 1, unlimited: Bool = false, price: UnitPrice? = nil,
        per units: Quantity = 1, most: Quantity? = nil
    ) -> PlanItem {
        PlanItem(
            featureID: featureID, included: included, unlimited: unlimited,
            reset: interval.map { Cycle($0, count: count) },
            usagePrice: price.map {
                UsagePrice(amount: $0, billingUnits: units, maxPurchase: most)
            })
    }

    /// Bought in packs each month, or as often as said; one-off: for good.
    package static func packs(
        _ featureID: String, of included: Quantity = 0, _ price: Price,
        each interval: Interval = .month, reset: Interval? = .month,
        onIncrease: PrepaidPrice.Increase = .prorate,
        onDecrease: PrepaidPrice.Decrease = .prorate
    ) -> PlanItem {
        var item = PlanItem(
            featureID: featureID, included: included, unlimited: false,
            reset: interval == .oneOff ? nil : reset.map { Cycle($0) }, usagePrice: nil)
        item.prepaidPrice = PrepaidPrice(
            price: price, cycle: Cycle(interval), onIncrease: onIncrease, onDecrease: onDecrease)
        return item
    }

    /// Bought each month, or as often as said, by taking them.
    package static func seats(
        _ featureID: String, of included: Quantity = 0, _ price: Price,
        each interval: Interval = .month, onIncrease: PrepaidPrice.Increase = .prorate,
        onDecrease: PrepaidPrice.Decrease = .prorate, most: Quantity? = nil
    ) -> PlanItem {
        var item = packs(
            featureID, of: included, price, each: interval, reset: nil, onIncrease: onIncrease,
            onDecrease: onDecrease)
        item.prepaidPrice?.isPerSeat = true
        item.prepaidPrice?.maxPurchase = most
        return item
    }

    /// Used each month, at a price in tiers.
    package static func tiered(
        _ featureID: String, of included: Quantity = 0, per units: Quantity = 1,
        _ tiers: [Price.Tier]
    ) -> PlanItem {
        var price = UsagePrice(amount: .zero, billingUnits: units, maxPurchase: nil)
        price.tiers = tiers
        return PlanItem(
            featureID: featureID, included: included, unlimited: false, reset: Cycle(.month),
            usagePrice: price)
    }
}

extension Plan {
    package static func sample(
        _ id: String, price: UnitPrice? = nil, each interval: Interval = .month,
        group: String = "", addOn: Bool = false, autoEnable: Bool = false, _ items: PlanItem...
    ) -> Plan {
        Plan(
            id: id, name: id, group: group, addOn: addOn, autoEnable: autoEnable,
            price: price.map { BasePrice(amount: $0, cycle: Cycle(interval)) }, items: items)
    }
}

extension PricingState {
    /// Publishes onto nothing what has no faults.
    package static func sample(_ features: [Feature], _ plans: [Plan] = []) -> PricingState {
        let draft = PricingDraft(currency: "usd", features: features, plans: plans)
        let faults = draft.validate(onto: .empty)
        precondition(faults.isEmpty, "\(faults)")
        return PricingState.empty.publishing(draft)
    }

    /// The same, with rewards.
    package static func sample(
        _ features: [Feature], _ plans: [Plan], _ coupons: [Coupon], _ grants: [FeatureGrant] = []
    ) -> PricingState {
        var draft = PricingDraft(currency: "usd", features: features, plans: plans)
        draft.rewards.coupons = coupons
        draft.rewards.grants = grants
        let faults = draft.validate(onto: .empty)
        precondition(faults.isEmpty, "\(faults)")
        return PricingState.empty.publishing(draft)
    }

    package func number(ofFeature id: String) -> FeatureNumber {
        guard let number = feature(id: id) else { preconditionFailure("no feature \(id)") }
        return number
    }

    package func number(ofPlan id: String) -> PlanNumber {
        guard let number = plan(id: id) else { preconditionFailure("no plan \(id)") }
        return number
    }
}

extension Bucket {
    package static func sample(
        _ number: UInt32, _ feature: UInt32, granted: Quantity = 100, balance: Quantity? = nil,
        most: Quantity = 0, cycle: Cycle = Cycle(.oneOff), nextReset: Timestamp = .never,
        expires: Timestamp = .never, created: Timestamp = .epoch, _ flags: Bucket.Flags = []
    ) -> Bucket {
        Bucket(
            number: number, feature: FeatureNumber(rawValue: feature), subscription: 0,
            granted: granted, balance: balance ?? granted, maxOverage: most, cycle: cycle,
            anchor: .epoch, nextReset: nextReset, expires: expires, created: created, flags: flags)
    }
}

extension CustomerState {
    package static func sample(_ buckets: Bucket...) -> CustomerState {
        var customer = CustomerState(id: "customer")
        customer.apply(buckets.map { .bucketOpened($0) })
        return customer
    }
}
