internal import Billing
internal import Wire

/// What a notification says, as JSON: shapes and words are those of the JSON API, times are in
/// milliseconds and money in major units. See docs/webhooks.md.
struct NotificationBody {
    let customer: CustomerID
    let environment: String
    let time: Timestamp
    let pricing: PricingState
    /// Of entities by number; one that is gone has none.
    let entities: [UInt32: String]
    /// The customer's plans as they are when it is told.
    let subscriptions: [Subscription]

    func bytes(_ notification: Notification) -> [UInt8] {
        JSONWriter.bytes(
            .object([
                "type": .string(notification.kind.rawValue),
                "timestamp": .string(time.rfc3339 ?? ""),
                "data": .object(data(notification)),
            ]))
    }

    private func data(_ notification: Notification) -> JSONObject {
        switch notification {
        case .productsUpdated(let scenario, let subscription):
            updated(scenario, subscription)
        case .billingUpdated(let changes, let tags):
            billing(changes, tags)
        case .limitReached(let kind, let feature, let entity):
            balance(
                feature, entity,
                JSONObject.Member("limit_type", .string(kind.name)))
        case .usageAlert(let alert, let feature, let entity):
            balance(feature, entity, JSONObject.Member("usage_alert", self.alert(alert)))
        case .invoicePaid(let invoice), .invoiceCreated(let invoice),
            .invoiceVoided(let invoice), .invoiceOverdue(let invoice):
            ["customer_id": .string(customer.text), "invoice": self.invoice(invoice)]
        case .paymentFailed(let code, let invoice):
            [
                "customer_id": .string(customer.text), "code": .string(code),
                "invoice": invoice.map { self.invoice($0) } ?? .null,
            ]
        case .ahead(let reminder): ahead(reminder)
        case .topUpSucceeded, .topUpFailed: topUp(notification)
        }
    }

    private func balance(
        _ feature: FeatureNumber, _ entity: UInt32, _ last: JSONObject.Member
    ) -> JSONObject {
        let featureID = JSONObject.Member("feature_id", .string(pricing.feature(feature).id))
        return about(entity, JSONObject([featureID, last]))
    }

    private func alert(_ alert: UsageAlert) -> JSONValue {
        .object([
            "name": alert.name.isEmpty ? .null : .string(alert.name),
            "threshold": .number(DecimalText.text(alert.threshold.raw, digits: 10)),
            "threshold_type": .string(alert.measure.name),
        ])
    }

    // MARK: Plans

    func product(_ subscription: Subscription) -> JSONValue {
        let plan = pricing.plan(subscription.plan)
        return .object([
            "id": .string(plan.id), "name": .string(plan.name),
            "group": plan.group.isEmpty ? .null : .string(plan.group),
            "version": .number(subscription.plan.revision), "is_add_on": .bool(plan.addOn),
            "is_default": .bool(plan.autoEnable),
            "status": .string(subscription.shownStatus.productName),
            "started_at": .time(subscription.start),
            "canceled_at": .time(subscription.canceled),
            "expires_at": .time(subscription.end),
            "current_period_start": subscription.hasPeriod
                ? .time(subscription.periodStart) : .null,
            "current_period_end": .time(subscription.periodEnd),
        ])
    }

    func change(_ change: PlanChange) -> JSONValue {
        let subscription = change.subscription
        let isOneOff = pricing.plan(subscription.plan).isOneOff
        var former = JSONObject()
        if let before = change.before, case .object(let now) = details(subscription),
            case .object(let then) = details(before)
        {
            for member in then.members where now[member.key] != member.value {
                former.append(member.key, member.value)
            }
        }
        return .object([
            "action": .string(change.action.rawValue),
            isOneOff ? "purchase" : "subscription": isOneOff
                ? purchase(subscription) : details(subscription),
            "previous_attributes": .object(former),
        ])
    }

    func details(_ subscription: Subscription) -> JSONValue {
        .object([
            "id": .string("sub_\(subscription.number)"),
            "plan_id": .string(pricing.plan(subscription.plan).id),
            "version": .number(subscription.plan.revision),
            "status": .string(subscription.shownStatus.name),
            "past_due": .bool(subscription.status == .pastDue),
            "started_at": .time(subscription.start),
            "canceled_at": .time(subscription.canceled),
            "expires_at": .time(subscription.end),
            "trial_ends_at": .time(subscription.trialEnd),
            "current_period_start": subscription.hasPeriod
                ? .time(subscription.periodStart) : .null,
            "current_period_end": .time(subscription.periodEnd),
            "quantities": quantities(subscription),
        ])
    }

    func purchase(_ subscription: Subscription) -> JSONValue {
        .object([
            "id": .string("sub_\(subscription.number)"),
            "plan_id": .string(pricing.plan(subscription.plan).id),
            "started_at": .time(subscription.start), "expires_at": .time(subscription.end),
        ])
    }

    // MARK: Money

    func invoice(_ invoice: Invoice) -> JSONValue {
        let currency = invoice.total.currency
        let lines = invoice.lines.map { line in
            JSONValue.object([
                "description": .string(line.description),
                "amount": .money(line.discounted),
                "plan_id": .string(
                    pricing.plan(PlanReference(plan: line.part.plan.plan, revision: 1)).id),
                "feature_id": line.part.feature.map { .string(pricing.feature($0).id) } ?? .null,
            ])
        }
        var object: JSONObject = [
            "number": .number(invoice.number), "status": .string(invoice.status.name),
            "total": .money(invoice.total), "currency": .string(currency.code),
            "created_at": .time(invoice.time), "lines": .array(lines),
        ]
        if invoice.lines.isTaxed {
            object.append("subtotal", .money(invoice.subtotal))
            object.append("tax", .money(invoice.tax))
        }
        if invoice.dueTime != .never { object.append("due_at", .time(invoice.dueTime)) }
        return .object(object)
    }
}

extension JSONValue {
    static func time(_ time: Timestamp) -> JSONValue {
        time == .never ? .null : .number(time.milliseconds)
    }

    fileprivate static func money(_ money: Money) -> JSONValue {
        .number(
            DecimalText.text(Int128(money.minorUnits), digits: money.currency.minorDigits))
    }
}

extension Subscription {
    fileprivate var hasPeriod: Bool { periodEnd != .never }
}

extension SubscriptionStatus {
    fileprivate var name: String {
        switch self {
        case .active, .canceling, .renewing, .pastDue: "active"
        case .scheduled: "scheduled"
        case .ended: "expired"
        case .paused: "paused"
        }
    }

    fileprivate var productName: String { self == .pastDue ? "past_due" : name }
}

extension LimitKind {
    fileprivate var name: String {
        switch self {
        case .included: "included"
        case .maxPurchase: "max_purchase"
        case .spendLimit: "spend_limit"
        case .usageLimit: "usage_limit"
        }
    }
}

extension UsageAlert.Measure {
    fileprivate var name: String {
        switch self {
        case .usage: "usage"
        case .usagePercentage: "usage_percentage"
        case .remaining: "remaining"
        case .remainingPercentage: "remaining_percentage"
        }
    }
}

extension InvoiceStatus {
    fileprivate var name: String {
        switch self {
        case .open: "open"
        case .paid: "paid"
        case .uncollectible: "uncollectible"
        case .draft: "draft"
        case .void: "void"
        }
    }
}
