internal import Billing
internal import Wire

extension Form {
    mutating func customer(_ value: inout ExportedCustomer) throws(FormFault) {
        try id("id", &value.id)
        // Exports of before there was any lack them.
        if has("deleted") { try flag("deleted", &value.isDeleted) }
        try text("name", &value.account.name)
        try text("email", &value.account.email)
        if has("metadata") { try metadata(&value.account.metadata) }
        try time("created", &value.account.created)
        try number("catalog_sequence", &value.catalogSequence)
        guard value.catalogSequence <= pricing.sequence else {
            throw fault("catalog_sequence", "was never published")
        }
        try number("last_subscription", &value.lastSubscription)
        try number("last_grant", &value.lastGrant)
        try number("last_invoice", &value.lastInvoice)
        try since(5) { form throws(FormFault) in
            try form.zone(&value.account.zone)
            try form.customPlans(&value.account.customPlans)
        }
        try list("subscriptions", &value.subscriptions, empty: .empty) {
            (form, subscription) throws(FormFault) in
            try form.subscription(&subscription)
        }
        try list("grants", &value.grants, empty: .empty) { (form, grant) throws(FormFault) in
            try form.grant(&grant)
        }
        try since(2) { form throws(FormFault) in try form.extras(&value) }
        try part(
            "payment_method", &value.account.method,
            empty: PaymentMethod(token: "", brand: "", last4: "")
        ) { (form, method) throws(FormFault) in
            try form.text("token", &method.token)
            try form.text("brand", &method.brand)
            try form.text("last4", &method.last4)
            try form.expiry(&method.expiry)
        }
        try list("effects", &value.account.effects, empty: .empty) {
            (form, effect) throws(FormFault) in
            try form.effect(&effect)
        }
        let empty = Checkout(session: "", url: "", order: .empty)
        try part("checkout", &value.account.checkout, empty: empty) {
            (form, checkout) throws(FormFault) in
            try form.text("session", &checkout.session)
            try form.text("url", &checkout.url)
            try form.order(&checkout.order)
        }
        try since(5) { form throws(FormFault) in
            try form.discounts(&value.account.discounts)
            try form.redemptions(&value.account.redemptions)
        }
        try since(6) { form throws(FormFault) in try form.referrals(&value.account) }
        try since(4) { form throws(FormFault) in try form.money(of: &value.account) }
        if isSince(7), isReading ? has("currency") : value.account.currency != nil {
            var currency = value.account.currency ?? Money.empty.currency
            try self.currency("currency", &currency)
            value.account.currency = currency
        }
        try since(5) { form throws(FormFault) in try form.reminded(&value) }
        try list("invoices", &value.account.invoices, empty: .empty) {
            (form, invoice) throws(FormFault) in
            try form.invoice(&invoice)
        }
        try since(5) { form throws(FormFault) in try form.refunds(&value.account) }
        try since(6) { form throws(FormFault) in
            try form.receivables(&value.account.receivables)
        }
        try since(7) { form throws(FormFault) in try form.schedules(&value.account.schedules) }
        try payer(&value.account)
    }

    /// Missing where there is none.
    private mutating func payer(_ value: inout Account) throws(FormFault) {
        try address(&value.address)
        if isReading ? isSince(10) && has("owed_profile") : value.owedProfile > 0 {
            try number("owed_profile", &value.owedProfile)
        }
        try taxFinding(&value.taxes)
        try since(9) { form throws(FormFault) in try form.takeovers(&value.takeovers) }
        try externalInvoices(&value.externalInvoices)
        try taxRateID(&value.taxRate)
        guard isReading ? isSince(8) && has("payer") : !value.payer.isEmpty else { return }
        try text("payer", &value.payer)
    }

    private mutating func address(_ value: inout PostalAddress?) throws(FormFault) {
        guard isReading ? isSince(10) && has("address") : value != nil else { return }
        try part("address", &value, empty: PostalAddress()) { (form, address) throws(FormFault) in
            try form.text("line1", &address.line1)
            try form.text("line2", &address.line2)
            try form.text("city", &address.city)
            try form.text("state", &address.state)
            try form.text("postal_code", &address.postalCode)
            try form.text("country", &address.country)
        }
    }

    private mutating func money(of value: inout Account) throws(FormFault) {
        try part("credit", &value.credit, empty: .empty) { (form, credit) throws(FormFault) in
            try form.money("balance", &credit)
        }
        try debts(&value.debts)
        try list(
            "trials", &value.trials,
            empty: TrialMark(plan: PlanNumber(rawValue: 0), entity: 0)
        ) { (form, mark) throws(FormFault) in
            try form.plan("plan", &mark.plan)
            try form.number("entity", &mark.entity)
        }
    }

    private mutating func metadata(_ value: inout [MetadataEntry]) throws(FormFault) {
        try self.value(
            "metadata", &value,
            write: { metadata in
                .object(JSONObject(metadata.map { JSONObject.Member($0.key, .string($0.value)) }))
            },
            read: { found in
                guard case .object(let object) = found else { return nil }
                let entries = object.members.compactMap { member -> MetadataEntry? in
                    guard case .string(let text) = member.value else { return nil }
                    return MetadataEntry(member.key, text)
                }
                guard entries.count == object.members.count else { return nil }
                return [].merged(with: entries)
            }, "an object of texts")
    }

