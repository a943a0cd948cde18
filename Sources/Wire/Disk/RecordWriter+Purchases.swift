internal import Billing
internal import CTallyProto

/// What was bought, what is to be paid, what was charged.
extension RecordWriter {
    func subscription(
        _ subscription: Subscription
    ) -> UnsafeMutablePointer<Tally__Disk__V1__SubscriptionChanged> {
        let message = arena.make(tally__disk__v1__subscription_changed__init)
        message.pointee.subscription = subscription.number
        message.pointee.plan = subscription.plan.plan.rawValue
        message.pointee.revision = subscription.plan.revision
        message.pointee.status = UInt32(subscription.status.rawValue)
        message.pointee.add_on = subscription.addOn ? 1 : 0
        message.pointee.start = subscription.start.milliseconds
        message.pointee.anchor = subscription.anchor.milliseconds
        message.pointee.period_start = subscription.periodStart.milliseconds
        message.pointee.period_end = stored(subscription.periodEnd)
        message.pointee.canceled = stored(subscription.canceled)
        message.pointee.end = stored(subscription.end)
        message.pointee.entity = subscription.entity
        message.pointee.trial_end = stored(subscription.trialEnd)
        (message.pointee.n_bought, message.pointee.bought) = bought(subscription.bought)
        (message.pointee.n_charges, message.pointee.charges) = arena.list(subscription.charges) {
            charge($0)
        }
        (message.pointee.n_pending, message.pointee.pending) = arena.list(subscription.pending) {
            line($0)
        }
        if let line = subscription.pending.first {
            message.pointee.pending_currency = arena.string(line.subtotal.currency.code)
        }
        (message.pointee.n_discounts, message.pointee.discounts) = discounts(
            subscription.discounts)
        message.pointee.net_days = subscription.netDays
        message.pointee.paused_by = subscription.pausedBy
        message.pointee.tax_rate_id = arena.string(subscription.taxRate)
        return message
    }

    private func bought(_ bought: [BoughtUnits]) -> (
        Int, UnsafeMutablePointer<UnsafeMutablePointer<Tally__Disk__V1__BoughtUnits>?>?
    ) {
        arena.list(bought) { units in
            let message = arena.make(tally__disk__v1__bought_units__init)
            message.pointee.feature = units.feature.rawValue
            message.pointee.units = quantity(units.units)
            message.pointee.next = units.next.map { quantity($0) }
            return message
        }
    }

    private func charge(_ charge: PaidCharge) -> UnsafeMutablePointer<Tally__Disk__V1__PaidCharge> {
        let message = arena.make(tally__disk__v1__paid_charge__init)
        message.pointee.plan = charge.part.plan.plan.rawValue
        message.pointee.revision = charge.part.plan.revision
        message.pointee.feature = charge.part.feature?.rawValue ?? 0
        message.pointee.quantity = quantity(charge.quantity)
        message.pointee.start = charge.period.lowerBound.milliseconds
        message.pointee.end = charge.period.upperBound.milliseconds
        message.pointee.paid = charge.paid.minorUnits
        message.pointee.returned = charge.returned
        message.pointee.currency = arena.string(charge.paid.currency.code)
        message.pointee.invoice = charge.invoice
        message.pointee.disputed = charge.disputed
        message.pointee.tax = charge.tax.map { chargeTax($0) }
        return message
    }

    func debt(_ debt: Debt) -> UnsafeMutablePointer<Tally__Disk__V1__Debt> {
        let message = arena.make(tally__disk__v1__debt__init)
        message.pointee.invoice = debt.invoice
        message.pointee.order = order(debt.order)
        message.pointee.since = debt.since.milliseconds
        message.pointee.attempts = debt.attempts
        message.pointee.next = debt.next.milliseconds
        return message
    }

    func credit(_ credit: Money) -> UnsafeMutablePointer<Tally__Disk__V1__CreditChanged> {
        let message = arena.make(tally__disk__v1__credit_changed__init)
        message.pointee.currency = arena.string(credit.currency.code)
        message.pointee.balance = credit.minorUnits
        return message
    }

    func effect(_ effect: Effect) -> UnsafeMutablePointer<Tally__Disk__V1__EffectRequested> {
        let message = arena.make(tally__disk__v1__effect_requested__init)
        message.pointee.effect_id = arena.string(effect.id)
        message.pointee.kind = UInt32(effect.kind.rawValue)
        message.pointee.order = order(effect.order)
        message.pointee.receipt = effect.request.map { receipt($0) }
        message.pointee.closed_session_id = arena.string(effect.closesPage)
        return message
    }

    func checkout(_ checkout: Checkout) -> UnsafeMutablePointer<Tally__Disk__V1__CheckoutOpened> {
        let message = arena.make(tally__disk__v1__checkout_opened__init)
        message.pointee.session_id = arena.string(checkout.session)
        message.pointee.url = arena.string(checkout.url)
        message.pointee.order = order(checkout.order)
        return message
    }

