/// What falls due at one moment, of all of a customer's subscriptions that are paid in the same
/// way: one invoice.
private struct Bill {
    /// It is sent, and due after so many days; 0: a card is charged.
    var netDays: UInt32
    var lines: [InvoiceLine] = []
    /// Those that go on with it.
    var subscriptions: [UInt32] = []
    /// What the order is called after.
    var plan: PlanReference?
    /// Plans that have taken over the discounts of those that ended.
    var heirs: [UInt32: UInt32] = [:]

    mutating func add(_ lines: [InvoiceLine], of subscription: Subscription, goesOn: Bool) {
        self.lines += lines
        if goesOn { subscriptions.append(subscription.number) }
        plan = plan ?? subscription.plan
    }
}

private struct Bills {
    private var all: [Bill] = []

    /// Those that are sent draw credit at once, so that what is charged to a card doesn't draw the
    /// same.
    var inOrder: [Bill] { all.filter { $0.netDays > 0 } + all.filter { $0.netDays == 0 } }

    subscript(netDays: UInt32) -> Bill {
        get { all.first { $0.netDays == netDays } ?? Bill(netDays: netDays) }
        set {
            let index = all.firstIndex { $0.netDays == netDays }
            if let index { all[index] = newValue } else { all.append(newValue) }
        }
    }
}

// Renewals, ends and scheduled starts (billing §11).
extension FactSheet {
    /// Ends what has come to its end, starts what was scheduled, renews what has come to its
    /// period's end, and charges all of it together.
    mutating func bill(effectID: () -> String) {
        guard customer.openEffect == nil, !askForTaxes(effectID) else { return }
        var bills = Bills()
        let turn = beginPhases()
        for number in customer.subscriptions.filter({ $0.status.grantsAccess }).map(\.number) {
            // What ended with another one is over, and what another system may still charge waits.
            guard let subscription = customer.subscription(number),
                subscription.status.grantsAccess, !customer.isHeldBack(number)
            else { continue }
            if subscription.end <= now || isFollowed(subscription) {
                finish(subscription, turn, &bills)
            } else {
                renew(subscription, &bills[subscription.netDays])
            }
        }
        for subscription in customer.subscriptions
        where subscription.status == .scheduled && subscription.start <= now {
            start(subscription, held: [:], turn, &bills[subscription.netDays])
        }
        for bill in bills.inOrder {
            if let plan = bill.plan { collect(bill, plan, effectID: effectID) }
        }
    }

    /// Its period is over, and a plan with a start of its own takes its place just then.
    private func isFollowed(_ subscription: Subscription) -> Bool {
        let plan = pricing.plan(subscription.plan)
        let scope = PlanScope(group: plan.group, entity: subscription.entity)
        return subscription.periodEnd <= now && plan.isMain
            && customer.successor(by: now, in: scope, pricing) != nil
    }

    /// Charges what is due; what needs no payment is settled at once.
    private mutating func collect(
        _ bill: Bill, _ plan: PlanReference, effectID: () -> String
    ) {
        var lines = bill.lines.map { $0.described(pricing) }
        lines.lower(by: customer.discounts(on: lines, at: now, heirs: bill.heirs))
        customer.tax(&lines, pricing)
        let currency = pricing.requiredCurrency
        var order = Order(
            .renewal, plan, subscriptions: bill.subscriptions, lines: lines, balance: balance,
            minimum: bill.netDays == 0 ? currency.minimumCharge : 0, time: now, currency: currency)
        guard order.due.minorUnits > 0 else {
            fulfil(&order)
            invoice(order, .paid)
            return
        }
        if bill.netDays > 0 { return send(order, netDays: bill.netDays, token: effectID()) }
        for number in bill.subscriptions {
            guard var subscription = customer.subscription(number), subscription.status == .active
            else { continue }
            subscription.status = .renewing
            emit(.subscriptionChanged(subscription))
        }
        emit(.effectRequested(Effect(id: effectID(), kind: .collect, order: order, request: nil)))
    }

