/// What the payment provider has answered to being told that it runs something no more.
package struct SettleTakeover: Sendable {
    package enum Outcome: Sendable, Equatable {
        /// It is known there, and there is nothing to end.
        case noted
        /// The period is the last one there.
        case ends(period: Range<Timestamp>)
        /// It was over before anybody told it to end.
        case ended
    }

    package var source: String
    package var outcome: Outcome

    package init(source: String, _ outcome: Outcome) {
        self.source = source
        self.outcome = outcome
    }
}

extension CustomerState {
    func decideSettleTakeover(
        _ settle: SettleTakeover, pricing: PricingState, now: Timestamp
    ) -> Decision {
        // Settled before, by another worker or before a crash.
        guard var takeover = account.takeover(settle.source), takeover.status == .pending else {
            return Decision()
        }
        var facts = FactSheet(self, pricing: pricing, now: now)
        takeover.status = settle.outcome == .ended ? .ended : .done
        let before = takeover.until
        if case .ends(let period) = settle.outcome { takeover.until = period.upperBound }
        facts.emit(.takeoverSet(takeover))
        for number in takeover.subscriptions {
            guard let subscription = customer(facts, number) else { continue }
            switch settle.outcome {
            case .noted: break
            case .ends(let period):
                if period.upperBound > before { facts.follow(subscription, into: period) }
            case .ended: facts.endElsewhere(subscription)
            }
        }
        return Decision(facts: facts.facts, reply: .none)
    }

    private func customer(_ facts: FactSheet, _ number: UInt32) -> Subscription? {
        facts.customer.subscription(number).flatMap { $0.status == .ended ? nil : $0 }
    }
}

extension FactSheet {
    /// It was renewed there while nobody had told it to end: that period is paid for.
    fileprivate mutating func follow(
        _ subscription: Subscription, into period: Range<Timestamp>
    ) {
        var next = subscription
        let endedTrial = subscription.trialEnd == subscription.periodEnd
        next.periodStart = period.lowerBound
        next.periodEnd = period.upperBound
        // Whatever counts for one invoice has counted, a trial's costs nothing.
        if !endedTrial || period.lowerBound >= subscription.trialEnd {
            next.discounts.removeAll(where: \.once)
        }
        emit(.subscriptionChanged(next))
        var passed: [(bucket: Bucket, entity: UInt32)] = []
        customer.buckets.each { bucket, entity in
            if bucket.subscription == next.number, bucket.flags.contains(.priced),
                bucket.nextReset <= period.lowerBound
            {
                passed.append((bucket, entity))
            }
        }
        reset(passed, upTo: min(now, period.lowerBound))
    }

    /// Whoever ended it there has ended it.
    fileprivate mutating func endElsewhere(_ subscription: Subscription) {
        let plan = pricing.plan(subscription.plan)
        let scope = PlanScope(group: plan.group, entity: subscription.entity)
        var canceled = subscription
        if canceled.canceled == .never { canceled.canceled = now }
        if plan.isMain { endScheduled(in: scope, addOns: false) }
        end(canceled)
        if plan.isMain { giveDefault(in: scope) }
    }
}
