internal import Billing
internal import CTallyProto

extension RecordDecoder {
    func subscription(
        _ message: Tally__Disk__V1__SubscriptionChanged
    ) throws(RecordFault) -> Subscription {
        var subscription = Subscription(
            number: message.subscription,
            plan: PlanReference(
                plan: PlanNumber(rawValue: message.plan), revision: message.revision),
            status: try known(message.status, SubscriptionStatus.self),
            addOn: message.add_on != 0, start: Timestamp(milliseconds: message.start),
            anchor: Timestamp(milliseconds: message.anchor),
            periodStart: Timestamp(milliseconds: message.period_start),
            periodEnd: time(message.period_end), canceled: time(message.canceled),
            end: time(message.end))
        subscription.entity = message.entity
        subscription.trialEnd = time(message.trial_end)
        subscription.bought = bought(message.n_bought, message.bought)
        for charge in elements(message.n_charges, message.charges) {
            subscription.charges.append(try self.charge(charge.pointee))
        }
        if message.n_pending > 0 {
            subscription.pending = try lines(
                message.n_pending, message.pending,
                try money(0, message.pending_currency).currency)
        }
        subscription.discounts = try discounts(message.n_discounts, message.discounts)
        subscription.netDays = message.net_days
        subscription.pausedBy = message.paused_by
        subscription.taxRate = text(message.tax_rate_id)
        return subscription
    }

    func effect(_ message: Tally__Disk__V1__EffectRequested) throws(RecordFault) -> Effect {
        var request: RequestMark?
        if let receipt = message.receipt?.pointee { request = try mark(receipt) }
        var effect = Effect(
            id: text(message.effect_id), kind: try known(message.kind, Effect.Kind.self),
            order: try order(try need(message.order)), request: request)
        effect.closesPage = text(message.closed_session_id)
        return effect
    }

    func checkout(_ message: Tally__Disk__V1__CheckoutOpened) throws(RecordFault) -> Checkout {
        Checkout(
            session: text(message.session_id), url: text(message.url),
            order: try order(try need(message.order)))
    }

    func invoice(_ message: Tally__Disk__V1__InvoiceRaised) throws(RecordFault) -> Invoice {
        let total = try money(message.total, message.currency)
        var invoice = Invoice(
            number: message.number, status: try known(message.status, InvoiceStatus.self),
            lines: try lines(message.n_lines, message.lines, total.currency), total: total,
            credit: message.credit,
            time: Timestamp(milliseconds: message.time))
        invoice.payment = text(message.payment_id)
        invoice.returns = InvoiceReturns(
            refunded: message.refunded, credited: message.credited, disputed: message.disputed,
            tax: message.returned_tax)
        let card = CardLabel(brand: text(message.card_brand), last4: text(message.card_last4))
        if !card.brand.isEmpty { invoice.card = card }
        invoice.dueTime = time(message.due_time)
        invoice.page = text(message.page)
        return invoice
    }

    func order(_ message: Tally__Disk__V1__Order) throws(RecordFault) -> Order {
        let total = try money(message.total, message.currency)
        let stored =
            message.purpose >= Order.taxed ? message.purpose - Order.taxed : message.purpose
        var order = Order(
            purpose: try purpose(stored),
            plan: PlanReference(
                plan: PlanNumber(rawValue: message.plan), revision: message.revision),
            subscriptions: numbers(message.n_subscriptions, message.subscriptions),
            lines: try lines(message.n_lines, message.lines, total.currency), total: total,
            credit: message.credit, time: Timestamp(milliseconds: message.time),
            successURL: text(message.success_url))
        order.reverts = stored == Order.reverting
        if message.subscription != 0 { order.subscriptions = [message.subscription] }
        order.entity = message.entity
        order.bought = bought(message.n_bought, message.bought)
        order.invoice = message.invoice
        order.carriedBalances = numbers(message.n_carried_balances, message.carried_balances)
            .map { FeatureNumber(rawValue: $0) }
        order.carriedUsages = numbers(message.n_carried_usages, message.carried_usages)
            .map { FeatureNumber(rawValue: $0) }
        order.startsCycle = message.starts_cycle != 0
        order.trialEnd = time(message.trial_end)
        order.starts = time(message.starts)
        order.ends = time(message.ends)
        order.pending = try lines(message.n_pending, message.pending, total.currency)
        order.discounts = try discounts(message.n_discounts, message.discounts)
        for part in elements(message.n_parts, message.parts) {
            order.parts.append(try self.order(part.pointee))
        }
        order.lines += order.parts.flatMap(\.lines)
        order.removed = numbers(message.n_removed, message.removed)
        order.startsLater = message.starts_later != 0
        order.netDays = message.net_days
        order.taxRate = text(message.tax_rate_id)
        order.custom = try lines(message.n_custom, message.custom, total.currency)
        return order
    }

