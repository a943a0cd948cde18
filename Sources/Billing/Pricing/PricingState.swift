/// A credit system that a metered feature draws from.
package struct CreditPool: Sendable, Equatable {
    package var feature: FeatureNumber
    package var cost: UnitPrice
}

/// Everything published: immutable, shared, replaced as a whole by each publication.
///
/// Old revisions of plans stay for ever: customers refer to the revision they bought. So does what
/// was deleted: nobody needs it, but what happened before is told with it.
package final class PricingState: Sendable {
    /// Grows with each publication that changed something.
    package let sequence: UInt64
    /// What is paid in: the catalog's, or a customer's.
    package let currency: Currency?
    /// What amounts are in that say no other.
    package let baseCurrency: Currency?
    /// By number − 1.
    package let features: [Feature]
    /// By number − 1, then by revision − 1.
    package let plans: [[Plan]]
    package let settings: PricingSettings
    package let rewards: RewardList
    /// In order of first publication.
    package let taxRates: [TaxRate]
    /// What was in it, and isn't for sale or use any more.
    package let removed: CatalogRemoval
    let rewardIndex: RewardIndex
    /// Of each plan, by revision − 1.
    private let versions: [[UInt32]]
    /// One customer's own.
    let customPlans: [CustomPlan]
    /// The customer's.
    let zone: Zone

    private let featureNumbers: [String: FeatureNumber]
    private let planNumbers: [String: PlanNumber]
    /// By number − 1: read on every call, so apart from the features' texts.
    private let kinds: [FeatureKind]
    private let eventFeatures: [String: [FeatureNumber]]
    /// By feature number − 1: the credit systems it draws from, in catalog order.
    private let pools: [[CreditPool]]

    package static let empty = PricingState(sequence: 0, currency: nil, features: [], plans: [])

    init(
        sequence: UInt64, currency: Currency?, features: [Feature], plans: [[Plan]],
        settings: PricingSettings = PricingSettings(), rewards: RewardList = RewardList(),
        taxRates: [TaxRate] = [], removed: CatalogRemoval = .none
    ) {
        self.sequence = sequence
        self.removed = removed
        self.taxRates = taxRates
        self.rewards = rewards
        rewardIndex = RewardIndex(rewards)
        self.settings = settings
        self.currency = currency
        baseCurrency = currency
        self.features = features
        self.plans = plans
        customPlans = []
        zone = .utc
        versions = plans.map(PricingState.versions)
        var featureNumbers: [String: FeatureNumber] = [:]
        for (index, feature) in features.enumerated() {
            let number = FeatureNumber(rawValue: UInt32(index + 1))
            if !removed.features.contains(number) { featureNumbers[feature.id] = number }
        }
        var planNumbers: [String: PlanNumber] = [:]
        for (index, revisions) in plans.enumerated() {
            let number = PlanNumber(rawValue: UInt32(index + 1))
            if !removed.plans.contains(number) { planNumbers[revisions[0].id] = number }
        }
        var pools = [[CreditPool]](repeating: [], count: features.count)
        for (index, feature) in features.enumerated() {
            let pool = FeatureNumber(rawValue: UInt32(index + 1))
            if removed.features.contains(pool) { continue }
            for cost in feature.creditCosts {
                guard let member = featureNumbers[cost.featureID] else { continue }
                pools[Int(member.rawValue) - 1].append(
                    CreditPool(feature: pool, cost: cost.credits))
            }
        }
        self.featureNumbers = featureNumbers
        self.planNumbers = planNumbers
        self.pools = pools
        kinds = features.map(\.kind)
        var eventFeatures: [String: [FeatureNumber]] = [:]
        for (index, feature) in features.enumerated() {
            let number = FeatureNumber(rawValue: UInt32(index + 1))
            if removed.features.contains(number) { continue }
            for name in feature.eventNames {
                eventFeatures[name] = (eventFeatures[name] ?? []) + [number]
            }
        }
        self.eventFeatures = eventFeatures
    }

    init(
        _ published: PricingState, customPlans: [CustomPlan], zone: Zone, currency: Currency?
    ) {
        self.zone = zone
        sequence = published.sequence
        self.currency = currency
        baseCurrency = published.baseCurrency
        features = published.features
        plans = published.plans
        versions = published.versions
        settings = published.settings
        rewards = published.rewards
        taxRates = published.taxRates
        removed = published.removed
        rewardIndex = published.rewardIndex
        self.customPlans = customPlans
        featureNumbers = published.featureNumbers
        planNumbers = published.planNumbers
        kinds = published.kinds
        eventFeatures = published.eventFeatures
        pools = published.pools
    }

    /// The features that an event feeds, in catalog order; empty: none.
    package func features(ofEvent name: String) -> [FeatureNumber] { eventFeatures[name] ?? [] }

    package func feature(id: String) -> FeatureNumber? { featureNumbers[id] }
    package func plan(id: String) -> PlanNumber? { planNumbers[id] }

    package func feature(_ number: FeatureNumber) -> Feature {
        features[Int(number.rawValue) - 1]
    }

    package func kind(of feature: FeatureNumber) -> FeatureKind {
        kinds[Int(feature.rawValue) - 1]
    }

    /// What its rules would deny is recorded and not denied.
    package func isShadow(_ feature: FeatureNumber) -> Bool {
        features[Int(feature.rawValue) - 1].isShadow
    }

    /// The order in which buckets are drawn from.
    var order: DeductionOrder {
        DeductionOrder(isReversed: settings.reversesDeductionOrder)
    }

    package func pools(of feature: FeatureNumber) -> [CreditPool] {
        pools[Int(feature.rawValue) - 1]
    }

    /// As who pays in the currency has it; with the catalog's amounts where it isn't sold in it.
    package func plan(_ reference: PlanReference) -> Plan {
        let plan = listed(reference)
        guard let currency, currency != baseCurrency else { return plan }
        return plan.in(currency) ?? plan
    }

    /// With the amounts that it is listed with.
    func listed(_ reference: PlanReference) -> Plan {
        let revisions = plans[Int(reference.plan.rawValue) - 1]
        // One that nothing needs any more looks like the published one.
        let plan =
            reference.isCustom
            ? customPlan(reference)?.plan ?? revisions[revisions.count - 1]
            : revisions[Int(reference.revision) - 1]
        return zone == .utc ? plan : plan.in(zone)
    }

    package func customPlan(_ reference: PlanReference) -> CustomPlan? {
        customPlans.first { $0.reference == reference }
    }

    package func with(_ plans: [CustomPlan]) -> PricingState {
        PricingState(self, customPlans: plans, zone: zone, currency: currency)
    }

    /// With what a customer's own subscriptions refer to, by the clocks of its zone, and in its
    /// currency.
    package func with(plansOf customer: CustomerState) -> PricingState {
        let (custom, zone) = (customer.account.customPlans, customer.account.zone)
        let currency = customer.account.currency ?? baseCurrency
        guard custom != customPlans || zone != self.zone || currency != self.currency else {
            return self
        }
        return PricingState(self, customPlans: custom, zone: zone, currency: currency)
    }

    /// Units that a plan includes of a feature whose packs it sells.
    package func included(_ feature: FeatureNumber, in plan: PlanReference) -> Quantity {
        self.plan(plan).prepaidItem(of: self.feature(feature).id)?.included ?? .zero
    }

    /// Which version of its plan a revision is; a custom plan's is that of what it was made from.
    package func version(of reference: PlanReference) -> UInt32 {
        var revision = reference
        if reference.isCustom {
            guard let custom = customPlan(reference) else {
                return versions[Int(reference.plan.rawValue) - 1].last ?? 0
            }
            revision = custom.base
        }
        return versions[Int(revision.plan.rawValue) - 1][Int(revision.revision) - 1]
    }

    /// The newest revision of a version; nil: there is no such version, or it gave a feature that
    /// was deleted.
    package func revision(ofVersion version: UInt32, _ number: PlanNumber) -> PlanReference? {
        let index = Int(number.rawValue) - 1
        guard let revision = versions[index].lastIndex(of: version) else { return nil }
        let plan = plans[index][revision]
        guard removed.features.allSatisfy({ isLeftOut($0, of: plan) }) else { return nil }
        return PlanReference(plan: number, revision: UInt32(revision + 1))
    }

    /// A deleted feature, unless there is another one of its id.
    private func isLeftOut(_ feature: FeatureNumber, of plan: Plan) -> Bool {
        let id = self.feature(feature).id
        return self.feature(id: id) != nil || !plan.names(feature: id)
    }

    /// A version is what customers get and pay: another name or group makes none (billing §3).
    private static func versions(of revisions: [Plan]) -> [UInt32] {
        var versions: [UInt32] = []
        for (index, plan) in revisions.enumerated() {
            let isSame = index > 0 && revisions[index - 1].isSameOffer(as: plan)
            versions.append((versions.last ?? 0) + (isSame ? 0 : 1))
        }
        return versions
    }

    /// The revision that is sold now.
    package func latest(_ number: PlanNumber) -> PlanReference {
        PlanReference(plan: number, revision: UInt32(plans[Int(number.rawValue) - 1].count))
    }

    /// What is sold now, in order of first publication.
    package var latestRevisions: [PlanReference] { planNumbersInOrder.map { latest($0) } }

    /// The same without those that are archived: what somebody may be offered.
    package var offeredRevisions: [PlanReference] {
        latestRevisions.filter { !isArchived($0.plan) }
    }

    private var planNumbersInOrder: [PlanNumber] {
        plans.indices.lazy.map { PlanNumber(rawValue: UInt32($0 + 1)) }
            .filter { !self.removed.plans.contains($0) }
    }

    /// Without those that were deleted.
    package var listedFeatures: [Feature] {
        features.indices.lazy
            .filter { !self.removed.features.contains(FeatureNumber(rawValue: UInt32($0 + 1))) }
            .map { self.features[$0] }
    }

    /// The newest revision of each version of each plan, the oldest version first.
    package var allVersions: [PlanReference] {
        planNumbersInOrder.flatMap { number -> [PlanReference] in
            (1...(versions[Int(number.rawValue) - 1].last ?? 1)).compactMap {
                revision(ofVersion: $0, number)
            }
        }
    }

    /// The plans every new customer starts with, in order of first publication. An archived one is
    /// given to nobody.
    package var autoEnabled: [PlanReference] {
        latestRevisions.filter { self.plan($0).autoEnable && !isArchived($0.plan) }
    }
}

