// Phases of schedules as they are planned, begun, and given up (billing §14.4).

extension FactSheet {
    /// Carries out what a schedule is paid for: its first phase as any order of several, the others
    /// as subscriptions that begin and end at their moments.
    mutating func begin(_ order: inout Order) -> [Subscription] {
        let first = beginFirst(&order)
        return first.begun + plan(order, after: first.present)
    }

    /// - Returns: what begins, and all that a later phase may end.
    mutating func beginFirst(
        _ order: inout Order
    ) -> (begun: [Subscription], present: [Subscription]) {
        let begun = start(&order)
        var present = begun.filter { !pricing.plan($0.plan).isOneOff }
        for number in order.subscriptions {
            guard let kept = customer.subscription(number), kept.status.grantsAccess else {
                continue
            }
            if kept.end != .never { goOn(kept) }
            present.append(customer.subscription(number) ?? kept)
        }
        return (begun, present)
    }

    /// Plans later phases.
    ///
    /// - Returns: what begins with them.
    private mutating func plan(_ order: Order, after first: [Subscription]) -> [Subscription] {
        var present = first
        var schedule = PhaseSchedule(owners: owners(of: order), phases: [])
        let later = order.laterPhases
        for (index, (moment, parts)) in later.enumerated() {
            // While the first was being paid it has come and gone.
            if index + 1 < later.count, later[index + 1].start <= now { continue }
            let phase = phase(at: max(moment, now), parts, &present)
            if !phase.isEmpty { schedule.phases.append(phase) }
        }
        var others = customer.account.schedules
        for index in others.indices {
            others[index].owners.removeAll { schedule.owners.contains($0) }
        }
        if !schedule.phases.isEmpty { others.append(schedule) }
        set(others)
        let begun = schedule.phases.flatMap(\.begins)
        return begun.compactMap { customer.subscription($0) }
    }

    /// - Parameters:
    ///   - parts: all that there is from then on.
    ///   - present: what there is before, and then what there is afterwards.
    mutating func phase(
        at start: Timestamp, _ parts: [Order], _ present: inout [Subscription]
    ) -> PhaseSchedule.Phase {
        var phase = PhaseSchedule.Phase(start: start, begins: [], ends: [])
        var rest = present
        present = []
        for part in parts {
            if let index = rest.firstIndex(where: { $0.goesOn(as: part) }) {
                present.append(rest.remove(at: index))
            } else {
                let next = note(part, at: start)
                phase.begins.append(next.number)
                present.append(next)
            }
        }
        for ending in rest {
            if ending.isPaused, present.contains(where: { $0.number == ending.pausedBy }) {
                // What the trial that goes on reverts to.
                present.append(ending)
                continue
            }
            let isReplaced = parts.contains { replaces(ending, $0) }
            if customer.isDefault(ending, pricing) {
                // What everybody starts with stays until something takes its place.
                if !isReplaced { present.append(ending) }
                continue
            }
            end(ending, at: start)
            phase.ends.append(ending.number)
            if !isReplaced, let next = planDefault(after: ending, at: start) {
                phase.begins.append(next.number)
                present.append(next)
            }
        }
        return phase
    }

    private func owners(of order: Order) -> [UInt32] {
        var owners = Set([order.entity] + order.parts.map(\.entity))
        owners.formUnion(order.subscriptions.compactMap { customer.subscription($0)?.entity })
        return owners.sorted()
    }

    private mutating func note(_ part: Order, at start: Timestamp) -> Subscription {
        var subscription = Subscription(
            number: customer.lastSubscription + 1, plan: part.plan, status: .scheduled,
            addOn: pricing.plan(part.plan).addOn, start: start, anchor: start,
            periodStart: start, periodEnd: .never)
        subscription.entity = part.entity
        subscription.bought = part.bought
        subscription.taxRate = part.taxRate
        emit(.subscriptionChanged(subscription))
        return subscription
    }

    private mutating func end(_ subscription: Subscription, at end: Timestamp) {
        guard var ending = customer.subscription(subscription.number) else { return }
        if ending.status == .scheduled {
            ending.end = end
        } else {
            ending.end(at: end, canceledAt: now)
        }
        emit(.subscriptionChanged(ending))
    }

    private func replaces(_ subscription: Subscription, _ part: Order) -> Bool {
        let (old, new) = (pricing.plan(subscription.plan), pricing.plan(part.plan))
        return old.isMain && new.isMain && old.group == new.group
            && subscription.entity == part.entity
    }

