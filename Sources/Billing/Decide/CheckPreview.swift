/// What a customer may be offered where a check denied (entitlements §1.7).
package struct CheckPreview: Sendable, Equatable {
    /// What the customer has met. Raw values are those of `tally.v1.CheckPreviewScenario`.
    package enum Scenario: UInt8, Sendable {
        /// There is a balance, and it doesn't allow what was asked for.
        case usageLimit = 1
        /// There is nothing of the feature.
        case featureFlag = 2
    }

    package static let planLimit = 20

    package var scenario: Scenario
    package var feature: FeatureNumber
    /// The cheapest first.
    package var plans: [PlanReference]
}

extension PricingState {
    /// What grants a feature: itself, and the credit systems that it draws from.
    package func sources(of feature: FeatureNumber) -> [String] {
        [self.feature(feature).id] + pools(of: feature).map { self.feature($0.feature).id }
    }
}

extension CustomerState {
    func decideCheckAndDeduct(
        _ query: CheckQuery, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        var decision = try usableBuckets(pricing).decideCheckAndDeduct(
            query, pricing: pricing, now: now)
        if query.wantsPreview, case .check(var answer) = decision.reply {
            addPreview(to: &answer, for: query, pricing)
            decision.reply = .check(answer)
        }
        return decision
    }

    func addPreview(
        to answer: inout CheckAnswer, for query: CheckQuery, _ pricing: PricingState
    ) {
        guard query.wantsPreview, !answer.allowed else { return }
        let sources = pricing.sources(of: query.feature)
        let offers = pricing.offeredRevisions
            .filter { reference in
                pricing.plan(reference).items.contains { sources.contains($0.featureID) }
                    && isOffer(reference, pricing)
            }
        func key(_ reference: PlanReference) -> (Int128, UInt32) {
            (pricing.plan(reference).monthlyAmount, reference.plan.rawValue)
        }
        answer.preview = CheckPreview(
            scenario: answer.balance == nil ? .featureFlag : .usageLimit, feature: query.feature,
            plans: Array(
                offers.sorted { key($0) < key($1) }.prefix(CheckPreview.planLimit)))
    }

    /// Whether it leads upwards from what the customer has: of main plans an upgrade, of add-ons
    /// what can be bought once more or isn't there yet.
    private func isOffer(_ reference: PlanReference, _ pricing: PricingState) -> Bool {
        let plan = pricing.plan(reference)
        if plan.isOneOff { return true }
        guard plan.isMain else {
            return !subscriptions.contains {
                $0.plan.plan == reference.plan && $0.status.grantsAccess
            }
        }
        guard
            let present = mainSubscription(
                in: PlanScope(group: plan.group, entity: 0), pricing)
        else { return true }
        let isTried = subscriptions.contains {
            $0.plan.plan == reference.plan && $0.grantsAccess
        }
        return !isTried && present.plan.plan != reference.plan
            && pricing.plan(present.plan).isUpgrade(to: plan)
    }
}
