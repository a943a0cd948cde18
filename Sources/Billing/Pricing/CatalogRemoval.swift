/// Plans and features that are taken out of the catalog. Their numbers stay theirs for good, and
/// what they were can still be read: only nothing new begins with them. Whatever is published under
/// their ids later is another plan or feature.
package struct CatalogRemoval: Sendable, Equatable {
    package var plans: Set<PlanNumber> = []
    package var features: Set<FeatureNumber> = []

    package static let none = CatalogRemoval()

    package init() {}

    package var isEmpty: Bool { plans.isEmpty && features.isEmpty }

    package func union(_ other: CatalogRemoval) -> CatalogRemoval {
        var union = self
        union.plans.formUnion(other.plans)
        union.features.formUnion(other.features)
        return union
    }
}

extension PricingDraft {
    /// What takes things out of the catalog that are in it.
    package var removes: Bool { !removedPlans.isEmpty || !removedFeatures.isEmpty }
}

extension PricingState {
    /// What of the catalog the draft takes out of it. What isn't there is gone already.
    package func removal(by draft: PricingDraft) -> CatalogRemoval {
        var removal = CatalogRemoval()
        removal.plans = Set(draft.removedPlans.compactMap { plan(id: $0) })
        removal.features = Set(draft.removedFeatures.compactMap { feature(id: $0) })
        return removal
    }

    /// What of the published catalog still needs something that the draft would take out of it.
    package func uses(removedBy draft: PricingDraft) -> [Violation] {
        var found: [Violation] = []
        let after = publishing(draft)
        for (index, id) in draft.removedPlans.enumerated() where plan(id: id) != nil {
            for user in after.rewards.users(ofPlan: id) {
                found.append(
                    Violation(
                        path: "deleted_plan_ids[\(index)]",
                        message: "\"\(id)\" is used by \(user): change that first, or archive it "
                            + "instead"))
            }
        }
        for (index, id) in draft.removedFeatures.enumerated() where feature(id: id) != nil {
            for user in after.users(ofFeature: id) {
                found.append(
                    Violation(
                        path: "deleted_feature_ids[\(index)]",
                        message: "\"\(id)\" is used by \(user): take it out there first, or "
                            + "archive it instead"))
            }
        }
        return found
    }

    /// Of what is sold now, and of what codes give.
    private func users(ofFeature id: String) -> [String] {
        let plans = latestRevisions.map { listed($0) }.filter { $0.names(feature: id) }
            .map { "the plan \"\($0.id)\"" }
        let systems = listedFeatures.filter { feature in
            feature.creditCosts.contains { $0.featureID == id }
        }
        let grants = rewards.grants.filter { $0.parts.contains { $0.featureID == id } }
        return plans + systems.map { "the credit system \"\($0.id)\"" }
            + grants.map { "the feature grant \"\($0.id)\"" }
    }
}

extension RewardList {
    fileprivate func users(ofPlan id: String) -> [String] {
        gifts.filter { $0.planID == id }.map { "the plan gift \"\($0.id)\"" }
            + coupons.filter { $0.planIDs.contains(id) }.map { "the coupon \"\($0.id)\"" }
            + programmes.filter { $0.planIDs.contains(id) }
            .map { "the referral programme \"\($0.id)\"" }
    }
}

extension Plan {
    package func names(feature id: String) -> Bool {
        controls.featureIDs.contains(id)
            || items.contains { $0.featureID == id || $0.entityFeatureID == id }
    }
}

extension DraftCheck {
    mutating func removals() {
        removals(
            draft.removedPlans, publishing: draft.plans.map(\.id), at: "deleted_plan_ids")
        removals(
            draft.removedFeatures, publishing: draft.features.map(\.id), at: "deleted_feature_ids")
    }

    private mutating func removals(
        _ ids: [String], publishing published: [String], at path: String
    ) {
        for (index, id) in ids.enumerated() {
            let path = "\(path)[\(index)]"
            identifier(id, at: path)
            if ids[..<index].contains(id) { fault(path, "\"\(id)\" appears twice") }
            if published.contains(id) {
                fault(path, "\"\(id)\" is published by the same catalog: leave it out of one")
            }
        }
    }
}
