package import Billing

/// A row that is told step by step, from an empty customer: what is done, and what is to be seen.
package struct Story: RuleRow {
    package let rule: String
    package let steps: [Step]
    /// When the first step happens.
    package var start = Story.usualStart

    package static let usualStart = Timestamp.utc(2027, 1, 10)

    package init(_ rule: String, _ steps: Step...) {
        self.rule = rule
        self.steps = steps
    }

    package init(_ rule: String, after start: [Step], _ steps: Step...) {
        self.rule = rule
        self.steps = start + steps
    }
}

/// One step of a story: a command, or something to be seen.
package indirect enum Step: Sendable {
    /// Balances as they are, whatever has brought them about.
    case given([Bucket])
    case attach(String)
    /// With a card on file.
    case buy(String)
    /// As asked for, with a card; previewed first, and charged as previewed.
    case purchase(Purchase)
    /// Several in one, with coupons and codes of all of them.
    case several([Purchase], with: [String] = [], startsCycle: Bool = false)
    /// Plans in phases, of the customer or of an entity.
    case schedule([AskedPhase], of: InlineText = .empty, with: [String] = [])
    /// What is planned is given up.
    case unschedule(of: InlineText = .empty)
    /// The same, of a plan that there is.
    case change(Change)
    /// All of a customer's subscriptions to a plan, from a version or any to one or the newest; how
    /// many are moved.
    case migrate(String, from: UInt32? = nil, to: UInt32? = nil, custom: Bool = false, moved: Int)
    /// By whose clocks periods begin and end from now on.
    case zone(String)
    /// What tax the customer is charged from now on; empty: the usual one.
    case taxRate(String)
    /// Where the customer is billed from now on; an empty country: nobody is to know.
    case address(String, state: String = "")
    case open(Grant)
    case entity(String, InlineText, controls: Controls = .none)
    case deleteEntity(InlineText)
    case track(
        String, Quantity, of: InlineText = .empty, OverageBehavior = .cap, [EventProperty] = [])
    /// Usage that is reported after it happened.
    case trackAt(String, Quantity, Timestamp, refusesLate: Bool = false)
    /// One event that feeds several features.
    case event([String], Quantity)
    case batch([(String, Quantity)], OverageBehavior = .cap)
    case setUsage(String, Quantity, of: InlineText = .empty)
    case deduct(String, Quantity, of: InlineText = .empty, CheckReason)
    case hold(
        String, Quantity, of: InlineText = .empty, id: String = "h", until: Timestamp? = nil,
        [EventProperty] = [])
    case holdTrack(String, Quantity, id: String = "h")
    /// nil keeps what was held; 0 gives all back.
    case settle(Quantity?, id: String = "h")
    case extend(Timestamp, id: String = "h")
    case update(Pick, UpdateBalance.Amount? = nil, granted: Quantity? = nil)
    case moveReset(Pick, Timestamp)
    case moveExpiry(Pick, Timestamp)
    case delete(Pick, keepsUsage: Bool = false)
    case recalculate(Pick)
    case set(SetControls)
    case advance(to: Timestamp)
    /// A coupon or, with "#" before it, a code, for the customer or for what it has of a plan.
    case give(String, to: String? = nil)
    case takeAway(String, from: String? = nil)
    case redeem(String)
    /// What is being charged, if anything is, is paid.
    case charge

    /// The command is refused, and nothing changes.
    case refused(String, Step)
    case check(
        String, Quantity, of: InlineText = .empty, CheckReason, [EventProperty] = [])
    /// What was compared, and the feature whose balance is shown.
    case decided(String, Quantity, CheckReason, compared: Quantity, shown: String?)
    /// What is shown to be left, for the customer or an entity; nil: there is no balance.
    case left(String, Quantity?, of: InlineText = .empty)
    case used(String, Quantity, of: InlineText = .empty)
    case granted(String, Quantity, of: InlineText = .empty)
    /// All that is shown of a balance, by itself and with a check; nil: there is none.
    case shown(String, Shown?, of: InlineText = .empty)
    /// Balances of the customer's own buckets, in order of opening.
    case balances([Quantity])
    case slices([Quantity], of: InlineText)
    case window(String, Quantity, of: InlineText = .empty)
    case events([Quantity])
    case reset(String, at: Timestamp, of: InlineText = .empty)
    case holds(Int)
    /// Totals of all paid invoices in cents, oldest first.
    case invoices([Int64])
    /// The tax on them, in cents.
    case taxes([Int64])
    /// What invoices are paid out of first, in cents.
    case credit(Int64)
    /// Coupons that the customer has, or what it has of a plan.
    case discounts([String], of: String? = nil)
    /// In cents, of a coupon that the customer has.
    case creditsLeft(String, Int64)
    /// What a preview says is charged now and next, in cents; nil: nothing.
    case foreseen(Step, now: Int64?, next: Int64?)
    /// Of the newest subscription to a plan; nil: there is none.
    case plan(String, SubscriptionStatus?)
    /// Since the story began.
    case notices(Int)
    /// The same of alerts alone, as `Notice.words`, and of limits.
    case alertsTold([String])
    case limitsTold([String])

    /// So many cents of the invoice with this number go back to the card; nil: all that is left.
    case refund(UInt32, Int64?)
    /// The same, made at the provider.
    case providerRefund(UInt32, Int64)
    /// Of so many cents of the invoice with this number.
    case dispute(UInt32, Int64, Dispute.Status)
    /// What went back to cards, in cents, oldest first.
    case refunded([Int64])
    /// What of it is tax.
    case refundedTaxes([Int64])

    /// A draft is sent.
    case finalize(UInt32)
    /// The invoice with this number was paid out of band.
    case markPaid(UInt32)
    case voidInvoice(UInt32)
    /// It is paid on its own page, with a card that is on file from then on.
    case payInvoice(UInt32)
    /// Of all invoices, oldest first.
    case statuses([InvoiceStatus])
    /// When the invoice with this number is to be paid; nil: it has no such time.
    case dueTime(UInt32, Timestamp?)
}

