/// What changing a subscription comes to: preview and change are both made from it.
struct ChangeQuote {
    enum Course: Equatable {
        /// As it is already.
        case none
        case cancelNow
        case cancelAtEnd
        case uncancel
        case quantities
        /// It has others from now on, or another tax rate.
        case discounts
        /// Another version, or a plan of the customer's own.
        case plan

        /// Paying the order does it.
        var isCharged: Bool {
            switch self {
            case .quantities, .plan: true
            case .none, .cancelNow, .cancelAtEnd, .uncancel, .discounts: false
            }
        }
    }

    var subscription: Subscription
    var course: Course
    /// What is due now, and what paying it does.
    var order: Order
    var needsPage = false
    /// What goes back to cards.
    var refunds: [CardReturn] = []

    /// All of it; nil: nothing.
    var refund: Money? {
        guard !refunds.isEmpty else { return nil }
        return Money(
            minorUnits: refunds.reduce(0) { $0 + $1.minorUnits }, currency: order.total.currency)
    }

    /// Another tax rate is asked for than it has.
    var changesTaxRate: Bool {
        !order.taxRate.isEmpty && order.taxRate != subscription.taxRate
    }

    /// Made for this change.
    var customPlan: CustomPlan?
}

extension CustomerState {
    /// Prices a change (billing §10).
    func quote(
        _ change: ChangeSubscription, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> ChangeQuote {
        let subscription = try target(of: change, pricing)
        let isOther =
            !change.quantities.isEmpty || !change.discounts.isEmpty || change.changesPlan
            || change.taxRate != nil
        guard change.cancel == nil || !isOther else {
            throw .unfit(
                "cancel_action",
                "cannot be had together with quantities, discounts, version, customize or "
                    + "tax_rate_id")
        }
        if isReverting(subscription) { try checkReverting(change, subscription) }
        try checkRefund(change)
        let added = try resolve(
            change.discounts, for: subscription.plan.plan, besides: subscription.discounts,
            pricing, now)
        let order = Order(
            .change, subscription.plan, subscriptions: [subscription.number], lines: [],
            time: now, currency: pricing.requiredCurrency)
        var quote = ChangeQuote(subscription: subscription, course: .none, order: order)
        quote.order.discounts = added
        try pricing.requireTaxRate(change.taxRate)
        quote.order.taxRate = change.taxRate ?? ""
        switch change.cancel {
        case .now:
            quote.course = .cancelNow
            try cancel(&quote, change, pricing, now)
        case .atEnd: quote.course = try endCourse(subscription, pricing, now)
        case .undo:
            guard subscription.status != .scheduled else {
                throw .invalid([
                    Violation(
                        path: "cancel_action",
                        message: "a plan that hasn't started cannot be uncancelled: attach it")
                ])
            }
            quote.course = subscription.canceled == .never ? .none : .uncancel
        case nil where change.changesPlan: try pricePlan(&quote, change, pricing, now)
        case nil:
            guard !change.quantities.isEmpty else {
                guard !change.discounts.isEmpty || change.taxRate != nil else {
                    throw .unfit(
                        "cancel_action",
                        "or quantities, discounts, version, customize or tax_rate_id must say "
                            + "what is to change")
                }
                try change.discounts.checkMinimum([], pricing)
                if !added.isEmpty || quote.changesTaxRate { quote.course = .discounts }
                try ask(change, of: &quote, pricing, now)
                return quote
            }
            try price(&quote, change, pricing, now)
        }
        try ask(change, of: &quote, pricing, now)
        if change.terms != nil {
            quote.needsPage = false
            guard quote.course.isCharged, quote.order.due.minorUnits > 0 else {
                throw .unfit("invoice_mode", "cannot be had: there is nothing to bill")
            }
        }
        return quote
    }

    /// The subscription that is meant (billing §10): the one named; of a plan the newest; or else
    /// the main one, a paid one first.
    private func target(
        of change: ChangeSubscription, _ pricing: PricingState
    ) throws(Refusal) -> Subscription {
        let entity = try buckets.scope(of: change.entity).entity
        let present = subscriptions.filter { $0.status != .ended }
        if let number = change.number {
            guard let found = present.first(where: { $0.number == number }) else {
                throw .subscriptionNotFound(String(number))
            }
            return found
        }
        let candidates = present.filter {
            $0.entity == entity && (change.plan == nil || $0.plan.plan == change.plan)
        }
        let inUse = candidates.filter(\.grantsAccess)
        let chosen =
            change.plan == nil
            ? inUse.last { pricing.plan($0.plan).isMain && $0.isBilled }
                ?? inUse.last { pricing.plan($0.plan).isMain }
                ?? inUse.last { $0.addOn } ?? inUse.last ?? candidates.last
            : inUse.last ?? candidates.last
        guard let chosen else {
            let planID = change.plan.map { pricing.plan(pricing.latest($0)).id }
            throw .subscriptionNotFound(planID ?? "")
        }
        return chosen
    }

    /// What is tried for a while can only be ended, or bought.
    private func checkReverting(
        _ change: ChangeSubscription, _ subscription: Subscription
    ) throws(Refusal) {
        if change.cancel == .atEnd {
            throw .unfit(
                "cancel_action",
                "the plan ends with its trial by itself, and the paused one goes on: to go back at "
                    + "once, cancel now")
        }
        guard change.cancel == nil else { return }
        let asked: [(String, Bool)] = [
            ("customize", change.customize != nil), ("version", change.version != nil),
            ("quantities", !change.quantities.isEmpty),
            ("tax_rate_id", change.taxRate != nil), ("discounts", true),
        ]
        guard let path = asked.first(where: \.1)?.0 else { return }
        throw .unfit(
            path,
            "cannot change while the plan is tried in another one's place: attach it to buy it")
    }

    /// A payment for it is tried again. One that is cancelled doesn't show that by its status.
    func isOwing(_ subscription: Subscription) -> Bool {
        subscription.status == .pastDue || isOwing(subscription.number)
    }

    /// What is unpaid can't be given back, so that nothing can take its place yet.
    func checkPaid(_ subscription: Subscription, _ path: String) throws(Refusal) {
        guard isUnpaid(subscription.number) else { return }
        throw .unfit(path, "cannot change before the subscription's open invoice is paid or void")
    }

    private func endCourse(
        _ subscription: Subscription, _ pricing: PricingState, _ now: Timestamp
    ) throws(Refusal) -> ChangeQuote.Course {
        if subscription.status == .scheduled { return .cancelNow }
        guard subscription.isBilled else {
            throw .invalid([
                Violation(
                    path: "cancel_action",
                    message: "nothing is billed again, so there is no end to wait for: cancel now")
            ])
        }
        let paidEnd = pricing.plan(subscription.plan)
            .paidEnd(after: now, anchor: subscription.anchor)
        let isPlanned = account.schedules.contains { $0.concerns(subscription.number) }
        // A schedule may end it later than that.
        return subscription.canceled == .never || isPlanned && paidEnd < subscription.end
            ? .cancelAtEnd : .none
    }

    /// What is left of what was paid comes back; what was used beyond the grant isn't billed
    /// (billing §10.3).
    private func cancel(
        _ quote: inout ChangeQuote, _ change: ChangeSubscription, _ pricing: PricingState,
        _ now: Timestamp
    ) throws(Refusal) {
        let subscription = quote.subscription
        let time = try quoteTime(change.quoteTime, subscription, now)
        var lines = subscription.pending
        if let refund = change.refund {
            (lines, quote.refunds) = returns(of: subscription, refund, at: time)
        } else if change.prorates {
            lines = subscription.closing(at: time)
        }
        if change.custom.isEmpty {
            lines.lower(by: discounts(on: lines, at: time))
            tax(&lines, pricing)
        }
        // What is still owed comes on top of the next invoice: nothing is charged for leaving.
        quote.order = Order(
            .change, subscription.plan, subscriptions: [subscription.number],
            lines: lines.map { $0.described(pricing) },
            balance: account.credit?.minorUnits ?? 0, minimum: .max, time: time,
            currency: pricing.requiredCurrency)
    }

    /// Only a plan that ends now gives something back.
    private func checkRefund(_ change: ChangeSubscription) throws(Refusal) {
        guard change.refund != nil else { return }
        guard change.cancel == .now else {
            throw .invalid([
                Violation(
                    path: "refund_last_payment",
                    message: "needs cancel_action \"immediately\"")
            ])
        }
        guard change.prorates else {
            throw .invalid([
                Violation(
                    path: "refund_last_payment",
                    message: "cannot be had together with proration_behavior \"none\"")
            ])
        }
    }

    /// Other quantities (billing §10.2).
    private func price(
        _ quote: inout ChangeQuote, _ change: ChangeSubscription, _ pricing: PricingState,
        _ now: Timestamp
    ) throws(Refusal) {
        let subscription = quote.subscription
        guard !isOwing(subscription) else {
            throw .invalid([
                Violation(
                    path: "quantities",
                    message: "cannot change while a payment is owed, which is tried again")
            ])
        }
        // Packs for good take the place of nothing.
        let plan = pricing.plan(subscription.plan)
        if !change.quantities.allSatisfy({ plan.sellsForGood($0.feature, pricing) }) {
            try checkPaid(subscription, "quantities")
        }
        guard subscription.status.grantsAccess else {
            throw .invalid([
                Violation(
                    path: "quantities",
                    message: "cannot change before the plan starts: attach it anew")
            ])
        }
        let time = try quoteTime(change.quoteTime, subscription, now)
        var deal = QuantityChange(subscription, pricing: pricing, at: time, change)
        for (index, asked) in change.quantities.enumerated() {
            try deal.add(asked, at: "quantities[\(index)]")
        }
        let added = quote.order.discounts
        guard
            deal.bought != subscription.bought || !deal.lines.isEmpty || !added.isEmpty
                || quote.changesTaxRate
        else { return }
        quote.course = .quantities
        try change.discounts.checkMinimum(deal.lines, pricing)
        var lines = deal.lines.map { $0.described(pricing) }
        if change.custom.isEmpty {
            lines.lower(by: discounts(on: lines, at: time, with: added))
            tax(&lines, asked: quote.order.taxRate, for: subscription.number, pricing)
        }
        let hasCard = account.method != nil
        var order = Order(
            .change, subscription.plan, subscriptions: [subscription.number], lines: lines,
            balance: account.credit?.minorUnits ?? 0,
            minimum: hasCard && change.terms == nil ? pricing.requiredCurrency.minimumCharge : 0,
            time: time,
            currency: pricing.requiredCurrency)
        order.pending = deal.pending.map { $0.described(pricing) }
        order.bought = deal.bought
        order.taxRate = quote.order.taxRate
        order.successURL = change.successURL
        order.discounts = added
        quote.order = order
        quote.needsPage = !hasCard && order.due.minorUnits > 0
    }
}

/// Works out what other quantities cost, feature by feature.
private struct QuantityChange {
    private let subscription: Subscription
    private let plan: Plan
    private let pricing: PricingState
    private let time: Timestamp
    private let prorates: Bool
    private let countsSeats: Bool
    private(set) var bought: [BoughtUnits]
    private(set) var lines: [InvoiceLine] = []
    /// What waits from then on.
    private(set) var pending: [InvoiceLine]

