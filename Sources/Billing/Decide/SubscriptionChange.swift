extension CustomerState {
    /// Cancels a plan, lets it go on after all, or buys other quantities (billing §10).
    func decideChange(
        _ change: ChangeSubscription, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard openEffect == nil else { throw .purchaseInProgress }
        guard change.also.isEmpty else {
            return try decideSeveral(change, pricing: pricing, now: now)
        }
        let quote = try quote(change, pricing: pricing, now: now)
        try requireRedemptions(quote.order.discounts)
        var facts = FactSheet(self, pricing: pricing, now: now)
        facts.note(quote.customPlan)
        if let terms = change.terms {
            return try bill(
                quote.order, terms, token: change.effectID, request: change.request, facts)
        }
        facts.voidWaiting {
            quote.course != .none && $0.subscriptions.contains(quote.subscription.number)
        }
        if quote.course.isCharged {
            return charge(
                quote.order, onPage: quote.needsPage, effectID: change.effectID,
                request: change.request, facts)
        }
        var reply = AttachReply(.active)
        reply.invoice = facts.carryOut(quote)
        try checkRefundCount(quote.refunds.count)
        facts.refund(quote.refunds, effectID: change.effectID)
        reply.refund = quote.refund
        if !facts.facts.isEmpty { facts.closeCheckout() }
        reply.subscription = facts.customer.subscription(quote.subscription.number)
        return decision(facts, reply: reply, request: facts.facts.isEmpty ? nil : change.request)
    }
}

extension FactSheet {
    /// Does what needs no payment.
    mutating func carryOut(_ quote: ChangeQuote) -> Invoice? {
        doWithoutInvoice(quote) ? invoice(quote.order, .paid) : nil
    }

    /// - Returns: there is to be an invoice.
    mutating func doWithoutInvoice(_ quote: ChangeQuote) -> Bool {
        let subscription = quote.subscription
        let plan = pricing.plan(subscription.plan)
        let scope = PlanScope(group: plan.group, entity: subscription.entity)
        switch quote.course {
        case .none, .quantities, .plan: break
        case .discounts: give(quote.order, to: subscription)
        case .cancelAtEnd:
            // It was to go on until something else takes its place, which is off.
            if plan.isMain, subscription.canceled != .never {
                endScheduled(in: scope, addOns: false)
            }
            let ending = cancelAtEnd(subscription)
            scheduleDefault(after: ending, in: scope)
        case .uncancel:
            if plan.isMain { endScheduled(in: scope, addOns: false) }
            goOn(subscription)
        case .cancelNow:
            if subscription.status == .scheduled {
                revoke(subscription)
                return false
            }
            if plan.isMain, !customer.isReverting(subscription) { endScheduled(in: scope) }
            var canceled = subscription
            canceled.canceled = now
            end(canceled)
            giveDefault(in: scope)
            return true
        }
        return false
    }

    private mutating func give(_ order: Order, to subscription: Subscription) {
        var changed = subscription
        changed.discounts = changed.discounts.merged(with: order.discounts.settled)
        if !order.taxRate.isEmpty { changed.taxRate = order.taxRate }
        redeem(order.discounts)
        emit(.subscriptionChanged(changed))
    }

    /// What was to begin doesn't; the main plan that it was to follow goes on.
    mutating func revoke(_ scheduled: Subscription) {
        let plan = pricing.plan(scheduled.plan)
        let scope = PlanScope(group: plan.group, entity: scheduled.entity)
        end(scheduled)
        guard plan.isMain else { return }
        let before = customer.subscriptions.first {
            let other = pricing.plan($0.plan)
            return $0.status != .ended && other.isMain && other.group == scope.group
                && $0.entity == scope.entity && $0.end == scheduled.start
        }
        if let before { goOn(before) }
    }

    /// It isn't cancelled any more.
    mutating func goOn(_ subscription: Subscription) {
        unplan(subscription.number)
        var subscription = subscription
        if subscription.status == .canceling { subscription.status = .active }
        subscription.canceled = .never
        subscription.end = .never
        emit(.subscriptionChanged(subscription))
    }

    /// The group's default takes the place of a main plan that ends (billing §10.3).
    mutating func scheduleDefault(after ending: Subscription, in scope: PlanScope) {
        guard scope.entity == 0, pricing.plan(ending.plan).isMain,
            customer.successor(by: ending.end, in: scope, pricing) == nil,
            let reference = pricing.defaultPlan(inGroup: scope.group), pricing.sells(reference)
        else { return }
        schedule(reference, after: ending)
    }

    /// Other quantities are paid for.
    mutating func change(_ subscription: Subscription, _ order: Order) -> Subscription {
        var changed = subscription
        changed.bought = order.bought
        changed.discounts = changed.discounts.merged(with: order.discounts.settled)
        if !order.taxRate.isEmpty { changed.taxRate = order.taxRate }
        redeem(order.discounts)
        changed.settle(order, since: subscription, on: invoiceNumber(of: order))
        emit(.subscriptionChanged(changed))
        grantDifference(from: subscription, to: order.bought)
        return changed
    }

    /// More packs are there to be used at once, fewer aren't any more.
    mutating func grantDifference(from before: Subscription, to bought: [BoughtUnits]) {
        let features = Set((before.bought + bought).map(\.feature))
        for feature in features.sorted(by: { $0.rawValue < $1.rawValue }) {
            let units = bought.first { $0.feature == feature }?.units ?? .zero
            let difference = units - before.units(of: feature)
            guard difference != .zero else { continue }
            add(difference, of: feature, to: before, bought: units)
        }
    }

    private mutating func add(
        _ difference: Quantity, of feature: FeatureNumber, to subscription: Subscription,
        bought units: Quantity
    ) {
        let featureID = pricing.feature(feature).id
        let plan = pricing.plan(subscription.plan)
        var found: (bucket: Bucket, entity: UInt32)?
        customer.buckets.each { bucket, entity in
            guard bucket.subscription == subscription.number, bucket.feature == feature,
                plan.item(of: bucket, featureID: featureID)?.packPrice != nil
            else { return }
            found = (bucket, entity)
        }
        guard var bucket = found?.bucket, let entity = found?.entity else { return }
        bucket.granted = bucket.granted + difference
        bucket.balance = bucket.balance + difference
        emit(.bucketChanged(bucket, entity: entity))
        var detail =
            customer.buckets.hasExtras
            ? customer.buckets.extras.detail(of: bucket.number)
                ?? BucketDetail(bucket: bucket.number) : BucketDetail(bucket: bucket.number)
        detail.prepaid = units
        emit(.detailSet(detail))
    }
}
