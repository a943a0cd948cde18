extension CustomerState {
    /// Buys a plan (billing §5, §6): at once, later, or through a payment page.
    func decideAttach(
        _ attach: AttachPlan, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard openEffect == nil else { throw .purchaseInProgress }
        let quote = try quote(attach, pricing: pricing, now: now)
        try requireRedemptions(quote.added)
        if let scheduled = quote.alreadyScheduled {
            var reply = AttachReply(.scheduled)
            reply.subscription = scheduled
            return Decision(facts: [], reply: .attach(reply))
        }
        if quote.startsLater, let current = quote.current {
            return schedule(quote.order, after: current, request: attach.request, pricing, now)
        }
        return charge(
            quote.order, onPage: quote.needsPage, effectID: attach.effectID,
            request: attach.request, pricing, now)
    }

    /// Does what an order says: at once if nothing is to be paid, once the card on file has paid,
    /// or once a page has.
    func charge(
        _ order: Order, onPage needsPage: Bool, effectID: String, request: RequestMark?,
        _ pricing: PricingState, _ now: Timestamp
    ) -> Decision {
        if needsPage {
            if let open = account.checkout, open.order.sells(order) {
                var reply = AttachReply(.paymentRequired)
                reply.paymentURL = open.url
                reply.invoice = open.order.offer
                return Decision(facts: [], reply: .attach(reply))
            }
            return ask(.openCheckout, order, effectID, request)
        }
        guard order.due.minorUnits == 0 else { return ask(.collect, order, effectID, request) }
        var order = order
        var facts = FactSheet(self, pricing: pricing, now: now)
        facts.closeCheckout()
        var reply = AttachReply(.active)
        reply.subscription = facts.fulfil(&order)
        reply.invoice = facts.invoice(order, .paid, of: &reply.subscription)
        return decision(facts, reply: reply, request: request)
    }

    /// Asks the provider, giving up any page that is open: one purchase at a time.
    private func ask(
        _ kind: Effect.Kind, _ order: Order, _ effectID: String, _ request: RequestMark?
    ) -> Decision {
        var decision = Decision()
        var effect = Effect(id: effectID, kind: kind, order: order, request: request)
        if let open = account.checkout {
            decision.facts.append(open.closed())
            effect.closesPage = open.session
        }
        decision.facts.append(.effectRequested(effect))
        var reply = AttachReply(.processing)
        reply.effectID = effectID
        decision.reply = .attach(reply)
        decision.settlesRequest = request
        return decision
    }

    /// A cheaper plan starts when what is paid for is over (billing §6).
    private func schedule(
        _ order: Order, after current: Subscription, request: RequestMark?,
        _ pricing: PricingState, _ now: Timestamp
    ) -> Decision {
        var facts = FactSheet(self, pricing: pricing, now: now)
        facts.closeCheckout()
        let plan = pricing.plan(order.plan)
        facts.endScheduled(in: PlanScope(group: plan.group, entity: order.entity))
        let ending = facts.cancelAtEnd(current)
        var reply = AttachReply(.scheduled)
        reply.subscription = facts.schedule(
            order.plan, after: ending, bought: order.bought, discounts: order.discounts)
        return decision(facts, reply: reply, request: request)
    }

    func decision(_ facts: FactSheet, reply: AttachReply, request: RequestMark?) -> Decision {
        var reply = reply
        if let entity = reply.subscription?.entity, entity != 0 {
            reply.entity = buckets.extras.entities.entity(entity)?.id ?? .empty
        }
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
            && startsCycle == other.startsCycle && carriedBalances == other.carriedBalances
            && carriedUsages == other.carriedUsages && successURL == other.successURL
            && discounts.map(\.couponID) == other.discounts.map(\.couponID)
            && discounts.map(\.redemption) == other.discounts.map(\.redemption)
            && lines.map(\.description) == other.lines.map(\.description)
    }
}
