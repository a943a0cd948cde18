/// Something to be decided about one customer. Random values come in as arguments.
package enum Command: Sendable {
    case create(CreateCustomer)
    case track(TrackUsage)
    case checkAndDeduct(CheckQuery)
    /// What several tracks do, all of them or none.
    case trackAll([TrackUsage])
    /// A track of what tokens cost.
    indirect case trackTokens(TrackTokens)
    case trackTokensAll([TrackTokens])
    case settleHold(SettleHold)
    case extendHold(ExtendHold)
    case openBalance(OpenBalance)
    case updateBalance(UpdateBalance)
    case deleteBalance(DeleteBalance)
    case recalculateBalances(RecalculateBalances)
    case createEntity(CreateEntity)
    case updateEntity(UpdateEntity)
    case deleteEntity(id: InlineText)
    case setControls(SetControls)
    indirect case attach(AttachPlan)
    indirect case changeSubscription(ChangeSubscription)
    case settle(SettleEffect)
    case completeCheckout(CompleteCheckout)
    case update(UpdateCustomer)
    /// Removes what is personal.
    case erase
    /// Removes the customer, and what is personal first.
    case delete
    /// Says name, email and metadata once more, so that they are sealed in the log.
    case sealProfile
    /// Nothing but what has fallen due.
    case advance
    /// Of a test: decided at what the clock shows.
    case moveClock(ClockMove)
    indirect case refund(RefundCommand)
    indirect case setupPayment(SetupPayment)
    case saveMethod(PaymentMethod)
    indirect case applyDiscount(ApplyDiscount)
    case removeDiscount(RemoveDiscount)
    case redeemCode(RedeemCode)
    case migrate(MigrateCustomer)
    indirect case attachSeveral(AttachSeveral)
    indirect case createSchedule(CreateSchedule)
    indirect case invoice(InvoiceCommand)
    case noteReferralCode(NoteReferralCode)
    indirect case redeemReferral(RedeemReferral)
    indirect case handOver(ReferralHandover)
    indirect case provider(ProviderNews)
    indirect case importCustomer(ImportCustomer)
    case settleTakeover(SettleTakeover)
    indirect case recordInvoices(RecordInvoices)

    /// There need be no such customer before.
    package var makesCustomer: Bool {
        switch self {
        case .create, .importCustomer: true
        case _: false
        }
    }

    /// What is personal goes with it.
    package var isErasing: Bool {
        switch self {
        case .erase, .delete: true
        case .create, .track, .trackAll, .trackTokens, .trackTokensAll, .checkAndDeduct,
            .settleHold, .extendHold, .openBalance, .updateBalance, .deleteBalance,
            .recalculateBalances, .createEntity, .updateEntity, .deleteEntity, .setControls,
            .attach, .changeSubscription, .settle, .completeCheckout, .update, .sealProfile,
            .advance, .moveClock, .refund, .setupPayment, .saveMethod, .applyDiscount,
            .removeDiscount, .redeemCode, .migrate, .attachSeveral, .createSchedule, .invoice,
            .noteReferralCode, .redeemReferral, .handOver, .provider, .importCustomer,
            .settleTakeover, .recordInvoices:
            false
        }
    }

    /// It reads and changes nothing but balances and what limits them, unless it opens a hold.
    package var isUsage: Bool {
        switch self {
        case .track, .trackAll, .trackTokens, .trackTokensAll: true
        // Who may be offered what, depends on more.
        case .checkAndDeduct(let query): !query.wantsPreview
        case .create, .settleHold, .extendHold, .openBalance, .updateBalance, .deleteBalance,
            .recalculateBalances, .createEntity, .updateEntity, .deleteEntity, .setControls,
            .attach, .changeSubscription, .settle, .completeCheckout, .update, .erase, .delete,
            .sealProfile, .advance, .moveClock, .refund, .setupPayment, .saveMethod,
            .applyDiscount, .removeDiscount, .redeemCode, .migrate, .attachSeveral, .createSchedule,
            .invoice,
            .noteReferralCode, .redeemReferral, .handOver, .provider, .importCustomer,
            .settleTakeover, .recordInvoices:
            false
        }
    }
}