    func invoice(_ invoice: Invoice) -> UnsafeMutablePointer<Tally__Disk__V1__InvoiceRaised> {
        let message = arena.make(tally__disk__v1__invoice_raised__init)
        message.pointee.number = invoice.number
        message.pointee.status = UInt32(invoice.status.rawValue)
        (message.pointee.n_lines, message.pointee.lines) = arena.list(invoice.lines) { line($0) }
        message.pointee.currency = arena.string(invoice.total.currency.code)
        message.pointee.total = invoice.total.minorUnits
        message.pointee.time = invoice.time.milliseconds
        message.pointee.credit = invoice.credit
        message.pointee.payment_id = arena.string(invoice.payment)
        message.pointee.refunded = invoice.returns.refunded
        message.pointee.credited = invoice.returns.credited
        message.pointee.disputed = invoice.returns.disputed
        message.pointee.card_brand = arena.string(invoice.card?.brand ?? "")
        message.pointee.card_last4 = arena.string(invoice.card?.last4 ?? "")
        message.pointee.due_time = stored(invoice.dueTime)
        message.pointee.page = arena.string(invoice.page)
        message.pointee.returned_tax = invoice.returns.tax
        return message
    }

    func order(_ order: Order) -> UnsafeMutablePointer<Tally__Disk__V1__Order> {
        let message = arena.make(tally__disk__v1__order__init)
        message.pointee.purpose = order.storedPurpose
        (message.pointee.n_custom, message.pointee.custom) = arena.list(order.custom) { line($0) }
        message.pointee.starts = stored(order.starts)
        message.pointee.ends = stored(order.ends)
        message.pointee.plan = order.plan.plan.rawValue
        message.pointee.revision = order.plan.revision
        if order.subscriptions.count == 1 {
            message.pointee.subscription = order.subscriptions[0]
        } else {
            (message.pointee.n_subscriptions, message.pointee.subscriptions) = arena.numbers(
                order.subscriptions)
        }
        message.pointee.entity = order.entity
        (message.pointee.n_bought, message.pointee.bought) = bought(order.bought)
        message.pointee.starts_cycle = order.startsCycle ? 1 : 0
        message.pointee.trial_end = stored(order.trialEnd)
        (message.pointee.n_pending, message.pointee.pending) = arena.list(order.pending) {
            line($0)
        }
        message.pointee.credit = order.credit
        message.pointee.time = order.time.milliseconds
        message.pointee.invoice = order.invoice
        (message.pointee.n_carried_balances, message.pointee.carried_balances) = arena.numbers(
            order.carriedBalances.map(\.rawValue))
        (message.pointee.n_carried_usages, message.pointee.carried_usages) = arena.numbers(
            order.carriedUsages.map(\.rawValue))
        (message.pointee.n_lines, message.pointee.lines) = arena.list(Array(order.ownLines)) {
            line($0)
        }
        (message.pointee.n_parts, message.pointee.parts) = arena.list(order.parts) {
            self.order($0)
        }
        (message.pointee.n_removed, message.pointee.removed) = arena.numbers(order.removed)
        message.pointee.starts_later = order.startsLater ? 1 : 0
        message.pointee.currency = arena.string(order.total.currency.code)
        message.pointee.total = order.total.minorUnits
        message.pointee.success_url = arena.string(order.successURL)
        (message.pointee.n_discounts, message.pointee.discounts) = discounts(order.discounts)
        message.pointee.net_days = order.netDays
        message.pointee.tax_rate_id = arena.string(order.taxRate)
        return message
    }

    private func line(_ line: InvoiceLine) -> UnsafeMutablePointer<Tally__Disk__V1__Line> {
        let message = arena.make(tally__disk__v1__line__init)
        message.pointee.description = arena.string(line.description)
        message.pointee.minor_units = line.subtotal.minorUnits
        message.pointee.plan = line.part.plan.plan.rawValue
        message.pointee.feature = line.part.feature?.rawValue ?? 0
        // What goes without saying isn't said.
        let usual = line.part.feature == nil ? InvoiceLine.Kind.charge : .overage
        if line.kind != usual { message.pointee.kind = UInt32(line.kind.rawValue) }
        message.pointee.revision = line.part.plan.revision
        message.pointee.subscription = line.subscription
        if line.quantity != .zero { message.pointee.quantity = quantity(line.quantity) }
        if let period = line.period {
            message.pointee.start = period.lowerBound.milliseconds
            message.pointee.end = period.upperBound.milliseconds
        }
        (message.pointee.n_discounts, message.pointee.discounts) = arena.list(line.discounts) {
            let part = arena.make(tally__disk__v1__applied_discount__init)
            part.pointee.reward_id = arena.string($0.rewardID)
            part.pointee.minor_units = $0.minorUnits
            part.pointee.holder = $0.holder
            return part
        }
        message.pointee.invoice = line.invoice
        message.pointee.tax = line.tax.map { lineTax($0) }
        return message
    }
}

extension Order {
    /// The purpose of a purchase with a start or an end: binaries before there were any refuse it.
    static let dated: UInt32 = 5
    /// The purpose of a purchase that begins a trial that reverts; the same.
    static let reverting: UInt32 = 140

    /// The purposes of what is charged for otherwise than computed, which earlier binaries refuse,
    /// too.
    static let customPurposes: [Order.Purpose: UInt32] = [
        .purchase: 150, .renewal: 151, .change: 152, .switch: 153,
    ]

    fileprivate var storedPurpose: UInt32 {
        isTaxed ? untaxedPurpose + Order.taxed : untaxedPurpose
    }

    private var untaxedPurpose: UInt32 {
        if !custom.isEmpty, let stored = Order.customPurposes[purpose] { return stored }
        if reverts { return Order.reverting }
        return isDated ? Order.dated : UInt32(purpose.rawValue)
    }

    fileprivate var isDated: Bool {
        purpose == .purchase && (starts != .never || ends != .never)
    }
}
