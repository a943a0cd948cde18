/// What a command came to: what changes, and what the caller is told.
package struct Decision: Sendable {
    package var facts: [Fact] = []
    package var reply = Reply.none
    /// Whether a retry of the request must get this very answer: only what changed something is
    /// remembered, and a denial is asked anew.
    package var settlesRequest: RequestMark? {
        get { settled.first }
        set { settled = newValue.map { [$0] } ?? [] }
    }
    /// On the heap, as few have one, and decisions are handed on from function to function.
    private var settled: [RequestMark] = []

    package init() {}

    init(facts: [Fact], reply: Reply) {
        self.facts = facts
        self.reply = reply
    }
}

/// What the caller is told.
package enum Reply: Sendable, Equatable {
    case none
    case created(Bool)
    case updated
    case track(TrackReply)
    /// One for each feature that an event feeds.
    case trackFeatures([TrackReply])
    case trackAll([TrackReply])
    indirect case trackTokens(TokenReply)
    case trackTokensAll([TokenReply])
    case settled(TrackReply)
    /// The customer as it is now.
    case customer
    /// The entity with this number, as it is now.
    case entity(UInt32)
    case check(CheckAnswer)
    indirect case attach(AttachReply)
    case migrated([Migration])
    /// What the clock shows.
    case clock(Timestamp)
    indirect case refunded(RefundReply)
    /// The provider's report was heard; the invoice that it is about, if it is known.
    case reported(Invoice?)
    /// A payment came for a page that was closed, and goes back.
    case paidLate
    /// What a code gave, and the customer as it is now.
    case redeemed(FeatureGrant)
    /// An invoice as it is now, and the customer's own plans.
    indirect case invoice(Invoice?, [CustomPlan])
    case referralCode(ReferralCode)
    /// A code of another customer was redeemed.
    case referred(Referral)
    case imported(ImportReply)
    /// Of other systems, as asked for.
    case recorded([ExternalInvoice])
}

/// What a track drew.
package struct TrackReply: Sendable, Equatable {
    package var value: Quantity
    package var balance: BalanceView?
    package var draws: [Draw]
    /// What there is to say about some of the buckets drawn from.
    package var details: [BucketDetail] = []
}

/// What tokens cost, and what the track of it drew.
package struct TokenReply: Sendable, Equatable {
    /// The AI credit system.
    package var feature: FeatureNumber
    /// Its value is the cost.
    package var track: TrackReply
}

/// Raw values are those of `tally.v1.AttachOutcome`.
package enum AttachOutcome: UInt8, Sendable {
    case active = 1
    case scheduled = 2
    case paymentRequired = 3
    case processing = 4
    case declined = 5
}

/// What came of an attach.
package struct AttachReply: Sendable, Equatable {
    /// A subscription, with the id of its entity.
    package struct Started: Sendable, Equatable {
        package var subscription: Subscription
        package var entity = InlineText.empty

        package init(subscription: Subscription, entity: InlineText = .empty) {
            self.subscription = subscription
            self.entity = entity
        }
    }

    package var outcome: AttachOutcome
    package var paymentURL = ""
    package var subscription: Subscription?
    /// Of several that began: the others.
    package var others: [Started] = []
    /// Of several that were changed: the others.
    package var changed: [Started] = []
    /// The id of the subscription's entity.
    package var entity = InlineText.empty
    package var invoice: Invoice?
    package var declineCode = ""
    /// What goes back to the card; nil: nothing.
    package var refund: Money?
    /// What the subscription may refer to.
    package var customPlans: [CustomPlan] = []
    /// With `.processing`: the effect to wait for.
    package var effectID = ""

    package init(_ outcome: AttachOutcome) {
        self.outcome = outcome
    }

    /// What began, or will.
    mutating func note(_ subscriptions: [Subscription]) {
        subscription = subscriptions.first
        others = subscriptions.dropFirst().map { Started(subscription: $0) }
        if subscriptions.allSatisfy({ $0.status == .scheduled }) { outcome = .scheduled }
    }
}

extension BucketSet {
    /// Decides a command that is about buckets alone, everything due having been applied.
    package func decide(
        _ command: Command, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        switch command {
        case .track(let usage): try decideTrack(usage, pricing: pricing, now: now)
        case .trackAll(let parts): try decideTrackAll(parts, pricing: pricing, now: now)
        case .trackTokens(let tokens): try decideTrackTokens(tokens, pricing: pricing, now: now)
        case .trackTokensAll(let parts):
            try decideTrackTokensAll(parts, pricing: pricing, now: now)
        case .checkAndDeduct(let query):
            try decideCheckAndDeduct(query, pricing: pricing, now: now)
        case .create, .update, .attach, .changeSubscription, .settle, .completeCheckout, .erase,
            .delete, .sealProfile, .advance, .settleHold, .extendHold, .openBalance, .updateBalance,
            .deleteBalance, .recalculateBalances, .createEntity, .updateEntity, .deleteEntity,
            .setControls, .moveClock, .refund, .setupPayment, .saveMethod, .applyDiscount,
            .removeDiscount, .redeemCode, .migrate, .attachSeveral, .createSchedule, .invoice,
            .noteReferralCode, .redeemReferral, .handOver, .provider, .importCustomer,
            .settleTakeover, .recordInvoices:
            preconditionFailure("this command is about more than buckets")
        }
    }
}

