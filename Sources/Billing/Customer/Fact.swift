/// One change of a customer's state: an outcome with its amounts, never an input.
///
/// Facts are what the log holds. Applying one reads neither rules, nor catalog, nor clock, so a new
/// binary replays an old log to the same state.
package enum Fact: Sendable, Equatable {
    /// From a bucket of the customer itself or, if not 0, of an entity.
    case deducted(bucket: UInt32, amount: Quantity, entity: UInt32 = 0)
    case usageRecorded(feature: FeatureNumber, value: Quantity, label: EventLabel? = nil)
    case bucketReset(
        bucket: UInt32, balance: Quantity, nextReset: Timestamp, entity: UInt32 = 0)
    case bucketClosed(bucket: UInt32, entity: UInt32 = 0)
    indirect case bucketOpened(Bucket, entity: UInt32 = 0)
    /// The bucket with this number, whole, as it stands from now on.
    indirect case bucketChanged(Bucket, entity: UInt32 = 0)
    indirect case detailSet(BucketDetail)
    indirect case customerCreated(name: String, email: String, time: Timestamp)
    indirect case profileChanged(name: String, email: String)
    indirect case subscriptionChanged(Subscription)
    case subscriptionDropped(number: UInt32)
    indirect case effectRequested(Effect)
    indirect case effectSettled(id: String, outcome: EffectOutcome)
    indirect case checkoutOpened(Checkout)
    /// Or was closed before, and a payment came for it all the same. With what it asked for it is
    /// remembered, for payments that come late.
    indirect case checkoutClosed(
        session: String, paid: Bool, payment: String = "", due: Money? = nil)
    indirect case methodSaved(PaymentMethod)
    indirect case invoiceRaised(Invoice)
    case invoiceDropped(number: UInt32)
    /// The invoice with this number, as it stands from now on; what isn't open is owed no more.
    indirect case invoiceChanged(Invoice)
    /// An invoice is tried again.
    indirect case debtSet(Debt)
    /// What is the customer's from now on; below 0, what it owes.
    indirect case creditChanged(Money)
    /// The metadata from now on.
    case metadataChanged([MetadataEntry])
    /// There is no such customer any more.
    case customerDeleted
    /// Name, email and metadata went, and all that is sealed with this key; 0: there was no key.
    case customerErased(key: UInt32)
    /// An entity, without buckets and controls.
    indirect case entityCreated(Entity)
    /// It has an id from now on.
    indirect case entityClaimed(number: UInt32, id: InlineText)
    indirect case entityChanged(number: UInt32, name: String)
    case entityDeleted(number: UInt32)
    /// From now on the owner has these and no others.
    indirect case controlsSet(OwnedControls)
    case poolingSet(isDisabled: Bool)
    /// A usage limit's count, as it stands from now on.
    indirect case windowCounted(UsageWindow)
    /// What it drew is deducted beside it.
    indirect case holdOpened(Hold)
    case holdExtended(id: String, expires: Timestamp)
    case holdClosed(id: String)
    /// A test clock was moved, stands still, or runs again.
    case clockMoved(TestClock)
    /// Somebody is to be told. Nothing of the state.
    indirect case notified(Notice)
    /// The refund with this id, as it stands from now on.
    indirect case refundSet(Refund)
    case refundDropped(id: String)
    /// What of an invoice was given back, from now on.
    indirect case invoiceReturned(number: UInt32, InvoiceReturns)
    /// The dispute with this id, as it stands from now on.
    indirect case disputeSet(Dispute)
    case disputeDropped(id: String)
    /// Somebody is told ahead, once.
    indirect case reminded(Reminder)
    /// The customer as a whole has these discounts from now on, and no others.
    case discountsSet([HeldDiscount])
    indirect case codeRedeemed(Redemption)
    /// A plan made for this customer.
    indirect case customPlanSet(CustomPlan)
    /// Nothing refers to it any more.
    case customPlanDropped(number: UInt32)
    /// By whose clocks periods begin and end from now on.
    case zoneSet(Zone)
    /// What is paid in from now on.
    case currencySet(Currency)
    /// What tax is charged from now on; empty: the rate of all.
    case taxRateSet(id: String)
    /// An invoice waits to be paid, as it stands from now on.
    indirect case receivableSet(Receivable)
    /// Its due date has passed. Nothing of the state.
    indirect case invoiceOverdue(Invoice)
    /// What became of a feature's top-ups so far, as it stands from now on.
    indirect case topUpSet(TopUpRecord)
    /// The referral with this id and role, as it stands from now on.
    indirect case referralSet(Referral)
    indirect case referralCodeSet(ReferralCode)
    /// nil: it has none any more.
    case fingerprintSet(FingerprintMark?)
    /// What is planned of the customer's plans from now on, and nothing else.
    case schedulesSet([PhaseSchedule])
    /// What was planned for a moment was carried out. Nothing of the state.
    case phaseBegan(time: Timestamp)
    /// The payment provider knows the customer by this name from now on; empty: by none.
    case payerSet(reference: String)
    /// No payment method is on file any more.
    case methodRemoved
    /// What was brought in under this name of another system's, as it stands from now on.
    indirect case takeoverSet(Takeover)
    /// A plan's trial was had elsewhere.
    case trialUsed(TrialMark)
    /// The payment provider has yet to be told who the customer is by now; 0: it has been. Turns
    /// have numbers, so that telling of an earlier one doesn't count for a later one.
    case profileOwed(turn: UInt32)
    /// Where it is billed from now on; nil: nobody says; empty: nobody is to know, its payment
    /// provider neither.
    indirect case addressSet(PostalAddress?)
    /// An invoice of another system's is on record, as it stands from now on.
    indirect case externalInvoiceSet(ExternalInvoice)
    /// What tax is due where it is billed.
    indirect case taxesFound(TaxFinding)
}

