extension CustomerState {
    /// Buys a plan (billing §5, §6): at once, later, or through a payment page.
    func decideAttach(
        _ attach: AttachPlan, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard openEffect == nil else { throw .purchaseInProgress }
        let reference = pricing.latest(attach.plan)
        let plan = pricing.plan(reference)
        let current = plan.isMain ? mainSubscription(inGroup: plan.group, pricing) : nil
        if let current, current.plan.plan == attach.plan {
            throw .planAlreadyAttached(planID: plan.id)
        }
        if let scheduled = scheduledSubscription(inGroup: plan.group, pricing),
            plan.isMain, scheduled.plan.plan == attach.plan
        {
            var reply = AttachReply(.scheduled)
            reply.subscription = scheduled
            return decision([], reply: reply, request: nil)
        }
        if let current, !pricing.plan(current.plan).isUpgrade(to: plan), current.hasPaidPeriod {
            return schedule(reference, after: current, request: attach.request, pricing, now)
        }
        let order = order(
            for: reference, plan, replacing: current, successURL: attach.successURL, pricing, now)
        if plan.isFree { return activateNow(order, request: attach.request, pricing, now) }
        guard account.method != nil else { return openCheckout(for: order, attach) }
        if order.total.minorUnits == 0 {
            return activateNow(order, request: attach.request, pricing, now)
        }
        return request(.collect, order, attach)
    }

    /// The provider's answer, or a paid page, turns an order into a plan in use.
    func decideSettle(
        _ settle: SettleEffect, pricing: PricingState, now: Timestamp
    ) -> Decision {
        // Settled before, by another worker or before a crash: nothing is left to do.
        guard let effect = openEffect, effect.id == settle.effectID else { return Decision() }
        var facts = FactSheet(self, pricing: pricing, now: now)
        var reply: AttachReply
        switch settle.answer {
        case .checkoutOpened(let url):
            facts.emit(.effectSettled(id: effect.id, outcome: .done))
            facts.emit(
                .checkoutOpened(Checkout(session: effect.id, url: url, order: effect.order)))
            reply = AttachReply(.paymentRequired)
            reply.paymentURL = url
            reply.invoice = effect.order.offer
        case .paid:
            facts.emit(.effectSettled(id: effect.id, outcome: .done))
            reply = AttachReply(.active)
            reply.subscription = facts.fulfil(effect.order)
            reply.invoice = facts.invoice(effect.order, .paid)
        case .declined(let code):
            facts.emit(.effectSettled(id: effect.id, outcome: .declined(code: code)))
            reply = AttachReply(.declined)
            reply.declineCode = code
            if effect.kind == .collect {
                reply.invoice = facts.invoice(effect.order, .uncollectible)
                facts.markPastDue(effect.order)
            }
        }
        return decision(facts.facts, reply: reply, request: effect.request)
    }

    /// A payment page was paid with this method.
    func decideCompleteCheckout(
        _ paid: CompleteCheckout, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard let checkout = account.checkout, checkout.session == paid.session else {
            throw .checkoutNotFound
        }
        // A renewal's outcome must not meet a plan that this purchase has just ended.
        guard openEffect == nil else { throw .purchaseInProgress }
        var facts = FactSheet(self, pricing: pricing, now: now)
        facts.emit(.methodSaved(paid.method))
        facts.emit(.checkoutClosed(session: checkout.session, paid: true))
        var reply = AttachReply(.active)
        reply.subscription = facts.fulfil(checkout.order)
        if checkout.order.total.minorUnits > 0 {
            reply.invoice = facts.invoice(checkout.order, .paid)
        }
        return decision(facts.facts, reply: reply, request: nil)
    }

    private func openCheckout(for order: Order, _ attach: AttachPlan) -> Decision {
        if let open = account.checkout, open.order == order {
            var reply = AttachReply(.paymentRequired)
            reply.paymentURL = open.url
            reply.invoice = order.offer
            return decision([], reply: reply, request: nil)
        }
        return request(.openCheckout, order, attach)
    }

    /// Asks the provider, giving up any page that is open: one purchase at a time.
    private func request(_ kind: Effect.Kind, _ order: Order, _ attach: AttachPlan) -> Decision {
        var facts: [Fact] = []
        if let open = account.checkout {
            facts.append(.checkoutClosed(session: open.session, paid: false))
        }
        facts.append(
            .effectRequested(
                Effect(id: attach.effectID, kind: kind, order: order, request: attach.request)))
        var reply = AttachReply(.processing)
        reply.effectID = attach.effectID
        return decision(facts, reply: reply, request: attach.request)
    }

