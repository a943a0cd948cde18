// Plans that are archived (billing §3): all revisions of one together, so that nobody has one that
// is left behind.

extension Plan {
    package func archived(_ isArchived: Bool = true) -> Plan {
        var plan = self
        plan.isArchived = isArchived
        return plan
    }
}

extension PricingDraft {
    /// Ids of what is archived with it, or still is.
    package var archived: (features: [String], plans: [String]) {
        (features.filter(\.isArchived).map(\.id), plans.filter(\.isArchived).map(\.id))
    }
}

extension PricingState {
    package func isArchived(_ number: PlanNumber) -> Bool {
        plans[Int(number.rawValue) - 1].last?.isArchived ?? false
    }

    /// A customer's own plan, which is archived as soon as what it was made from is.
    package func shown(_ custom: CustomPlan) -> Plan {
        custom.plan.archived(isArchived(custom.base.plan))
    }
}

extension [Plan] {
    /// The revisions of a plan after it was published: it has a new one if more is new than that it
    /// is archived, or isn't any more.
    mutating func publish(_ plan: Plan) {
        if last?.isArchived != plan.isArchived {
            for index in indices { self[index].isArchived = plan.isArchived }
        }
        if last != plan { append(plan) }
    }
}