/// That a deduction passed a threshold (entitlements §7.4).
package struct Notice: Sendable, Equatable {
    package enum Event: Sendable, Equatable {
        case alert(UsageAlert)
        /// What was allowed isn't any more.
        case limitReached(LimitKind)
        /// So many units were bought, as little was left.
        case toppedUp(units: Quantity)
        /// They weren't, as the charge was declined.
        case topUpFailed(units: Quantity, code: String, isSuspended: Bool)
    }

    package var feature: FeatureNumber
    /// 0: the customer as a whole.
    package var entity: UInt32
    package var event: Event

    package init(feature: FeatureNumber, entity: UInt32, event: Event) {
        self.feature = feature
        self.entity = entity
        self.event = event
    }
}

/// What limits usage. Raw values are stored.
package enum LimitKind: UInt8, Sendable {
    case included = 1
    case maxPurchase = 2
    case spendLimit = 3
    case usageLimit = 4
}

extension Fact {
    package var opensHold: Bool { if case .holdOpened = self { true } else { false } }

    /// It says something about a person that erasure must remove.
    package var isPersonal: Bool {
        switch self {
        case .usageRecorded(_, _, let label):
            label?.properties.contains(where: \.isPersonal) ?? false
        case .customerCreated(let name, let email, _): !name.isEmpty || !email.isEmpty
        // Also when it leaves nothing: the answer beside it shows what else there is.
        case .profileChanged, .metadataChanged, .addressSet: true
        case .entityCreated(let entity): !entity.name.isEmpty
        case .entityChanged(_, let name): !name.isEmpty
        case .holdOpened(let hold): !hold.properties.isEmpty
        case .externalInvoiceSet(let invoice): !invoice.url.isEmpty
        case .deducted, .bucketReset, .bucketClosed, .bucketOpened, .bucketChanged, .detailSet,
            .subscriptionChanged, .subscriptionDropped, .effectRequested, .effectSettled,
            .checkoutOpened, .checkoutClosed, .methodSaved, .invoiceRaised, .invoiceDropped,
            .invoiceChanged, .debtSet, .creditChanged, .customerErased, .entityClaimed,
            .entityDeleted, .controlsSet, .poolingSet, .windowCounted, .holdExtended, .holdClosed,
            .notified, .customerDeleted, .clockMoved, .refundSet, .refundDropped,
            .invoiceReturned, .disputeSet, .disputeDropped, .reminded, .discountsSet,
            .codeRedeemed, .customPlanSet, .customPlanDropped, .zoneSet, .currencySet, .taxRateSet,
            .receivableSet,
            .invoiceOverdue, .topUpSet,
            .referralSet, .referralCodeSet, .fingerprintSet, .schedulesSet, .phaseBegan,
            .payerSet, .methodRemoved, .takeoverSet, .trialUsed, .profileOwed,
            .taxesFound:
            false
        }
    }
}

/// What the provider answered.
package enum EffectOutcome: Sendable, Equatable {
    case done
    case declined(code: String)
}