/// A plan to be bought.
package struct Purchase: Sendable, ExpressibleByStringLiteral {
    package var plan: String
    /// Units with those that are included, in order of appearance.
    package var quantities: [(featureID: String, total: Quantity)] = []
    package var entity = InlineText.empty
    package var schedule = AttachPlan.Schedule.automatic
    package var startsCycle = false
    /// nil: nothing goes over; empty: of all features.
    package var balances: [String]?
    package var usages: [String]?
    /// Coupons and, with "#" before them, codes.
    package var discounts: [String] = []
    package var version: UInt32?
    package var customize: PlanPatch?
    package var starts: Timestamp?
    package var ends: Timestamp?
    /// Plans that end with it.
    package var removed: [String] = []
    /// No card is put on file for it.
    package var terms: InvoiceTerms?
    /// What is charged in place of what is computed, in cents.
    package var custom: [Int64] = []
    /// nil: as before.
    package var currency: String?
    /// A tax rate; nil: as before.
    package var taxRate: String?
    package var prorates = true

    package init(
        _ plan: String, _ quantities: KeyValuePairs<String, Quantity> = [:],
        of entity: InlineText = .empty, schedule: AttachPlan.Schedule = .automatic,
        startsCycle: Bool = false, balances: [String]? = nil, usages: [String]? = nil,
        with discounts: [String] = [], version: UInt32? = nil, customize: PlanPatch? = nil,
        starts: Timestamp? = nil, ends: Timestamp? = nil, removing removed: [String] = [],
        terms: InvoiceTerms? = nil, custom: [Int64] = [], in currency: String? = nil,
        taxed taxRate: String? = nil, prorates: Bool = true
    ) {
        self.taxRate = taxRate
        self.prorates = prorates
        self.custom = custom
        self.currency = currency
        self.removed = removed
        self.terms = terms
        self.discounts = discounts
        self.version = version
        self.customize = customize
        self.starts = starts
        self.ends = ends
        self.balances = balances
        self.usages = usages
        self.plan = plan
        self.quantities = quantities.map { ($0.key, $0.value) }
        self.entity = entity
        self.schedule = schedule
        self.startsCycle = startsCycle
    }

    package init(stringLiteral plan: String) {
        self.init(plan)
    }
}

/// All plans that there are from a moment on.
package struct AskedPhase: Sendable {
    package var start: CreateSchedule.Phase.Start
    package var plans: [Purchase]

    package static func now(_ plans: Purchase...) -> AskedPhase {
        AskedPhase(start: .now, plans: plans)
    }

    package static func at(_ time: Timestamp, _ plans: Purchase...) -> AskedPhase {
        AskedPhase(start: .at(time), plans: plans)
    }

    package static func after(
        _ count: UInt16, _ interval: Interval, _ plans: Purchase...
    ) -> AskedPhase {
        AskedPhase(start: .after(Cycle(interval, count: count)), plans: plans)
    }
}