    init(
        _ subscription: Subscription, pricing: PricingState, at time: Timestamp,
        _ change: ChangeSubscription
    ) {
        self.subscription = subscription
        self.pricing = pricing
        self.time = time
        prorates = change.prorates
        countsSeats = change.countsSeats
        plan = pricing.plan(subscription.plan)
        bought = subscription.bought
        pending = subscription.pending
    }

    mutating func add(_ asked: AskedUnits, at path: String) throws(Refusal) {
        let featureID = pricing.feature(asked.feature).id
        guard let item = plan.prepaidItem(of: featureID), let prepaid = item.prepaidPrice else {
            throw .invalid([
                Violation(
                    path: "\(path).feature_id",
                    message: "\"\(plan.id)\" sells no packs of \"\(featureID)\"")
            ])
        }
        guard !prepaid.isPerSeat || countsSeats else {
            throw .seatsAreCounted(featureID, at: path)
        }
        guard prepaid.cycle.interval != .oneOff else {
            return try topUp(asked, item, prepaid, at: path)
        }
        try prepaid.check(asked.total, included: item.included, at: path)
        let units = prepaid.packs(for: asked.total, included: item.included)
        let present = subscription.units(of: asked.feature)
        let count = lines.count
        defer { bringForward(asked.feature, before: count) }
        if units > present {
            increase(asked.feature, item, prepaid, from: present, to: units)
        } else if units < present {
            decrease(asked.feature, item, prepaid, to: units)
        } else {
            set(asked.feature, units, next: nil)
        }
    }