/// What a publication does to one feature, plan or reward, or to the settings.
package struct PricingChange: Sendable, Equatable {
    package enum Subject: Sendable {
        case feature, plan, settings, coupon, featureGrant, planGift, referralProgramme, taxRate
    }

    package var subject: Subject
    /// Empty: the settings'.
    package var id: String
    package var created: Bool
    /// The plan's from now on; otherwise 0. Being archived makes no new one.
    package var revision: UInt32
    /// It is gone from the catalog.
    package var deleted = false
}

extension PricingState {
    /// What publishing the draft would do. Throws nothing: faults are found by `validate` first.
    package func changes(publishing draft: PricingDraft) -> [PricingChange] {
        var changes = removals(publishing: draft)
        for feature in draft.features {
            let present = self.feature(id: feature.id).map { self.feature($0) }
            if present != feature {
                changes.append(
                    PricingChange(
                        subject: .feature, id: feature.id, created: present == nil, revision: 0))
            }
        }
        for plan in draft.plans {
            let present = self.plan(id: plan.id).map { latest($0) }
            let known = present.map { self.plan($0) }
            if known != plan {
                let isRevised = known.map { $0.archived(plan.isArchived) } != plan
                changes.append(
                    PricingChange(
                        subject: .plan, id: plan.id, created: present == nil,
                        revision: (present?.revision ?? 0) + (isRevised ? 1 : 0)))
            }
        }
        if let settings = draft.settings, settings != self.settings {
            changes.append(
                PricingChange(subject: .settings, id: "", created: false, revision: 0))
        }
        return changes + rewards.changes(publishing: draft.rewards)
            + taxRates.changes(publishing: draft.taxRates)
    }

