/// What somebody is reminded of, once, before it happens (billing §15).
package enum Reminder: Sendable, Equatable {
    /// The subscription's trial.
    case trialEnding(subscription: UInt32, plan: PlanReference, entity: UInt32, end: Timestamp)
    /// The card on file, which can't be charged after its last month.
    case methodExpiring(CardLabel, CardExpiry)

    /// How long before a trial ends, in milliseconds.
    package static let trialSpan: Int64 = 3 * 86_400_000
    /// How long before a card's last month is over, in milliseconds.
    package static let methodSpan: Int64 = 30 * 86_400_000
}

/// What people know a card by.
package struct CardLabel: Sendable, Equatable {
    /// For example "visa".
    package var brand: String
    /// The last four digits.
    package var last4: String

    package init(brand: String, last4: String) {
        self.brand = brand
        self.last4 = last4
    }
}

/// What a customer was reminded of that is still ahead.
package struct Reminded: Sendable, Equatable {
    /// Subscriptions whose trial runs.
    package var trials: [UInt32] = []
    /// The card on file.
    package var method = false

    package init() {}
}

extension PaymentMethod {
    package var label: CardLabel { CardLabel(brand: brand, last4: last4) }
}

extension CardExpiry {
    /// The card can be used until then: its last month, of the calendar of UTC, is over.
    package var end: Timestamp {
        let (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1)
        let days = CivilDate.daysSinceEpoch(year: Int64(year), month: Int64(month), day: 1)
        return Timestamp(milliseconds: days * 86_400_000)
    }
}

extension Subscription {
    /// It is tried and not paid for yet, whatever the clock says: nobody has ended the trial.
    package var hasRunningTrial: Bool {
        guard trialEnd != .never, periodEnd == trialEnd else { return false }
        switch status {
        case .active, .canceling, .renewing, .pastDue: return true
        case .scheduled, .ended, .paused: return false
        }
    }

    /// When the customer is to be reminded of the end of its trial: at once, if it is short.
    fileprivate var reminderTime: Timestamp {
        max(start, trialEnd.adding(milliseconds: -Reminder.trialSpan))
    }
}

extension CustomerState {
    /// When something is to be told ahead next; `.never`: nothing is.
    var nextReminder: Timestamp {
        var next = Timestamp.never
        if !account.reminded.method, let expiry = account.method?.expiry {
            next = expiry.end.adding(milliseconds: -Reminder.methodSpan)
        }
        for subscription in subscriptions where subscription.hasRunningTrial {
            if !account.reminded.trials.contains(subscription.number) {
                next = min(next, subscription.reminderTime)
            }
        }
        return next
    }

    mutating func note(_ reminder: Reminder) {
        switch reminder {
        case .trialEnding(let number, _, _, _):
            if !account.reminded.trials.contains(number) {
                account.reminded.trials.append(number)
            }
        case .methodExpiring: account.reminded.method = true
        }
    }

    /// A trial that is over, or that ends at another time, isn't told of any more.
    mutating func forgetReminders(of former: Subscription?, now subscription: Subscription) {
        guard !account.reminded.trials.isEmpty,
            !subscription.hasRunningTrial || subscription.trialEnd != former?.trialEnd
        else { return }
        account.reminded.trials.removeAll { $0 == subscription.number }
    }
}

extension FactSheet {
    /// Tells ahead what is due to be told.
    mutating func remind() {
        guard customer.nextReminder <= now else { return }
        for subscription in customer.subscriptions
        where subscription.hasRunningTrial && subscription.reminderTime <= now
            && !customer.account.reminded.trials.contains(subscription.number)
        {
            emit(
                .reminded(
                    .trialEnding(
                        subscription: subscription.number, plan: subscription.plan,
                        entity: subscription.entity, end: subscription.trialEnd)))
        }
        guard !customer.account.reminded.method, let method = customer.account.method,
            let expiry = method.expiry,
            expiry.end.adding(milliseconds: -Reminder.methodSpan) <= now
        else { return }
        emit(.reminded(.methodExpiring(method.label, expiry)))
    }
}
