internal import Billing
internal import CTallyProto

/// The messages that facts and whole states share.
extension RecordWriter {
    func bucket(
        _ bucket: Bucket, of entity: UInt32 = 0
    ) -> UnsafeMutablePointer<Tally__Disk__V1__BucketOpened> {
        let message = arena.make(tally__disk__v1__bucket_opened__init)
        message.pointee.entity = entity
        message.pointee.bucket = bucket.number
        message.pointee.feature = bucket.feature.rawValue
        message.pointee.subscription = bucket.subscription
        message.pointee.plan = bucket.plan?.rawValue ?? 0
        message.pointee.granted = quantity(bucket.granted)
        message.pointee.balance = quantity(bucket.balance)
        message.pointee.interval = UInt32(bucket.cycle.interval.rawValue)
        message.pointee.interval_count = UInt32(bucket.cycle.count)
        message.pointee.anchor = bucket.anchor.milliseconds
        message.pointee.next_reset = stored(bucket.nextReset)
        message.pointee.expires = stored(bucket.expires)
        message.pointee.created = bucket.created.milliseconds
        message.pointee.flags = UInt32(bucket.flags.rawValue)
        if bucket.flags.contains(.limited) {
            message.pointee.max_overage = quantity(bucket.maxOverage)
        }
        return message
    }

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
        return message
    }

    func effect(_ effect: Effect) -> UnsafeMutablePointer<Tally__Disk__V1__EffectRequested> {
        let message = arena.make(tally__disk__v1__effect_requested__init)
        message.pointee.effect_id = arena.string(effect.id)
        message.pointee.kind = UInt32(effect.kind.rawValue)
        message.pointee.order = order(effect.order)
        message.pointee.receipt = effect.request.map { receipt($0) }
        return message
    }

    func checkout(_ checkout: Checkout) -> UnsafeMutablePointer<Tally__Disk__V1__CheckoutOpened> {
        let message = arena.make(tally__disk__v1__checkout_opened__init)
        message.pointee.session_id = arena.string(checkout.session)
        message.pointee.url = arena.string(checkout.url)
        message.pointee.order = order(checkout.order)
        return message
    }

    func method(_ method: PaymentMethod) -> UnsafeMutablePointer<Tally__Disk__V1__MethodSaved> {
        let message = arena.make(tally__disk__v1__method_saved__init)
        message.pointee.token = arena.string(method.token)
        message.pointee.brand = arena.string(method.brand)
        message.pointee.last4 = arena.string(method.last4)
        message.pointee.expiry_month = method.expiry?.month ?? 0
        message.pointee.expiry_year = method.expiry?.year ?? 0
        return message
    }

    func entry(
        _ entry: MetadataEntry
    ) -> UnsafeMutablePointer<Tally__Disk__V1__MetadataEntry> {
        let message = arena.make(tally__disk__v1__metadata_entry__init)
        message.pointee.key = arena.string(entry.key)
        message.pointee.value = arena.string(entry.value)
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
        return message
    }

    private func order(_ order: Order) -> UnsafeMutablePointer<Tally__Disk__V1__Order> {
        let message = arena.make(tally__disk__v1__order__init)
        message.pointee.purpose = UInt32(order.purpose.rawValue)
        message.pointee.plan = order.plan.plan.rawValue
        message.pointee.revision = order.plan.revision
        message.pointee.subscription = order.subscription
        (message.pointee.n_lines, message.pointee.lines) = arena.list(order.lines) { line($0) }
        message.pointee.currency = arena.string(order.total.currency.code)
        message.pointee.total = order.total.minorUnits
        message.pointee.success_url = arena.string(order.successURL)
        return message
    }

    private func line(_ line: InvoiceLine) -> UnsafeMutablePointer<Tally__Disk__V1__Line> {
        let message = arena.make(tally__disk__v1__line__init)
        message.pointee.description = arena.string(line.description)
        message.pointee.minor_units = line.minorUnits
        message.pointee.plan = line.plan.rawValue
        message.pointee.feature = line.feature?.rawValue ?? 0
        return message
    }
}
