internal import Billing
internal import CTallyProto

extension RecordDecoder {
    func fact(_ message: Tally__Disk__V1__Fact) throws(RecordFault) -> Fact {
        switch message.kind_case {
        case TALLY__DISK__V1__FACT__KIND_DEDUCTED:
            let fact = try need(message.deducted)
            return .deducted(
                bucket: fact.bucket, amount: Quantity(whole: fact.whole, fraction: fact.fraction),
                entity: fact.entity)
        case TALLY__DISK__V1__FACT__KIND_USAGE_RECORDED:
            let fact = try need(message.usage_recorded)
            return .usageRecorded(
                feature: FeatureNumber(rawValue: fact.feature),
                value: Quantity(whole: fact.whole, fraction: fact.fraction),
                label: try label(of: fact))
        case TALLY__DISK__V1__FACT__KIND_BUCKET_RESET:
            let fact = try need(message.bucket_reset)
            return .bucketReset(
                bucket: fact.bucket, balance: quantity(fact.balance),
                nextReset: time(fact.next_reset), entity: fact.entity)
        case TALLY__DISK__V1__FACT__KIND_BUCKET_CLOSED:
            let fact = try need(message.bucket_closed)
            return .bucketClosed(bucket: fact.bucket, entity: fact.entity)
        case TALLY__DISK__V1__FACT__KIND_BUCKET_OPENED:
            let fact = try need(message.bucket_opened)
            return .bucketOpened(try bucket(fact), entity: fact.entity)
        case TALLY__DISK__V1__FACT__KIND_SUBSCRIPTION_CHANGED:
            return .subscriptionChanged(try subscription(try need(message.subscription_changed)))
        case TALLY__DISK__V1__FACT__KIND_WHOLE_SUBSCRIPTION_CHANGED:
            return .subscriptionChanged(
                try subscription(try need(message.whole_subscription_changed)))
        case TALLY__DISK__V1__FACT__KIND_FULL_SUBSCRIPTION_CHANGED:
            return .subscriptionChanged(
                try subscription(try need(message.full_subscription_changed)))
        case TALLY__DISK__V1__FACT__KIND_PAUSED_SUBSCRIPTION_CHANGED:
            return .subscriptionChanged(
                try subscription(try need(message.paused_subscription_changed)))
        case TALLY__DISK__V1__FACT__KIND_SUBSCRIPTION_DROPPED:
            return .subscriptionDropped(
                number: try need(message.subscription_dropped).subscription)
        case TALLY__DISK__V1__FACT__KIND_INVOICE_DROPPED:
            return .invoiceDropped(number: try need(message.invoice_dropped).number)
        case TALLY__DISK__V1__FACT__KIND_CUSTOMER_ERASED:
            return .customerErased(key: try need(message.customer_erased).key)
        case TALLY__DISK__V1__FACT__KIND_CUSTOMER_DELETED: return .customerDeleted
        default: return try accountFact(message)
        }
    }

    private func label(
        of usage: Tally__Disk__V1__UsageRecorded
    ) throws(RecordFault) -> EventLabel? {
        guard usage.event_time != 0 || usage.n_properties > 0 else { return nil }
        return EventLabel(
            time: usage.event_time == 0 ? nil : Timestamp(milliseconds: usage.event_time),
            properties: try properties(usage.n_properties, usage.properties))
    }

    func properties(
        _ count: Int,
        _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tally__Disk__V1__Property>?>?
    ) throws(RecordFault) -> [EventProperty] {
        var properties: [EventProperty] = []
        for property in elements(count, list) {
            let key = text(property.pointee.key)
            switch property.pointee.value_case {
            case TALLY__DISK__V1__PROPERTY__VALUE_TEXT:
                properties.append(EventProperty(key, .text(text(property.pointee.text))))
            case TALLY__DISK__V1__PROPERTY__VALUE_NUMBER:
                properties.append(EventProperty(key, .number(bits: property.pointee.number)))
            case TALLY__DISK__V1__PROPERTY__VALUE_BOOLEAN:
                properties.append(
                    EventProperty(key, .boolean(property.pointee.boolean != 0)))
            default:
                throw RecordFault("unknown property value: written by a newer version of tally")
            }
        }
        return properties
    }