/// Makes a customer, or fills in what is blank.
package struct CreateCustomer: Sendable {
    package var name: String
    package var email: String
    /// Of a new one, each key once.
    package var metadata: [MetadataEntry]
    /// Of a new one.
    package var zone = Zone.utc
    /// Of a new one, or of one that has none.
    package var fingerprint: FingerprintMark?
    /// What the directory says of trials of plans that new customers start with.
    package var trialClaims: [PlanNumber: TrialClaim] = [:]

    package init(name: String, email: String, metadata: [MetadataEntry] = []) {
        self.name = name
        self.email = email
        self.metadata = metadata
    }
}

/// Changes what a caller says of a customer.
package struct UpdateCustomer: Sendable {
    /// nil: it stays.
    package var name: String?
    package var email: String?
    /// Put in or replaced; the last one of a key counts.
    package var metadata: [MetadataEntry]
    package var removedKeys: [String]
    /// By whose clocks periods begin and end; nil: it stays.
    package var zone: Zone?
    package var fingerprint = PlanPatch.Setting<FingerprintMark>.kept
    /// What tax is charged from now on; empty: the rate of all; nil: it stays.
    package var taxRate: String?
    /// Where it is billed from now on; an empty one: nobody knows any more; nil: it stays.
    package var address: PostalAddress?

    package init(
        name: String? = nil, email: String? = nil, metadata: [MetadataEntry] = [],
        removedKeys: [String] = []
    ) {
        self.name = name
        self.email = email
        self.metadata = metadata
        self.removedKeys = removedKeys
    }
}

/// What happens to usage that no balance covers.
package enum OverageBehavior: UInt8, Sendable {
    case cap = 1
    case reject = 2
    /// It is drawn all the same, whatever the balance's floor; only spend limits hold.
    case overflow = 3
}

/// Records usage.
package struct TrackUsage: Sendable {
    package var feature: FeatureNumber
    /// Other features that the same event feeds, each with the whole value.
    package var others: [FeatureNumber] = []
    package var value: Quantity
    package var overage: OverageBehavior
    package var label: EventLabel?
    /// Empty: the customer as a whole.
    package var entity: InlineText {
        get { named?.id ?? .empty }
        set { named = NamedEntity(newValue) }
    }
    private var named: NamedEntity?
    /// `value` is what the usage is from now on, not what is added to it.
    package var setsUsage = false
    /// Usage of a cycle that is over is refused; otherwise it counts in the present one.
    package var refusesLate = false
    /// What is drawn is reserved only.
    package var hold: HoldRequest?

    package init(
        feature: FeatureNumber, value: Quantity, overage: OverageBehavior,
        label: EventLabel? = nil
    ) {
        self.feature = feature
        self.value = value
        self.overage = overage
        self.label = label
    }
}

/// Asks for a feature.
package struct CheckQuery: Sendable {
    package var feature: FeatureNumber
    /// A denial also says which plans would help.
    package var wantsPreview = false
    package var required: Quantity
    /// Empty: the customer as a whole.
    package var entity: InlineText {
        get { named?.id ?? .empty }
        set { named = NamedEntity(newValue) }
    }
    private var named: NamedEntity?
    /// Of the usage that is asked for; usage limits may concern some usage only.
    package var properties: [EventProperty] = []
    /// With a deduction: it is reserved only.
    package var hold: HoldRequest?

    package init(feature: FeatureNumber, required: Quantity) {
        self.feature = feature
        self.required = required
    }
}

/// An entity's id on the heap: most calls name none, and commands are copied.
private final class NamedEntity: Sendable {
    let id: InlineText

    /// nil: the id is empty.
    init?(_ id: InlineText) {
        guard !id.isEmpty else { return nil }
        self.id = id
    }
}

/// Asks for what is drawn to be reserved.
package final class HoldRequest: Sendable {
    /// The caller's; not empty.
    package let id: String
    /// nil: after the longest time there is.
    package let expires: Timestamp?

    package init(id: String, expires: Timestamp?) {
        self.id = id
        self.expires = expires
    }
}

