package import Billing

/// How many have each revision of each plan.
package struct PlanCounts: Sendable, Equatable {
    package struct Count: Sendable, Equatable {
        package var customers = 0
        package var subscriptions = 0
    }

    package private(set) var counts: [PlanReference: Count] = [:]
    /// Of the customer that is being added: a handful.
    private var seen: [PlanReference] = []

    package init() {}

    /// Whatever is added next is another customer's.
    package mutating func begin() { seen.removeAll(keepingCapacity: true) }

    package mutating func add(_ plan: PlanReference) {
        let isNew = !seen.contains(plan)
        if isNew { seen.append(plan) }
        counts[plan, default: Count()].subscriptions += 1
        if isNew { counts[plan, default: Count()].customers += 1 }
    }

    /// By plan, in the order of publication, and revision.
    var sorted: [(plan: PlanReference, count: Count)] {
        counts.map { ($0.key, $0.value) }.sorted {
            ($0.plan.plan.rawValue, $0.plan.revision) < ($1.plan.plan.rawValue, $1.plan.revision)
        }
    }
}