extension CustomerState {
    /// Decides a command, everything due having been applied. Reads the state and changes nothing.
    package func decide(
        _ command: Command, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        let pricing = pricing.with(plansOf: self)
        return switch command {
        case .create(let create): decideCreate(create, pricing: pricing, now: now)
        case .track(let usage):
            try usableBuckets(pricing).decideTrack(usage, pricing: pricing, now: now)
        case .trackAll(let parts):
            try usableBuckets(pricing).decideTrackAll(parts, pricing: pricing, now: now)
        case .trackTokens(let tokens):
            try usableBuckets(pricing).decideTrackTokens(tokens, pricing: pricing, now: now)
        case .trackTokensAll(let parts):
            try usableBuckets(pricing).decideTrackTokensAll(parts, pricing: pricing, now: now)
        case .checkAndDeduct(let query):
            try decideCheckAndDeduct(query, pricing: pricing, now: now)
        case .settleHold(let settle):
            try buckets.decideSettleHold(
                settle, except: idle(pricing), pricing: pricing, now: now)
        case .extendHold(let extend): try buckets.decideExtendHold(extend, now: now)
        case .openBalance(let open): try decideOpenBalance(open, pricing: pricing, now: now)
        case .updateBalance(let update):
            try decideUpdateBalance(update, pricing: pricing, now: now)
        case .deleteBalance(let delete):
            try decideDeleteBalance(delete, pricing: pricing, now: now)
        case .recalculateBalances(let again):
            try decideRecalculate(again, pricing: pricing, now: now)
        case .createEntity(let create): try decideCreateEntity(create, pricing: pricing, now: now)
        case .updateEntity(let update): try decideUpdateEntity(update)
        case .deleteEntity(let id): try decideDeleteEntity(id, pricing: pricing, now: now)
        case .setControls(let set): try decideSetControls(set, pricing: pricing)
        case .attach(let attach): try decideAttach(attach, pricing: pricing, now: now)
        case .changeSubscription(let change):
            try decideChange(change, pricing: pricing, now: now)
        case .settle(let settle): decideSettle(settle, pricing: pricing, now: now)
        case .completeCheckout(let paid):
            try decideCompleteCheckout(paid, pricing: pricing, now: now)
        case .update(let update): try decideUpdate(update, pricing: pricing)
        case .erase: decideErase()
        case .delete: try decideDelete()
        case .sealProfile: decideSealProfile()
        case .advance: Decision()
        case .moveClock(let move): try decideMoveClock(move, now: now)
        case .refund(let refund): try decideRefund(refund, pricing: pricing, now: now)
        case .setupPayment(let setup): try decideSetup(setup, pricing: pricing, now: now)
        case .saveMethod(let method): try decideSaveMethod(method, pricing: pricing, now: now)
        case .provider(let news): try decideNews(news, pricing: pricing, now: now)
        case .applyDiscount(let apply):
            try decideApplyDiscount(apply, pricing: pricing, now: now)
        case .removeDiscount(let remove):
            try decideRemoveDiscount(remove, pricing: pricing, now: now)
        case .redeemCode(let redeem):
            try decideRedeemCode(redeem, pricing: pricing, now: now)
        case .migrate(let migrate): try decideMigrate(migrate, pricing: pricing, now: now)
        case .createSchedule(let schedule):
            try decideSchedule(schedule, pricing: pricing, now: now)
        case .attachSeveral(let several):
            try decideAttachSeveral(several, pricing: pricing, now: now)
        case .invoice(let command): try decideInvoice(command, pricing: pricing, now: now)
        case .noteReferralCode(let note):
            try decideNoteCode(note, pricing: pricing, now: now)
        case .redeemReferral(let redeem):
            try decideRedeemReferral(redeem, pricing: pricing, now: now)
        case .handOver(let step): decideHandover(step, pricing: pricing, now: now)
        case .importCustomer(let asked): try decideImport(asked, pricing: pricing, now: now)
        case .settleTakeover(let settle):
            decideSettleTakeover(settle, pricing: pricing, now: now)
        case .recordInvoices(let record): try decideRecord(record)
        }
    }
}