/// A change of a plan that there is.
package struct Change: Sendable {
    /// nil: the main one.
    package var plan: String?
    package var quantities: [(featureID: String, total: Quantity)] = []
    package var cancel: ChangeSubscription.Cancel?
    package var prorates = true
    package var refund: ChangeSubscription.Refund?
    /// As of a purchase.
    package var discounts: [String] = []
    package var version: UInt32?
    package var customize: PlanPatch?
    /// As of a purchase.
    package var terms: InvoiceTerms?
    /// As of a purchase.
    package var custom: [Int64] = []
    /// As of a purchase.
    package var taxRate: String?
    /// Others in one with it.
    package var also: [Change] = []

    package init(
        _ plan: String? = nil, _ quantities: KeyValuePairs<String, Quantity> = [:],
        cancel: ChangeSubscription.Cancel? = nil, prorates: Bool = true,
        refund: ChangeSubscription.Refund? = nil, with discounts: [String] = [],
        version: UInt32? = nil, customize: PlanPatch? = nil, terms: InvoiceTerms? = nil,
        custom: [Int64] = [], taxed taxRate: String? = nil, also: [Change] = []
    ) {
        self.also = also
        self.taxRate = taxRate
        self.custom = custom
        self.terms = terms
        self.discounts = discounts
        self.version = version
        self.customize = customize
        self.plan = plan
        self.refund = refund
        self.quantities = quantities.map { ($0.key, $0.value) }
        self.cancel = cancel
        self.prorates = prorates
    }

    package init(
        _ quantities: KeyValuePairs<String, Quantity>,
        cancel: ChangeSubscription.Cancel? = nil, prorates: Bool = true,
        with discounts: [String] = [], customize: PlanPatch? = nil
    ) {
        self.init(
            nil, quantities, cancel: cancel, prorates: prorates, with: discounts,
            customize: customize)
    }
}

/// A loose balance to be opened.
package struct Grant: Sendable {
    package var featureID: String
    package var amount: Quantity?
    package var entity = InlineText.empty
    package var reset: Cycle?
    package var expires: Timestamp?
    package var name = ""
    package var rollover: Rollover?
    package var unlimited = false
    package var nextReset: Timestamp?

    package init(
        _ featureID: String, _ amount: Quantity?, of entity: InlineText = .empty,
        each interval: Interval? = nil, count: UInt16 = 1, expires: Timestamp? = nil,
        name: String = "", rollover: Rollover? = nil, unlimited: Bool = false,
        nextReset: Timestamp? = nil
    ) {
        self.featureID = featureID
        self.amount = amount
        self.entity = entity
        reset = interval.map { Cycle($0, count: count) }
        self.expires = expires
        self.name = name
        self.rollover = rollover
        self.unlimited = unlimited
        self.nextReset = nextReset
    }
}

/// Which balances a correction is about.
package struct Pick: Sendable {
    package var featureID: String?
    package var entity: InlineText
    package var id: String
    package var interval: Interval?

    package init(
        _ featureID: String?, of entity: InlineText = .empty, id: String = "",
        _ interval: Interval? = nil
    ) {
        self.featureID = featureID
        self.entity = entity
        self.id = id
        self.interval = interval
    }
}

/// What is shown of a balance; for each part its grant, what is left and what was used.
package struct Shown: Equatable, Sendable {
    package var granted: Quantity
    package var remaining: Quantity
    package var usage: Quantity
    package var overage: Quantity
    package var parts: [[Quantity]]
    package var overageAllowed: Bool
    package var maxPurchase: Quantity?
    package var unlimited: Bool

    package init(
        granted: Quantity, remaining: Quantity, usage: Quantity, overage: Quantity = 0,
        parts: [[Quantity]], overageAllowed: Bool = false, maxPurchase: Quantity? = nil,
        unlimited: Bool = false
    ) {
        self.granted = granted
        self.remaining = remaining
        self.usage = usage
        self.overage = overage
        self.parts = parts
        self.overageAllowed = overageAllowed
        self.maxPurchase = maxPurchase
        self.unlimited = unlimited
    }
}

extension Refusal {
    /// A word for it; of invalid arguments, the path of the first.
    package var word: String {
        switch self {
        case .invalid(let violations): "invalid: \(violations[0].path)"
        case .insufficientBalance: "insufficient balance"
        case .entityNotFound: "entity not found"
        case .entityExists: "entity exists"
        case .entityIDRequired: "entity id required"
        case .balanceNotFound: "balance not found"
        case .balanceExists: "balance exists"
        case .balanceIsPaid: "balance is paid"
        case .holdNotFound: "hold not found"
        case .holdExists: "hold exists"
        case .featureLimitReached: "feature limit reached"
        case .planAlreadyAttached: "plan already attached"
        case .subscriptionNotFound: "subscription not found"
        case .invoiceNotFound: "invoice not found"
        case .refundTooLarge: "refund too large"
        case .couponNotFound: "coupon not found"
        case .promotionCodeNotFound: "promotion code not found"
        case .promotionCodeRefused(_, .expired): "promotion code expired"
        case .promotionCodeRefused(_, .firstPurchaseOnly):
            "promotion code first purchase only"
        case .promotionCodeRefused(_, .usedUp): "promotion code used up"
        case .codeAlreadyRedeemed: "code already redeemed"
        case .discountExists: "discount exists"
        case .discountNotFound: "discount not found"
        case .scheduleNotFound: "schedule not found"
        case .invoiceNotSent: "invoice not sent"
        case .invoiceNotFinal: "invoice not final"
        case .invoiceFinal: "invoice final"
        case .currencyMismatch: "currency mismatch"
        case .seatsDeclined: "payment declined"
        case .taxAddressRequired: "tax address required"
        default: "\(self)"
        }
    }
}
