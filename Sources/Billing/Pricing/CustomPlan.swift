/// A plan made for one customer (billing §3): part of the customer's state, and referred to like a
/// published one.
package struct CustomPlan: Sendable, Equatable {
    /// Unique within the customer, from 1.
    package var number: UInt32
    /// The published revision that it was made from.
    package var base: PlanReference
    package var plan: Plan

    package init(number: UInt32, base: PlanReference, plan: Plan) {
        self.number = number
        self.base = base
        self.plan = plan
    }

    package var reference: PlanReference {
        PlanReference(plan: base.plan, revision: PlanReference.customBit | number)
    }
}

extension PlanReference {
    /// Of revisions that nobody published.
    fileprivate static let customBit: UInt32 = 0x8000_0000

    /// It is one customer's own.
    package var isCustom: Bool { revision & PlanReference.customBit != 0 }
}

/// What a customer's own plan has other than the published one.
package struct PlanPatch: Sendable, Equatable {
    /// What becomes of something that a plan may have.
    package enum Setting<Value: Sendable & Equatable>: Sendable, Equatable {
        case kept
        case removed
        case set(Value)
    }

    /// Which items go.
    package struct ItemFilter: Sendable, Equatable {
        package var featureID: String
        /// nil: whatever it is.
        package var reset: Interval?

        package init(featureID: String, reset: Interval?) {
            self.featureID = featureID
            self.reset = reset
        }
    }

    package var price = Setting<BasePrice>.kept
    /// All items; nil: those that are there.
    package var items: [PlanItem]?
    package var addedItems: [PlanItem] = []
    package var removedItems: [ItemFilter] = []
    package var trial = Setting<FreeTrial>.kept
    /// nil: the plan's.
    package var controls: PlanControls?

    package init() {}

    /// It makes another plan, rather than only another trial.
    var makesPlan: Bool {
        price != .kept || items != nil || !addedItems.isEmpty || !removedItems.isEmpty
            || controls != nil
    }

    /// The plan with it applied.
    func applied(to plan: Plan) throws(Refusal) -> Plan {
        var plan = plan
        switch price {
        case .kept: break
        case .removed: plan.price = nil
        case .set(let price): plan.price = price
        }
        if items != nil, !addedItems.isEmpty || !removedItems.isEmpty {
            throw .invalid([
                Violation(
                    path: "customize.items",
                    message: "are all of them: leave out add_items and remove_items")
            ])
        }
        if let items { plan.items = items }
        for (index, filter) in removedItems.enumerated() {
            let before = plan.items.count
            plan.items.removeAll { filter.matches($0) }
            guard plan.items.count == before else { continue }
            throw .invalid([
                Violation(
                    path: "customize.remove_items[\(index)]",
                    message: "\"\(plan.id)\" has no such item of \"\(filter.featureID)\"")
            ])
        }
        plan.items += addedItems
        if case .set(let trial) = trial { plan.trial = trial }
        if let controls { plan.controls = controls }
        return plan
    }
}

extension PlanPatch.ItemFilter {
    fileprivate func matches(_ item: PlanItem) -> Bool {
        item.featureID == featureID && (reset == nil || reset == item.reset?.interval ?? .oneOff)
    }
}

extension PricingState {
    /// The plan that a patch makes of a published one, checked like any other.
    func customized(
        _ reference: PlanReference, _ patch: PlanPatch
    ) throws(Refusal) -> Plan {
        // Whose clocks it goes by is the customer's affair, not the plan's, and whether it is
        // archived the published one's.
        let plan = try patch.applied(to: listed(reference).in(.utc).archived(false))
        var draft = PricingDraft(
            currency: (baseCurrency ?? requiredCurrency).code, features: [], plans: [plan])
        // Nobody else is given it.
        draft.plans[0].autoEnable = false
        let violations = draft.validate(onto: self)
        guard violations.isEmpty else {
            throw .invalid(
                violations.map { violation in
                    let path = violation.path.dropFirst("plans[0].".count)
                    return Violation(
                        path: "customize.\(path)", message: violation.message)
                })
        }
        return plan
    }
}