    private func accountFact(_ message: Tally__Disk__V1__Fact) throws(RecordFault) -> Fact {
        switch message.kind_case {
        case TALLY__DISK__V1__FACT__KIND_CUSTOMER_CREATED:
            let fact = try need(message.customer_created)
            return .customerCreated(
                name: text(fact.name), email: text(fact.email),
                time: Timestamp(milliseconds: fact.create_time))
        case TALLY__DISK__V1__FACT__KIND_PROFILE_CHANGED:
            let fact = try need(message.profile_changed)
            return .profileChanged(name: text(fact.name), email: text(fact.email))
        case TALLY__DISK__V1__FACT__KIND_METADATA_CHANGED:
            let fact = try need(message.metadata_changed)
            return .metadataChanged(metadata(fact.n_metadata, fact.metadata))
        case TALLY__DISK__V1__FACT__KIND_EFFECT_REQUESTED:
            return .effectRequested(try effect(try need(message.effect_requested)))
        case TALLY__DISK__V1__FACT__KIND_EFFECT_SETTLED:
            let fact = try need(message.effect_settled)
            return .effectSettled(
                id: text(fact.effect_id),
                outcome: fact.outcome == 1 ? .done : .declined(code: text(fact.code)))
        case TALLY__DISK__V1__FACT__KIND_CHECKOUT_OPENED:
            return .checkoutOpened(try checkout(try need(message.checkout_opened)))
        case TALLY__DISK__V1__FACT__KIND_CHECKOUT_CLOSED:
            let fact = try need(message.checkout_closed)
            let isKept = !text(fact.currency).isEmpty
            return .checkoutClosed(
                session: text(fact.session_id), paid: fact.paid != 0,
                payment: text(fact.payment_id),
                due: isKept ? try money(fact.due, fact.currency) : nil)
        case TALLY__DISK__V1__FACT__KIND_METHOD_SAVED:
            return .methodSaved(method(try need(message.method_saved)))
        case TALLY__DISK__V1__FACT__KIND_INVOICE_RAISED:
            return .invoiceRaised(try invoice(try need(message.invoice_raised)))
        case TALLY__DISK__V1__FACT__KIND_INVOICE_CHANGED:
            return .invoiceChanged(try invoice(try need(message.invoice_changed)))
        case TALLY__DISK__V1__FACT__KIND_DEBT_SET:
            return .debtSet(try debt(try need(message.debt_set)))
        case TALLY__DISK__V1__FACT__KIND_CREDIT_CHANGED:
            return .creditChanged(try credit(try need(message.credit_changed)))
        case TALLY__DISK__V1__FACT__KIND_CUSTOM_PLAN_SET:
            return .customPlanSet(try customPlan(try need(message.custom_plan_set)))
        case TALLY__DISK__V1__FACT__KIND_CUSTOM_PLAN_SET_WITH_SEATS:
            return .customPlanSet(try customPlan(try need(message.custom_plan_set_with_seats)))
        case TALLY__DISK__V1__FACT__KIND_ZONE_SET:
            return .zoneSet(try zone(try need(message.zone_set).zone))
        case TALLY__DISK__V1__FACT__KIND_CURRENCY_SET:
            return .currencySet(
                try money(0, try need(message.currency_set).currency).currency)
        case TALLY__DISK__V1__FACT__KIND_CUSTOM_PLAN_DROPPED:
            return .customPlanDropped(number: try need(message.custom_plan_dropped).number)
        case TALLY__DISK__V1__FACT__KIND_REMINDED:
            return .reminded(try reminder(try need(message.reminded)))
        default:
            if let fact = try refundFact(message) { return fact }
            if let fact = try receivableFact(message) { return fact }
            if let fact = try referralFact(message) { return fact }
            if let fact = try scheduleFact(message) { return fact }
            if let fact = try payerFact(message) { return fact }
            if let fact = try taxFact(message) { return fact }
            return try extraFact(message)
        }
    }
}
