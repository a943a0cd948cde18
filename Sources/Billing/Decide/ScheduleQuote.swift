// What a schedule comes to: preview and purchase are both made from it (billing §14.4).

extension CustomerState {
    /// Prices the first phase as an order of several plans, and works out what there is to be
    /// later.
    func quote(
        _ schedule: CreateSchedule, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> SeveralQuote {
        let schedule = schedule.withOwners
        let pricing = pricing.with(plansOf: self)
        try pricing.requireTaxRate(schedule.taxRate)
        let starts = try schedule.starts(at: schedule.quoteTime ?? now, now, pricing.zone)
        let owners = try owners(of: schedule)
        var quote: SeveralQuote
        var kept: [Subscription]
        if starts[0] == nil {
            (quote, kept) = try first(schedule, owners, pricing, now)
        } else {
            (quote, kept) = try none(schedule, owners, before: starts[0], pricing, now)
        }
        quote.order.purpose = .schedule
        quote.order.entity = try buckets.scope(of: schedule.entity).entity
        quote.order.subscriptions += kept.map(\.number)
        var sheet = FactSheet(self, pricing: pricing, now: quote.order.time)
        sheet.take(quote.customPlans)
        var order = quote.order
        var present = sheet.beginFirst(&order).present
        for (index, start) in starts.enumerated() {
            guard let start else { continue }
            let (parts, custom) = try sheet.parts(of: schedule, index, at: start, present)
            quote.customPlans += custom
            quote.order.parts += parts
            _ = sheet.phase(at: start, parts, &present)
        }
        if quote.order.plan == .none {
            quote.order.plan = quote.order.parts.first?.plan ?? kept.first?.plan ?? .none
        }
        return quote
    }

    /// Entities whose plans it is about, and the customer if it is about the customer's.
    private func owners(of schedule: CreateSchedule) throws(Refusal) -> [UInt32] {
        var owners = [try buckets.scope(of: schedule.entity).entity]
        for attach in schedule.phases.flatMap(\.plans) {
            owners.append(try buckets.scope(of: attach.entity).entity)
        }
        return owners
    }

    /// The plans that a schedule is about: neither what was bought once, nor what everybody starts
    /// with.
    private func present(
        _ owners: [UInt32], _ schedule: CreateSchedule, _ pricing: PricingState
    ) -> [Subscription] {
        let first = schedule.phases[0].plans.map(\.plan)
        return subscriptions.filter {
            $0.status.grantsAccess && owners.contains($0.entity)
                && !pricing.plan($0.plan).isOneOff
                && (!isDefault($0, pricing) || first.contains($0.plan.plan))
        }
    }

    private func scheduled(_ owners: [UInt32]) -> [Subscription] {
        subscriptions.filter { $0.status == .scheduled && owners.contains($0.entity) }
    }

    /// It begins now: what isn't there is bought, what is there too much ends.
    private func first(
        _ schedule: CreateSchedule, _ owners: [UInt32], _ pricing: PricingState, _ now: Timestamp
    ) throws(Refusal) -> (SeveralQuote, kept: [Subscription]) {
        var rest = present(owners, schedule, pricing)
        var kept: [Subscription] = []
        var several = AttachSeveral([])
        var scopes = MainScopes()
        for (index, attach) in schedule.phases[0].plans.enumerated() {
            let path = CreateSchedule.path(0, index)
            let entity = try buckets.scope(of: attach.entity).entity
            let fit = try located(path) { () throws(Refusal) in
                try goesOn(by: attach, of: entity, among: rest, pricing)
            }
            let plan = try located(path) { () throws(Refusal) in
                try self.plan(of: attach, as: fit.map { rest[$0] }, pricing)
            }
            try scopes.add(plan, of: entity, at: path)
            if let fit {
                kept.append(rest.remove(at: fit))
                continue
            }
            let isThere = rest.contains { $0.plan.plan == attach.plan && $0.entity == entity }
            guard !isThere || !plan.isMain else {
                throw .unfit(
                    "\(path).plan_id",
                    "is in use with another version, other quantities or other terms: change it "
                        + "with UpdateSubscription, or say nothing of them here")
            }
            var fresh = attach
            fresh.schedule = .immediate
            several.plans.append(fresh)
            several.places.append(path)
        }
        // Main plans whose place is taken end with that.
        rest.removeAll { subscription in
            let plan = pricing.plan(subscription.plan)
            return isDefault(subscription, pricing)
                || plan.isMain
                    && scopes.has(PlanScope(group: plan.group, entity: subscription.entity))
        }
        guard schedule.discounts.isEmpty || !several.plans.isEmpty else {
            throw .unfit("discounts", "are for plans that begin now, and none does")
        }
        several.ending = (scheduled(owners) + rest).map(\.number)
        several.discounts = schedule.discounts
        several.redirect = schedule.redirect
        several.quoteTime = schedule.quoteTime
        several.successURL = schedule.successURL
        return (try quote(several, pricing: pricing, now: now), kept)
    }

    /// Nothing begins now: what there is goes on until the first phase.
    private func none(
        _ schedule: CreateSchedule, _ owners: [UInt32], before start: Timestamp?,
        _ pricing: PricingState, _ now: Timestamp
    ) throws(Refusal) -> (SeveralQuote, kept: [Subscription]) {
        guard schedule.discounts.isEmpty else {
            throw .unfit("discounts", "are for plans that begin now, and none does")
        }
        let kept = present(owners, schedule, pricing)
        for subscription in kept where subscription.end < start ?? .never {
            let isPlanned = account.schedules.contains { $0.concerns(subscription.number) }
            guard !isPlanned else { continue }
            throw .unfit(
                "phases[0].start_time",
                "is after \"\(pricing.plan(subscription.plan).id)\" ends, which is cancelled: "
                    + "uncancel it before, or let the first phase begin now")
        }
        var order = Order(
            .schedule, .none, subscriptions: [], lines: [], time: schedule.quoteTime ?? now,
            currency: pricing.requiredCurrency)
        order.removed = scheduled(owners).map(\.number)
        order.subscriptions = order.removed
        return (SeveralQuote(order: order), kept)
    }

    /// What of all there is goes on as it is.
    func goesOn(
        by attach: AttachPlan, of entity: UInt32, among present: [Subscription],
        _ pricing: PricingState
    ) throws(Refusal) -> Int? {
        for (index, subscription) in present.enumerated()
        where subscription.plan.plan == attach.plan && subscription.entity == entity {
            if try isKept(subscription, by: attach, pricing) { return index }
        }
        return nil
    }

    /// As it is or will be: what is made of it for one customer may take another place.
    private func plan(
        of attach: AttachPlan, as kept: Subscription?, _ pricing: PricingState
    ) throws(Refusal) -> Plan {
        if let kept { return pricing.plan(kept.plan) }
        let (reference, custom) = try offer(attach, pricing)
        return pricing.with(custom).plan(reference)
    }

    /// What is asked for is what there is.
    private func isKept(
        _ subscription: Subscription, by attach: AttachPlan, _ pricing: PricingState
    ) throws(Refusal) -> Bool {
        if attach.customize != nil {
            let (reference, custom) = try offer(attach, pricing)
            guard custom == nil, reference == subscription.plan else { return false }
        } else if let version = attach.version {
            guard !subscription.plan.isCustom, pricing.version(of: subscription.plan) == version
            else { return false }
        }
        let plan = pricing.plan(subscription.plan)
        return attach.quantities.allSatisfy { asked in
            guard let item = plan.prepaidItem(of: pricing.feature(asked.feature).id),
                let prepaid = item.prepaidPrice
            else { return true }
            return prepaid.packs(for: asked.total, included: item.included)
                == subscription.units(of: asked.feature)
        }
    }
}

extension FactSheet {
    /// Plans that are made for somebody, whatever became of others.
    fileprivate mutating func take(_ custom: [CustomPlan]) {
        for plan in custom { emit(.customPlanSet(plan)) }
    }

