package import Billing

/// All of a customer that goes from one environment to another: its state without its places in a
/// log.
package struct ExportedCustomer: Sendable, Equatable {
    package var id: CustomerID
    /// There is no such customer any more; only its numbers and its usage are there.
    var isDeleted = false
    var account = Account()
    var catalogSequence: UInt64 = 0
    /// The numbers given last, which may be of what is there no more.
    var lastGrant: UInt32 = 0
    var lastSubscription: UInt32 = 0
    var lastInvoice: UInt32 = 0
    var subscriptions: [Subscription] = []
    var grants: [Bucket] = []

    static var empty: ExportedCustomer { ExportedCustomer(id: .empty) }

    private init(id: CustomerID) {
        self.id = id
    }

    package init(_ state: borrowing CustomerState) {
        id = state.id
        isDeleted = state.isDeleted
        account = state.account
        catalogSequence = state.catalogSequence
        lastGrant = state.lastBucket
        lastSubscription = state.lastSubscription
        lastInvoice = state.lastInvoice
        subscriptions = state.subscriptions
        for index in 0..<state.buckets.count { grants.append(state.buckets[index]) }
    }

    package var catalog: UInt64 { catalogSequence }
    /// nil: it is deleted.
    package var created: Timestamp? { isDeleted ? nil : account.created }

    /// What a record must say so that the customer is as it was.
    package var facts: [Fact] {
        var facts: [Fact] = [
            .customerCreated(name: account.name, email: account.email, time: account.created)
        ]
        if !account.metadata.isEmpty { facts.append(.metadataChanged(account.metadata)) }
        facts += counters
        if isDeleted { return facts + [.customerDeleted] }
        facts += subscriptions.map { .subscriptionChanged($0) }
        facts += grants.map { .bucketOpened($0) }
        facts += account.effects.map { .effectRequested($0) }
        if let checkout = account.checkout { facts.append(.checkoutOpened(checkout)) }
        if let method = account.method { facts.append(.methodSaved(method)) }
        return facts + account.invoices.map { .invoiceRaised($0) }
    }

    /// Numbers whose owners are gone are never given again.
    private var counters: [Fact] {
        var facts: [Fact] = []
        if lastSubscription > subscriptions.map(\.number).max() ?? 0 {
            var gone = Subscription.empty
            gone.number = lastSubscription
            gone.plan = PlanReference(plan: PlanNumber(rawValue: 1), revision: 1)
            gone.status = .ended
            facts += [.subscriptionChanged(gone), .subscriptionDropped(number: gone.number)]
        }
        if lastGrant > grants.map(\.number).max() ?? 0 {
            var gone = Bucket.empty
            gone.number = lastGrant
            gone.feature = FeatureNumber(rawValue: 1)
            facts += [.bucketOpened(gone), .bucketClosed(bucket: gone.number)]
        }
        if lastInvoice > account.invoices.map(\.number).max() ?? 0 {
            var gone = Invoice.empty
            gone.number = lastInvoice
            facts += [.invoiceRaised(gone), .invoiceDropped(number: gone.number)]
        }
        return facts
    }

    /// What can't be, however well each value is written.
    func check() throws(FormFault) {
        try check(
            subscriptions.map(\.number), "subscriptions", lastSubscription, "last_subscription")
        try check(grants.map(\.number), "grants", lastGrant, "last_grant")
        try check(account.invoices.map(\.number), "invoices", lastInvoice, "last_invoice")
        guard !isDeleted || isBlank else {
            throw FormFault("deleted", "is true, but something of the customer is there")
        }
        guard account.metadata.count <= MetadataEntry.countLimit else {
            throw FormFault("metadata", "has more than \(MetadataEntry.countLimit) keys")
        }
        guard account.effects.count <= 1 else {
            throw FormFault("effects", "has more than one: only one is open at a time")
        }
        let known = Set(subscriptions.map(\.number)).union([0])
        for (index, grant) in grants.enumerated() where !known.contains(grant.subscription) {
            throw FormFault(
                "grants[\(index)].subscription",
                "is \(grant.subscription), which is none of the subscriptions")
        }
    }

    private var isBlank: Bool {
        var blank = Account()
        blank.created = account.created
        return account == blank && subscriptions.isEmpty && grants.isEmpty
    }

    private func check(
        _ numbers: [UInt32], _ key: String, _ last: UInt32, _ lastKey: String
    ) throws(FormFault) {
        var seen: Set<UInt32> = []
        for (index, number) in numbers.enumerated() {
            guard number > 0, seen.insert(number).inserted else {
                throw FormFault("\(key)[\(index)].number", "is 0 or there twice")
            }
            guard number <= last else {
                throw FormFault(lastKey, "is less than \(key)[\(index)].number")
            }
        }
    }
}
