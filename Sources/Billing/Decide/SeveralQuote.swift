/// What buying several plans in one comes to: preview and purchase are both made from it.
struct SeveralQuote {
    /// What is due now, and what paying it does.
    var order: Order
    /// Somebody has to go to a payment page.
    var needsPage = false
    /// Discounts that come with it.
    var added: [HeldDiscount] = []
    /// Made for this purchase.
    var customPlans: [CustomPlan] = []
    /// Bought before, and starting later, just so.
    var alreadyScheduled: [Subscription] = []

    /// There is nothing to do.
    var isDone: Bool { order.parts.isEmpty && order.removed.isEmpty }
}

extension CustomerState {
    /// Prices all of it: first those that end, then main plans, then the others, each as if the
    /// ones before it had happened.
    func quote(
        _ several: AttachSeveral, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> SeveralQuote {
        guard several.plans.allSatisfy({ $0.terms == nil }) else {
            throw .unfit("invoice_mode", "cannot be had together with remove_plan_ids")
        }
        guard several.plans.allSatisfy(\.custom.isEmpty) else {
            throw .unfit(CustomLine.path, "cannot be had together with remove_plan_ids")
        }
        try pricing.requireTaxRate(several.taxRate)
        let time = several.quoteTime ?? now
        let removed = try removed(by: several, pricing, now)
        var draft = FactSheet(self, pricing: pricing, now: time)
        var sale = Sale(shared: try shared(by: several, pricing, now))
        var quote = SeveralQuote(
            order: Order(
                .several, .none, subscriptions: removed.map(\.number), lines: [], time: time,
                currency: pricing.requiredCurrency))
        quote.order.removed = removed.map(\.number)
        for subscription in removed {
            sale.lines += draft.leaving(subscription)
            sale.owners.append((subscription.number, subscription.discounts))
        }
        _ = draft.remove(quote.order.removed)
        for index in try places(of: several, removed, pricing) {
            let part = try part(index, of: several, draft, now)
            if let scheduled = part.alreadyScheduled, sale.shared.isEmpty {
                quote.alreadyScheduled.append(scheduled)
                continue
            }
            draft.take(part)
            if let custom = part.customPlan { quote.customPlans.append(custom) }
            sale.parts.append(part)
        }
        try sale.share()
        quote.added = sale.shared
        try price(&quote, sale, several, draft.pricing)
        return quote
    }

    /// Discounts, credit, and whether somebody has to go to a page.
    private func price(
        _ quote: inout SeveralQuote, _ sale: Sale, _ several: AttachSeveral,
        _ pricing: PricingState
    ) throws(Refusal) {
        let (time, currency) = (quote.order.time, pricing.requiredCurrency)
        try several.discounts.checkMinimum(sale.parts.flatMap(\.order.lines), pricing)
        var sale = sale
        sale.lower(by: discounts(on: sale, at: time), pricing) { lines, asked in
            tax(&lines, asked: asked, pricing)
        }
        let now = sale.parts.filter { !$0.startsLater }
        let hasCard = account.method != nil
        let onPage = several.redirect == .always && now.contains { !$0.isFree }
        var order = Order(
            .several, sale.parts.first?.order.plan ?? .none,
            subscriptions: quote.order.subscriptions + sale.parts.compactMap(\.current?.number),
            lines: sale.lines + sale.parts.flatMap(\.order.lines),
            balance: account.credit?.minorUnits ?? 0,
            minimum: hasCard && !onPage ? currency.minimumCharge : 0, time: time,
            currency: currency)
        order.removed = quote.order.removed
        order.parts = sale.parts.map(\.order)
        order.trialEnd = now.reduce(.never) { min($0, $1.order.trialEnd) }
        order.successURL = several.successURL
        quote.order = order
        let isAsked = !hasCard && (order.due.minorUnits > 0 || now.contains(where: \.paysLater))
        quote.needsPage = onPage || (isAsked && several.redirect != .never)
    }

    private func part(
        _ index: Int, of several: AttachSeveral, _ draft: FactSheet, _ now: Timestamp
    ) throws(Refusal) -> PurchaseQuote {
        var attach = several.plans[index]
        attach.startsCycle = several.startsCycle
        attach.taxRate = attach.taxRate ?? several.taxRate
        attach.quoteTime = several.quoteTime
        var part = try several.at(index) { () throws(Refusal) in
            try draft.customer.part(attach, pricing: draft.pricing, now: now)
        }
        part.order.startsLater = part.startsLater
        if part.startsLater, let starts = attach.starts { part.order.starts = starts }
        return part
    }

    /// The order in which the plans begin: main ones first, so that others are billed with them.
    private func places(
        of several: AttachSeveral, _ removed: [Subscription], _ pricing: PricingState
    ) throws(Refusal) -> [Int] {
        var scopes: [PlanScope] = []
        var (main, others): ([Int], [Int]) = ([], [])
        for (index, attach) in several.plans.enumerated() {
            let (reference, custom) = try several.at(index) { () throws(Refusal) in
                try offer(attach, pricing)
            }
            let plan = pricing.with(custom).plan(reference)
            guard plan.isMain else {
                others.append(index)
                continue
            }
            let scope = PlanScope(
                group: plan.group, entity: try buckets.scope(of: attach.entity).entity)
            guard !scopes.contains(scope) else {
                throw .unfit(
                    several.path(index, "plan_id"),
                    "takes the place of another one of these plans: leave one of them out")
            }
            // Those of a schedule that end are found, not named.
            let named = several.ending == nil ? removed : []
            if let index = named.firstIndex(where: { $0.isReplaced(in: scope, pricing) }) {
                let planID = pricing.plan(removed[index].plan).id
                let place = several.removed.firstIndex(of: removed[index].plan.plan) ?? 0
                throw .unfit(
                    "remove_plan_ids[\(place)]",
                    "\"\(planID)\" is replaced by \"\(plan.id)\": leave it out")
            }
            scopes.append(scope)
            main.append(index)
        }
        return main + others
    }

    /// The subscriptions that end.
    private func removed(
        by several: AttachSeveral, _ pricing: PricingState, _ now: Timestamp
    ) throws(Refusal) -> [Subscription] {
        if let ending = several.ending {
            let removed = ending.compactMap { subscription($0) }
            for subscription in removed {
                _ = try quoteTime(several.quoteTime, subscription, now)
            }
            return removed
        }
        let entity = try buckets.scope(of: several.removedEntity).entity
        var removed: [Subscription] = []
        for (index, plan) in several.removed.enumerated() {
            let planID = pricing.plan(pricing.latest(plan)).id
            let path = "remove_plan_ids[\(index)]"
            guard !several.plans.contains(where: { $0.plan == plan }) else {
                throw .unfit(path, "\"\(planID)\" is what is attached: leave it out")
            }
            guard !several.removed[..<index].contains(plan) else {
                throw .unfit(path, "\"\(planID)\" appears twice")
            }
            let present = subscriptions.filter {
                $0.status != .ended && $0.entity == entity && $0.plan.plan == plan
            }
            guard !present.isEmpty else {
                throw .unfit(path, "\"\(planID)\" is no plan that there is: leave it out")
            }
            for subscription in present {
                _ = try quoteTime(several.quoteTime, subscription, now)
            }
            removed += present
        }
        return removed
    }

    /// Discounts of all of it. A code must be for one of the plans at least.
    private func shared(
        by several: AttachSeveral, _ pricing: PricingState, _ now: Timestamp
    ) throws(Refusal) -> [HeldDiscount] {
        guard !several.discounts.isEmpty else { return [] }
        let found = try resolve(several.discounts, for: nil, besides: [], pricing, now)
        for held in found where !held.code.isEmpty && !held.plans.isEmpty {
            guard several.plans.contains(where: { held.plans.contains($0.plan) }) else {
                let index = several.discounts.firstIndex { $0.code == held.code } ?? 0
                throw .unfit(
                    "discounts[\(index)].promotion_code", "is for none of these plans")
            }
        }
        return found
    }

    /// What lowers each line: discounts that its subscription has or gets, or else the customer's.
    private func discounts(on sale: Sale, at time: Timestamp) -> [Discount] {
        var found: [Discount] = []
        var others: [UInt32] = []
        var all: [UInt32] = []
        var sharesAll = false
        for (index, part) in sale.parts.enumerated() {
            let holder = AppliedDiscount.holder(ofPart: index)
            let numbers = [holder] + (part.current.map { [$0.number] } ?? [])
            let own = part.order.discounts.filter { $0.counts(at: time) }
            for held in own {
                let isShared =
                    !held.isOfEach && sale.shared.contains { $0.couponID == held.couponID }
                sharesAll = sharesAll || isShared
                found.append(held.discount(of: holder, on: isShared ? nil : numbers))
            }
            all += numbers
            if own.isEmpty { others += numbers }
        }
        for index in found.indices where found[index].subscriptions == nil {
            found[index].subscriptions = all
        }
        if sharesAll { others = [] }
        for (number, held) in sale.owners {
            let own = held.filter { $0.counts(at: time) }
            found += own.map { $0.discount(of: number, on: [number]) }
            if own.isEmpty { others.append(number) }
        }
        return found + (others.isEmpty ? [] : customersDiscounts(at: time, on: others))
    }
}

/// Parts of one invoice, being priced.
private struct Sale {
    /// Discounts of all parts.
    var shared: [HeldDiscount]
    var parts: [PurchaseQuote] = []
    /// Of plans that end.
    var lines: [InvoiceLine] = []
    /// Those plans, and what they have.
    var owners: [(number: UInt32, discounts: [HeldDiscount])] = []

