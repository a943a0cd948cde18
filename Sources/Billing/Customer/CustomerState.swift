/// A payment method on file, as the provider knows it.
package struct PaymentMethod: Sendable, Equatable {
    package var token: String
    package var brand: String
    package var last4: String
    /// nil: unknown, or it doesn't expire.
    package var expiry: CardExpiry?

    package init(token: String, brand: String, last4: String, expiry: CardExpiry? = nil) {
        self.token = token
        self.brand = brand
        self.last4 = last4
        self.expiry = expiry
    }
}

/// The last month that a card can be used in.
package struct CardExpiry: Sendable, Equatable {
    package var year: UInt32
    /// 1 to 12.
    package var month: UInt32

    package init(year: UInt32, month: UInt32) {
        self.year = year
        self.month = month
    }

    /// The month was over before `time`.
    package func isPast(at time: Timestamp) -> Bool {
        let date = CivilDate(time)
        return (Int64(year), Int64(month)) < (date.year, date.month)
    }
}

/// A customer: all that decisions about it read, and nothing else.
package struct CustomerState: Sendable {
    package let id: CustomerID
    /// Sequence of the last record in it.
    package var sequence: UInt64 = 0
    /// Position of that record in the log, from which its predecessors are found.
    package var position: UInt64 = 0
    /// The newest catalog that a record of it was decided with: its subscriptions may refer to it.
    package var catalogSequence: UInt64 = 0
    /// The number of the key that its personal data is sealed with; 0: it has none.
    package var key: UInt32 = 0
    /// There is no such customer any more: what is here awaits another one of the same id.
    package var isDeleted = false
    /// When something of it falls due next; `.never`: nothing will.
    package var nextDue = Timestamp.never
    package var buckets = BucketSet()
    package var lastBucket: UInt32 = 0
    package var lastSubscription: UInt32 = 0
    package var lastInvoice: UInt32 = 0
    /// In order of creation.
    package var subscriptions: [Subscription] = []
    /// The cold part, on the heap: a copy of the row shares it until one of the two changes.
    private var box = AccountBox()

    package init(id: CustomerID) {
        self.id = id
    }

    /// What only purchases and pages read.
    package var account: Account {
        _read { yield box.value }
        _modify {
            if !isKnownUniquelyReferenced(&box) { box = AccountBox(box.value) }
            yield &box.value
        }
    }

    package func subscription(_ number: UInt32) -> Subscription? {
        subscriptions.first { $0.number == number }
    }

    /// The customer's effect that is still open. At most one is.
    package var openEffect: Effect? { account.effects.first }
}

/// Holds an account on the heap.
// Safety: changed only by its one owner, as checked by `isKnownUniquelyReferenced`.
private final class AccountBox: @unchecked Sendable {
    var value: Account

    init(_ value: Account = Account()) {
        self.value = value
    }
}

/// The cold part of a customer.
package struct Account: Sendable, Equatable {
    package var name = ""
    package var email = ""
    /// In order of key.
    package var metadata: [MetadataEntry] = []
    package var created = Timestamp.epoch
    package var effects: [Effect] = []
    /// None or one; on the heap, because few customers have one.
    private var checkouts: [Checkout] = []
    package var method: PaymentMethod?
    /// The payment provider's name for the customer; empty: it knows none. It is kept because what
    /// is asked of the provider again must be asked with the same one, and because a customer's
    /// pages and invoices there are found by it.
    package var payer = ""
    /// The turn of telling the payment provider who the customer is by now; 0: it knows.
    package var owedProfile: UInt32 = 0
    /// On the heap, because few customers have one.
    private var addresses: [PostalAddress] = []
    /// As above.
    private var taxFindings: [TaxFinding] = []
    /// Money that is the customer's: invoices are paid out of it first. Below 0: what was too
    /// little to charge, and comes on top of the next one. nil: none yet.
    package var credit: Money?
    /// What is owed and tried again, oldest first.
    package var debts: [Debt] = []
    /// Plans that were tried: a trial is for once.
    package var trials: [TrialMark] = []
    /// The invoices as they are kept.
    package var invoiceShelf = InvoiceShelf.open([])
    /// Oldest first.
    package var refunds: [Refund] = []
    /// Oldest first.
    package var disputes: [Dispute] = []
    /// Oldest first.
    package var closedCheckouts: [ClosedCheckout] = []
    package var reminded = Reminded()
    /// Coupons of the customer as a whole: of subscriptions without any of their own.
    package var discounts: [HeldDiscount] = []
    /// Codes that it has redeemed, oldest first.
    package var redemptions: [Redemption] = []
    /// By whose clocks periods begin and end.
    package var zone = Zone.utc
    /// What it pays in; nil: the catalog's.
    package var currency: Currency?
    /// What tax is charged, where a subscription has no rate of its own; empty: that of all.
    package var taxRate = ""
    /// Plans made for this customer, oldest first.
    package var customPlans: [CustomPlan] = []
    /// Invoices that wait to be paid by who got them, oldest first.
    package var receivables: [Receivable] = []
    /// Of its own codes and of others', oldest first.
    package var referrals: [Referral] = []
    /// One of each programme.
    package var referralCodes: [ReferralCode] = []
    package var fingerprint: FingerprintMark?
    /// Each owner is in one at most.
    package var schedules: [PhaseSchedule] = []
    /// What was brought in from other systems, oldest first.
    package var takeovers: [Takeover] = []
    /// Of other systems, in order of first recording.
    package var externalInvoices: [ExternalInvoice] = []

    package init() {}

    /// Somebody outside is asked for something, or may come with a payment; or another customer has
    /// yet to be told something.
    package var isBusy: Bool {
        !effects.isEmpty || checkout != nil || refunds.contains { $0.status == .pending }
            || referrals.contains(where: \.isUntold)
            || takeovers.contains { $0.status == .pending } || owedProfile > 0
    }

    /// The newest ones, oldest first.
    package var invoices: [Invoice] {
        get { invoiceShelf.invoices }
        _modify {
            var invoices = invoiceShelf.invoices
            // So that nobody shares the list while it is changed.
            invoiceShelf = .open([])
            defer { invoiceShelf = .open(invoices) }
            yield &invoices
        }
    }

    /// Where it is billed; nil: nobody has said, and what its payment provider may know of it stays
    /// there; empty: it was removed, there too.
    package var address: PostalAddress? {
        get { addresses.first }
        set { addresses = newValue.map { [$0] } ?? [] }
    }

    /// What tax is due there, as its payment provider has found; nil: nobody has asked.
    package var taxes: TaxFinding? {
        get { taxFindings.first }
        set { taxFindings = newValue.map { [$0] } ?? [] }
    }

    mutating func removeMethod() {
        method = nil
        reminded.method = false
    }

    /// The payment page that is open.
    package var checkout: Checkout? {
        get { checkouts.first }
        set { checkouts = newValue.map { [$0] } ?? [] }
    }
}

/// That a plan was tried, by the customer or by one of its entities.
package struct TrialMark: Sendable, Hashable {
    package var plan: PlanNumber
    /// 0: the customer.
    package var entity: UInt32

    package init(plan: PlanNumber, entity: UInt32) {
        self.plan = plan
        self.entity = entity
    }
}
