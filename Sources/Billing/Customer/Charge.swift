/// What is to be paid, and what paying it does. Fixed when it is made: what a payment page showed
/// is what is bought, whatever is published meanwhile.
package struct Order: Sendable, Equatable {
    /// Raw values are stored.
    package enum Purpose: UInt8, Sendable {
        case purchase = 1
        case renewal = 2
        /// Other quantities of a subscription.
        case change = 3
        /// A card is put on file, and then the plan attached, unless it is `.none`.
        case setup = 50
        /// Another version of a subscription's plan, or one of the customer's own.
        case `switch` = 4
        /// Several plans in one, and others that end.
        case several = 110
        /// The same, and what there is to be later.
        case schedule = 130
        /// Packs, as little is left: those in `bought` come on top of what there is.
        case topUp = 90
    }

    package var purpose: Purpose
    package var plan: PlanReference
    /// Those that it renews; the one that it replaces or changes; of several plans, those that they
    /// replace and those that end.
    package var subscriptions: [UInt32]
    /// The entity that buys; 0: the customer.
    package var entity: UInt32 = 0
    /// What is bought in packs, in order of feature: all of it from then on.
    package var bought: [BoughtUnits] = []
    /// Billing periods begin anew.
    package var startsCycle = false
    /// What is left of them goes over from the plan that is replaced.
    package var carriedBalances: [FeatureNumber] = []
    /// What was used of them goes over, and isn't charged.
    package var carriedUsages: [FeatureNumber] = []
    /// Nothing is charged in advance before; `.never`: there is no trial.
    package var trialEnd = Timestamp.never
    /// When what it buys began, in the past; `.never`: when it is paid.
    package var starts = Timestamp.never
    /// When what it buys ends by itself; `.never`: it doesn't.
    package var ends = Timestamp.never
    /// What is paid for, and what comes back.
    package var lines: [InvoiceLine]
    /// What the invoice says in place of `lines`; empty: the same.
    package var custom: [InvoiceLine] = []
    /// What goes on the subscription's next invoice.
    package var pending: [InvoiceLine] = []
    /// What the subscription that it starts or changes gets.
    package var discounts: [HeldDiscount] = []
    /// The invoice that it tries to collect once more; 0: it makes one.
    package var invoice: UInt32 = 0
    /// Of several plans: what each of them is bought by, in the order in which they begin. Their
    /// lines are the last of `lines`.
    package var parts: [Order] = []
    /// Of several plans: the subscriptions that end with it.
    package var removed: [UInt32] = []
    /// Of a part: it begins when the present plan's paid time is over, or at `starts`. Of a
    /// schedule the parts that begin later are all that there is to be from `starts` on.
    package var startsLater = false
    /// It begins a trial that pauses the present plan.
    package var reverts = false
    /// The sum of the lines, of those that the invoice says.
    package var total: Money
    /// Minor units of it that the customer's credit pays; below 0: what was owed before.
    package var credit: Int64
    /// When it was decided.
    package var time: Timestamp
    /// Where the payment page sends the customer afterwards; empty: it stays.
    package var successURL: String
    /// What it starts is billed by invoice, due after so many days; 0: a card is charged for it.
    package var netDays: UInt32 = 0
    /// The tax rate of the subscription that it starts or changes; empty: none of its own, or the
    /// one that it has.
    package var taxRate = ""

    package init(
        purpose: Purpose, plan: PlanReference, subscriptions: [UInt32], lines: [InvoiceLine],
        total: Money, credit: Int64 = 0, time: Timestamp, successURL: String = ""
    ) {
        self.purpose = purpose
        self.plan = plan
        self.subscriptions = subscriptions
        self.lines = lines
        self.total = total
        self.credit = credit
        self.time = time
        self.successURL = successURL
    }

    /// What is charged.
    package var due: Money {
        Money(minorUnits: total.minorUnits - credit, currency: total.currency)
    }

    /// The lines of its invoice.
    package var shown: [InvoiceLine] { custom.isEmpty ? lines : custom }

    /// Lines of none of its parts.
    package var ownLines: ArraySlice<InvoiceLine> {
        lines.dropLast(parts.reduce(0) { $0 + $1.lines.count })
    }

    func refers(to plan: PlanReference) -> Bool {
        self.plan == plan || parts.contains { $0.plan == plan }
    }

    /// It gives an entity a plan.
    func concerns(entity: UInt32) -> Bool {
        self.entity == entity || parts.contains { $0.entity == entity }
    }
}

/// How far an invoice has come. Raw values are those of `tally.v1.InvoiceStatus`.
package enum InvoiceStatus: UInt8, Sendable {
    case open = 1
    case paid = 2
    case uncollectible = 3
    /// Not sent yet.
    case draft = 4
    /// Taken back before it was paid.
    case void = 5
}

/// A charge that was made, or tried.
package struct Invoice: Sendable, Equatable {
    package var number: UInt32
    package var status: InvoiceStatus
    package var lines: [InvoiceLine]
    /// The sum of the lines; below 0: it became credit.
    package var total: Money
    /// Minor units of it that credit paid, or, below 0, that were owed from before.
    package var credit: Int64
    package var time: Timestamp
    /// The provider's name for the payment; empty: no card paid it, or it isn't known.
    package var payment = ""
    package var returns = InvoiceReturns()
    /// The card that paid the rest; nil: none did, or it isn't known.
    package var card: CardLabel?
    /// Of one that was sent: when it is to be paid; `.never`: it is a draft, or a card is charged.
    package var dueTime = Timestamp.never
    /// The secret part of its own page's address; empty: it has none.
    package var page = ""

    package init(
        number: UInt32, status: InvoiceStatus, lines: [InvoiceLine], total: Money,
        credit: Int64 = 0, time: Timestamp
    ) {
        self.number = number
        self.status = status
        self.lines = lines
        self.total = total
        self.credit = credit
        self.time = time
    }

    /// What was charged, or is to be.
    package var due: Money {
        Money(minorUnits: max(0, total.minorUnits - credit), currency: total.currency)
    }
}

/// An invoice that wasn't paid and is tried again.
package struct Debt: Sendable, Equatable {
    package var invoice: UInt32
    package var order: Order
    /// When it was declined first.
    package var since: Timestamp
    /// How often it was declined.
    package var attempts: UInt32
    package var next: Timestamp

    package init(
        invoice: UInt32, order: Order, since: Timestamp, attempts: UInt32, next: Timestamp
    ) {
        self.invoice = invoice
        self.order = order
        self.since = since
        self.attempts = attempts
        self.next = next
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
        /// What tax is due where the customer is billed. Its order sells nothing.
        case findTaxes = 3
    }

    /// Unique in the environment and unguessable; the provider's idempotency key.
    package var id: String
    package var kind: Kind
    package var order: Order
    /// The request that asked for it; its answer is the outcome.
    package var request: RequestMark?
    /// The payment page that the provider is to close first; empty: none.
    package var closesPage = ""

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

    /// It is open no more.
    ///
    /// - Parameter payment: nil: it wasn't paid.
    func closed(by payment: String? = nil) -> Fact {
        .checkoutClosed(
            session: session, paid: payment != nil, payment: payment ?? "", due: order.due)
    }
}
