/// One part of a plan that costs something: its base price, or the price of one of its features.
package struct PricePart: Sendable, Hashable {
    package var plan: PlanReference
    /// nil: the base price.
    package var feature: FeatureNumber?

    package init(plan: PlanReference, feature: FeatureNumber? = nil) {
        self.plan = plan
        self.feature = feature
    }

    /// The same part, of whichever revision of the plan.
    func isLike(_ other: PricePart) -> Bool {
        plan.plan == other.plan.plan && feature == other.feature
    }
}

/// What a part costs for a whole period, in advance.
package struct AdvancePrice: Sendable, Equatable {
    package var part: PricePart
    package var amount: Amount
    /// One-off: it is charged in full, once.
    package var cycle: Cycle
    /// Units bought; 0 for a base price.
    package var quantity: Quantity

    package init(
        part: PricePart, amount: Amount, cycle: Cycle, quantity: Quantity = .zero
    ) {
        self.part = part
        self.amount = amount
        self.cycle = cycle
        self.quantity = quantity
    }
}

/// What was really charged for a part in advance: what is given back when it ends early comes out
/// of it, and never more than it.
package struct PaidCharge: Sendable, Equatable {
    package var part: PricePart
    package var quantity: Quantity
    /// From when it was charged to the end of what it is for.
    package var period: Range<Timestamp>
    /// After discounts, without the tax that was added to it.
    package var paid: Money
    /// Given back before.
    package var returned: Int64
    /// The invoice that it was paid with; 0: it isn't known, or isn't paid yet.
    package var invoice: UInt32 = 0
    /// A dispute took it back.
    package var disputed: Int64 = 0
    /// None or one; on the heap, because few charges have one.
    private var taxes: [ChargeTax] = []

    package init(
        part: PricePart, quantity: Quantity, period: Range<Timestamp>, paid: Money,
        returned: Int64 = 0
    ) {
        self.part = part
        self.quantity = quantity
        self.period = period
        self.paid = paid
        self.returned = returned
    }

    /// nil: no tax was charged with it.
    package var tax: ChargeTax? {
        get { taxes.first }
        set { taxes = newValue.map { [$0] } ?? [] }
    }

    /// What a line charges.
    init(_ line: InvoiceLine, for period: Range<Timestamp>) {
        self.init(
            part: line.part, quantity: line.quantity, period: period, paid: line.discounted)
        tax = line.tax.map { ChargeTax(rate: $0.rate, charged: $0.minorUnits) }
    }

    /// What of it didn't come back: never below 0.
    package var kept: Int64 { max(paid.minorUnits - returned - disputed, 0) }

    /// What falls to the rest of its period (billing §8.1, corrections 1).
    package func unused(at now: Timestamp) -> Money {
        let share = Money(minorUnits: kept, currency: paid.currency)
            .times(Share(leftOf: period, at: now))
        return Money(minorUnits: min(share.minorUnits, kept), currency: paid.currency)
    }
}
