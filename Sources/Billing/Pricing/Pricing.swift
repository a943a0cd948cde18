/// A feature's number: given in order of first publication, from 1, and never changed. State and
/// records hold numbers; ids are for people.
package struct FeatureNumber: Sendable, Hashable {
    package var rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }
}

/// A plan's number; see `FeatureNumber`.
package struct PlanNumber: Sendable, Hashable {
    package var rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }
}

/// One immutable revision of a plan.
package struct PlanReference: Sendable, Hashable {
    package var plan: PlanNumber
    package var revision: UInt32

    package init(plan: PlanNumber, revision: UInt32) {
        self.plan = plan
        self.revision = revision
    }

    /// No plan at all: numbers begin with 1.
    package static let none = PlanReference(plan: PlanNumber(rawValue: 0), revision: 0)
}

/// What a feature is, which decides how it is counted. Raw values are those of
/// `tally.v1.FeatureType`.
package enum FeatureKind: UInt8, Sendable {
    case boolean = 1
    case metered = 2
    case allocated = 3
    case creditSystem = 4
    /// Credits of 1 USD that models' tokens are paid with.
    case aiCreditSystem = 5
    /// So many at a time: what is held open counts, and nothing is used up.
    case concurrency = 6

    /// What is held of it counts, and it never resets.
    package var isLevel: Bool {
        switch self {
        case .allocated, .concurrency: true
        case .boolean, .metered, .creditSystem, .aiCreditSystem: false
        }
    }
}

/// What a unit of a metered feature costs in credits.
package struct CreditCost: Sendable, Equatable {
    package var featureID: String
    package var credits: UnitPrice

    package init(featureID: String, credits: UnitPrice) {
        self.featureID = featureID
        self.credits = credits
    }
}

/// Something a plan can include.
package struct Feature: Sendable, Equatable {
    package var id: String
    package var name: String
    package var kind: FeatureKind
    package var creditCosts: [CreditCost]
    /// Names of events that feed it.
    package var eventNames: [String] = []
    /// Of an AI credit system.
    package var markups = TokenMarkups()
    /// What its rules would deny is recorded and not denied.
    package var isShadow = false
    /// It isn't used for anything new, and goes on as it is for whoever has it.
    package var isArchived = false

    package static let eventNameLimit = 32

    package init(id: String, name: String, kind: FeatureKind, creditCosts: [CreditCost] = []) {
        self.id = id
        self.name = name
        self.kind = kind
        self.creditCosts = creditCosts
    }
}

/// A plan's base price, in major units of the catalog's currency.
package struct BasePrice: Sendable, Equatable {
    package var amount: UnitPrice
    package var cycle: Cycle
    /// In other currencies.
    package var others: [CurrencyPrice] = []

    package init(amount: UnitPrice, cycle: Cycle) {
        self.amount = amount
        self.cycle = cycle
    }
}

/// A pay-per-use price: `amount` for each `billingUnits` of overage, begun ones in full; or in
/// tiers, each unit at what its tier says.
package struct UsagePrice: Sendable, Equatable {
    /// 0 with tiers.
    package var amount: UnitPrice
    /// Boundaries count the included units.
    package var tiers: [Price.Tier] = []
    /// In other currencies.
    package var others: [CurrencyPrice] = []
    package var billingUnits: Quantity
    /// The most overage, in units; nil: no limit.
    package var maxPurchase: Quantity?

    package init(amount: UnitPrice, billingUnits: Quantity, maxPurchase: Quantity?) {
        self.amount = amount
        self.billingUnits = billingUnits
        self.maxPurchase = maxPurchase
    }

    package var price: Price {
        tiers.isEmpty
            ? Price(amount, packSize: billingUnits) : Price(tiers: tiers, packSize: billingUnits)
    }

    /// The charge for this much overage, rounded once; at most `Money.lineLimit`, which no real
    /// bill reaches, so that sums of lines can't overflow.
    ///
    /// - Parameter included: what was used before it, at no charge.
    package func charge(
        for overage: Quantity, beyond included: Quantity, currency: Currency
    ) -> Money {
        Money(price.amount(of: included + overage, included: included), currency: currency)
    }
}