    /// All that there is to be from a later moment on: with what goes on as it is.
    ///
    /// - Parameter present: what there is before.
    fileprivate mutating func parts(
        of schedule: CreateSchedule, _ phase: Int, at start: Timestamp, _ present: [Subscription]
    ) throws(Refusal) -> ([Order], [CustomPlan]) {
        var rest = present
        var parts: [Order] = []
        var made: [CustomPlan] = []
        var scopes = MainScopes()
        for (index, attach) in schedule.phases[phase].plans.enumerated() {
            let path = CreateSchedule.path(phase, index)
            let entity = try customer.buckets.scope(of: attach.entity).entity
            var part = Order(
                .purchase, .none, subscriptions: [], lines: [], time: now,
                currency: pricing.requiredCurrency)
            part.entity = entity
            part.startsLater = true
            part.starts = start
            let fit = try located(path) { () throws(Refusal) in
                try customer.goesOn(by: attach, of: entity, among: rest, pricing)
            }
            if let fit {
                let kept = rest.remove(at: fit)
                part.plan = kept.plan
                part.bought = kept.bought
                part.taxRate = kept.taxRate
            } else {
                let custom = try located(path) { () throws(Refusal) in
                    try fresh(attach, &part, after: present)
                }
                if let custom { made.append(custom) }
            }
            try scopes.add(pricing.plan(part.plan), of: entity, at: path)
            parts.append(part)
        }
        return (parts, made)
    }

