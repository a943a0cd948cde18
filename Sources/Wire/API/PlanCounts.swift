package import Billing

/// How many have each revision of each plan.
package struct PlanCounts: Sendable, Equatable {
    package struct Count: Sendable, Equatable {
        package var customers = 0
        package var subscriptions = 0
    }

    /// By plan and revision: both are numbers that count from 1.
    private var counts: [[Count]] = []
    /// Of the customer that is being added: a handful.
    private var seen: [PlanReference] = []

    package init() {}

    /// Whatever is added next is another customer's.
    package mutating func begin() { seen.removeAll(keepingCapacity: true) }

    package mutating func add(_ plan: PlanReference) {
        let isNew = !seen.contains(plan)
        if isNew { seen.append(plan) }
        let (row, column) = (Int(plan.plan.rawValue), Int(plan.revision))
        while counts.count <= row { counts.append([]) }
        while counts[row].count <= column { counts[row].append(Count()) }
        counts[row][column].subscriptions += 1
        if isNew { counts[row][column].customers += 1 }
    }

    /// By plan, in the order of publication, and revision; without those that nobody has.
    var sorted: [(plan: PlanReference, count: Count)] {
        counts.enumerated().flatMap { row, revisions in
            revisions.enumerated().filter { $0.element.subscriptions > 0 }.map { column, count in
                let plan = PlanNumber(rawValue: UInt32(row))
                return (PlanReference(plan: plan, revision: UInt32(column)), count)
            }
        }
    }
}