    private func activateNow(
        _ order: Order, request: RequestMark?, _ pricing: PricingState, _ now: Timestamp
    ) -> Decision {
        var facts = FactSheet(self, pricing: pricing, now: now)
        if let open = account.checkout {
            facts.emit(.checkoutClosed(session: open.session, paid: false))
        }
        var reply = AttachReply(.active)
        reply.subscription = facts.fulfil(order)
        return decision(facts.facts, reply: reply, request: request)
    }

    /// A cheaper plan starts when what is paid for is over (billing §6).
    private func schedule(
        _ reference: PlanReference, after current: Subscription, request: RequestMark?,
        _ pricing: PricingState, _ now: Timestamp
    ) -> Decision {
        var facts = FactSheet(self, pricing: pricing, now: now)
        if let open = account.checkout {
            facts.emit(.checkoutClosed(session: open.session, paid: false))
        }
        var ending = current
        ending.status = .canceling
        ending.canceled = now
        ending.end = current.periodEnd
        facts.endScheduled(inGroup: pricing.plan(reference).group)
        facts.emit(.subscriptionChanged(ending))
        var reply = AttachReply(.scheduled)
        reply.subscription = facts.schedule(reference, after: ending)
        return decision(facts.facts, reply: reply, request: request)
    }

    /// The new plan's price, and what the replaced one has run up and would take with it.
    private func order(
        for reference: PlanReference, _ plan: Plan, replacing current: Subscription?,
        successURL: String, _ pricing: PricingState, _ now: Timestamp
    ) -> Order {
        var lines = plan.baseLines(reference, pricing)
        if let current {
            // Seats go on being held, and are billed at the end of the new plan's cycle.
            lines += FactSheet(self, pricing: pricing, now: now).overageLines(
                of: current, ending: true, seats: false)
        }
        return Order(
            purpose: .purchase, plan: reference, subscription: 0, lines: lines,
            currency: pricing.requiredCurrency, successURL: successURL)
    }

    private func decision(
        _ facts: [Fact], reply: AttachReply, request: RequestMark?
    ) -> Decision {
        var decision = Decision()
        decision.facts = facts
        decision.reply = .attach(reply)
        decision.settlesRequest = request
        return decision
    }

    /// The main plan in use in a group.
    func mainSubscription(inGroup group: String, _ pricing: PricingState) -> Subscription? {
        subscriptions.first { subscription in
            let plan = pricing.plan(subscription.plan)
            return subscription.status.grantsAccess && plan.isMain && plan.group == group
        }
    }

    func scheduledSubscription(inGroup group: String, _ pricing: PricingState) -> Subscription? {
        subscriptions.first {
            $0.status == .scheduled && pricing.plan($0.plan).group == group
        }
    }
}

extension Subscription {
    /// Something is paid for up to a date.
    fileprivate var hasPaidPeriod: Bool { periodEnd != .never }
}

extension Order {
    init(
        purpose: Purpose, plan: PlanReference, subscription: UInt32, lines: [InvoiceLine],
        currency: Currency, successURL: String = ""
    ) {
        let sum = lines.reduce(0) { $0 + $1.minorUnits }
        self.init(
            purpose: purpose, plan: plan, subscription: subscription, lines: lines,
            total: Money(minorUnits: sum, currency: currency), successURL: successURL)
    }

    /// The invoice that paying it will make.
    package var offer: Invoice {
        Invoice(number: 0, status: .open, lines: lines, total: total, time: .epoch)
    }
}

extension Plan {
    /// The base price as an invoice line; none when there is nothing to pay.
    func baseLines(_ reference: PlanReference, _ pricing: PricingState) -> [InvoiceLine] {
        guard let price, price.amount > .zero,
            let money = Money(
                price: price.amount, count: Quantity(units: 1), currency: pricing.requiredCurrency)
        else { return [] }
        return [
            InvoiceLine(
                description: "\(name) - Base Price", minorUnits: money.minorUnits,
                plan: reference.plan, feature: nil)
        ]
    }
}

extension PricingState {
    /// The currency: there is one as soon as there is a plan.
    var requiredCurrency: Currency {
        guard let currency else { preconditionFailure("a catalog with plans has a currency") }
        return currency
    }
}
