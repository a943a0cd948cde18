/// Where a subscription stands. Raw values are those of `tally.v1.SubscriptionStatus`.
package enum SubscriptionStatus: UInt8, Sendable {
    case active = 1
    case canceling = 2
    case scheduled = 3
    case renewing = 4
    case pastDue = 5
    case ended = 6
    /// Only as it is shown: what is stored says how it stands with its payments, which go on.
    case paused = 7

    /// The plan is there, and its features may be used unless it is paused (billing §4).
    package var grantsAccess: Bool {
        switch self {
        case .active, .canceling, .renewing, .pastDue: true
        case .scheduled, .ended, .paused: false
        }
    }
}

/// Units of a feature bought in advance, beyond what the plan includes.
package struct BoughtUnits: Sendable, Equatable {
    package var feature: FeatureNumber
    /// Whole packs of them.
    package var units: Quantity
    /// From the next renewal on; nil: as many as now.
    package var next: Quantity?

    package init(feature: FeatureNumber, units: Quantity, next: Quantity? = nil) {
        self.feature = feature
        self.units = units
        self.next = next
    }
}

/// A plan that a customer has, had, or will have.
package struct Subscription: Sendable, Equatable {
    /// Unique within the customer, never used again.
    package var number: UInt32
    package var plan: PlanReference
    package var status: SubscriptionStatus
    package var addOn: Bool
    /// The entity that has it; 0: the customer.
    package var entity: UInt32 = 0
    package var start: Timestamp
    /// What billing periods are computed from.
    package var anchor: Timestamp
    package var periodStart: Timestamp
    /// When it is billed next; `.never`: nothing is billed again.
    package var periodEnd: Timestamp
    package var canceled: Timestamp
    package var end: Timestamp
    /// Until then nothing is charged in advance; `.never`: it had no trial.
    package var trialEnd = Timestamp.never
    /// What was bought in packs, in order of feature.
    package var bought: [BoughtUnits] = []
    /// What was paid in advance for periods that run.
    package var charges: [PaidCharge] = []
    /// What changed since the last invoice and goes on the next one.
    package var pending: [InvoiceLine] = []
    /// Coupons of its own, which count in place of the customer's.
    package var discounts: [HeldDiscount] = []
    /// It is billed by invoice, due after so many days; 0: a card is charged.
    package var netDays: UInt32 = 0
    /// The subscription whose trial keeps it from being used, and after which it goes on; 0: none
    /// does.
    package var pausedBy: UInt32 = 0
    /// What tax is charged on it; empty: the customer's, or that of all.
    package var taxRate = ""

    package init(
        number: UInt32, plan: PlanReference, status: SubscriptionStatus, addOn: Bool,
        start: Timestamp, anchor: Timestamp, periodStart: Timestamp, periodEnd: Timestamp,
        canceled: Timestamp = .never, end: Timestamp = .never
    ) {
        self.number = number
        self.plan = plan
        self.status = status
        self.addOn = addOn
        self.start = start
        self.anchor = anchor
        self.periodStart = periodStart
        self.periodEnd = periodEnd
        self.canceled = canceled
        self.end = end
    }

    /// A trial runs in its place. It is paid for all the same.
    package var isPaused: Bool { pausedBy != 0 }

    /// The plan's features may be used.
    package var grantsAccess: Bool { status.grantsAccess && !isPaused }

    /// Where it stands, as people are told.
    package var shownStatus: SubscriptionStatus {
        isPaused && status.grantsAccess ? .paused : status
    }

    /// It is billed again and again.
    package var isBilled: Bool { periodEnd != .never }

    package func isTrialing(at now: Timestamp) -> Bool { trialEnd != .never && now < trialEnd }

    /// It ends by itself.
    mutating func end(at end: Timestamp, canceledAt now: Timestamp) {
        if status == .active { status = .canceling }
        canceled = now
        self.end = end
    }

    /// It has nothing that came with packs, trials and prorated charges.
    package var isPlain: Bool {
        entity == 0 && trialEnd == .never && bought.isEmpty && charges.isEmpty && pending.isEmpty
    }

    /// It has nothing that came with refunds and discounts either.
    package var isWhole: Bool {
        discounts.isEmpty && charges.allSatisfy { $0.invoice == 0 && $0.disputed == 0 }
            && pending.allSatisfy { $0.invoice == 0 }
    }

    /// It has something that came with taxes.
    package var isTaxed: Bool {
        !taxRate.isEmpty || pending.isTaxed || charges.contains { $0.tax != nil }
    }

    /// Units of a feature bought beyond what is included.
    package func units(of feature: FeatureNumber) -> Quantity {
        bought.first { $0.feature == feature }?.units ?? .zero
    }
}
