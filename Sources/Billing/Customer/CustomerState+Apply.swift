extension CustomerState {
    /// Makes facts part of the state. Total: every fact that `decide` emitted applies.
    package mutating func apply(_ facts: [Fact]) {
        var movesDue = false
        for fact in facts where !buckets.apply(fact) {
            change(by: fact)
            movesDue = true
        }
        if movesDue { refreshNextDue() }
    }

    /// One fact that is about more than balances; `nextDue` is refreshed once all are applied.
    mutating func change(by fact: Fact) {
        switch fact {
        case .deducted, .usageRecorded, .windowCounted, .notified:
            // Of usage nothing is state: the log is its record.
            _ = buckets.apply(fact)
        case .bucketReset(let bucket, let balance, let nextReset, let entity):
            reset(bucket, of: entity, to: balance, until: nextReset)
        case .bucketOpened(let bucket, let entity): open(bucket, of: entity)
        case .bucketChanged(let bucket, let entity):
            buckets.change(bucket: bucket.number, of: entity) { $0 = bucket }
        case .bucketClosed(let bucket, let entity): close(bucket, of: entity)
        case .detailSet(let detail): set(detail)
        case .customerCreated(let name, let email, let time):
            isDeleted = false
            account.name = name
            account.email = email
            account.created = time
        case .profileChanged(let name, let email):
            (account.name, account.email) = (name, email)
        case .subscriptionChanged(let subscription): put(subscription)
        case .subscriptionDropped(let number): subscriptions.removeAll { $0.number == number }
        case .effectRequested(let effect): account.effects.append(effect)
        case .effectSettled(let id, _): account.effects.removeAll { $0.id == id }
        case .checkoutOpened(let checkout): account.checkout = checkout
        case .checkoutClosed(let session, let paid, let payment, let due):
            account.closeCheckout(session, paid: paid, payment: payment, due: due)
        case .methodSaved(let method): save(method)
        case .invoiceRaised(let invoice):
            account.invoices.append(invoice)
            lastInvoice = max(lastInvoice, invoice.number)
        case .invoiceDropped(let number): account.invoices.removeAll { $0.number == number }
        case .invoiceChanged(let invoice):
            let index = account.invoices.firstIndex { $0.number == invoice.number }
            if let index { account.invoices[index] = invoice }
            if invoice.status != .open { account.debts.removeAll { $0.invoice == invoice.number } }
            if !invoice.status.isUnsettled {
                account.receivables.removeAll { $0.invoice == invoice.number }
            }
        case .debtSet(let debt): put(debt)
        case .creditChanged(let credit): account.credit = credit
        case .reminded(let reminder): note(reminder)
        case .customPlanSet(let plan): account.customPlans.append(plan)
        case .customPlanDropped(let number): account.customPlans.removeAll { $0.number == number }
        case .metadataChanged(let metadata): account.metadata = metadata
        case .discountsSet(let discounts): account.discounts = discounts
        case .codeRedeemed(let redemption): account.redemptions.append(redemption)
        case .referralSet(let referral): account.put(referral)
        case .referralCodeSet(let code): account.put(code)
        case .fingerprintSet(let mark): account.fingerprint = mark
        case .payerSet, .methodRemoved, .takeoverSet, .trialUsed, .profileOwed, .addressSet,
            .taxesFound, .taxRateSet, .zoneSet, .currencySet, .externalInvoiceSet:
            told(fact)
        case .customerErased: erase()
        case .customerDeleted: becomeTombstone()
        case .refundSet(let refund): account.put(refund)
        case .refundDropped(let id): account.refunds.removeAll { $0.id == id }
        case .invoiceReturned(let number, let returns): account.put(returns, of: number)
        case .disputeSet(let dispute): account.put(dispute)
        case .disputeDropped(let id): account.disputes.removeAll { $0.id == id }
        case .receivableSet(let receivable): account.put(receivable)
        case .invoiceOverdue, .phaseBegan: break  // Only told.
        case .schedulesSet(let schedules): account.schedules = schedules
        case .entityCreated, .entityClaimed, .entityChanged, .entityDeleted, .controlsSet,
            .poolingSet, .holdOpened, .holdExtended, .holdClosed, .clockMoved, .topUpSet:
            buckets.changeExtras { $0.apply(fact) }
        }
    }

    private mutating func reset(
        _ bucket: UInt32, of entity: UInt32, to balance: Quantity, until nextReset: Timestamp
    ) {
        buckets.change(bucket: bucket, of: entity) {
            $0.balance = balance
            $0.nextReset = nextReset
        }
        if buckets.hasExtras { buckets.changeExtras { $0.forgetDraws(of: bucket) } }
    }

    private mutating func save(_ method: PaymentMethod) {
        account.method = method
        account.reminded.method = false
        guard buckets.hasExtras, !buckets.extras.topUps.isEmpty else { return }
        buckets.changeExtras { $0.forgetTopUpFailures() }
    }

    private mutating func put(_ debt: Debt) {
        let index = account.debts.firstIndex { $0.invoice == debt.invoice }
        if let index { account.debts[index] = debt } else { account.debts.append(debt) }
    }

    private mutating func told(_ fact: Fact) { account.change(by: fact) }

    private mutating func erase() {
        account.name = ""
        account.email = ""
        account.address = nil
        account.taxes = nil
        account.metadata = []
        account.eraseExternalInvoices()
        account.fingerprint = nil
        key = 0
        if buckets.hasExtras { buckets.changeExtras { $0.erase() } }
    }

    private mutating func open(_ bucket: Bucket, of entity: UInt32) {
        lastBucket = max(lastBucket, bucket.number)
        guard entity != 0 else { return buckets.append(bucket) }
        buckets.changeExtras { $0.entities.change(entity) { $0.buckets.append(bucket) } }
    }

    private mutating func close(_ bucket: UInt32, of entity: UInt32) {
        if entity == 0 {
            if let index = buckets.index(ofNumber: bucket) { buckets.remove(at: index) }
            guard buckets.hasExtras else { return }
            buckets.changeExtras { $0.details.removeAll { $0.bucket == bucket } }
        } else {
            buckets.changeExtras { extras in
                extras.details.removeAll { $0.bucket == bucket }
                extras.entities.change(entity) { $0.buckets.removeAll { $0.number == bucket } }
            }
        }
    }

    private mutating func set(_ detail: BucketDetail) {
        buckets.changeExtras { extras in
            let index = extras.details.firstIndex { $0.bucket == detail.bucket }
            switch (index, detail.isNeeded) {
            case (let index?, true): extras.details[index] = detail
            case (let index?, false): extras.details.remove(at: index)
            case (nil, true): extras.details.append(detail)
            case (nil, false): break
            }
        }
    }

    /// Nothing stays but the place in the log and what numbers are counted with, so that a later
    /// customer of the same id goes on with both.
    private mutating func becomeTombstone() {
        var tombstone = CustomerState(id: id)
        tombstone.sequence = sequence
        tombstone.position = position
        tombstone.catalogSequence = catalogSequence
        tombstone.lastBucket = lastBucket
        tombstone.lastSubscription = lastSubscription
        tombstone.lastInvoice = lastInvoice
        tombstone.isDeleted = true
        let lastEntity = buckets.extras.lastEntity
        if lastEntity > 0 { tombstone.buckets.changeExtras { $0.lastEntity = lastEntity } }
        self = tombstone
    }

    private mutating func put(_ subscription: Subscription) {
        lastSubscription = max(lastSubscription, subscription.number)
        forgetReminders(of: self.subscription(subscription.number), now: subscription)
        if let index = subscriptions.firstIndex(where: { $0.number == subscription.number }) {
            subscriptions[index] = subscription
        } else {
            subscriptions.append(subscription)
        }
        guard subscription.trialEnd != .never else { return }
        account.put(TrialMark(plan: subscription.plan.plan, entity: subscription.entity))
    }

    /// What it grants isn't granted anew before its debt is paid (entitlements §5.1).
    func isPastDue(_ number: UInt32) -> Bool {
        number != 0
            && subscriptions.contains { $0.number == number && $0.status == .pastDue }
    }

    /// The earliest moment at which `advance` has something to do. While a charge is open nothing
    /// else is billed, so billing moments wait for its outcome.
    package mutating func refreshNextDue() {
        var due = Timestamp.never
        let billingWaits = !account.effects.isEmpty
        buckets.each { bucket, _ in
            let waits =
                bucket.flags.contains(.priced)
                ? billingWaits || isHeldBack(bucket.subscription) : isPastDue(bucket.subscription)
            if !waits { due = min(due, bucket.nextReset) }
            due = min(due, bucket.expires)
        }
        if buckets.hasExtras {
            for hold in buckets.extras.holds { due = min(due, hold.expires) }
            // A clock that stands still with nothing open is to go on.
            if !billingWaits { due = min(due, buckets.clock.held) }
        }
        if let page = account.checkout { due = min(due, page.order.soldUntil) }
        due = min(due, nextReminder)
        if !billingWaits {
            due = min(due, account.rewardDue)
            for debt in account.debts { due = min(due, debt.next) }
            for receivable in account.receivables { due = min(due, receivable.moment) }
            for subscription in subscriptions where !isHeldBack(subscription.number) {
                switch subscription.status {
                case .scheduled: due = min(due, subscription.start)
                case .active, .canceling, .renewing, .pastDue:
                    due = min(due, subscription.periodEnd, subscription.end)
                case .ended, .paused: break
                }
            }
        }
        nextDue = due
    }
}