    /// Renews what has come to its period's end, and charges overage whose cycle is over.
    private mutating func renew(_ subscription: Subscription, _ bill: inout Bill) {
        let renews = subscription.periodEnd <= now
        if renews, customer.isReverting(subscription) {
            end(subscription)
            return
        }
        if renews, subscription.trialEnd == subscription.periodEnd,
            customer.account.method == nil, subscription.netDays == 0
        {
            return finishUnpaid(subscription)
        }
        let plan = pricing.plan(subscription.plan)
        let endsTrial = renews && subscription.trialEnd == subscription.periodEnd
        let overage = overageLines(of: subscription, seats: renews && !endsTrial)
        let reset = resetPriced(of: subscription)
        guard renews || reset else { return }
        var lines: [InvoiceLine] = []
        var next = subscription
        if renews {
            closeCheckout(concerning: subscription.number)
            takeUp(&next)
            next.charges.removeAll { $0.period.upperBound <= now }
            lines = advanceLines(of: next, plan) + next.pending
            next.pending = []
            next.periodStart = next.periodEnd
            next.periodEnd = plan.nextBilling(after: now, anchor: next.anchor)
        }
        if next != subscription { emit(.subscriptionChanged(next)) }
        bill.add(lines + overage, of: next, goesOn: true)
    }

    /// The periods that begin now.
    func advanceLines(of subscription: Subscription, _ plan: Plan) -> [InvoiceLine] {
        plan.advancePrices(subscription.plan, bought: subscription.bought, pricing)
            .compactMap { price in
                guard begins(price.cycle, of: subscription),
                    !subscription.hasPaid(price.part, at: now)
                else { return nil }
                var line = InvoiceLine.charge(
                    price, from: now, anchor: subscription.anchor,
                    currency: pricing.requiredCurrency)
                line.subscription = subscription.number
                return line
            }
    }

    /// A period of that length begins now.
    func begins(_ cycle: Cycle, of subscription: Subscription) -> Bool {
        cycle.boundary(after: now.adding(milliseconds: -1), anchor: subscription.anchor) == now
    }

    /// From now on there are as many packs as were asked for meanwhile, of those whose period is
    /// over.
    private mutating func takeUp(_ subscription: inout Subscription) {
        countSeats(of: &subscription)
        let before = subscription
        let plan = pricing.plan(subscription.plan)
        for index in subscription.bought.indices {
            let bought = subscription.bought[index]
            let item = plan.prepaidItem(of: pricing.feature(bought.feature).id)
            guard let next = bought.next,
                item?.prepaidPrice.map({ begins($0.cycle, of: subscription) }) ?? true
            else { continue }
            subscription.bought[index].units = next
            subscription.bought[index].next = nil
        }
        grantDifference(from: before, to: subscription.bought)
    }

    /// Ends a subscription whose place another one takes, with what is left of what was paid for
    /// it.
    private mutating func replace(
        _ current: Subscription, _ bill: inout Bill
    ) -> [Seats: Quantity] {
        var lines = current.closing(at: now)
        if !current.isTrialing(at: now) {
            lines += overageLines(of: current, ending: true, seats: false)
        }
        bill.add(lines, of: current, goesOn: false)
        return end(current)
    }

    /// Ends a cancelled subscription; what was scheduled after it starts at the same moment, and
    /// pays the overage that is left together with its first price.
    ///
    /// - Parameter turn: phases of schedules that begin now.
    private mutating func finish(
        _ subscription: Subscription, _ turn: PhaseTurn?, _ bills: inout Bills
    ) {
        let plan = pricing.plan(subscription.plan)
        // A shorter period that was begun last doesn't end with the longest one.
        var lines = subscription.closing(at: now)
        if !subscription.isTrialing(at: now), subscription.trialEnd != now {
            // In the middle of a period seats go on being held.
            let isPeriodOver =
                turn?.ends.contains(subscription.number) != true
                || subscription.periodEnd <= now
            lines += overageLines(of: subscription, ending: true, seats: isPeriodOver)
        }
        let held = end(subscription)
        let scope = PlanScope(group: plan.group, entity: subscription.entity)
        let scheduled =
            plan.isMain ? customer.successor(by: now, in: scope, pricing) : nil
        guard var next = scheduled else {
            return bills[subscription.netDays].add(
                lines, of: subscription, goesOn: false)
        }
        var bill = bills[next.netDays]
        bill.add(lines, of: subscription, goesOn: false)
        if !pricing.plan(next.plan).isFree, !subscription.discounts.isEmpty {
            bill.heirs[subscription.number] = next.number
            next.discounts = subscription.discounts.merged(with: next.discounts)
        }
        start(next, held: held, turn, &bill)
        bills[next.netDays] = bill
    }

    /// Nobody pays for it once its trial is over: the group's default takes its place (billing §9).
    private mutating func finishUnpaid(_ subscription: Subscription) {
        let plan = pricing.plan(subscription.plan)
        end(subscription)
        giveDefault(in: PlanScope(group: plan.group, entity: subscription.entity))
    }