    /// What was told ahead already.
    private mutating func reminded(_ value: inout ExportedCustomer) throws(FormFault) {
        var reminders = value.account.reminded.trials.map { Numbered(number: $0) }
        try list("reminded_trials", &reminders, empty: Numbered(number: 0)) {
            (form, numbered) throws(FormFault) in
            try form.number("number", &numbered.number)
        }
        value.account.reminded.trials = reminders.map(\.number)
        try flag("reminded_card", &value.account.reminded.method)
    }

    private mutating func subscription(_ value: inout Subscription) throws(FormFault) {
        try number("number", &value.number)
        try revision(&value.plan)
        try word(
            "status", &value.status,
            [
                (.active, "active"), (.canceling, "canceling"), (.scheduled, "scheduled"),
                (.renewing, "renewing"), (.pastDue, "past_due"), (.ended, "ended"),
            ])
        try flag("add_on", &value.addOn)
        try time("start", &value.start)
        try time("anchor", &value.anchor)
        try time("period_start", &value.periodStart)
        try time("period_end", &value.periodEnd)
        try time("canceled", &value.canceled)
        try time("end", &value.end)
        try since(4) { form throws(FormFault) in
            try form.number("entity", &value.entity)
            try form.time("trial_end", &value.trialEnd)
            try form.bought(&value.bought)
            try form.charges(&value.charges)
            try form.lines("pending", &value.pending)
        }
        try since(5) { form throws(FormFault) in try form.discounts(&value.discounts) }
        try since(6) { form throws(FormFault) in try form.netDays(&value.netDays) }
        try since(7) { form throws(FormFault) in
            guard form.isReading ? form.has("paused_by") : value.isPaused else { return }
            try form.number("paused_by", &value.pausedBy)
        }
        try taxRateID(&value.taxRate)
    }

    mutating func grant(_ value: inout Bucket) throws(FormFault) {
        try number("number", &value.number)
        try feature("feature", &value.feature)
        try number("subscription", &value.subscription)
        try optional("plan", &value.plan, empty: PlanNumber(rawValue: 0)) {
            (form, plan) throws(FormFault) in
            try form.plan("plan", &plan)
        }
        try quantity("granted", &value.granted)
        try quantity("balance", &value.balance)
        try quantity("max_overage", &value.maxOverage)
        try cycle(&value.cycle)
        try time("anchor", &value.anchor)
        try time("next_reset", &value.nextReset)
        try time("expires", &value.expires)
        try time("created", &value.created)
        let flags: [(String, Bucket.Flags)] = [
            ("unlimited", .unlimited), ("priced", .priced), ("boolean", .boolean),
            ("add_on", .addOn), ("allocated", .allocated), ("overage_limited", .limited),
        ]
        for (key, flag) in flags { try self.flag(key, flag, of: &value) }
        try since(2) { form throws(FormFault) in
            try form.flag("rollover", .rollover, of: &value)
            try form.flag("slice", .slice, of: &value)
        }
        try since(5) { form throws(FormFault) in try form.zone(&value.cycle.zone) }
    }

    private mutating func flag(
        _ key: String, _ flag: Bucket.Flags, of bucket: inout Bucket
    ) throws(FormFault) {
        var isSet = bucket.flags.contains(flag)
        try self.flag(key, &isSet)
        if isSet { bucket.flags.insert(flag) } else { bucket.flags.remove(flag) }
    }
}

// What is read into.

extension InlineText {
    static var empty: InlineText {
        guard let empty = InlineText("") else { preconditionFailure("nothing is short enough") }
        return empty
    }
}

extension Money {
    static var empty: Money {
        guard let currency = Currency(code: "usd") else { preconditionFailure("a known code") }
        return Money(minorUnits: 0, currency: currency)
    }
}

extension PlanReference {
    static let empty = PlanReference(plan: PlanNumber(rawValue: 0), revision: 0)
}

extension Subscription {
    static var empty: Subscription {
        Subscription(
            number: 0, plan: .empty, status: .active, addOn: false, start: .never, anchor: .never,
            periodStart: .never, periodEnd: .never)
    }
}

extension Bucket {
    static var empty: Bucket {
        Bucket(
            number: 0, feature: FeatureNumber(rawValue: 0), subscription: 0, granted: .zero,
            balance: .zero, cycle: Cycle(.oneOff), anchor: .never, nextReset: .never,
            created: .never, flags: [])
    }
}

extension Form {
    /// "2049-12"; missing where it isn't known, as it is from earlier versions.
    fileprivate mutating func expiry(_ value: inout CardExpiry?) throws(FormFault) {
        guard isReading ? has("expiry") : value != nil else { return }
        var text = value.map { "\($0.year)-\($0.month < 10 ? "0" : "")\($0.month)" } ?? ""
        try self.text("expiry", &text)
        guard isReading else { return }
        let parts = text.split(separator: "-").map { UInt32($0) }
        guard parts.count == 2, let year = parts[0], let month = parts[1], 1...12 ~= month else {
            throw fault("expiry", "must be a year and a month, such as 2049-12")
        }
        value = CardExpiry(year: year, month: month)
    }
}