    init(shared: [HeldDiscount]) {
        self.shared = shared
    }

    /// Percentages are each plan's from then on; an amount, which counts once for all of them, is
    /// the first one's.
    mutating func share() throws(Refusal) {
        for held in shared {
            let meant = parts.indices.filter {
                held.plans.isEmpty || held.plans.contains(parts[$0].order.plan.plan)
            }
            let first = meant.first { !parts[$0].startsLater } ?? meant.first ?? parts.startIndex
            var given = held
            for index in held.isOfEach && !meant.isEmpty ? meant : [first]
            where parts.indices.contains(index) {
                parts[index].order.discounts = parts[index].order.discounts.merged(with: [given])
                // A code is redeemed once.
                given.redemption = ""
            }
        }
        guard parts.allSatisfy({ $0.order.discounts.count <= HeldDiscount.limit }) else {
            throw .tooMany("discounts", limit: HeldDiscount.limit)
        }
    }

    /// Takes discounts off all lines together. Until then the subscriptions that parts start have
    /// stand-ins for numbers.
    ///
    /// - Parameter tax: adds tax to lines, those of a new subscription at the rate that it gets.
    mutating func lower(
        by discounts: [Discount], _ pricing: PricingState,
        _ tax: (inout [InvoiceLine], String) -> Void
    ) {
        var all = lines
        for (index, part) in parts.enumerated() {
            all += part.order.lines.map { line in
                var line = line
                if line.subscription == 0 {
                    line.subscription = AppliedDiscount.holder(ofPart: index)
                }
                return line
            }
        }
        all.lower(by: discounts)
        all = all.map { $0.described(pricing) }
        var rest = all[...]
        lines = Array(rest.prefix(lines.count))
        rest = rest.dropFirst(lines.count)
        tax(&lines, "")
        for index in parts.indices {
            let holder = AppliedDiscount.holder(ofPart: index)
            let order = parts[index].order
            let count = order.lines.count
            var lowered = rest.prefix(count).map { line in
                var line = line
                if line.subscription == holder { line.subscription = 0 }
                return line
            }
            rest = rest.dropFirst(count)
            tax(&lowered, order.taxRate)
            parts[index].order = Order(
                order, lines: lowered, balance: 0, minimum: 0, time: order.time)
        }
    }
}

extension HeldDiscount {
    /// It lowers every line by itself, whoever else has it.
    fileprivate var isOfEach: Bool {
        if case .percentage = kind { return true }
        return false
    }
}

extension Subscription {
    fileprivate func isReplaced(in scope: PlanScope, _ pricing: PricingState) -> Bool {
        let plan = pricing.plan(self.plan)
        return plan.isMain && scope == PlanScope(group: plan.group, entity: entity)
    }
}

extension FactSheet {
    /// What is left of a plan that ends comes back, what was used of it is charged. Seats are of no
    /// account in the middle of a period.
    fileprivate func leaving(_ subscription: Subscription) -> [InvoiceLine] {
        guard subscription.status.grantsAccess else { return [] }
        var lines = subscription.closing(at: now)
        if !subscription.isTrialing(at: now) {
            lines += overageLines(of: subscription, ending: true, seats: false)
        }
        return lines
    }

    /// As if it were paid.
    fileprivate mutating func take(_ part: PurchaseQuote) {
        note(part.customPlan)
        var order = part.order
        _ = part.startsLater ? schedule(order) : activate(&order)
    }
}
