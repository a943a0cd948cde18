/// Says what plans a customer or an entity has from now on, and from later moments on (billing
/// §14.4).
package struct CreateSchedule: Sendable {
    /// All plans that there are from a moment on.
    package struct Phase: Sendable {
        package enum Start: Sendable {
            /// For the first one alone.
            case now
            case at(Timestamp)
            /// So long after the phase before.
            case after(Cycle)
        }

        package var start: Start
        package var plans: [AttachPlan]

        package init(start: Start, plans: [AttachPlan]) {
            self.start = start
            self.plans = plans
        }
    }

    /// None: what is planned is given up, and what there is goes on.
    package var phases: [Phase]
    /// Whose plans they are, where a plan says nothing else; empty: the customer's.
    package var entity = InlineText.empty
    /// Off what is due now.
    package var discounts: [AskedDiscount] = []
    package var redirect = AttachPlan.Redirect.ifRequired
    package var quoteTime: Timestamp?
    /// Of all plans that it begins; nil: as on what they replace.
    package var taxRate: String?
    package var successURL = ""
    /// As in `AttachPlan`.
    package var effectID = ""
    package var request: RequestMark?

    package init(_ phases: [Phase]) {
        self.phases = phases
    }

    static func path(_ phase: Int, _ plan: Int) -> String { "phases[\(phase)].plans[\(plan)]" }
}

extension CustomerState {
    /// Applies the first phase, and notes the others.
    func decideSchedule(
        _ schedule: CreateSchedule, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard openEffect == nil else { throw .purchaseInProgress }
        guard !schedule.phases.isEmpty else {
            return try decideDeleteSchedule(schedule, pricing: pricing, now: now)
        }
        let quote = try quote(schedule, pricing: pricing, now: now)
        try requireRedemptions(quote.added)
        let withCustom = quote.customPlans.reduce(pricing) { $0.with($1 as CustomPlan?) }
        for part in quote.order.parts where !part.startsLater {
            for attach in schedule.phases[0].plans where attach.plan == part.plan.plan {
                try requireClaim(attach, part, withCustom)
            }
        }
        var facts = FactSheet(self, pricing: pricing, now: now)
        facts.note(quote.customPlans, for: quote.order)
        let known = facts.pricing
        facts.voidWaiting { waiting in
            ([quote.order] + quote.order.parts).contains { waiting.isRival(of: $0, known) }
        }
        return charge(
            quote.order, onPage: quote.needsPage, effectID: schedule.effectID,
            request: schedule.request, facts)
    }

    /// What was planned is given up: plans that were to end go on, those that were to come don't.
    private func decideDeleteSchedule(
        _ schedule: CreateSchedule, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        let owner = try buckets.scope(of: schedule.entity).entity
        guard let planned = account.schedules.first(where: { $0.owners.contains(owner) }) else {
            throw .scheduleNotFound
        }
        var facts = FactSheet(self, pricing: pricing, now: now)
        facts.closeCheckout()
        var reply = AttachReply(.active)
        reply.note(facts.giveUp(planned).compactMap { facts.customer.subscription($0) })
        reply.outcome = .active
        return decision(facts, reply: reply, request: schedule.request)
    }
}
