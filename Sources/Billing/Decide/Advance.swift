extension CustomerState {
    /// What has fallen due by `now`, in order of its due moments (billing §11): resets, renewals,
    /// ends, scheduled starts. Empty when nothing is due.
    ///
    /// - Parameter effectID: id for the charge, should one be due; at most one is opened.
    package func advance(
        to now: Timestamp, pricing: PricingState, effectID: @autoclosure () -> String
    ) -> [Fact] {
        var draft = self
        var facts: [Fact] = []
        // Each round does everything due at one moment and so moves nextDue on; a charge holds
        // back what is billed after it until its outcome is known.
        while draft.nextDue <= now {
            let moment = draft.nextDue
            var sheet = FactSheet(draft, pricing: pricing, now: moment)
            sheet.advance(now: now, effectID: effectID)
            precondition(!sheet.facts.isEmpty, "what is due changes something")
            facts += sheet.facts
            draft = sheet.customer
            draft.refreshNextDue()
        }
        return facts
    }
}

extension FactSheet {
    /// Everything due at the sheet's moment.
    mutating func advance(now: Timestamp, effectID: () -> String) {
        releaseHolds()
        remind()
        if let page = customer.account.checkout, page.order.soldUntil <= self.now {
            closeCheckout()
        }
        expireBuckets()
        resetBuckets(upTo: now)
        followReceivables()
        bill(effectID: effectID)
        collectDebts(effectID: effectID)
        giveRewards()
    }

    private mutating func expireBuckets() {
        var expired: [(number: UInt32, entity: UInt32)] = []
        customer.buckets.each { bucket, entity in
            if bucket.expires <= now { expired.append((bucket.number, entity)) }
        }
        for (number, entity) in expired { emit(.bucketClosed(bucket: number, entity: entity)) }
    }

    /// What nobody settled in time is given back.
    private mutating func releaseHolds() {
        guard customer.buckets.hasExtras else { return }
        for hold in customer.buckets.extras.holds where hold.expires <= now {
            for fact in customer.buckets.releaseFacts(of: hold, pricing: pricing, now: now) {
                emit(fact)
            }
        }
    }
}
