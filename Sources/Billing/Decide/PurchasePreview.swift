/// What a purchase or a change would do, made from the same quote as itself.
package struct PurchasePreview: Sendable, Equatable {
    /// A plan that comes or goes.
    package struct Change: Sendable, Equatable {
        package var plan: PlanReference
        package var time: Timestamp
        package var bought: [BoughtUnits] = []
        /// `.never`: it has no trial.
        package var trialEnd = Timestamp.never
    }

    package var outcome: AttachOutcome
    /// What would be charged now; nil: nothing.
    package var invoice: Invoice?
    package var incoming: [Change] = []
    package var outgoing: [Change] = []
    /// What is known of the next one; nil: there is none.
    package var nextInvoice: Invoice?
    /// When amounts were computed for.
    package var time: Timestamp
    /// What would go back to cards; nil: nothing.
    package var refund: Money?
    /// What the plans may refer to.
    package var customPlans: [CustomPlan] = []
}

extension CustomerState {
    /// What buying a plan would do.
    package func preview(
        _ attach: AttachPlan, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> PurchasePreview {
        if let several = attach.withRemovals {
            return try preview(several, pricing: pricing, now: now)
        }
        var sheet = try choosing(attach.currency, pricing, now)
        let quote = try sheet.customer.quote(attach, pricing: sheet.pricing, now: now)
        var preview = PurchasePreview(outcome: .active, time: attach.quoteTime ?? now)
        sheet.note(quote.customPlan)
        if quote.alreadyScheduled != nil {
            preview.outcome = .scheduled
        } else if quote.startsLater {
            preview.outcome = .scheduled
            _ = sheet.schedule(quote.order, after: quote.current, starts: attach.starts)
        } else {
            if quote.needsPage { preview.outcome = .paymentRequired }
            sheet.pay(quote.order, attach.terms, &preview)
        }
        preview.note(sheet, since: self)
        return preview
    }

    /// What buying several plans in one would do.
    package func preview(
        _ several: AttachSeveral, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> PurchasePreview {
        var sheet = try choosing(several.currency, pricing, now)
        let quote = try sheet.customer.quote(several, pricing: sheet.pricing, now: now)
        var preview = PurchasePreview(
            outcome: quote.needsPage ? .paymentRequired : .active,
            time: several.quoteTime ?? now)
        sheet.note(quote.customPlans)
        sheet.pay(quote.order, nil, &preview)
        preview.note(sheet, since: self)
        return preview
    }

    /// What a schedule would do.
    package func preview(
        _ schedule: CreateSchedule, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> PurchasePreview {
        let pricing = pricing.with(plansOf: self)
        let quote = try quote(schedule, pricing: pricing, now: now)
        var preview = PurchasePreview(
            outcome: quote.needsPage ? .paymentRequired : .active,
            time: schedule.quoteTime ?? now)
        var sheet = FactSheet(self, pricing: pricing, now: now)
        sheet.note(quote.customPlans, for: quote.order)
        sheet.pay(quote.order, nil, &preview)
        preview.note(sheet, since: self)
        return preview
    }

    /// What changing a plan would do.
    package func preview(
        _ change: ChangeSubscription, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> PurchasePreview {
        let pricing = pricing.with(plansOf: self)
        var preview = PurchasePreview(outcome: .active, time: change.quoteTime ?? now)
        var sheet = FactSheet(self, pricing: pricing, now: now)
        guard change.also.isEmpty else {
            let changes = try sheet.carryOut(several: change)
            preview.invoice = changes.order.flatMap { sheet.invoice($0, .paid) }
            preview.note(sheet, since: self)
            return preview
        }
        let quote = try quote(change, pricing: pricing, now: now)
        sheet.note(quote.customPlan)
        if quote.course.isCharged {
            if quote.needsPage { preview.outcome = .paymentRequired }
            sheet.pay(quote.order, change.terms, &preview)
        } else {
            preview.invoice = sheet.carryOut(quote)
            preview.refund = quote.refund
        }
        preview.note(sheet, since: self)
        return preview
    }
}

extension FactSheet {
    /// As if it were paid, by a card that is on file from then on.
    fileprivate mutating func pay(
        _ order: Order, _ terms: InvoiceTerms?, _ preview: inout PurchasePreview
    ) {
        if customer.account.method == nil, preview.outcome == .paymentRequired {
            emit(.methodSaved(PaymentMethod(token: "", brand: "", last4: "")))
        }
        let reply = settle(order)
        if terms != nil, order.due.minorUnits > 0, let subscription = reply.subscription {
            chargeAutomatically([subscription.number])
        }
        if preview.outcome == .active { preview.outcome = reply.outcome }
        if var invoice = reply.invoice {
            invoice.number = 0
            invoice.status = .open
            if let terms, invoice.due.minorUnits > 0 {
                preview.outcome = terms.gives ? .active : .paymentRequired
                invoice.send(terms, at: now)
            }
            preview.invoice = invoice
        }
    }

    /// What would be charged next, if nothing else happened.
    fileprivate func nextInvoice() -> Invoice? {
        var draft = customer
        // Nobody is asked again for what is shown now.
        draft.account.taxes?.time = .never
        // A trial that nobody pays for, cycles in which nothing was used: what comes after them.
        for _ in 0..<256 {
            let moment = draft.nextBilling
            guard moment != .never else { return nil }
            var sheet = FactSheet(draft, pricing: pricing, now: moment)
            sheet.bill { "" }
            for case .invoiceRaised(var invoice) in sheet.facts {
                invoice.number = 0
                invoice.status = .open
                return invoice
            }
            if var invoice = sheet.customer.openEffect?.order.offer {
                invoice.time = moment
                return invoice
            }
            guard !sheet.facts.isEmpty else { return nil }
            draft = sheet.customer
        }
        return nil
    }
}

extension PurchasePreview {
    /// Which plans come and go, and what is charged afterwards.
    fileprivate mutating func note(_ sheet: FactSheet, since before: CustomerState) {
        for subscription in sheet.customer.subscriptions {
            let old = before.subscription(subscription.number)
            switch (old?.status, subscription.status) {
            case (nil, .ended), (.ended?, _): break
            case (nil, _):
                incoming.append(
                    Change(
                        plan: subscription.plan, time: subscription.start,
                        bought: subscription.bought, trialEnd: subscription.trialEnd))
            case (_?, .ended):
                outgoing.append(Change(plan: subscription.plan, time: sheet.now))
            case (_?, _) where subscription.end != .never && old?.end == .never:
                outgoing.append(Change(plan: subscription.plan, time: subscription.end))
            case (_?, _): break
            }
        }
        nextInvoice = sheet.nextInvoice()
        customPlans = sheet.customer.account.customPlans
    }
}

extension CustomerState {
    /// When something of a subscription, or what was used of it, is due; `.never`: nothing is.
    fileprivate var nextBilling: Timestamp {
        var next = Timestamp.never
        buckets.each { bucket, _ in
            if bucket.flags.contains(.priced), bucket.overage > .zero {
                next = min(next, bucket.nextReset)
            }
        }
        return subscriptions.reduce(next) { next, subscription in
            switch subscription.status {
            case .scheduled: min(next, subscription.start)
            case .active, .canceling, .renewing, .pastDue:
                min(next, subscription.periodEnd, subscription.end)
            case .ended, .paused: next
            }
        }
    }
}
