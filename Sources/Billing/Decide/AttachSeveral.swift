/// Buys several plans in one, and ends others: one invoice, one charge, all of it or nothing
/// (billing §14.3).
package struct AttachSeveral: Sendable {
    /// Plans in one call.
    package static let planLimit = 20

    /// What each is bought as; what is said once for all of them is below.
    package var plans: [AttachPlan]
    /// Plans of one owner that end.
    package var removed: [PlanNumber] = []
    /// Whose they are; empty: the customer's.
    package var removedEntity = InlineText.empty
    /// Off what all of them cost.
    package var discounts: [AskedDiscount] = []
    package var startsCycle = false
    package var redirect = AttachPlan.Redirect.ifRequired
    package var quoteTime: Timestamp?
    package var currency: Currency?
    /// Of all of them; nil: as on what they replace.
    package var taxRate: String?
    package var successURL = ""
    /// As in `AttachPlan`.
    package var effectID = ""
    package var request: RequestMark?
    /// The plans are numbered in what is wrong with them.
    package var isList = true
    /// Of a schedule: the subscriptions that end, in place of `removed`.
    var ending: [UInt32]?
    /// Where each of the plans is said; empty: in a list of their own.
    var places: [String] = []

    package init(_ plans: [AttachPlan]) {
        self.plans = plans
    }

    func path(_ index: Int, _ path: String) -> String {
        if !places.isEmpty { return "\(places[index]).\(path)" }
        return isList ? "plans[\(index)].\(path)" : path
    }

    /// What is wrong with one of the plans is said of its place.
    func at<Result>(
        _ index: Int, _ body: () throws(Refusal) -> Result
    ) throws(Refusal) -> Result {
        do {
            return try body()
        } catch .invalid(let violations) {
            throw .invalid(
                violations.map { violation in
                    // It is said once for all of them.
                    let isShared = violation.path == "reset_billing_cycle"
                    return Violation(
                        path: isShared ? violation.path : path(index, violation.path),
                        message: violation.message)
                })
        }
    }
}

extension AttachPlan {
    /// With plans that end it is an order of several; nil: it is one of a single plan.
    var withRemovals: AttachSeveral? {
        guard !removed.isEmpty else { return nil }
        var plan = self
        plan.removed = []
        plan.discounts = []
        var several = AttachSeveral([plan])
        several.removed = removed
        several.removedEntity = entity
        several.discounts = discounts
        several.startsCycle = startsCycle
        several.redirect = redirect
        several.quoteTime = quoteTime
        several.currency = currency
        several.taxRate = taxRate
        several.successURL = successURL
        several.effectID = effectID
        several.request = request
        several.isList = false
        return several
    }
}

extension CustomerState {
    /// Buys them: at once, later, or through one payment page.
    func decideAttachSeveral(
        _ several: AttachSeveral, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard openEffect == nil else { throw .purchaseInProgress }
        let chosen = try choosing(several.currency, pricing, now)
        let pricing = chosen.pricing
        let quote = try chosen.customer.quote(several, pricing: pricing, now: now)
        try requireRedemptions(quote.added)
        let withCustom = quote.customPlans.reduce(pricing) { $0.with($1 as CustomPlan?) }
        for part in quote.order.parts {
            for attach in several.plans where attach.plan == part.plan.plan {
                try requireClaim(attach, part, withCustom)
            }
        }
        guard !quote.isDone else {
            var reply = AttachReply(.scheduled)
            reply.note(quote.alreadyScheduled)
            return decision(
                FactSheet(self, pricing: pricing, now: now), reply: reply, request: nil)
        }
        var facts = chosen
        facts.note(quote.customPlans, for: quote.order)
        let known = facts.pricing
        facts.voidWaiting { waiting in
            ([quote.order] + quote.order.parts).contains { waiting.isRival(of: $0, known) }
        }
        return charge(
            quote.order, onPage: quote.needsPage, effectID: several.effectID,
            request: several.request, facts)
    }
}

extension FactSheet {
    /// Ends and begins what an order of several is paid for, one after the other, as they were
    /// priced.
    mutating func start(_ order: inout Order) -> [Subscription] {
        let own = order.ownLines
        let invoice = invoiceNumber(of: order)
        let scopes = remove(order.removed)
        var started: [Subscription] = []
        for index in order.parts.indices {
            // Later phases are planned once the first one is there.
            if order.parts[index].startsLater, order.purpose == .schedule { break }
            if order.parts[index].startsLater {
                started.append(schedule(order.parts[index]))
            } else {
                started.append(activate(&order.parts[index], on: invoice))
            }
        }
        for scope in scopes { giveDefault(in: scope) }
        order.lines = Array(own) + order.parts.flatMap(\.lines)
        order.name(started.map(\.number))
        return started
    }

    /// A part that follows what is in use, or has a start of its own.
    mutating func schedule(_ part: Order) -> Subscription {
        let scope = PlanScope(group: pricing.plan(part.plan).group, entity: part.entity)
        return schedule(
            part, after: customer.mainSubscription(in: scope, pricing),
            starts: part.starts == .never ? nil : part.starts)
    }

    /// Ends plans now.
    ///
    /// - Returns: where main plans ended, so that a default may follow if nothing else does.
    mutating func remove(_ numbers: [UInt32]) -> [PlanScope] {
        var scopes: [PlanScope] = []
        for number in numbers {
            guard var subscription = customer.subscription(number), subscription.status != .ended
            else { continue }
            if subscription.status == .scheduled {
                revoke(subscription)
                continue
            }
            let plan = pricing.plan(subscription.plan)
            let scope = PlanScope(group: plan.group, entity: subscription.entity)
            if plan.isMain, !customer.isReverting(subscription) {
                endScheduled(in: scope)
                scopes.append(scope)
            }
            subscription.canceled = now
            end(subscription)
        }
        return scopes
    }
}

extension Order {
    /// Once the parts have begun, what their lines are for, and whose discounts lowered them, is
    /// known by number.
    mutating func name(_ started: [UInt32]) {
        var index = ownLines.endIndex
        for (part, number) in zip(parts, started) {
            for _ in part.lines {
                if lines[index].subscription == 0 { lines[index].subscription = number }
                index += 1
            }
        }
        for line in lines.indices {
            for index in lines[line].discounts.indices {
                let holder = lines[line].discounts[index].holder
                guard let part = AppliedDiscount.part(ofHolder: holder), part < started.count
                else { continue }
                lines[line].discounts[index].holder = started[part]
            }
        }
    }
}

extension AppliedDiscount {
    /// The subscription that a part starts, before it has a number: those of parts are counted down
    /// from that of the first, which is `newSubscription`.
    static func holder(ofPart index: Int) -> UInt32 { newSubscription - UInt32(index) }

    fileprivate static func part(ofHolder holder: UInt32) -> Int? {
        let index = Int(newSubscription - holder)
        return index < AttachSeveral.planLimit ? index : nil
    }
}
