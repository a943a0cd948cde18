/// One line of a charge.
package struct InvoiceLine: Sendable, Equatable {
    package var description: String
    package var minorUnits: Int64
    package var plan: PlanNumber
    /// nil: the plan's base price.
    package var feature: FeatureNumber?

    package init(
        description: String, minorUnits: Int64, plan: PlanNumber, feature: FeatureNumber?
    ) {
        self.description = description
        self.minorUnits = minorUnits
        self.plan = plan
        self.feature = feature
    }
}

/// What is to be paid, and what paying it does. Fixed when it is made: what a payment page showed
/// is what is bought, whatever is published meanwhile.
package struct Order: Sendable, Equatable {
    /// Raw values are stored.
    package enum Purpose: UInt8, Sendable {
        case purchase = 1
        case renewal = 2
    }

    package var purpose: Purpose
    package var plan: PlanReference
    /// The subscription being renewed; 0 for a purchase.
    package var subscription: UInt32
    package var lines: [InvoiceLine]
    package var total: Money
    /// Where the payment page sends the customer afterwards; empty: it stays.
    package var successURL: String

    package init(
        purpose: Purpose, plan: PlanReference, subscription: UInt32, lines: [InvoiceLine],
        total: Money, successURL: String = ""
    ) {
        self.purpose = purpose
        self.plan = plan
        self.subscription = subscription
        self.lines = lines
        self.total = total
        self.successURL = successURL
    }
}

/// How far an invoice has come. Raw values are those of `tally.v1.InvoiceStatus`.
package enum InvoiceStatus: UInt8, Sendable {
    case open = 1
    case paid = 2
    case uncollectible = 3
}

/// A charge that was made, or tried.
package struct Invoice: Sendable, Equatable {
    package var number: UInt32
    package var status: InvoiceStatus
    package var lines: [InvoiceLine]
    package var total: Money
    package var time: Timestamp

    package init(
        number: UInt32, status: InvoiceStatus, lines: [InvoiceLine], total: Money, time: Timestamp
    ) {
        self.number = number
        self.status = status
        self.lines = lines
        self.total = total
        self.time = time
    }
}

/// What a request was, so that a retry of it is recognised.
package struct RequestMark: Sendable, Equatable {
    package var id: RequestID
    /// The method's number: part of the id's scope.
    package var method: UInt32
    /// Keyed hash of the canonical command.
    package var fingerprint: UInt64

    package init(id: RequestID, method: UInt32, fingerprint: UInt64) {
        self.id = id
        self.method = method
        self.fingerprint = fingerprint
    }
}

/// Something asked of the payment provider: part of the state until its outcome is.
package struct Effect: Sendable, Equatable {
    /// Raw values are stored.
    package enum Kind: UInt8, Sendable {
        case openCheckout = 1
        case collect = 2
    }

    /// Unique in the environment and unguessable; the provider's idempotency key.
    package var id: String
    package var kind: Kind
    package var order: Order
    /// The request that asked for it; its answer is the outcome.
    package var request: RequestMark?

    package init(id: String, kind: Kind, order: Order, request: RequestMark?) {
        self.id = id
        self.kind = kind
        self.order = order
        self.request = request
    }
}

/// A payment page that is open.
package struct Checkout: Sendable, Equatable {
    /// The id of the effect that opened it.
    package var session: String
    package var url: String
    package var order: Order

    package init(session: String, url: String, order: Order) {
        self.session = session
        self.url = url
        self.order = order
    }
}
