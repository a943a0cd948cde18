internal import Billing

/// What can't be, however well each value is written.
extension ExportedCustomer {
    func check() throws(FormFault) {
        var check = NumberCheck("last_subscription", lastSubscription)
        for (index, subscription) in subscriptions.enumerated() {
            try check.add(subscription.number, at: "subscriptions[\(index)].number")
        }
        check = NumberCheck("last_invoice", lastInvoice)
        for (index, invoice) in account.invoices.enumerated() {
            try check.add(invoice.number, at: "invoices[\(index)].number")
        }
        try checkUnique(account.receivables.map(\.invoice), "receivables", "invoice")
        for (index, receivable) in account.receivables.enumerated()
        where !account.invoices.contains(where: { $0.number == receivable.invoice }) {
            throw FormFault("receivables[\(index)].invoice", "is none of the invoices")
        }
        guard !isDeleted || isBlank else {
            throw FormFault("deleted", "is true, but something of the customer is there")
        }
        guard account.metadata.count <= MetadataEntry.countLimit else {
            throw FormFault("metadata", "has more than \(MetadataEntry.countLimit) keys")
        }
        try checkPlans()
        try checkSchedules()
        guard account.effects.count <= 1 else {
            throw FormFault("effects", "has more than one: only one is open at a time")
        }
        guard account.refunds.count <= Refund.keptLimit else {
            throw FormFault("refunds", "has more than \(Refund.keptLimit)")
        }
        try checkGrants()
        try checkExtras()
    }

    /// What a subscription refers to is there.
    private func checkPlans() throws(FormFault) {
        try checkUnique(account.customPlans.map(\.number), "custom_plans", "number")
        let known = Set(account.customPlans.map(\.reference))
        for (index, subscription) in subscriptions.enumerated()
        where subscription.plan.isCustom && !known.contains(subscription.plan) {
            throw FormFault(
                "subscriptions[\(index)].revision", "is none of the customer's custom_plans")
        }
        for (index, subscription) in subscriptions.enumerated() where subscription.isPaused {
            let trial = subscriptions.first { $0.number == subscription.pausedBy }
            guard let trial, trial.status.grantsAccess, !trial.isPaused,
                trial.periodEnd == trial.trialEnd
            else {
                throw FormFault(
                    "subscriptions[\(index)].paused_by",
                    "is none of the customer's subscriptions whose trial runs")
            }
        }
    }

    /// What is planned concerns what is there.
    private func checkSchedules() throws(FormFault) {
        let known = Set(subscriptions.map(\.number))
        let owners = Set(entities.map(\.number)).union([0])
        for (index, schedule) in account.schedules.enumerated() {
            let path = "schedules[\(index)]"
            guard !schedule.owners.isEmpty, owners.isSuperset(of: schedule.owners) else {
                throw FormFault("\(path).owners", "are missing, or none of the entities")
            }
            guard !schedule.phases.isEmpty else {
                throw FormFault("\(path).phases", "are missing")
            }
            for (place, phase) in schedule.phases.enumerated()
            where !known.isSuperset(of: phase.begins + phase.ends) {
                throw FormFault(
                    "\(path).phases[\(place)]", "has a number that is none of the subscriptions")
            }
        }
        try checkUnique(account.schedules.flatMap(\.owners), "schedules", "owners")
    }

    private var isBlank: Bool {
        var blank = Account()
        blank.created = account.created
        var none = Extras.none
        none.lastEntity = extras.lastEntity
        return account == blank && subscriptions.isEmpty && grants.isEmpty && entities.isEmpty
            && extras == none
    }

    private func checkGrants() throws(FormFault) {
        let known = Set(subscriptions.map(\.number)).union([0])
        var check = NumberCheck("last_grant", lastGrant)
        func add(_ grants: [Bucket], _ path: String) throws(FormFault) {
            for (index, grant) in grants.enumerated() {
                try check.add(grant.number, at: "\(path)[\(index)].number")
                guard known.contains(grant.subscription) else {
                    throw FormFault(
                        "\(path)[\(index)].subscription",
                        "is \(grant.subscription), which is none of the subscriptions")
                }
            }
        }
        try add(grants, "grants")
        for (index, entity) in entities.enumerated() {
            try add(entity.buckets, "entities[\(index)].grants")
        }
        for (index, detail) in extras.details.enumerated() where !check.seen(detail.bucket) {
            throw FormFault(
                "grant_details[\(index)].grant",
                "is \(detail.bucket), which is none of the grants")
        }
    }

    private func checkExtras() throws(FormFault) {
        var numbers = NumberCheck("last_entity", extras.lastEntity)
        var last = InlineText.empty
        var unnamed: Set<FeatureNumber> = []
        for (index, entity) in entities.enumerated() {
            try numbers.add(entity.number, at: "entities[\(index)].number")
            let isNext = entity.id.isEmpty ? last.isEmpty : last < entity.id
            guard isNext else {
                throw FormFault(
                    "entities[\(index)].id", "must come after the one before: they are sorted")
            }
            guard !entity.id.isEmpty || unnamed.insert(entity.feature).inserted else {
                throw FormFault(
                    "entities[\(index)].id", "is null, as that of another one of the feature")
            }
            last = entity.id
        }
        for (index, window) in extras.windows.enumerated()
        where window.key.entity != 0 && !numbers.seen(window.key.entity) {
            throw FormFault(
                "usage_windows[\(index)].entity",
                "is \(window.key.entity), which is none of the entities")
        }
        try checkUnique(extras.controls.map(\.owner), "controls", "subscription")
        try checkUnique(extras.details.map(\.bucket), "grant_details", "grant")
        try checkUnique(extras.holds.map(\.id), "holds", "id")
        try checkUnique(extras.topUps.map(\.feature), "top_ups", "feature")
        for (index, owned) in extras.controls.enumerated() where owned.controls.isEmpty {
            throw FormFault("controls[\(index)]", "has no limit, alert or permission")
        }
    }

    private func checkUnique<Key: Hashable>(
        _ keys: [Key], _ list: String, _ field: String
    ) throws(FormFault) {
        var seen: Set<Key> = []
        for (index, key) in keys.enumerated() where !seen.insert(key).inserted {
            throw FormFault("\(list)[\(index)].\(field)", "is there twice")
        }
    }
}

/// Numbers that are given one after the other, each once.
private struct NumberCheck {
    private let lastKey: String
    private let last: UInt32
    private var numbers: Set<UInt32> = []

    init(_ lastKey: String, _ last: UInt32) {
        self.lastKey = lastKey
        self.last = last
    }

    mutating func add(_ number: UInt32, at path: String) throws(FormFault) {
        guard number > 0, numbers.insert(number).inserted else {
            throw FormFault(path, "is 0 or there twice")
        }
        guard number <= last else { throw FormFault(lastKey, "is less than \(path)") }
    }

    func seen(_ number: UInt32) -> Bool { numbers.contains(number) }
}
