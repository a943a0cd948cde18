/// What buying a plan comes to: preview and purchase are both made from it.
struct PurchaseQuote {
    /// What is due now, and what paying it does.
    var order: Order
    /// The plan in use that is replaced.
    var current: Subscription?
    /// It starts when what is paid for of the present one is over.
    var startsLater = false
    /// It was bought before, and starts later.
    var alreadyScheduled: Subscription?
    /// Somebody has to go to a payment page.
    var needsPage = false
    /// It never costs anything.
    var isFree = false
    /// It is charged again, and no trial goes without a card.
    var needsCardLater = false
    /// Discounts that come with it.
    var added: [HeldDiscount] = []
    /// Made for this purchase.
    var customPlan: CustomPlan?

    /// Nothing is due, and a card is needed for what will be.
    var paysLater: Bool { needsCardLater && order.total.minorUnits == 0 }
}

extension CustomerState {
    /// Prices what is asked for (billing §5, §6, §8).
    func quote(
        _ attach: AttachPlan, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> PurchaseQuote {
        var quote = try part(attach, pricing: pricing, now: now)
        guard !quote.startsLater else {
            try check(attach, quote)
            return quote
        }
        let pricing = pricing.with(quote.customPlan)
        var lines = quote.order.lines
        try attach.discounts.checkMinimum(lines, pricing)
        if attach.custom.isEmpty {
            lines.lower(by: discounts(ofNew: quote.order.discounts, at: quote.order.time))
            tax(&lines, asked: quote.order.taxRate, pricing)
        }
        let hasCard = account.method != nil
        let onPage = attach.redirect == .always && !quote.isFree
        let minimum =
            hasCard && !onPage && attach.terms == nil ? pricing.requiredCurrency.minimumCharge : 0
        quote.order = Order(
            quote.order, lines: lines.map { $0.described(pricing) },
            balance: account.credit?.minorUnits ?? 0, minimum: minimum, time: quote.order.time)
        if !attach.custom.isEmpty {
            try check(attach, quote)
            try ask(attach.custom, for: &quote.order, minimum: minimum, pricing)
        }
        quote.order.successURL = attach.successURL
        guard attach.terms == nil else { return quote }
        let isAsked = !hasCard && (quote.order.due.minorUnits > 0 || quote.paysLater)
        quote.needsPage = onPage || (isAsked && attach.redirect != .never)
        return quote
    }

    /// What buying a plan is, without discounts, credit, and the words for people.
    func part(
        _ attach: AttachPlan, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> PurchaseQuote {
        let (reference, customPlan) = try offer(attach, pricing)
        let pricing = pricing.with(customPlan)
        try pricing.requireSold(reference, at: attach.pricePath)
        let plan = pricing.plan(reference)
        let scope = PlanScope(
            group: plan.group, entity: try buckets.scope(of: attach.entity).entity)
        let current = plan.isMain ? mainSubscription(in: scope, pricing) : nil
        if let current, current.plan.plan == attach.plan {
            throw .planAlreadyAttached(planID: plan.id)
        }
        let bought = try boughtUnits(attach, of: plan, replacing: current, pricing)
        var order = Order(
            .purchase, reference, subscriptions: current.map { [$0.number] } ?? [], lines: [],
            time: now, currency: pricing.requiredCurrency)
        order.entity = scope.entity
        order.bought = bought
        order.startsCycle = attach.startsCycle
        order.taxRate = try attach.taxRate(replacing: current, pricing)
        if let terms = attach.terms, !plan.isFree, !plan.billingCycles.isEmpty {
            order.netDays = terms.netDays
        }
        var quote = PurchaseQuote(order: order, current: current)
        quote.customPlan = customPlan
        try checkDates(attach, plan, scope, pricing, now)
        try attach.checkTerms()
        quote.order.ends = attach.ends ?? .never
        quote.order.reverts = try reverts(
            attach, plan, replacing: current, in: scope, pricing, now)
        let startsByItself = attach.starts.map { $0 > now } ?? false
        let waits =
            try quote.order.reverts ? false : startsLater(attach, plan, current, pricing)
        quote.startsLater = startsByItself || waits
        if !quote.startsLater { try attach.checkProration(replacing: current) }
        if quote.startsLater, !startsByItself {
            try checkEnd(attach.ends, after: current, pricing, now)
        }
        // Who goes back to what is free begins anew.
        let kept = plan.isFree || quote.order.reverts ? [] : current?.discounts ?? []
        quote.added = try resolve(
            attach.discounts, for: attach.plan, besides: kept, pricing, now)
        quote.order.discounts = (quote.startsLater ? [] : kept) + quote.added
        if startsByItself { return quote }
        quote.order.carriedBalances = try carried(
            attach.carriesBalances, "carry_over_balances", quote, pricing)
        quote.order.carriedUsages = try carried(
            attach.carriesUsages, "carry_over_usages", quote, pricing)
        if quote.startsLater {
            try checkSchedule(attach, plan, bought, pricing)
            if let terms = attach.terms, !terms.gives {
                throw .unfit(
                    "invoice_mode",
                    "cannot wait for a payment with a plan that starts when the present one ends: "
                        + "enable the plan immediately")
            }
            let scheduled = scheduledSubscription(in: scope, pricing)
            if let scheduled, !account.schedules.contains(where: { $0.concerns(scheduled.number) }),
                scheduled.plan == reference, scheduled.bought == bought,
                scheduled.netDays == order.netDays, scheduled.taxRate == order.taxRate,
                quote.added.isEmpty
            {
                quote.alreadyScheduled = scheduled
            }
            return quote
        }
        try price(&quote, plan, scope, attach, pricing, now)
        return quote
    }

    /// What has to be paid now.
    private func price(
        _ quote: inout PurchaseQuote, _ plan: Plan, _ scope: PlanScope, _ attach: AttachPlan,
        _ pricing: PricingState, _ now: Timestamp
    ) throws(Refusal) {
        let current = quote.current
        let time = try quoteTime(attach.quoteTime, current, now)
        let anchor = billingAnchor(
            of: plan, replacing: current, in: scope, startsCycle: attach.startsCycle, pricing, time)
        let trialEnd = trialEnd(
            of: plan, attach, replacing: current, in: scope, pricing, time)
        var order = quote.order
        order.trialEnd = trialEnd ?? .never
        // Periods that begin with it begin when its invoice is paid.
        if let terms = attach.terms, !terms.gives, anchor == time { order.startsCycle = true }
        var prices = plan.advancePrices(order.plan, bought: order.bought, pricing)
        if trialEnd != nil { prices.removeAll { $0.cycle.interval != .oneOff } }
        var lines = InvoiceLine.change(
            from: order.reverts ? [] : current?.charges ?? [], to: prices, at: time, anchor: anchor,
            currency: pricing.requiredCurrency)
        if let starts = attach.starts {
            lines = InvoiceLine.charges(
                prices, since: starts, now: time, currency: pricing.requiredCurrency)
            order.starts = starts
        }
        if let current, !order.reverts {
            var owed = current.pending
            owed.shorten(by: &lines, of: current.charges, at: time)
            for index in lines.indices where lines[index].kind == .credit {
                lines[index].subscription = current.number
            }
            lines += owed
            if !current.isTrialing(at: time) {
                // Seats go on being held, and are billed at the end of the new plan's cycle.
                lines += FactSheet(self, pricing: pricing, now: now).overageLines(
                    of: current, ending: true, seats: false
                ).filter { line in !order.carriedUsages.contains { $0 == line.part.feature } }
            }
        }
        quote.order = Order(order, lines: lines, balance: 0, minimum: 0, time: time)
        quote.isFree = plan.isFree
        quote.needsCardLater =
            !plan.isFree && !plan.trialNeedsNoCard(trialEnd) && !plan.billingCycles.isEmpty
            && !order.reverts
    }

    /// The moment that amounts are computed for: a preview's counts for a quarter of an hour.
    func quoteTime(
        _ asked: Timestamp?, _ current: Subscription?, _ now: Timestamp
    ) throws(Refusal) -> Timestamp {
        guard let time = asked else { return now }
        let isRecent =
            time <= now && now.milliseconds - time.milliseconds <= AttachPlan.quoteValidity
        let isOfThisPeriod =
            current.map { $0.status == .scheduled || max($0.periodStart, $0.start) <= time }
            ?? true
        guard isRecent, isOfThisPeriod else { throw .quoteExpired }
        return time
    }

    /// Whether it waits until what is paid for is over (billing §6): a downgrade does, unless
    /// something else was asked for.
    private func startsLater(
        _ attach: AttachPlan, _ plan: Plan, _ current: Subscription?, _ pricing: PricingState
    ) throws(Refusal) -> Bool {
        guard let current, current.isBilled else {
            if attach.schedule == .endOfCycle {
                throw .invalid([
                    Violation(
                        path: "plan_schedule",
                        message: "there is no cycle to wait for: leave it out")
                ])
            }
            return false
        }
        switch attach.schedule {
        case .automatic: return !pricing.plan(current.plan).isUpgrade(to: plan)
        case .immediate: return false
        case .endOfCycle: return true
        }
    }

    /// What makes no sense for a plan that starts later (billing §5.4).
    func checkSchedule(
        _ attach: AttachPlan, _ plan: Plan, _ bought: [BoughtUnits], _ pricing: PricingState
    ) throws(Refusal) {
        if attach.startsCycle {
            throw .invalid([
                Violation(
                    path: "reset_billing_cycle",
                    message: "cannot be set for a plan that starts when the present one ends")
            ])
        }
        for (index, asked) in attach.quantities.enumerated() where asked.total > .zero {
            let item = plan.prepaidItem(of: pricing.feature(asked.feature).id)
            guard item?.prepaidPrice?.cycle.interval == .oneOff else { continue }
            throw .invalid([
                Violation(
                    path: "quantities[\(index)].quantity",
                    message: "packs for good cannot be bought with a plan that starts later")
            ])
        }
    }

    /// The end of the trial that it begins with (billing §9); nil: it begins with none.
    private func trialEnd(
        of plan: Plan, _ attach: AttachPlan, replacing current: Subscription?, in scope: PlanScope,
        _ pricing: PricingState, _ now: Timestamp
    ) -> Timestamp? {
        switch attach.customize?.trial ?? .kept {
        case .removed: return nil
        case .set(let trial): return trial.end(from: now, in: pricing.zone)
        case .kept: break
        }
        if current == nil || current?.isBilled == false,
            !plan.isFree, let together = billed(besides: current, in: scope, pricing)
        {
            return together.isTrialing(at: now) ? together.trialEnd : nil
        }
        return ownTrial(of: plan, attach.trialClaim, in: scope, pricing)?
            .end(from: now, in: pricing.zone)
    }

    /// Packs to be had from now on (billing §5.1, §7): as many as cover what was asked for, or else
    /// what the present plan's cover.
    func boughtUnits(
        _ attach: AttachPlan, of plan: Plan, replacing current: Subscription?,
        _ pricing: PricingState
    ) throws(Refusal) -> [BoughtUnits] {
        var bought: [BoughtUnits] = []
        let entity = try buckets.scope(of: attach.entity).entity
        for item in plan.items {
            guard let prepaid = item.prepaidPrice,
                let feature = pricing.feature(id: item.featureID)
            else { continue }
            var total = item.included
            if prepaid.isPerSeat {
                if let index = attach.quantities.firstIndex(where: { $0.feature == feature }) {
                    throw .seatsAreCounted(item.featureID, at: "quantities[\(index)]")
                }
                total = heldSeats(of: feature, for: entity, replacing: current)
            } else if let index = attach.quantities.firstIndex(where: { $0.feature == feature }) {
                total = attach.quantities[index].total
                try prepaid.check(total, included: item.included, at: "quantities[\(index)]")
            } else if let current, prepaid.cycle.interval != .oneOff {
                let before = pricing.plan(current.plan).prepaidItem(of: item.featureID)
                if let before, before.prepaidPrice?.cycle.interval != .oneOff {
                    let units = current.bought.first { $0.feature == feature }
                    total = before.included + (units.map { $0.next ?? $0.units } ?? .zero)
                }
            }
            let units = prepaid.packs(for: total, included: item.included)
            if units > .zero { bought.append(BoughtUnits(feature: feature, units: units)) }
        }
        return bought.sorted { $0.feature.rawValue < $1.feature.rawValue }
    }
}

extension AttachPlan {
    /// Where its prices are said.
    fileprivate var pricePath: String { customize?.makesPlan == true ? "customize" : "plan_id" }

    /// A plan that begins by itself has nothing to prorate (billing §5.4); one that takes the place
    /// of a plan that is paid for is charged for what is left.
    fileprivate func checkProration(replacing current: Subscription?) throws(Refusal) {
        guard !prorates, current?.isBilled == true || !removed.isEmpty else { return }
        throw .unfit(
            "proration_behavior",
            "cannot be NONE: the plan takes the place of one that is paid for")
    }

    /// What makes no sense with an invoice (billing §5.4).
    fileprivate func checkTerms() throws(Refusal) {
        guard terms != nil else { return }
        if starts != nil {
            throw .unfit("start_time", "cannot be had together with invoice_mode")
        }
        if redirect == .always {
            throw .unfit(
                "redirect_mode", "cannot be ALWAYS with invoice_mode, which opens no payment page")
        }
    }
}

extension PrepaidPrice {
    func check(_ total: Quantity, included: Quantity, at path: String) throws(Refusal) {
        guard total >= .zero else {
            throw .invalid([Violation(path: "\(path).quantity", message: "must not be negative")])
        }
        let most = maxPurchase ?? Quantity.limit
        guard packs(for: total, included: included) <= most else {
            throw .invalid([
                Violation(
                    path: "\(path).quantity",
                    message: "must be at most \((included + most).text): the plan sells no more")
            ])
        }
    }
}

extension Plan {
    /// It begins with a trial that nobody has to show a card for.
    fileprivate func trialNeedsNoCard(_ end: Timestamp?) -> Bool {
        end != nil && trial?.needsCard == false
    }
}

extension Order {
    /// The same purchase, priced.
    init(
        _ order: Order, lines: [InvoiceLine], balance: Int64, minimum: Int64, time: Timestamp
    ) {
        self.init(
            order.purpose, order.plan, subscriptions: order.subscriptions, lines: lines,
            balance: balance, minimum: minimum, time: time, currency: order.total.currency)
        entity = order.entity
        bought = order.bought
        startsCycle = order.startsCycle
        carriedBalances = order.carriedBalances
        carriedUsages = order.carriedUsages
        trialEnd = order.trialEnd
        discounts = order.discounts
        starts = order.starts
        ends = order.ends
        startsLater = order.startsLater
        reverts = order.reverts
        netDays = order.netDays
        taxRate = order.taxRate
    }
}
