/// Brings in a customer of another system's, once.
package struct ImportCustomer: Sendable {
    package static let subscriptionLimit = 32
    package static let trialLimit = 100
    package static let entityLimit = 1000
    package static let balanceLimit = 500

    /// The customer's name there.
    package var source: String
    package var name = ""
    package var email = ""
    package var address: PostalAddress?
    package var metadata: [MetadataEntry] = []
    package var currency: Currency?
    /// The payment provider's name for it; empty: it has none.
    package var payer = ""
    package var method: PaymentMethod?
    package var subscriptions: [ImportedSubscription] = []
    package var triedPlans: [PlanNumber] = []
    package var entities: [CreateEntity] = []
    package var balances: [ImportedBalance] = []

    package init(source: String) {
        self.source = source
    }

    /// The payment provider has something to be told.
    package var needsProvider: Bool {
        !payer.isEmpty || subscriptions.contains(where: \.takesOver)
    }
}

/// A plan that a customer has in another system.
package struct ImportedSubscription: Sendable {
    package var source: String
    package var plan: PlanNumber
    /// nil: the latest.
    package var version: UInt32?
    package var entity = InlineText.empty
    package var quantities: [AskedUnits] = []
    package var start: Timestamp
    package var anchor: Timestamp
    /// nil: the anchor's last one.
    package var periodStart: Timestamp?
    /// nil: it isn't charged again.
    package var periodEnd: Timestamp?
    /// What is charged for ends its period when the anchor says, where `periodEnd` doesn't.
    package var countsPeriods = false
    package var trialEnd = Timestamp.never
    /// It ends with the period.
    package var canceled = Timestamp.never
    package var isPastDue = false
    package var discounts: [HeldDiscount] = []
    package var netDays: UInt32 = 0
    /// The payment provider runs it, and is told to end it.
    package var takesOver = false

    package init(source: String, plan: PlanNumber, start: Timestamp) {
        self.source = source
        self.plan = plan
        self.start = start
        anchor = start
    }
}

/// Where a balance stands in another system.
package struct ImportedBalance: Sendable {
    package var feature: FeatureNumber
    package var entity = InlineText.empty
    /// nil: it is outside plans, and is made.
    package var plan: PlanNumber?
    package var reset: Cycle?
    package var granted = Quantity.zero
    package var remaining = Quantity.zero
    package var unlimited = false
    package var nextReset: Timestamp?
    package var expires: Timestamp?
    /// The subscription, of those asked for, that it comes with, if that comes in: of a plan that
    /// was here before no balance changes. nil: it comes with the customer.
    package var part: Int?
    /// Of a plan's grant: `remaining` is what is left, whatever was granted.
    package var isWhole = false
    /// `reset` doesn't say which of a plan's grants is meant: there must be one alone.
    package var isOfAnyCycle = false

    package init(feature: FeatureNumber) {
        self.feature = feature
    }
}

/// What became of it.
package struct ImportReply: Sendable, Equatable {
    package struct Part: Sendable, Equatable {
        package var source: String
        package var plan: PlanNumber
        package var number: UInt32
        /// It was here before.
        package var isUnchanged: Bool
        /// nil: the payment provider has nothing to be told.
        package var state: Takeover.Status?
        package var renewal: Money?
        package var renewalTime = Timestamp.never
        package var recurring: [Recurring] = []
    }

    package struct Recurring: Sendable, Equatable {
        package var money: Money
        package var cycle: Cycle
    }

    package var isCreated: Bool
    package var isChanged: Bool
    package var parts: [Part]
    package var state: Takeover.Status?
}

