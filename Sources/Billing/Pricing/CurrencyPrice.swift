/// What a price is in another currency than the catalog's (billing §1.2, §1.3).
package struct CurrencyPrice: Sendable, Equatable {
    package static let countLimit = 50

    package var currency: Currency
    /// 0 with tiers.
    package var amount: UnitPrice
    /// Of prices that come in tiers.
    package var tiers: [Price.Tier] = []

    package init(_ currency: Currency, _ amount: UnitPrice, tiers: [Price.Tier] = []) {
        self.currency = currency
        self.amount = amount
        self.tiers = tiers
    }
}

extension Plan {
    /// With what it costs in another currency in place of what it costs in the catalog's; nil: it
    /// isn't sold in it.
    func `in`(_ currency: Currency) -> Plan? {
        var plan = self
        if let price, price.amount != .zero {
            guard let other = price.others.in(currency) else { return nil }
            plan.price?.amount = other.amount
        }
        for (index, item) in items.enumerated() {
            if let usage = item.usagePrice, !usage.price.isFree {
                guard let other = usage.others.in(currency) else { return nil }
                plan.items[index].usagePrice?.amount = other.amount
                plan.items[index].usagePrice?.tiers = other.tiers
            }
            if let prepaid = item.prepaidPrice, !prepaid.price.isFree {
                guard let other = prepaid.others.in(currency) else { return nil }
                plan.items[index].prepaidPrice?.price.tiers =
                    other.tiers.isEmpty
                    ? [Price.Tier(upTo: nil, amount: other.amount)] : other.tiers
            }
        }
        return plan
    }

    /// It says what it costs in other currencies.
    package var hasCurrencies: Bool {
        price.map { !$0.others.isEmpty } ?? false
            || items.contains {
                !($0.usagePrice?.others.isEmpty ?? true)
                    || !($0.prepaidPrice?.others.isEmpty ?? true)
            }
    }
}

extension [CurrencyPrice] {
    fileprivate func `in`(_ currency: Currency) -> CurrencyPrice? {
        first { $0.currency == currency }
    }
}

extension PricingState {
    /// A plan costs nothing, or has a price in the currency that is paid in.
    package func sells(_ reference: PlanReference) -> Bool {
        guard let currency, currency != baseCurrency else { return true }
        return listed(reference).in(currency) != nil
    }

    /// A plan without a price in the customer's currency can't be bought.
    func requireSold(_ reference: PlanReference, at path: String) throws(Refusal) {
        guard !sells(reference) else { return }
        throw .unfit(
            path,
            "has no price in \(requiredCurrency.code.uppercased()): give it one in "
                + "additional_currencies, or choose another plan")
    }
}

extension CustomerState {
    /// With the currency that a purchase asks for. It is the customer's from then on, and another
    /// one can be chosen until something is charged or owed, or runs that will be (billing §5.4).
    func choosing(
        _ currency: Currency?, _ pricing: PricingState, _ now: Timestamp
    ) throws(Refusal) -> FactSheet {
        var facts = FactSheet(self, pricing: pricing, now: now)
        let present = facts.pricing.requiredCurrency
        guard let currency, currency != present else { return facts }
        guard !hasMoney else { throw .currencyMismatch(asked: currency, present: present) }
        facts.emit(.currencySet(currency))
        return facts
    }

    private var hasMoney: Bool {
        lastInvoice > 0 || account.credit != nil || openEffect != nil
            || subscriptions.contains { $0.status != .ended && $0.isBilled }
            || (account.discounts + subscriptions.flatMap(\.discounts)).contains(where: \.isMoney)
    }
}

extension HeldDiscount {
    fileprivate var isMoney: Bool {
        if case .percentage = kind { return false }
        return true
    }
}

extension Coupon {
    /// It is, or asks for, an amount, which is in the catalog's currency.
    private var isMoney: Bool {
        if case .percentage = kind { return minimum > .zero }
        return true
    }

    /// An amount in one currency lowers nothing in another.
    func requireCurrency(_ pricing: PricingState) throws(Refusal) {
        guard isMoney, let base = pricing.baseCurrency, base != pricing.requiredCurrency else {
            return
        }
        throw .currencyMismatch(asked: base, present: pricing.requiredCurrency)
    }
}