    /// What a group starts with, if nothing is left in it.
    mutating func giveDefault(in scope: PlanScope) {
        guard scope.entity == 0, customer.mainSubscription(in: scope, pricing) == nil,
            let reference = pricing.defaultPlan(inGroup: scope.group)
        else { return }
        give(reference)
    }

    private mutating func start(
        _ scheduled: Subscription, held: [Seats: Quantity], _ turn: PhaseTurn?,
        _ bill: inout Bill
    ) {
        let plan = pricing.plan(scheduled.plan)
        let scope = PlanScope(group: plan.group, entity: scheduled.entity)
        var held = held
        // What starts at a moment of its own replaces whatever is in use then.
        if plan.isMain {
            closeCheckout(in: scope)
            if let current = customer.mainSubscription(in: scope, pricing) {
                held = replace(current, &bill)
            }
        }
        var subscription = scheduled
        subscription.status = .active
        if let turn, turn.begins.contains(scheduled.number) {
            subscription.anchor = turn.anchor(of: scheduled, pricing, now)
        }
        subscription.periodEnd = plan.nextBilling(after: now, anchor: subscription.anchor)
        countSeats(of: &subscription, held: held)
        let ends = subscription.end
        if ends != .never { subscription.end(at: ends, canceledAt: now) }
        emit(.subscriptionChanged(subscription))
        if ends != .never { scheduleDefault(after: subscription, in: scope) }
        let lines = plan.advancePrices(subscription.plan, bought: subscription.bought, pricing)
            .map { price in
                var line = InvoiceLine.charge(
                    price, from: now, anchor: subscription.anchor,
                    currency: pricing.requiredCurrency)
                line.subscription = subscription.number
                return line
            }
        bill.add(lines, of: subscription, goesOn: true)
        bill.plan = subscription.plan
        grant(subscription, held: held)
    }

    /// One line for each priced item that is overdrawn: those whose cycle is over, and held seats
    /// at the period's end.
    ///
    /// - Parameter ending: the subscription ends, so cycles that are under way count too.
    func overageLines(
        of subscription: Subscription, ending: Bool = false, seats: Bool
    ) -> [InvoiceLine] {
        // Whoever ran the period before it came here charges what was used in it.
        guard !customer.isBilledElsewhere(subscription.number, by: now) else { return [] }
        let plan = pricing.plan(subscription.plan)
        // Of an item for each entity: what all of them used beyond their grants.
        var used: [(bucket: Bucket, overage: Quantity)] = []
        customer.buckets.each { bucket, _ in
            guard bucket.subscription == subscription.number, bucket.overage > .zero,
                bucket.flags.contains(.priced),
                bucket.flags.contains(.allocated) ? seats : ending || bucket.nextReset <= now
            else { return }
            let index = used.firstIndex {
                $0.bucket.feature == bucket.feature && $0.bucket.cycle == bucket.cycle
            }
            if let index {
                used[index].overage = used[index].overage + bucket.overage
            } else {
                used.append((bucket, bucket.overage))
            }
        }
        return used.compactMap { bucket, overage in
            let featureID = pricing.feature(bucket.feature).id
            guard
                let item = plan.item(of: bucket, featureID: featureID), let price = item.usagePrice
            else { return nil }
            let money = price.charge(
                for: overage, beyond: item.included, currency: pricing.requiredCurrency)
            guard money.minorUnits > 0 else { return nil }
            return InvoiceLine(
                .overage, PricePart(plan: subscription.plan, feature: bucket.feature),
                subscription: subscription.number, quantity: overage, subtotal: money)
        }
    }

    private mutating func resetPriced(of subscription: Subscription) -> Bool {
        var due: [(bucket: Bucket, entity: UInt32)] = []
        customer.buckets.each { bucket, entity in
            guard bucket.subscription == subscription.number, bucket.flags.contains(.priced),
                bucket.nextReset <= now
            else { return }
            due.append((bucket, entity))
        }
        reset(due, upTo: now)
        return !due.isEmpty
    }
}

extension Subscription {
    /// A longer period of it runs, from before its price was changed without proration.
    fileprivate func hasPaid(_ part: PricePart, at now: Timestamp) -> Bool {
        charges.contains { $0.part.isLike(part) && $0.period.upperBound > now }
    }
}

extension PricingState {
    /// What every customer of a group starts with.
    func defaultPlan(inGroup group: String) -> PlanReference? {
        autoEnabled.first { !plan($0).addOn && plan($0).group == group }
    }
}
