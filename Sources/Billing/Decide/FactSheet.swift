/// Collects facts and keeps a draft of the customer that has them applied, so that each step of a
/// decision sees what the steps before it did.
struct FactSheet {
    /// Seats in use, of the customer as a whole or of an entity.
    struct Seats: Hashable {
        var feature: FeatureNumber
        /// 0: the customer.
        var entity: UInt32
    }

    private(set) var customer: CustomerState
    private(set) var facts: [Fact] = []
    /// With the customer's own plans.
    private(set) var pricing: PricingState
    let now: Timestamp
    /// The invoice whose order is being carried out; 0: none is.
    var carriedOut: UInt32 = 0

    /// Ended subscriptions and invoices kept in the state; the log has the older ones.
    static let keptSubscriptions = 16
    static let keptInvoices = 12

    init(_ customer: CustomerState, pricing: PricingState, now: Timestamp) {
        self.customer = customer
        self.pricing = pricing.with(plansOf: customer)
        self.now = now
    }

    mutating func emit(_ fact: Fact) {
        facts.append(fact)
        customer.change(by: fact)
        if fact.concernsPricing { pricing = pricing.with(plansOf: customer) }
        if !customer.account.referrals.isEmpty { followReferrals(fact) }
    }
}

extension Fact {
    /// What plans of the customer are, or by whose clocks they go.
    fileprivate var concernsPricing: Bool {
        if case .customPlanSet = self { return true }
        if case .zoneSet = self { return true }
        if case .currencySet = self { return true }
        return false
    }
}