/// One feature of a plan.
package struct PlanItem: Sendable, Equatable {
    package var featureID: String
    package var included: Quantity
    package var unlimited: Bool
    /// nil: never resets.
    package var reset: Cycle?
    /// Of what is used beyond what is included; nil: usage stops there.
    package var usagePrice: UsagePrice?
    /// Of packs bought in advance, beyond what is included; nil: there are none to buy.
    package var prepaidPrice: PrepaidPrice?
    /// What goes over into the next cycle; nil: nothing.
    package var rollover: Rollover?
    /// Each of the customer's entities of this feature gets the grant; nil: the customer does.
    package var entityFeatureID: String?

    /// Of packs that somebody asks for; nil: there are none.
    package var packPrice: PrepaidPrice? { isPerSeat ? nil : prepaidPrice }

    /// Units beyond what is included are bought by taking them.
    package var isPerSeat: Bool { prepaidPrice?.isPerSeat ?? false }

    /// Usage may go beyond what is included, at a price.
    package var sellsOverage: Bool { usagePrice != nil || isPerSeat }

    package init(
        featureID: String, included: Quantity, unlimited: Bool, reset: Cycle?,
        usagePrice: UsagePrice?, rollover: Rollover? = nil, entityFeatureID: String? = nil
    ) {
        self.featureID = featureID
        self.included = included
        self.unlimited = unlimited
        self.reset = reset
        self.usagePrice = usagePrice
        self.rollover = rollover
        self.entityFeatureID = entityFeatureID
    }
}

/// What becomes of a renewal that is declined.
package struct Dunning: Sendable, Equatable {
    package static let retryLimit = 16
    package static let dayLimit: UInt32 = 365

    /// Days after the first time, in order, each later than the one before.
    package var retryDays: [UInt32] = [3, 5, 7]
    /// When all of them are declined: the plans end; else they stay past due.
    package var cancels = true

    package init() {}

    /// When it is tried again after so many times; nil: no more.
    func next(after attempts: UInt32, since: Timestamp) -> Timestamp? {
        guard attempts >= 1, Int(attempts) <= retryDays.count else { return nil }
        return since.adding(milliseconds: Int64(retryDays[Int(attempts) - 1]) * 86_400_000)
    }
}

/// What becomes of plans whose payment is disputed. Raw values are those of
/// `tally.v1.DisputeBehavior`.
package enum DisputeBehavior: UInt8, Sendable {
    case keep = 1
    /// Past due until it is won, or the next invoice is paid.
    case pastDue = 2
    /// They end, without credit.
    case revoke = 3
}

/// What holds for all customers.
package struct PricingSettings: Sendable, Equatable {
    /// What was used of a free feature beyond its grant counts against the next grant.
    package var keepsFreeOverage = false
    /// A subscription that is past due gives what it gave (entitlements §1.3).
    package var includesPastDue = true
    /// Turns the keys of resets and their cycles round (entitlements §2.3).
    package var reversesDeductionOrder = false
    package var dunning = Dunning()
    package var disputes = DisputeBehavior.keep
    /// What was billed by invoice is charged to the card on file, if there is one, from the first
    /// payment on (billing §18).
    package var convertsToCharges = true
    /// Of customers and subscriptions that have none of their own; empty: they pay no tax.
    package var defaultTaxRate = ""
    /// Where neither customer nor subscription has a rate of its own, what its payment provider
    /// finds to be due there is charged; `defaultTaxRate` only where nothing was found out.
    package var automaticTax = AutomaticTax.off

    package init() {}
}

/// Features and plans as somebody wrote them: not yet known to make sense.
package struct PricingDraft: Sendable, Equatable {
    package var currency: String
    package var features: [Feature]
    package var plans: [Plan]
    /// nil: as they are.
    package var settings: PricingSettings?
    package var rewards = RewardList()
    package var taxRates: [TaxRate] = []
    /// Ids of what goes.
    package var removedFeatures: [String] = []
    package var removedPlans: [String] = []

    package init(currency: String, features: [Feature], plans: [Plan]) {
        self.currency = currency
        self.features = features
        self.plans = plans
    }
}

/// Something wrong with a value, and where: `plans[1].items[0].included`.
package struct Violation: Sendable, Equatable, Error {
    package var path: String
    package var message: String

    package init(path: String, message: String) {
        self.path = path
        self.message = message
    }
}
