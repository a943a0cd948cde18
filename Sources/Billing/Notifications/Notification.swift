/// Something that somebody outside is told (billing §15). It follows from the facts of one commit,
/// and is kept nowhere else.
package enum Notification: Sendable, Equatable {
    case productsUpdated(PlanScenario, Subscription)
    /// All that one commit changed of the customer's plans.
    case billingUpdated([PlanChange], tags: [BillingTag] = [])
    case limitReached(LimitKind, feature: FeatureNumber, entity: UInt32)
    case usageAlert(UsageAlert, feature: FeatureNumber, entity: UInt32)
    case invoicePaid(Invoice)
    /// The invoice that stays unpaid, if there is one.
    case paymentFailed(code: String, Invoice?)
    /// What will happen, told ahead.
    case ahead(Reminder)
    /// One that is sent, or will be.
    case invoiceCreated(Invoice)
    case invoiceVoided(Invoice)
    /// Its due date has passed.
    case invoiceOverdue(Invoice)
    /// Packs were bought, as little was left; the invoice, unless they cost nothing.
    case topUpSucceeded(FeatureNumber, units: Quantity, Invoice?)
    case topUpFailed(
        FeatureNumber, units: Quantity, code: String, isSuspended: Bool, Invoice?)

    /// Raw values are the types that receivers see.
    package enum Kind: String, Sendable, CaseIterable {
        case productsUpdated = "customer.products.updated"
        case billingUpdated = "billing.updated"
        case limitReached = "balances.limit_reached"
        case usageAlert = "balances.usage_alert_triggered"
        case invoicePaid = "invoice.paid"
        case paymentFailed = "payment.failed"
        case trialEnding = "trial.ending"
        case methodExpiring = "payment_method.expiring"
        case invoiceCreated = "invoice.created"
        case invoiceVoided = "invoice.voided"
        case invoiceOverdue = "invoice.overdue"
        case topUpSucceeded = "billing.auto_topup_succeeded"
        case topUpFailed = "billing.auto_topup_failed"
    }

    package var kind: Kind {
        switch self {
        case .productsUpdated: .productsUpdated
        case .billingUpdated: .billingUpdated
        case .limitReached: .limitReached
        case .usageAlert: .usageAlert
        case .invoicePaid: .invoicePaid
        case .paymentFailed: .paymentFailed
        case .ahead(.trialEnding): .trialEnding
        case .ahead(.methodExpiring): .methodExpiring
        case .invoiceCreated: .invoiceCreated
        case .invoiceVoided: .invoiceVoided
        case .invoiceOverdue: .invoiceOverdue
        case .topUpSucceeded: .topUpSucceeded
        case .topUpFailed: .topUpFailed
        }
    }
}

/// What happened to a plan, in the words of `customer.products.updated`.
package enum PlanScenario: String, Sendable {
    /// The first plan, an add-on, something bought once.
    case new
    case upgrade
    /// At the request; of the plan that is going.
    case downgrade
    /// What was cancelled goes on after all.
    case renew
    case cancel
    case expired
    case pastDue = "past_due"
    case scheduled
    /// What was past due is paid.
    case active
    /// Other quantities of packs.
    case updatePrepaidQuantity = "update_prepaid_quantity"
}

/// Why plans changed, where nobody asked for it just then.
package enum BillingTag: String, Sendable {
    /// A phase of a schedule began.
    case phaseChanged = "phase_changed"
}

/// One line of `billing.updated`.
package struct PlanChange: Sendable, Equatable {
    package enum Action: String, Sendable {
        case activated
        case scheduled
        case updated
        case expired
    }

    package var action: Action
    package var subscription: Subscription
    /// Of an update, if it is known.
    package var before: Subscription?

    package init(_ action: Action, _ subscription: Subscription, before: Subscription? = nil) {
        self.action = action
        self.subscription = subscription
        self.before = before
    }
}

extension Notification {
    /// What one commit is told as, always in the same order.
    ///
    /// - Parameters:
    ///   - time: of the commit.
    ///   - before: what `PlanChanges.wanted` asks for, as far as it is known.
    package static func all(
        in facts: [Fact], at time: Timestamp, before: [Subscription], pricing: PricingState
    ) -> [Notification] {
        var told: [Notification] = []
        let unpaid = facts.lazy.compactMap(\.unpaidInvoice).first
        for fact in facts {
            if case .notified(let notice) = fact {
                told.append(Notification(notice, facts))
            } else if case .invoiceRaised(let invoice) = fact, invoice.status == .paid {
                told.append(.invoicePaid(invoice))
            } else if case .invoiceChanged(let invoice) = fact, invoice.status == .paid {
                told.append(.invoicePaid(invoice))
            } else if let notification = Notification(sent: fact) {
                told.append(notification)
            } else if case .effectSettled(_, .declined(let code)) = fact {
                told.append(.paymentFailed(code: code, unpaid))
            } else if case .reminded(let reminder) = fact {
                told.append(.ahead(reminder))
            }
        }
        let plans = PlanChanges(facts, at: time, pricing: pricing)
        told += plans.scenarios(before: before, pricing).map { .productsUpdated($0, $1) }
        let changes = plans.changes(before: before)
        let tags: [BillingTag] = facts.contains(where: \.beginsPhase) ? [.phaseChanged] : []
        if !changes.isEmpty { told.append(.billingUpdated(changes, tags: tags)) }
        return told
    }

    /// Of an invoice that nobody's card is charged for; nil: it is about something else.
    private init?(sent fact: Fact) {
        switch fact {
        case .invoiceRaised(let invoice) where !invoice.page.isEmpty:
            self = .invoiceCreated(invoice)
        case .invoiceChanged(let invoice) where invoice.status == .void:
            self = .invoiceVoided(invoice)
        case .invoiceOverdue(let invoice): self = .invoiceOverdue(invoice)
        case _: return nil
        }
    }

    private init(_ notice: Notice, _ facts: [Fact]) {
        switch notice.event {
        case .alert(let alert):
            self = .usageAlert(alert, feature: notice.feature, entity: notice.entity)
        case .limitReached(let kind):
            self = .limitReached(kind, feature: notice.feature, entity: notice.entity)
        case .toppedUp(let units):
            let invoice = facts.lazy.compactMap(\.raisedInvoice).first
            self = .topUpSucceeded(notice.feature, units: units, invoice)
        case .topUpFailed(let units, let code, let isSuspended):
            let invoice = facts.lazy.compactMap(\.raisedInvoice).first
            self = .topUpFailed(
                notice.feature, units: units, code: code, isSuspended: isSuspended, invoice)
        }
    }
}

extension Fact {
    fileprivate var beginsPhase: Bool { if case .phaseBegan = self { true } else { false } }

    fileprivate var raisedInvoice: Invoice? {
        if case .invoiceRaised(let invoice) = self { invoice } else { nil }
    }

    fileprivate var unpaidInvoice: Invoice? {
        if case .invoiceRaised(let invoice) = self, invoice.status != .paid { return invoice }
        if case .invoiceChanged(let invoice) = self, invoice.status != .paid { return invoice }
        return nil
    }
}
