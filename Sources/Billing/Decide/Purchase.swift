extension CustomerState {
    /// Buys a plan (billing §5, §6): at once, later, or through a payment page.
    func decideAttach(
        _ attach: AttachPlan, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard openEffect == nil else { throw .purchaseInProgress }
        let quote = try quote(attach, pricing: pricing, now: now)
        try requireRedemptions(quote.added)
        try requireClaim(attach, quote.order, pricing)
        if let scheduled = quote.alreadyScheduled {
            var reply = AttachReply(.scheduled)
            reply.subscription = scheduled
            return Decision(facts: [], reply: .attach(reply))
        }
        var facts = FactSheet(self, pricing: pricing, now: now)
        facts.note(quote.customPlan)
        if quote.startsLater {
            facts.closeCheckout()
            var reply = AttachReply(.scheduled)
            reply.subscription = facts.schedule(quote, starts: attach.starts)
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
            if let open = account.checkout, open.order.sells(order) {
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
        var order = order
        var facts = facts
        facts.closeCheckout()
        var reply = AttachReply(.active)
        reply.subscription = facts.fulfil(&order)
        reply.invoice = facts.invoice(order, .paid, of: &reply.subscription)
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
    mutating func schedule(_ quote: PurchaseQuote, starts: Timestamp?) -> Subscription {
        let plan = pricing.plan(quote.order.plan)
        endScheduled(in: PlanScope(group: plan.group, entity: quote.order.entity))
        guard let starts, starts > now else {
            guard let current = quote.current else {
                preconditionFailure("what starts later follows something or has a start")
            }
            let ending = cancelAtEnd(current)
            return schedule(
                quote.order.plan, after: ending, bought: quote.order.bought,
                discounts: quote.order.discounts, ends: quote.order.ends)
        }
        var subscription = Subscription(
            number: customer.lastSubscription + 1, plan: quote.order.plan, status: .scheduled,
            addOn: plan.addOn, start: starts, anchor: starts, periodStart: starts,
            periodEnd: .never)
        subscription.entity = quote.order.entity
        subscription.bought = quote.order.bought
        subscription.end = quote.order.ends
        subscription.discounts = quote.order.discounts.settled
        redeem(quote.order.discounts)
        emit(.subscriptionChanged(subscription))
        return subscription
    }

    /// What is paid for goes on until it is over.
    mutating func cancelAtEnd(_ subscription: Subscription) -> Subscription {
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
            && (trialEnd == .never) == (other.trialEnd == .never)
            && startsCycle == other.startsCycle && carriedBalances == other.carriedBalances
            && carriedUsages == other.carriedUsages && successURL == other.successURL
            && discounts.map(\.couponID) == other.discounts.map(\.couponID)
            && discounts.map(\.redemption) == other.discounts.map(\.redemption)
            && lines.map(\.description) == other.lines.map(\.description)
    }
}