    /// Where nothing takes a main plan's place, what everybody starts with does.
    private mutating func planDefault(
        after ending: Subscription, at start: Timestamp
    ) -> Subscription? {
        let plan = pricing.plan(ending.plan)
        // After a trial that reverts comes what it reverts to, or what comes after that.
        guard plan.isMain, ending.entity == 0, !customer.isReverting(ending),
            let reference = pricing.defaultPlan(inGroup: plan.group)
        else { return nil }
        let free = Order(
            .purchase, reference, subscriptions: [], lines: [], time: now,
            currency: pricing.requiredCurrency)
        return note(free, at: start)
    }

    // MARK: They are carried out

    /// What is to be known of the phases that begin now; nil: none does.
    mutating func beginPhases() -> PhaseTurn? {
        let due = customer.account.schedules.flatMap(\.phases).filter { $0.start <= now }
        guard !due.isEmpty else { return nil }
        let turn = PhaseTurn(
            before: customer, begins: Set(due.flatMap(\.begins)), ends: Set(due.flatMap(\.ends)))
        var left = customer.account.schedules
        for index in left.indices { left[index].phases.removeAll { $0.start <= now } }
        set(left)
        emit(.phaseBegan(time: now))
        return turn
    }

    // MARK: They are given up

    /// What has become of a subscription otherwise is no part of a schedule any more.
    mutating func unplan(_ number: UInt32) {
        guard customer.account.schedules.contains(where: { $0.concerns(number) }) else { return }
        set(customer.account.schedules.map { $0.without(number) })
    }

    /// - Returns: what goes on after all.
    mutating func giveUp(_ schedule: PhaseSchedule) -> [UInt32] {
        var kept: [UInt32] = []
        for phase in schedule.phases {
            for number in phase.begins {
                if let next = customer.subscription(number), next.status == .scheduled {
                    end(next)
                }
            }
            for number in phase.ends {
                guard let ending = customer.subscription(number), ending.status.grantsAccess,
                    ending.end == phase.start
                else { continue }
                goOn(ending)
                kept.append(number)
            }
        }
        return kept
    }

    private mutating func set(_ schedules: [PhaseSchedule]) {
        let left = schedules.filter { !$0.phases.isEmpty && !$0.owners.isEmpty }
        if left != customer.account.schedules { emit(.schedulesSet(left)) }
    }
}

/// Phases that begin, and the customer as it was just before.
struct PhaseTurn {
    var before: CustomerState
    var begins: Set<UInt32>
    var ends: Set<UInt32>

    /// What begins is billed with what there is: its periods are counted from the same anchor.
    func anchor(
        of subscription: Subscription, _ pricing: PricingState, _ now: Timestamp
    ) -> Timestamp {
        let plan = pricing.plan(subscription.plan)
        let scope = PlanScope(group: plan.group, entity: subscription.entity)
        let current = plan.isMain ? before.mainSubscription(in: scope, pricing) : nil
        return before.billingAnchor(
            of: plan, replacing: current, in: scope, startsCycle: false, pricing, now)
    }
}

extension CustomerState {
    /// What every customer starts with in its group.
    func isDefault(_ subscription: Subscription, _ pricing: PricingState) -> Bool {
        let plan = pricing.plan(subscription.plan)
        guard plan.isMain, subscription.entity == 0 else { return false }
        // Whoever has one that is archived by now keeps it as before.
        let published = pricing.plan(pricing.latest(subscription.plan.plan))
        return published.isArchived && published.autoEnable && published.group == plan.group
            || pricing.defaultPlan(inGroup: plan.group)?.plan == subscription.plan.plan
    }
}

extension Order {
    /// Of a schedule: what there is from each later moment on.
    var laterPhases: [(start: Timestamp, parts: [Order])] {
        var phases: [(start: Timestamp, parts: [Order])] = []
        for part in parts where part.startsLater {
            if phases.last?.start == part.starts {
                phases[phases.count - 1].parts.append(part)
            } else {
                phases.append((part.starts, [part]))
            }
        }
        return phases
    }
}

extension Subscription {
    /// The phase has the same plan, and as much of it.
    func goesOn(as part: Order) -> Bool {
        plan == part.plan && entity == part.entity && bought.isAsMuch(as: part.bought)
    }
}

extension [BoughtUnits] {
    /// Now, whatever was asked for from a renewal on.
    func isAsMuch(as other: [BoughtUnits]) -> Bool {
        let present = filter { $0.units > .zero }
        let asked = other.filter { $0.units > .zero }
        return present.map(\.feature) == asked.map(\.feature)
            && present.map(\.units) == asked.map(\.units)
    }
}
