extension CustomerState {
    /// Makes one fact part of the state. Total: every fact that `decide` emitted applies.
    package mutating func apply(_ fact: Fact) {
        switch fact {
        case .deducted(let bucket, let amount): buckets.draw(amount, fromBucket: bucket)
        case .usageRecorded:
            // Nothing of the state: the log is the record of usage.
            break
        case .bucketReset(let bucket, let balance, let nextReset):
            if let index = buckets.index(ofNumber: bucket) {
                buckets[index].balance = balance
                buckets[index].nextReset = nextReset
            }
            refreshNextDue()
        case .bucketOpened(let bucket):
            buckets.append(bucket)
            lastBucket = max(lastBucket, bucket.number)
            refreshNextDue()
        case .bucketClosed(let bucket):
            if let index = buckets.index(ofNumber: bucket) { buckets.remove(at: index) }
            refreshNextDue()
        case .customerCreated(let name, let email, let time):
            isDeleted = false
            account.name = name
            account.email = email
            account.created = time
        case .profileChanged(let name, let email):
            account.name = name
            account.email = email
        case .subscriptionChanged(let subscription):
            put(subscription)
            refreshNextDue()
        case .subscriptionDropped(let number):
            subscriptions.removeAll { $0.number == number }
        case .effectRequested(let effect):
            account.effects.append(effect)
            refreshNextDue()
        case .effectSettled(let id, _):
            account.effects.removeAll { $0.id == id }
            refreshNextDue()
        case .checkoutOpened(let checkout):
            account.checkout = checkout
        case .checkoutClosed(let session, _):
            if account.checkout?.session == session { account.checkout = nil }
        case .methodSaved(let method):
            account.method = method
        case .invoiceRaised(let invoice):
            account.invoices.append(invoice)
            lastInvoice = max(lastInvoice, invoice.number)
        case .invoiceDropped(let number):
            account.invoices.removeAll { $0.number == number }
        case .metadataChanged(let metadata): account.metadata = metadata
        case .customerErased:
            account.name = ""
            account.email = ""
            account.metadata = []
            key = 0
        case .customerDeleted: becomeTombstone()
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
        self = tombstone
    }

    private mutating func put(_ subscription: Subscription) {
        lastSubscription = max(lastSubscription, subscription.number)
        if let index = subscriptions.firstIndex(where: { $0.number == subscription.number }) {
            subscriptions[index] = subscription
        } else {
            subscriptions.append(subscription)
        }
    }

    /// The earliest moment at which `advance` has something to do. While a charge is open nothing
    /// else is billed, so billing moments wait for its outcome.
    package mutating func refreshNextDue() {
        var due = Timestamp.never
        let billingWaits = !account.effects.isEmpty
        for index in 0..<buckets.count {
            let bucket = buckets[index]
            let waits = billingWaits && bucket.flags.contains(.priced)
            if !waits { due = min(due, bucket.nextReset) }
            due = min(due, bucket.expires)
        }
        if !billingWaits {
            for subscription in subscriptions {
                switch subscription.status {
                case .scheduled: due = min(due, subscription.start)
                case .active, .canceling, .renewing, .pastDue:
                    due = min(due, subscription.periodEnd, subscription.end)
                case .ended: break
                }
            }
        }
        nextDue = due
    }
}