    /// What waits for the next invoice is settled with what is charged or given back now: nothing
    /// comes back that isn't paid.
    private mutating func bringForward(_ feature: FeatureNumber, before index: Int) {
        guard lines.count > index else { return }
        lines.insert(contentsOf: pending.filter { $0.part.feature == feature }, at: index)
        pending.removeAll { $0.part.feature == feature }
    }

    /// Packs for good come on top of those that there are.
    private mutating func topUp(
        _ asked: AskedUnits, _ item: PlanItem, _ prepaid: PrepaidPrice, at path: String
    ) throws(Refusal) {
        try prepaid.check(asked.total, included: .zero, at: path)
        let units = prepaid.packs(for: asked.total, included: .zero)
        guard units > .zero else { return }
        lines.append(line(asked.feature, item, prepaid, units))
        set(asked.feature, subscription.units(of: asked.feature) + units, next: nil)
    }

    private mutating func increase(
        _ feature: FeatureNumber, _ item: PlanItem, _ prepaid: PrepaidPrice,
        from present: Quantity, to units: Quantity
    ) {
        set(feature, units, next: nil)
        guard !subscription.isTrialing(at: time), prorates else { return }
        switch prepaid.onIncrease {
        case .prorate: lines += difference(feature, item, prepaid, units)
        case .prorateNextCycle: pending += difference(feature, item, prepaid, units)
        case .billNextCycle: break
        case .bill:
            let more =
                prepaid.price.amount(of: item.included + units, included: item.included)
                - prepaid.price.amount(of: item.included + present, included: item.included)
            // All units may be cheaper in the next tier of a volume price.
            guard more > .zero else {
                lines += difference(feature, item, prepaid, units)
                return
            }
            var whole = line(feature, item, prepaid, units - present)
            whole.subtotal = Money(more, currency: pricing.requiredCurrency)
            lines.append(whole)
        }
    }