/// Ends a hold: what was used in the end is kept, the rest given back.
package struct SettleHold: Sendable {
    package var id: String
    /// Tracked units; nil: as many as were held. Zero gives all back.
    package var value: Quantity?
    /// Of the event; nil: the hold's.
    package var label: EventLabel?

    package init(id: String, value: Quantity?, label: EventLabel? = nil) {
        self.id = id
        self.value = value
        self.label = label
    }
}

/// Keeps a hold open for longer.
package struct ExtendHold: Sendable {
    package var id: String
    package var expires: Timestamp

    package init(id: String, expires: Timestamp) {
        self.id = id
        self.expires = expires
    }
}

/// Grants an amount outside any plan (entitlements §6.1).
package struct OpenBalance: Sendable {
    package var feature: FeatureNumber
    /// Empty: for the customer as a whole.
    package var entity = InlineText.empty
    /// The caller's name for it; empty: none.
    package var name = ""
    /// nil: unlimited, or a flag.
    package var granted: Quantity?
    package var unlimited = false
    package var reset: Cycle?
    package var nextReset: Timestamp?
    package var expires: Timestamp?
    package var rollover: Rollover?

    package init(feature: FeatureNumber) {
        self.feature = feature
    }
}

/// Which of a customer's balances are meant.
package struct BalanceFilter: Sendable {
    /// nil: of every feature.
    package var feature: FeatureNumber?
    package var entity = InlineText.empty
    /// A caller's name, or the id that Tally gave; empty: any.
    package var id = ""
    package var interval: Interval?

    package init(feature: FeatureNumber?) {
        self.feature = feature
    }
}

/// Changes balances (entitlements §6.2).
package struct UpdateBalance: Sendable {
    package enum Amount: Sendable {
        /// What is left of all of them together.
        case remaining(Quantity)
        case added(Quantity)
        case usage(Quantity)
    }

    package var filter: BalanceFilter
    package var amount: Amount?
    /// Until the next reset.
    package var granted: Quantity?
    package var nextReset: Timestamp?
    package var expires: Timestamp?

    package init(filter: BalanceFilter) {
        self.filter = filter
    }
}

/// Takes balances away (entitlements §6.3).
package struct DeleteBalance: Sendable {
    package var filter: BalanceFilter
    /// What was used of them counts against what is left.
    package var keepsUsage: Bool

    package init(filter: BalanceFilter, keepsUsage: Bool) {
        self.filter = filter
        self.keepsUsage = keepsUsage
    }
}

/// Grants everything anew and draws the same usage again, so that overage in one balance meets
/// what is left in another (entitlements §6.4).
package struct RecalculateBalances: Sendable {
    package var filter: BalanceFilter

    package init(filter: BalanceFilter) {
        self.filter = filter
    }
}

/// Makes a part of a customer with balances of its own.
package struct CreateEntity: Sendable {
    /// Empty: it has none yet; the next one of the feature that is made with an id claims it.
    package var id: InlineText
    package var feature: FeatureNumber
    package var name: String
    package var controls: Controls

    package init(
        id: InlineText, feature: FeatureNumber, name: String, controls: Controls = .none
    ) {
        self.id = id
        self.feature = feature
        self.name = name
        self.controls = controls
    }
}

/// Changes what is given.
package struct UpdateEntity: Sendable {
    package var id: InlineText
    package var name: String?

    package init(id: InlineText, name: String?) {
        self.id = id
        self.name = name
    }
}

/// Replaces the lists that are given of a customer's controls or an entity's.
package struct SetControls: Sendable {
    /// Empty: the customer's.
    package var entity: InlineText
    package var spendLimits: [SpendLimit]?
    package var usageLimits: [UsageLimit]?
    package var usageAlerts: [UsageAlert]?
    package var overagePermissions: [OveragePermission]?
    package var autoTopUps: [AutoTopUp]?
    package var isPoolingDisabled: Bool?

    package init(entity: InlineText = .empty) {
        self.entity = entity
    }
}
