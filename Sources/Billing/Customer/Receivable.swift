/// How something is paid for that no card is charged for: an invoice is sent, and paid when its
/// receiver pays it (billing §12.3).
package struct InvoiceTerms: Sendable, Equatable {
    package static let netDaysLimit: UInt32 = 365
    package static let usualNetDays: UInt32 = 30

    /// It is due so many days after it was sent; 1 at least.
    package var netDays: UInt32
    /// What it is for is given at once; else when it is paid.
    package var gives: Bool
    /// False: it is a draft, until somebody finalizes it.
    package var finalizes: Bool

    package init(
        netDays: UInt32 = InvoiceTerms.usualNetDays, gives: Bool = false, finalizes: Bool = true
    ) {
        self.netDays = netDays
        self.gives = gives
        self.finalizes = finalizes
    }

    /// When what is sent now is due.
    static func due(_ netDays: UInt32, from now: Timestamp) -> Timestamp {
        now.adding(milliseconds: Int64(netDays) * 86_400_000)
    }
}

/// An invoice that waits for whoever got it to pay, or a draft of one.
package struct Receivable: Sendable, Equatable {
    /// Purchases are refused beyond it; renewals go on.
    package static let countLimit = 32

    package var invoice: UInt32
    /// What paying it does; of what was given, a renewal.
    package var order: Order
    package var netDays: UInt32
    /// Its plan was given already; else paying it does what the order says.
    package var isGiven: Bool
    /// Its due date has passed.
    package var isOverdue = false
    /// When its due date passes or, afterwards, when it is given up; `.never`: it is a draft.
    package var next: Timestamp
    /// When what it sells can't be had any more; `.never`: it always can.
    package var expires: Timestamp

    package init(
        invoice: UInt32, order: Order, netDays: UInt32, isGiven: Bool, isOverdue: Bool = false,
        next: Timestamp = .never, expires: Timestamp = .never
    ) {
        self.invoice = invoice
        self.order = order
        self.netDays = netDays
        self.isGiven = isGiven
        self.isOverdue = isOverdue
        self.next = next
        self.expires = expires
    }

    /// When something becomes of it by itself.
    var moment: Timestamp { min(next, expires) }
}

extension Account {
    package func receivable(_ invoice: UInt32) -> Receivable? {
        receivables.first { $0.invoice == invoice }
    }

    mutating func put(_ receivable: Receivable) {
        let index = receivables.firstIndex { $0.invoice == receivable.invoice }
        if let index { receivables[index] = receivable } else { receivables.append(receivable) }
    }
}

extension InvoiceStatus {
    /// Somebody may still pay it.
    package var isUnsettled: Bool {
        switch self {
        case .open, .draft: true
        case .paid, .uncollectible, .void: false
        }
    }
}

extension CustomerState {
    /// A payment for it is tried again, or an invoice for it is past its due date.
    func isOwing(_ subscription: UInt32) -> Bool {
        account.debts.contains { $0.order.subscriptions.contains(subscription) }
            || account.receivables.contains {
                $0.isGiven && $0.isOverdue && $0.order.subscriptions.contains(subscription)
            }
    }

    /// It was given against an invoice that nobody has paid yet.
    func isUnpaid(_ subscription: UInt32) -> Bool {
        account.receivables.contains {
            $0.isGiven && $0.order.subscriptions.contains(subscription)
        }
    }
}