    /// A plan that begins with a later phase.
    private mutating func fresh(
        _ attach: AttachPlan, _ part: inout Order, after present: [Subscription]
    ) throws(Refusal) -> CustomPlan? {
        if case .set = attach.customize?.trial ?? .kept {
            throw .unfit("customize.free_trial", "is for plans that begin now")
        }
        let (reference, custom) = try customer.offer(attach, pricing)
        if let custom { take([custom]) }
        try pricing.requireSold(reference, at: attach.customize == nil ? "plan_id" : "customize")
        let plan = pricing.plan(reference)
        guard !plan.isOneOff else {
            throw .unfit(
                "plan_id", "is bought once: name it in the first phase, if that begins now")
        }
        let entity = part.entity
        let current = present.first {
            let other = pricing.plan($0.plan)
            return plan.isMain && other.isMain && other.group == plan.group
                && $0.entity == entity
        }
        part.plan = reference
        part.taxRate = attach.taxRate ?? current?.taxRate ?? ""
        part.bought = try customer.boughtUnits(attach, of: plan, replacing: current, pricing)
        try customer.checkSchedule(attach, plan, part.bought, pricing)
        return custom
    }
}

/// Main plans of one phase: one in each place.
private struct MainScopes {
    private var taken: [PlanScope] = []

    func has(_ scope: PlanScope) -> Bool { taken.contains(scope) }

    mutating func add(_ plan: Plan, of entity: UInt32, at path: String) throws(Refusal) {
        guard plan.isMain else { return }
        let scope = PlanScope(group: plan.group, entity: entity)
        guard !taken.contains(scope) else {
            throw .unfit(
                "\(path).plan_id",
                "takes the place of another one of this phase: leave one of them out")
        }
        taken.append(scope)
    }
}

/// What is wrong with a part is said of its place.
private func located<Result>(
    _ path: String, _ body: () throws(Refusal) -> Result
) throws(Refusal) -> Result {
    do {
        return try body()
    } catch .invalid(let violations) {
        throw .invalid(
            violations.map { Violation(path: "\(path).\($0.path)", message: $0.message) })
    }
}

extension CreateSchedule {
    /// Each plan says whose it is, and what tax there is on it.
    fileprivate var withOwners: CreateSchedule {
        var schedule = self
        for phase in phases.indices {
            for plan in phases[phase].plans.indices {
                schedule.phases[phase].plans[plan].taxRate = taxRate
            }
            for plan in phases[phase].plans.indices where phases[phase].plans[plan].entity.isEmpty {
                schedule.phases[phase].plans[plan].entity = entity
            }
        }
        return schedule
    }

    /// When each phase begins; nil: now.
    ///
    /// - Parameter time: that lengths are counted from.
    fileprivate func starts(
        at time: Timestamp, _ now: Timestamp, _ zone: Zone
    ) throws(Refusal) -> [Timestamp?] {
        guard phases.count <= PhaseSchedule.phaseLimit else {
            throw .unfit("phases", "must be at most \(PhaseSchedule.phaseLimit)")
        }
        var starts: [Timestamp?] = []
        var last = time
        for (index, phase) in phases.enumerated() {
            let path = "phases[\(index)]"
            guard 1...AttachSeveral.planLimit ~= phase.plans.count else {
                throw .unfit("\(path).plans", "must be 1 to \(AttachSeveral.planLimit)")
            }
            let start: Timestamp?
            switch phase.start {
            case .now where index == 0: start = nil
            case .now:
                throw .unfit(
                    "\(path).start_time",
                    "or starting_after must say when it begins: only the "
                        + "first phase begins now")
            case .at(let moment): start = moment
            case .after where index == 0:
                throw .unfit("\(path).starting_after", "is for later phases: there is none before")
            case .after(let length):
                start = Cycle(length.interval, count: length.count, in: zone)
                    .boundary(1, anchor: last)
            }
            if let start {
                guard start > max(last, now) else {
                    throw .unfit(
                        "\(path).start_time",
                        index == 0
                            ? "must be in the future; leave it out and the phase begins now"
                            : "must be after the start of the phase before")
                }
                last = start
            }
            starts.append(start)
        }
        return starts
    }
}
