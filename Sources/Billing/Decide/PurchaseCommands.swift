/// So many units of a feature sold in packs.
package struct AskedUnits: Sendable, Equatable {
    package var feature: FeatureNumber
    /// With what the plan includes; rounded up to whole packs.
    package var total: Quantity

    package init(feature: FeatureNumber, total: Quantity) {
        self.feature = feature
        self.total = total
    }
}

/// Buys a plan.
package struct AttachPlan: Sendable {
    /// When it starts. Raw values are those of `tally.v1.PlanSchedule`.
    package enum Schedule: UInt8, Sendable {
        /// A dearer plan at once, a cheaper one when what is paid for is over.
        case automatic = 0
        case immediate = 1
        case endOfCycle = 2
    }

    /// Whether the customer is sent to a payment page. Raw values are those of
    /// `tally.v1.RedirectMode`.
    package enum Redirect: UInt8, Sendable {
        /// When something has to be paid and no card is on file.
        case ifRequired = 1
        case always = 2
        /// Without a card it is declined.
        case never = 3
    }

    /// How long a preview's amounts can be had, in milliseconds.
    package static let quoteValidity: Int64 = 900_000

    package var plan: PlanNumber
    /// Empty: the customer buys for itself.
    package var entity = InlineText.empty
    /// Each feature once.
    package var quantities: [AskedUnits] = []
    package var schedule = Schedule.automatic
    /// Billing periods begin anew.
    package var startsCycle = false
    /// False: nothing may be charged or given back for what is left of a period; so it is for plans
    /// that replace nothing that is paid for.
    package var prorates = true
    package var redirect = Redirect.ifRequired
    /// Of which features what is left goes over from the plan that is replaced; empty: of all that
    /// are used up; nil: of none.
    package var carriesBalances: [FeatureNumber]?
    /// Of which features what was used goes over, in place of being charged; as above.
    package var carriesUsages: [FeatureNumber]?
    package var discounts: [AskedDiscount] = []
    /// Plans of the same owner that end with it.
    package var removed: [PlanNumber] = []
    /// The version of the plan; nil: that which is sold now.
    package var version: UInt32?
    /// What this customer gets other than others.
    package var customize: PlanPatch?
    /// When it starts: later, or as if it had started before; nil: now.
    package var starts: Timestamp?
    /// When it ends by itself; nil: never.
    package var ends: Timestamp?
    /// It is paid by invoice; nil: by card.
    package var terms: InvoiceTerms?
    /// What is charged now, in place of what is computed; empty: that.
    package var custom: [CustomLine] = []
    /// The time of a preview whose amounts are wanted; nil: now.
    package var quoteTime: Timestamp?
    /// Of a customer with a fingerprint: what the directory says of the plan's trial.
    package var trialClaim: TrialClaim?
    /// What tax is charged on it from now on; nil: as on the plan that it replaces.
    package var taxRate: String?
    /// What is to be paid in; nil: as before.
    package var currency: Currency?
    package var successURL: String
    /// The id of the effect, should there be one: unguessable, never used before.
    package var effectID: String
    package var request: RequestMark?

    package init(
        plan: PlanNumber, successURL: String = "", effectID: String = "",
        request: RequestMark? = nil
    ) {
        self.plan = plan
        self.successURL = successURL
        self.effectID = effectID
        self.request = request
    }
}

/// Changes a plan that a customer has.
package struct ChangeSubscription: Sendable {
    /// Raw values are those of `tally.v1.CancelAction`.
    package enum Cancel: UInt8, Sendable {
        case now = 1
        /// When what is paid for is over.
        case atEnd = 2
        /// It goes on after all.
        case undo = 3
    }

    /// What comes back to the card when it is cancelled now. Raw values are those of
    /// `tally.v1.RefundLastPayment`.
    package enum Refund: UInt8, Sendable {
        /// What is left of the periods that were paid for.
        case prorated = 1
        /// All that was paid for them.
        case full = 2
    }

    /// nil: the plan that the customer has in `plan`, or else its main one.
    package var number: UInt32?
    package var plan: PlanNumber?
    /// Empty: the customer's.
    package var entity = InlineText.empty
    /// Each feature once.
    package var quantities: [AskedUnits] = []
    /// They are seats that are held, which nobody else may ask for.
    var countsSeats = false
    /// The version of its plan that it moves to.
    package var version: UInt32?
    /// What this customer gets from now on other than others.
    package var customize: PlanPatch?
    package var cancel: Cancel?
    /// What tax is charged on it from now on; nil: as before.
    package var taxRate: String?
    /// Added to those that the subscription has.
    package var discounts: [AskedDiscount] = []
    /// False: nothing is charged or given back for what is left of the period.
    package var prorates = true
    /// nil: what comes back becomes credit.
    package var refund: Refund?
    /// Others that are cancelled, or go on, in one with it.
    package var also: [ChangeSubscription] = []
    /// It is paid by invoice; nil: by card.
    package var terms: InvoiceTerms?
    /// What is charged now, in place of what is computed; empty: that.
    package var custom: [CustomLine] = []
    package var quoteTime: Timestamp?
    package var successURL = ""
    package var effectID: String
    package var request: RequestMark?

    package init(effectID: String = "", request: RequestMark? = nil) {
        self.effectID = effectID
        self.request = request
    }

    /// Something of the plan is to be another.
    var changesPlan: Bool { version != nil || customize != nil }
}

/// Moves a customer's subscriptions to a plan from other versions of it to one (billing §3): what
/// was used stays used, and nothing is charged before the next period.
package struct MigrateCustomer: Sendable {
    package var plan: PlanNumber
    /// nil: whichever it is.
    package var from: UInt32?
    /// nil: the version that is sold now.
    package var to: UInt32?
    /// Also those that were made for the customer.
    package var includesCustom = false
    package var request: RequestMark?

    package init(plan: PlanNumber) {
        self.plan = plan
    }
}

/// The provider's answer to an effect.
package struct SettleEffect: Sendable {
    package enum Answer: Sendable {
        case checkoutOpened(url: String)
        case paid
        case declined(code: String)
        /// What is due at this address.
        indirect case taxes(TaxAnswer, PostalAddress?)
    }

    package var effectID: String
    package var answer: Answer
    /// The provider's name for the payment.
    package var payment: String

    /// - Parameter payment: nil: the provider calls it by the effect's id.
    package init(effectID: String, answer: Answer, payment: String? = nil) {
        self.effectID = effectID
        self.answer = answer
        self.payment = payment ?? effectID
    }
}

/// A payment page was paid.
package struct CompleteCheckout: Sendable {
    package var session: String
    package var method: PaymentMethod
    /// The provider's name for the payment: told twice, it is the same.
    package var payment: String
    /// Of the charge that may follow; see `AttachPlan`.
    package var effectID: String
    /// As in `AttachPlan`, of the plan that is attached to the card.
    package var trialClaim: TrialClaim?

    /// - Parameter payment: nil: the provider calls it by the page's session.
    package init(
        session: String, method: PaymentMethod, payment: String? = nil, effectID: String = ""
    ) {
        self.session = session
        self.method = method
        self.payment = payment ?? session
        self.effectID = effectID
    }
}