    private mutating func decrease(
        _ feature: FeatureNumber, _ item: PlanItem, _ prepaid: PrepaidPrice, to units: Quantity
    ) {
        guard !subscription.isTrialing(at: time) else { return set(feature, units, next: nil) }
        switch prepaid.onDecrease {
        case .keep: set(feature, subscription.units(of: feature), next: units)
        case .drop: set(feature, units, next: nil)
        case .prorate:
            set(feature, units, next: nil)
            if prorates { lines += difference(feature, item, prepaid, units) }
        case .prorateNextCycle:
            set(feature, units, next: nil)
            if prorates { pending += difference(feature, item, prepaid, units) }
        }
    }

    /// What is left of the old quantity back, what is left of the period charged for the new one.
    private mutating func difference(
        _ feature: FeatureNumber, _ item: PlanItem, _ prepaid: PrepaidPrice, _ units: Quantity
    ) -> [InvoiceLine] {
        let part = PricePart(plan: subscription.plan, feature: feature)
        let amount = prepaid.price.amount(of: item.included + units, included: item.included)
        let price = AdvancePrice(
            part: part, amount: amount, cycle: prepaid.cycle, quantity: units)
        let charges = subscription.charges.filter { $0.part == part }
        var lines = charges.compactMap { InvoiceLine.credit($0, at: time) }
        pending.shorten(by: &lines, of: charges, at: time)
        let charge = InvoiceLine.charge(
            price, from: time, anchor: subscription.anchor, currency: pricing.requiredCurrency)
        if charge.subtotal.minorUnits != 0 { lines.append(charge) }
        for index in lines.indices { lines[index].subscription = subscription.number }
        return lines
    }

    /// So many units for what is left of the period, or for good, at their whole price.
    private func line(
        _ feature: FeatureNumber, _ item: PlanItem, _ prepaid: PrepaidPrice, _ units: Quantity
    ) -> InvoiceLine {
        let isForGood = prepaid.cycle.interval == .oneOff
        var line = InvoiceLine(
            isForGood ? .oneOff : .charge, PricePart(plan: subscription.plan, feature: feature),
            subscription: subscription.number, quantity: units,
            subtotal: Money(prepaid.price.amount(of: units), currency: pricing.requiredCurrency))
        if !isForGood {
            let end = prepaid.cycle.window(around: time, anchor: subscription.anchor).upperBound
            line.period = time..<end
        }
        return line
    }

    private mutating func set(_ feature: FeatureNumber, _ units: Quantity, next: Quantity?) {
        bought.removeAll { $0.feature == feature }
        if units > .zero || next != nil {
            bought.append(BoughtUnits(feature: feature, units: units, next: next))
        }
        bought.sort { $0.feature.rawValue < $1.feature.rawValue }
    }
}
