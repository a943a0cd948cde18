package import Billing

/// All of a customer that goes from one environment to another: its state without its places in a
/// log.
package struct ExportedCustomer: Sendable, Equatable {
    package var id: CustomerID
    /// There is no such customer any more; only its numbers and its usage are there.
    var isDeleted = false
    var account = Account()
    var catalogSequence: UInt64 = 0
    /// The numbers given last, which may be of what is there no more.
    var lastGrant: UInt32 = 0
    var lastSubscription: UInt32 = 0
    var lastInvoice: UInt32 = 0
    var subscriptions: [Subscription] = []
    var grants: [Bucket] = []
    /// In order of id.
    var entities: [Entity] = []
    /// Without its entities.
    var extras = Extras.none

    static var empty: ExportedCustomer { ExportedCustomer(id: .empty) }

    private init(id: CustomerID) {
        self.id = id
    }

    package init(_ state: borrowing CustomerState) {
        id = state.id
        isDeleted = state.isDeleted
        account = state.account
        catalogSequence = state.catalogSequence
        lastGrant = state.lastBucket
        lastSubscription = state.lastSubscription
        lastInvoice = state.lastInvoice
        subscriptions = state.subscriptions
        for index in 0..<state.buckets.count { grants.append(state.buckets[index]) }
        guard state.buckets.hasExtras else { return }
        extras = state.buckets.extras
        entities = Array(extras.entities.all)
        extras.entities = EntityTable()
    }

    package var catalog: UInt64 { catalogSequence }
    package var referralCodes: [ReferralCode] { isDeleted ? [] : account.referralCodes }
    /// nil: it is deleted.
    package var created: Timestamp? { isDeleted ? nil : account.created }
    /// Milliseconds that its own clock is ahead of the environment's.
    package var clockAhead: Int64 { extras.clock.offset }

    /// What a record must say so that the customer is as it was.
    package var facts: [Fact] {
        var facts: [Fact] = [
            .customerCreated(name: account.name, email: account.email, time: account.created)
        ]
        if !account.metadata.isEmpty { facts.append(.metadataChanged(account.metadata)) }
        if let address = account.address { facts.append(.addressSet(address)) }
        if account.zone != .utc { facts.append(.zoneSet(account.zone)) }
        if let currency = account.currency { facts.append(.currencySet(currency)) }
        if !account.taxRate.isEmpty { facts.append(.taxRateSet(id: account.taxRate)) }
        facts += trialMarks
        if account.fingerprint != nil { facts.append(.fingerprintSet(account.fingerprint)) }
        facts += account.referralCodes.map { .referralCodeSet($0) }
        facts += counters
        if isDeleted { return facts + [.customerDeleted] }
        facts += account.customPlans.map { .customPlanSet($0) }
        facts += subscriptions.map { .subscriptionChanged($0) }
        facts += grants.map { .bucketOpened($0) }
        facts += entities.flatMap(\.facts)
        facts += extraFacts
        facts += account.effects.map { .effectRequested($0) }
        facts += account.closedCheckouts.flatMap(\.facts)
        if let checkout = account.checkout { facts.append(.checkoutOpened(checkout)) }
        if let method = account.method { facts.append(.methodSaved(method)) }
        if !account.payer.isEmpty { facts.append(.payerSet(reference: account.payer)) }
        if let taxes = account.taxes { facts.append(.taxesFound(taxes)) }
        if account.owedProfile > 0 { facts.append(.profileOwed(turn: account.owedProfile)) }
        if let credit = account.credit { facts.append(.creditChanged(credit)) }
        facts += account.invoices.map { .invoiceRaised($0) }
        if !account.discounts.isEmpty { facts.append(.discountsSet(account.discounts)) }
        facts += account.redemptions.map { .codeRedeemed($0) }
        facts += account.referrals.map { .referralSet($0) }
        facts += account.refunds.map { .refundSet($0) }
        facts += account.disputes.map { .disputeSet($0) }
        facts += account.debts.map { .debtSet($0) }
        facts += account.receivables.map { .receivableSet($0) }
        if !account.schedules.isEmpty { facts.append(.schedulesSet(account.schedules)) }
        facts += account.takeovers.map { .takeoverSet($0) }
        facts += account.externalInvoices.map { .externalInvoiceSet($0) }
        // After the card: a new one lets failures be forgotten.
        facts += extras.topUps.map { .topUpSet($0) }
        return facts + reminders
    }

    /// Nobody is told again.
    private var reminders: [Fact] {
        var facts: [Fact] = account.reminded.trials.compactMap { number in
            subscriptions.first { $0.number == number }.map {
                .reminded(
                    .trialEnding(
                        subscription: number, plan: $0.plan, entity: $0.entity, end: $0.trialEnd))
            }
        }
        if account.reminded.method, let method = account.method, let expiry = method.expiry {
            facts.append(.reminded(.methodExpiring(method.label, expiry)))
        }
        return facts
    }

    /// What was tried by plans that are gone.
    private var trialMarks: [Fact] {
        account.trials.flatMap { mark -> [Fact] in
            var gone = Subscription.empty
            gone.number = lastSubscription
            gone.plan = PlanReference(plan: mark.plan, revision: 1)
            gone.status = .ended
            gone.entity = mark.entity
            gone.trialEnd = .epoch
            return [.subscriptionChanged(gone), .subscriptionDropped(number: gone.number)]
        }
    }

    private var extraFacts: [Fact] {
        var facts = extras.controls.map { Fact.controlsSet($0) }
        facts += extras.details.map { .detailSet($0) }
        facts += extras.windows.map { .windowCounted($0) }
        facts += extras.holds.map { .holdOpened($0) }
        if extras.isPoolingDisabled { facts.append(.poolingSet(isDisabled: true)) }
        if extras.clock != .unmoved { facts.append(.clockMoved(extras.clock)) }
        return facts
    }

    /// Of the customer and of its entities.
    private var allGrants: [Bucket] { grants + entities.flatMap(\.buckets) }

    /// Numbers whose owners are gone are never given again.
    private var counters: [Fact] {
        var facts: [Fact] = []
        if lastSubscription > subscriptions.map(\.number).max() ?? 0 {
            var gone = Subscription.empty
            gone.number = lastSubscription
            gone.plan = PlanReference(plan: PlanNumber(rawValue: 1), revision: 1)
            gone.status = .ended
            facts += [.subscriptionChanged(gone), .subscriptionDropped(number: gone.number)]
        }
        if lastGrant > allGrants.map(\.number).max() ?? 0 {
            var gone = Bucket.empty
            gone.number = lastGrant
            gone.feature = FeatureNumber(rawValue: 1)
            facts += [.bucketOpened(gone), .bucketClosed(bucket: gone.number)]
        }
        if lastInvoice > account.invoices.map(\.number).max() ?? 0 {
            var gone = Invoice.empty
            gone.number = lastInvoice
            facts += [.invoiceRaised(gone), .invoiceDropped(number: gone.number)]
        }
        if extras.lastEntity > entities.map(\.number).max() ?? 0 {
            var gone = Entity.empty
            gone.number = extras.lastEntity
            gone.feature = FeatureNumber(rawValue: 1)
            facts += [.entityCreated(gone), .entityDeleted(number: gone.number)]
        }
        return facts
    }
}

extension Entity {
    fileprivate var facts: [Fact] {
        var bare = self
        bare.buckets = []
        bare.controls = .none
        var facts: [Fact] = [.entityCreated(bare)]
        facts += buckets.map { .bucketOpened($0, entity: number) }
        guard !controls.isEmpty else { return facts }
        return facts + [.controlsSet(OwnedControls(owner: .entity(number), controls: controls))]
    }
}

extension ClosedCheckout {
    fileprivate var facts: [Fact] {
        [.checkoutClosed(session: session, paid: isPaid, due: due)]
            + payments.map { .checkoutClosed(session: session, paid: isPaid, payment: $0) }
    }
}
