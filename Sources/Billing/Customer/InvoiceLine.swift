/// One line of an invoice, or of what will be one.
package struct InvoiceLine: Sendable, Equatable {
    /// Raw values are those of `tally.v1.InvoiceLineKind`.
    package enum Kind: UInt8, Sendable {
        /// For a period that begins or goes on.
        case charge = 1
        /// For what is left of a period that was paid.
        case credit = 2
        /// For what was used beyond the grant.
        case overage = 3
        /// For good.
        case oneOff = 4
        /// What a seller asks in place of what was computed.
        case custom = 5
    }

    package var kind: Kind
    package var part: PricePart
    /// The subscription that it is for; 0: the one that paying starts.
    package var subscription: UInt32
    /// What a person reads.
    package var description: String
    /// Units bought, or used beyond the grant; 0 for a base price.
    package var quantity: Quantity
    /// What it is for; nil: no period.
    package var period: Range<Timestamp>?
    package var subtotal: Money
    package var discounts: [AppliedDiscount] = []
    /// Of what is given back: the invoice that charged it; 0: it isn't known, or wasn't paid.
    package var invoice: UInt32 = 0
    /// None or one; on the heap, because few lines have one.
    private var taxes: [LineTax] = []

    package init(
        _ kind: Kind, _ part: PricePart, subscription: UInt32 = 0, description: String = "",
        quantity: Quantity = .zero, period: Range<Timestamp>? = nil, subtotal: Money
    ) {
        self.kind = kind
        self.part = part
        self.subscription = subscription
        self.description = description
        self.quantity = quantity
        self.period = period
        self.subtotal = subtotal
    }

    /// nil: there is none on it, or it isn't known yet.
    package var tax: LineTax? {
        get { taxes.first }
        set { taxes = newValue.map { [$0] } ?? [] }
    }

    /// After discounts, without the tax that is added to it.
    package var discounted: Money {
        let off = discounts.reduce(0) { $0 + $1.minorUnits }
        return Money(minorUnits: subtotal.minorUnits - off, currency: subtotal.currency)
    }

    /// What is paid for it, tax and all.
    package var total: Money {
        let discounted = discounted
        guard let tax else { return discounted }
        return Money(
            minorUnits: discounted.minorUnits + tax.added, currency: discounted.currency)
    }

    mutating func take(_ minorUnits: Int64, by discount: Discount) {
        let minorUnits = min(minorUnits, discounted.minorUnits)
        guard minorUnits > 0 else { return }
        discounts.append(
            AppliedDiscount(
                rewardID: discount.rewardID, minorUnits: minorUnits, holder: discount.holder))
    }
}

extension [InvoiceLine] {
    /// nil without lines, which have a currency.
    package var total: Money? {
        guard let first else { return nil }
        return Money(
            minorUnits: reduce(0) { $0 + $1.total.minorUnits }, currency: first.subtotal.currency)
    }
}
