internal import Billing
internal import CTallyProto

extension RecordDecoder {
    func bucket(_ message: Tally__Disk__V1__BucketOpened) throws(RecordFault) -> Bucket {
        let flags = UInt8(truncatingIfNeeded: message.flags)
        return Bucket(
            number: message.bucket, feature: FeatureNumber(rawValue: message.feature),
            subscription: message.subscription,
            plan: message.plan == 0 ? nil : PlanNumber(rawValue: message.plan),
            granted: quantity(message.granted),
            balance: quantity(message.balance), maxOverage: quantity(message.max_overage),
            cycle: Cycle(
                try known(message.interval, Interval.self),
                count: UInt16(clamping: message.interval_count)),
            anchor: Timestamp(milliseconds: message.anchor), nextReset: time(message.next_reset),
            expires: time(message.expires), created: Timestamp(milliseconds: message.created),
            flags: Bucket.Flags(rawValue: flags))
    }

    func subscription(
        _ message: Tally__Disk__V1__SubscriptionChanged
    ) throws(RecordFault) -> Subscription {
        Subscription(
            number: message.subscription,
            plan: PlanReference(
                plan: PlanNumber(rawValue: message.plan), revision: message.revision),
            status: try known(message.status, SubscriptionStatus.self),
            addOn: message.add_on != 0, start: Timestamp(milliseconds: message.start),
            anchor: Timestamp(milliseconds: message.anchor),
            periodStart: Timestamp(milliseconds: message.period_start),
            periodEnd: time(message.period_end), canceled: time(message.canceled),
            end: time(message.end))
    }

    func effect(_ message: Tally__Disk__V1__EffectRequested) throws(RecordFault) -> Effect {
        var request: RequestMark?
        if let receipt = message.receipt?.pointee { request = try mark(receipt) }
        return Effect(
            id: text(message.effect_id), kind: try known(message.kind, Effect.Kind.self),
            order: try order(try need(message.order)), request: request)
    }

    func checkout(_ message: Tally__Disk__V1__CheckoutOpened) throws(RecordFault) -> Checkout {
        Checkout(
            session: text(message.session_id), url: text(message.url),
            order: try order(try need(message.order)))
    }

    func invoice(_ message: Tally__Disk__V1__InvoiceRaised) throws(RecordFault) -> Invoice {
        Invoice(
            number: message.number, status: try known(message.status, InvoiceStatus.self),
            lines: lines(message.n_lines, message.lines),
            total: try money(message.total, message.currency),
            time: Timestamp(milliseconds: message.time))
    }

    func method(_ message: Tally__Disk__V1__MethodSaved) -> PaymentMethod {
        PaymentMethod(
            token: text(message.token), brand: text(message.brand), last4: text(message.last4),
            expiry: message.expiry_month == 0
                ? nil : CardExpiry(year: message.expiry_year, month: message.expiry_month))
    }

    func metadata(
        _ count: Int,
        _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tally__Disk__V1__MetadataEntry>?>?
    ) -> [MetadataEntry] {
        elements(count, list).map {
            MetadataEntry(text($0.pointee.key), text($0.pointee.value))
        }
    }

    private func order(_ message: Tally__Disk__V1__Order) throws(RecordFault) -> Order {
        Order(
            purpose: try known(message.purpose, Order.Purpose.self),
            plan: PlanReference(
                plan: PlanNumber(rawValue: message.plan), revision: message.revision),
            subscription: message.subscription, lines: lines(message.n_lines, message.lines),
            total: try money(message.total, message.currency),
            successURL: text(message.success_url))
    }

    private func money(
        _ minorUnits: Int64, _ code: UnsafePointer<CChar>?
    ) throws(RecordFault) -> Money {
        guard let currency = Currency(code: text(code)) else {
            throw RecordFault("\"\(text(code))\" is no currency")
        }
        return Money(minorUnits: minorUnits, currency: currency)
    }

    private func lines(
        _ count: Int, _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tally__Disk__V1__Line>?>?
    ) -> [InvoiceLine] {
        elements(count, list).map { line in
            InvoiceLine(
                description: text(line.pointee.description), minorUnits: line.pointee.minor_units,
                plan: PlanNumber(rawValue: line.pointee.plan),
                feature: line.pointee.feature == 0
                    ? nil : FeatureNumber(rawValue: line.pointee.feature))
        }
    }
}
