internal import Billing

/// What was deleted from the catalog is named with its number, `pro#3`, as there may be another one
/// of its id; ids have no such sign.
extension PricingState {
    func name(of feature: FeatureNumber) -> String {
        let id = self.feature(feature).id
        return removed.features.contains(feature) ? "\(id)#\(feature.rawValue)" : id
    }

    func name(of plan: PlanNumber) -> String {
        let id = plans[Int(plan.rawValue) - 1][0].id
        return removed.plans.contains(plan) ? "\(id)#\(plan.rawValue)" : id
    }

    func feature(named name: String) -> FeatureNumber? {
        guard name.contains("#") else { return feature(id: name) }
        return removed.features.first { self.name(of: $0) == name }
    }

    func plan(named name: String) -> PlanNumber? {
        guard name.contains("#") else { return plan(id: name) }
        return removed.plans.first { self.name(of: $0) == name }
    }
}