    private func purpose(_ raw: UInt32) throws(RecordFault) -> Order.Purpose {
        if [Order.dated, Order.reverting].contains(raw) { return .purchase }
        if let custom = Order.customPurposes.first(where: { $0.value == raw }) { return custom.key }
        return try known(raw, Order.Purpose.self)
    }

    func customPlan(
        _ message: Tally__Disk__V1__CustomPlan
    ) throws(RecordFault) -> CustomPlan {
        var reader = DraftReader(prefix: "")
        let plan = reader.plan(try need(message.content), at: "content")
        if let fault = reader.fields.violations.first {
            throw RecordFault("a custom plan is damaged: \(fault.path) \(fault.message)")
        }
        return CustomPlan(
            number: message.number,
            base: PlanReference(
                plan: PlanNumber(rawValue: message.plan), revision: message.revision),
            plan: plan)
    }

    func debt(_ message: Tally__Disk__V1__Debt) throws(RecordFault) -> Debt {
        Debt(
            invoice: message.invoice, order: try order(try need(message.order)),
            since: Timestamp(milliseconds: message.since), attempts: message.attempts,
            next: Timestamp(milliseconds: message.next))
    }

    func credit(_ message: Tally__Disk__V1__CreditChanged) throws(RecordFault) -> Money {
        try money(message.balance, message.currency)
    }

    private func numbers(_ count: Int, _ list: UnsafeMutablePointer<UInt32>?) -> [UInt32] {
        Array(UnsafeBufferPointer(start: list, count: count))
    }

    private func bought(
        _ count: Int,
        _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tally__Disk__V1__BoughtUnits>?>?
    ) -> [BoughtUnits] {
        elements(count, list).map { units in
            BoughtUnits(
                feature: FeatureNumber(rawValue: units.pointee.feature),
                units: quantity(units.pointee.units),
                next: units.pointee.next.map { quantity($0) })
        }
    }

    private func part(_ plan: UInt32, _ revision: UInt32, _ feature: UInt32) -> PricePart {
        PricePart(
            plan: PlanReference(plan: PlanNumber(rawValue: plan), revision: revision),
            feature: feature == 0 ? nil : FeatureNumber(rawValue: feature))
    }

    private func period(_ start: Int64, _ end: Int64) throws(RecordFault) -> Range<Timestamp> {
        guard start <= end else { throw RecordFault("a period ends before it begins") }
        return Timestamp(milliseconds: start)..<Timestamp(milliseconds: end)
    }

    private func charge(
        _ message: Tally__Disk__V1__PaidCharge
    ) throws(RecordFault) -> PaidCharge {
        var charge = PaidCharge(
            part: part(message.plan, message.revision, message.feature),
            quantity: quantity(message.quantity), period: try period(message.start, message.end),
            paid: try money(message.paid, message.currency), returned: message.returned)
        charge.invoice = message.invoice
        charge.disputed = message.disputed
        charge.tax = try chargeTax(message.tax)
        return charge
    }

    func money(
        _ minorUnits: Int64, _ code: UnsafePointer<CChar>?
    ) throws(RecordFault) -> Money {
        guard let currency = Currency(code: text(code)) else {
            throw RecordFault("\"\(text(code))\" is no currency")
        }
        return Money(minorUnits: minorUnits, currency: currency)
    }

    private func lines(
        _ count: Int, _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tally__Disk__V1__Line>?>?,
        _ currency: Currency
    ) throws(RecordFault) -> [InvoiceLine] {
        var lines: [InvoiceLine] = []
        for line in elements(count, list) {
            lines.append(try self.line(line.pointee, currency))
        }
        return lines
    }

    private func line(
        _ message: Tally__Disk__V1__Line, _ currency: Currency
    ) throws(RecordFault) -> InvoiceLine {
        let kind: InvoiceLine.Kind =
            message.kind != 0
            ? try known(message.kind, InvoiceLine.Kind.self)
            : message.feature == 0 ? .charge : .overage
        var line = InvoiceLine(
            kind, part(message.plan, message.revision, message.feature),
            subscription: message.subscription, description: text(message.description),
            quantity: quantity(message.quantity),
            subtotal: Money(minorUnits: message.minor_units, currency: currency))
        if message.end != 0 { line.period = try period(message.start, message.end) }
        line.discounts = elements(message.n_discounts, message.discounts).map {
            AppliedDiscount(
                rewardID: text($0.pointee.reward_id), minorUnits: $0.pointee.minor_units,
                holder: $0.pointee.holder)
        }
        line.invoice = message.invoice
        line.tax = try lineTax(message.tax)
        return line
    }
}
