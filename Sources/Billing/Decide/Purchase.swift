extension CustomerState {
    /// Buys a plan (billing §5, §6): at once, later, or through a payment page.
    func decideAttach(
        _ attach: AttachPlan, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        if let several = attach.withRemovals {
            return try decideAttachSeveral(several, pricing: pricing, now: now)
        }
        guard openEffect == nil else { throw .purchaseInProgress }
        let chosen = try choosing(attach.currency, pricing, now)
        let pricing = chosen.pricing
        let quote = try chosen.customer.quote(attach, pricing: pricing, now: now)
        try requireRedemptions(quote.added)
        try requireClaim(attach, quote.order, pricing.with(quote.customPlan))
        if let scheduled = quote.alreadyScheduled {
            var reply = AttachReply(.scheduled)
            reply.subscription = scheduled
            return Decision(facts: [], reply: .attach(reply))
        }
        var facts = chosen
        facts.note(quote.customPlan)
        if let terms = attach.terms, quote.order.due.minorUnits > 0, !quote.startsLater {
            return try bill(
                quote.order, terms, token: attach.effectID, request: attach.request, facts)
        }
        let known = facts.pricing
        facts.voidWaiting { $0.isRival(of: quote.order, known) }
        if quote.startsLater {
            facts.closeCheckout()
            var reply = AttachReply(.scheduled)
            reply.subscription = facts.schedule(
                quote.order, after: quote.current, starts: attach.starts)
            return decision(facts, reply: reply, request: attach.request)
        }
        return charge(
            quote.order, onPage: quote.needsPage, effectID: attach.effectID,
            request: attach.request, facts)
    }

    /// Does what an order says: at once if nothing is to be paid, once the card on file has paid,
    /// or once a page has.
    func charge(
        _ order: Order, onPage needsPage: Bool, effectID: String, request: RequestMark?,
        _ facts: FactSheet
    ) -> Decision {
        if needsPage {
            if let open = account.checkout, open.order.sells(order),
                facts.customer.account.receivables.count == account.receivables.count
            {
                var reply = AttachReply(.paymentRequired)
                reply.paymentURL = open.url
                reply.invoice = open.order.offer
                return Decision(facts: [], reply: .attach(reply))
            }
            return ask(.openCheckout, order, effectID, request, facts)
        }
        guard order.due.minorUnits == 0 else {
            return ask(.collect, order, effectID, request, facts)
        }
        var facts = facts
        facts.closeCheckout()
        let reply = facts.settle(order)
        return decision(facts, reply: reply, request: request)
    }

    /// Asks the provider, giving up any page that is open: one purchase at a time.
    private func ask(
        _ kind: Effect.Kind, _ order: Order, _ effectID: String, _ request: RequestMark?,
        _ facts: FactSheet
    ) -> Decision {
        var facts = facts
        var effect = Effect(id: effectID, kind: kind, order: order, request: request)
        if let open = account.checkout {
            facts.emit(open.closed())
            effect.closesPage = open.session
        }
        facts.emit(.effectRequested(effect))
        var decision = Decision()
        decision.facts = facts.facts
        var reply = AttachReply(.processing)
        reply.effectID = effectID
        decision.reply = .attach(reply)
        decision.settlesRequest = request
        return decision
    }

    func decision(_ facts: FactSheet, reply: AttachReply, request: RequestMark?) -> Decision {
        var reply = reply
        if let entity = reply.subscription?.entity, entity != 0 {
            reply.entity = buckets.extras.entities.entity(entity)?.id ?? .empty
        }
        for index in reply.others.indices {
            let entity = reply.others[index].subscription.entity
            guard entity != 0 else { continue }
            reply.others[index].entity = buckets.extras.entities.entity(entity)?.id ?? .empty
        }
        for index in reply.changed.indices {
            let entity = reply.changed[index].subscription.entity
            guard entity != 0 else { continue }
            reply.changed[index].entity = buckets.extras.entities.entity(entity)?.id ?? .empty
        }
        reply.customPlans = facts.customer.account.customPlans
        var decision = Decision(facts: facts.facts, reply: .attach(reply))
        decision.settlesRequest = request
        return decision
    }
}

extension FactSheet {
    /// Gives up the payment page that is open.
    mutating func closeCheckout() {
        guard let open = customer.account.checkout else { return }
        emit(open.closed())
    }

    /// Notes a plan that starts later: when what is paid for is over (billing §6), or at a moment
    /// of its own.
    mutating func schedule(
        _ order: Order, after current: Subscription?, starts: Timestamp?
    ) -> Subscription {
        let plan = pricing.plan(order.plan)
        if plan.isMain {
            endScheduled(
                in: PlanScope(group: plan.group, entity: order.entity), addOns: false)
        }
        let isToCome = starts.map { $0 > now } ?? false
        if let current, !isToCome {
            let ending = cancelAtEnd(current)
            return schedule(
                order.plan, after: ending, bought: order.bought,
                discounts: order.discounts, ends: order.ends, netDays: order.netDays,
                taxRate: order.taxRate)
        }
        // What it comes with may be paid for after its moment, or after the end of what it was to
        // follow: then it starts at once.
        let start = max(starts ?? now, now)
        var subscription = Subscription(
            number: customer.lastSubscription + 1, plan: order.plan, status: .scheduled,
            addOn: plan.addOn, start: start, anchor: start, periodStart: start,
            periodEnd: .never)
        subscription.entity = order.entity
        subscription.bought = order.bought
        subscription.end = order.ends
        subscription.taxRate = order.taxRate
        subscription.discounts = order.discounts.settled
        redeem(order.discounts)
        emit(.subscriptionChanged(subscription))
        return subscription
    }

    /// What is paid for goes on until it is over.
    mutating func cancelAtEnd(_ subscription: Subscription) -> Subscription {
        unplan(subscription.number)
        var ending = subscription
        if ending.status == .active { ending.status = .canceling }
        ending.canceled = now
        ending.end = pricing.plan(subscription.plan)
            .paidEnd(after: now, anchor: subscription.anchor)
        emit(.subscriptionChanged(ending))
        return ending
    }
}

extension Order {
    /// A page for one of them does for the other: the same is bought, for as much.
    fileprivate func sells(_ other: Order) -> Bool {
        purpose == other.purpose && plan == other.plan && subscriptions == other.subscriptions
            && entity == other.entity && bought == other.bought && due == other.due
            && starts == other.starts && ends == other.ends
            && (trialEnd == .never) == (other.trialEnd == .never) && reverts == other.reverts
            && startsCycle == other.startsCycle && carriedBalances == other.carriedBalances
            && carriedUsages == other.carriedUsages && successURL == other.successURL
            && discounts.map(\.couponID) == other.discounts.map(\.couponID)
            && discounts.map(\.redemption) == other.discounts.map(\.redemption)
            && lines.map(\.description) == other.lines.map(\.description)
            && custom == other.custom && taxRate == other.taxRate
            && startsLater == other.startsLater
            && removed == other.removed
            && parts.count == other.parts.count
            && zip(parts, other.parts).allSatisfy { $0.sells($1) }
    }
}