extension CustomerState {
    func decideImport(
        _ asked: ImportCustomer, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        var sheet = FactSheet(self, pricing: pricing, now: now)
        let isNew = account.created == .epoch
        let isKnown = account.takeover(asked.source) != nil
        sheet.noteProfile(asked, isNew: isNew)
        if !isKnown, account.address == nil, let address = asked.address {
            sheet.emit(.addressSet(address))
        }
        try sheet.takeCurrency(asked)
        try sheet.takePayer(asked)
        if !isKnown {
            for plan in asked.triedPlans {
                let mark = TrialMark(plan: plan, entity: 0)
                if !sheet.customer.account.trials.contains(mark) { sheet.emit(.trialUsed(mark)) }
            }
            try sheet.takeEntities(asked.entities)
        }
        var parts: [ImportReply.Part] = []
        for (index, subscription) in asked.subscriptions.enumerated() {
            let path = "subscriptions[\(index)]"
            parts.append(try sheet.take(subscription, of: asked, at: path))
        }
        for (index, balance) in asked.balances.enumerated() {
            if balance.part.map({ parts[$0].isUnchanged }) ?? isKnown { continue }
            try sheet.take(balance, at: "balances[\(index)]")
        }
        if isNew { sheet.giveDefaults() }
        if !isKnown {
            sheet.emit(
                .takeoverSet(
                    Takeover(
                        source: asked.source, status: asked.payer.isEmpty ? .done : .pending)))
        }
        guard sheet.customer.account.takeovers.count <= Takeover.countLimit else {
            throw .tooMany("takeovers", limit: Takeover.countLimit)
        }
        let reply = ImportReply(
            isCreated: isNew, isChanged: !sheet.facts.isEmpty,
            parts: parts.map { sheet.described($0) },
            state: asked.payer.isEmpty ? nil : sheet.customer.account.takeover(asked.source)?.status
        )
        return Decision(facts: sheet.facts, reply: .imported(reply))
    }

    /// What it would do; the customer may be new.
    package func preview(
        _ asked: ImportCustomer, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> ImportReply {
        let decision = try decideImport(asked, pricing: pricing.with(plansOf: self), now: now)
        guard case .imported(let reply) = decision.reply else {
            preconditionFailure("an import replies with what became of it")
        }
        return reply
    }
}

extension FactSheet {
    fileprivate mutating func noteProfile(_ asked: ImportCustomer, isNew: Bool) {
        guard isNew else {
            let (name, email) = (customer.account.name, customer.account.email)
            let known = customer.account.takeover(asked.source) != nil
            if known
                || (!name.isEmpty || asked.name.isEmpty)
                    && (!email.isEmpty || asked.email.isEmpty)
            {
                return
            }
            emit(
                .profileChanged(
                    name: name.isEmpty ? asked.name : name,
                    email: email.isEmpty ? asked.email : email))
            for fact in customer.owedProfile { emit(fact) }
            return
        }
        emit(.customerCreated(name: asked.name, email: asked.email, time: now))
        if !asked.metadata.isEmpty {
            emit(.metadataChanged([].merged(with: asked.metadata)))
        }
    }

    fileprivate mutating func takeCurrency(_ asked: ImportCustomer) throws(Refusal) {
        // Before anything is published there is nothing to pay.
        guard asked.currency != nil, pricing.baseCurrency != nil else { return }
        for fact in try customer.choosing(asked.currency, pricing, now).facts { emit(fact) }
    }

    /// A customer has one name at the provider, and one card.
    fileprivate mutating func takePayer(_ asked: ImportCustomer) throws(Refusal) {
        guard !asked.payer.isEmpty else { return }
        if customer.account.payer.isEmpty {
            emit(.payerSet(reference: asked.payer))
        } else if customer.account.payer != asked.payer {
            throw .unfit(
                "provider_customer_id",
                "is another one than the customer has, \(customer.account.payer): merge the two "
                    + "at the provider, or import it under another customer_id")
        }
        // A card that was put on file here since is the newer one.
        guard let method = asked.method, customer.account.method == nil,
            customer.account.takeover(asked.source) == nil
        else { return }
        emit(.methodSaved(method))
    }

    /// Their seats are counted by what grants them.
    fileprivate mutating func takeEntities(_ entities: [CreateEntity]) throws(Refusal) {
        for entity in entities {
            let extras = customer.buckets.extras
            guard extras.entities.find(entity.id) == nil else { continue }
            guard pricing.kind(of: entity.feature) == .allocated else {
                throw .unfit("entities", "are of allocated features: \(entity.id.text) isn't")
            }
            guard extras.entities.count < Entity.countLimit else {
                throw .tooMany("entities", limit: Entity.countLimit)
            }
            let made = Entity(
                number: extras.lastEntity + 1, id: entity.id, feature: entity.feature,
                name: entity.name, created: now)
            emit(.entityCreated(made))
            grantSlices(to: made.number, of: entity.feature)
        }
    }

    /// What every new customer starts with, where nothing was brought in.
    fileprivate mutating func giveDefaults() {
        for reference in pricing.autoEnabled {
            let plan = pricing.plan(reference)
            let scope = PlanScope(group: plan.group, entity: 0)
            let isThere =
                plan.isMain
                ? customer.mainSubscription(in: scope, pricing) != nil
                : customer.subscriptions.contains {
                    $0.plan.plan == reference.plan && $0.status.grantsAccess
                }
            if !isThere { give(reference) }
        }
    }
}