    private func removals(publishing draft: PricingDraft) -> [PricingChange] {
        func change(_ subject: PricingChange.Subject, _ id: String) -> PricingChange {
            PricingChange(subject: subject, id: id, created: false, revision: 0, deleted: true)
        }
        return draft.removedPlans.filter { plan(id: $0) != nil }.map { change(.plan, $0) }
            + draft.removedFeatures.filter { feature(id: $0) != nil }.map { change(.feature, $0) }
    }

    /// The state after publishing the draft, which gives new numbers in order of appearance. Reads
    /// no rules: it replays old publications.
    package func publishing(_ draft: PricingDraft) -> PricingState {
        var features = self.features
        for feature in draft.features {
            if let number = self.feature(id: feature.id) {
                features[Int(number.rawValue) - 1] = feature
            } else {
                features.append(feature)
            }
        }
        var plans = self.plans
        for plan in draft.plans {
            if let number = self.plan(id: plan.id) {
                plans[Int(number.rawValue) - 1].publish(plan)
            } else {
                plans.append([plan])
            }
        }
        return PricingState(
            sequence: sequence + 1, currency: baseCurrency ?? Currency(code: draft.currency),
            features: features, plans: plans, settings: draft.settings ?? settings,
            rewards: rewards.publishing(draft.rewards),
            taxRates: taxRates.publishing(draft.taxRates),
            removed: removed.union(removal(by: draft)))
    }
}
