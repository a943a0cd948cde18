/// Money that goes back to a card: part of the state until the provider has said what became of
/// it, and a while longer, to be looked at.
package struct Refund: Sendable, Equatable {
    /// Raw values are those of `tally.v1.RefundReason`.
    package enum Reason: UInt8, Sendable {
        /// A plan was cancelled, and what was left of its payment asked back.
        case canceled = 1
        case requested = 2
        /// A payment came for a page that was closed, or paid already.
        case closedPage = 3
        /// The provider did it of its own.
        case provider = 4
    }

    /// Raw values are those of `tally.v1.RefundStatus`.
    package enum Status: UInt8, Sendable {
        case pending = 1
        case succeeded = 2
        /// It became credit.
        case failed = 3
    }

    /// Without an outcome at once. Each is a call to the provider that goes on until there is one.
    package static let openLimit = 8
    /// In the state, whatever their outcome; the log has the older ones.
    package static let keptLimit = 20

    /// Unique in the environment: the provider's idempotency key, or its own name for its own.
    package var id: String
    /// The provider's name for the payment that it is of.
    package var payment: String
    /// The invoice that was paid; 0: none.
    package var invoice: UInt32
    package var amount: Money
    package var reason: Reason
    package var status = Status.pending
    /// The provider's reason for a failure, such as "expired_or_canceled_card".
    package var failureCode = ""
    /// What of it is tax, in minor units.
    package var tax: Int64 = 0
    package var time: Timestamp

    package init(
        id: String, payment: String, invoice: UInt32, amount: Money, reason: Reason,
        time: Timestamp
    ) {
        self.id = id
        self.payment = payment
        self.invoice = invoice
        self.amount = amount
        self.reason = reason
        self.time = time
    }
}

/// A payment that the cardholder's bank took back, or may.
package struct Dispute: Sendable, Equatable {
    /// Raw values are those of `tally.v1.DisputeStatus`.
    package enum Status: UInt8, Sendable {
        /// The bank has the money back until it decides.
        case open = 1
        case won = 2
        case lost = 3
    }

    /// In the state; the log has the older ones.
    package static let keptLimit = 12

    /// The provider's.
    package var id: String
    package var payment: String
    /// The invoice that was paid; 0: it is too old to be known.
    package var invoice: UInt32
    package var amount: Money
    package var status: Status
    /// When it was reported first.
    package var time: Timestamp

    package init(
        id: String, payment: String, invoice: UInt32, amount: Money, status: Status,
        time: Timestamp
    ) {
        self.id = id
        self.payment = payment
        self.invoice = invoice
        self.amount = amount
        self.status = status
        self.time = time
    }
}

/// What of an invoice was given back, in minor units.
package struct InvoiceReturns: Sendable, Equatable {
    /// Goes back to the card, or went.
    package var refunded: Int64 = 0
    /// Became credit, or paid for what took the place of what the invoice charged.
    package var credited: Int64 = 0
    /// A dispute took it back.
    package var disputed: Int64 = 0

    /// What of the first two is tax.
    package var tax: Int64 = 0

    package init(
        refunded: Int64 = 0, credited: Int64 = 0, disputed: Int64 = 0, tax: Int64 = 0
    ) {
        self.refunded = refunded
        self.credited = credited
        self.disputed = disputed
        self.tax = tax
    }
}

/// A payment page that is closed. A payment that still comes for it is given back.
package struct ClosedCheckout: Sendable, Equatable {
    /// In the state. Providers close a page before another one opens, so a payment comes late for
    /// one of the last ones, if at all.
    package static let keptLimit = 8

    package var session: String
    /// What it asked for.
    package var due: Money
    package var isPaid: Bool
    /// The provider's names for the payments that came for it.
    package var payments: [String] = []

    package init(session: String, due: Money, isPaid: Bool, payments: [String] = []) {
        self.session = session
        self.due = due
        self.isPaid = isPaid
        self.payments = payments
    }
}
