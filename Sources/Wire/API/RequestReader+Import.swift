package import Billing
internal import CTallyProto

/// A customer of another system's, ready to be brought in.
package struct ImportCall: Sendable {
    package var customer: CustomerID
    package var asked: ImportCustomer
    /// It is only said what would be done.
    package var isDryRun: Bool
}

extension RequestReader {
    package func importCustomer(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> ImportCall {
        let message = try open(bytes, tally__v1__import_customer_request__init).pointee
        var fields = FieldReader()
        let customer = fields.customerID(message.customer_id)
        var asked = ImportCustomer(source: fields.source(message.source_id, at: "source_id"))
        asked.name = fields.name(message.name)
        asked.email = fields.email(message.email)
        let address = message.address.map { fields.address($0.pointee) }
        asked.address = address?.isEmpty == true ? nil : address
        asked.metadata = fields.metadata(
            elements(message.n_metadata, message.metadata).map {
                ($0.pointee.key, $0.pointee.value)
            })
        asked.currency = fields.currency(message.currency)
        (asked.payer, asked.method) = fields.payer(message)
        fields.most(message.n_subscriptions, ImportCustomer.subscriptionLimit, "subscriptions")
        fields.most(message.n_entities, ImportCustomer.entityLimit, "entities")
        fields.most(message.n_balances, ImportCustomer.balanceLimit, "balances")
        fields.most(
            message.n_used_trial_plan_ids, ImportCustomer.trialLimit, "used_trial_plan_ids")
        guard let customer, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        for index in 0..<message.n_used_trial_plan_ids {
            if let plan = try plan(message.used_trial_plan_ids?[index], &fields) {
                asked.triedPlans.append(plan)
            }
        }
        for entity in elements(message.n_entities, message.entities) {
            if let entity = try importedEntity(entity.pointee, &fields) {
                asked.entities.append(entity)
            }
        }
        let subscriptions = elements(message.n_subscriptions, message.subscriptions)
        for (index, subscription) in subscriptions.enumerated() {
            var part = FieldReader()
            if let read = try importedSubscription(subscription.pointee, &part) {
                asked.subscriptions.append(read)
            }
            part.move(to: "subscriptions[\(index)]")
            fields.add(part)
        }
        for (index, balance) in elements(message.n_balances, message.balances).enumerated() {
            var part = FieldReader()
            if let read = try importedBalance(balance.pointee, &part) {
                asked.balances.append(read)
            }
            part.move(to: "balances[\(index)]")
            fields.add(part)
        }
        guard fields.violations.isEmpty else { throw .invalid(fields.violations) }
        return ImportCall(customer: customer, asked: asked, isDryRun: message.dry_run != 0)
    }

    private func importedEntity(
        _ message: Tally__V1__ImportedEntity, _ fields: inout FieldReader
    ) throws(CallFault) -> CreateEntity? {
        guard let id = fields.entityID(message.entity_id),
            let feature = try feature(message.feature_id, &fields)
        else { return nil }
        return CreateEntity(
            id: id, feature: feature,
            name: fields.text(message.name, at: "entities.name", limit: 256))
    }

    private func importedSubscription(
        _ message: Tally__V1__ImportedSubscription, _ fields: inout FieldReader
    ) throws(CallFault) -> ImportedSubscription? {
        let source = fields.source(message.source_id, at: "source_id")
        guard let plan = try plan(message.plan_id, &fields) else { return nil }
        guard let start = fields.optionalInstant(message.start_time, at: "start_time") else {
            if fields.violations.isEmpty { fields.fault("start_time", "is required") }
            return nil
        }
        var read = ImportedSubscription(source: source, plan: plan, start: start)
        read.version = message.version == 0 ? nil : message.version
        read.entity = fields.optionalEntityID(message.entity_id)
        read.quantities = try quantities(
            elements(message.n_quantities, message.quantities).map { $0.pointee }, &fields)
        read.anchor = fields.optionalInstant(message.anchor_time, at: "anchor_time") ?? start
        read.periodStart = fields.optionalInstant(
            message.period_start_time, at: "period_start_time")
        read.periodEnd = fields.optionalInstant(message.period_end_time, at: "period_end_time")
        read.trialEnd =
            fields.optionalInstant(message.trial_end_time, at: "trial_end_time") ?? .never
        read.canceled = fields.optionalInstant(message.cancel_time, at: "cancel_time") ?? .never
        read.isPastDue = message.past_due != 0
        if message.net_days > InvoiceTerms.netDaysLimit {
            fields.fault("net_days", "must be at most \(InvoiceTerms.netDaysLimit)")
        }
        read.netDays = message.net_days
        read.takesOver = message.take_over != 0
        fields.most(message.n_discounts, HeldDiscount.limit, "discounts")
        guard fields.violations.isEmpty else { return nil }
        for (index, discount) in elements(message.n_discounts, message.discounts).enumerated() {
            var part = FieldReader()
            if let held = part.importedDiscount(discount.pointee) { read.discounts.append(held) }
            part.move(to: "discounts[\(index)]")
            fields.add(part)
        }
        return read
    }

    private func importedBalance(
        _ message: Tally__V1__ImportedBalance, _ fields: inout FieldReader
    ) throws(CallFault) -> ImportedBalance? {
        guard let feature = try feature(message.feature_id, &fields) else { return nil }
        var read = ImportedBalance(feature: feature)
        read.entity = fields.optionalEntityID(message.entity_id)
        if !bytes(of: message.plan_id).isEmpty { read.plan = try plan(message.plan_id, &fields) }
        if let reset = message.reset { read.reset = fields.cycle(reset.pointee, at: "reset") }
        read.granted = fields.grant(message.granted, at: "granted") ?? .zero
        read.remaining = fields.quantity(message.remaining, at: "remaining") ?? .zero
        read.unlimited = message.unlimited != 0
        read.nextReset = fields.optionalInstant(message.next_reset_time, at: "next_reset_time")
        read.expires = fields.optionalInstant(message.expire_time, at: "expire_time")
        return read
    }
}

extension FieldReader {
    fileprivate mutating func most(_ count: Int, _ limit: Int, _ path: String) {
        if count > limit { fault(path, "must be at most \(limit)") }
    }

    /// Another system's name for something.
    mutating func source(_ text: UnsafePointer<CChar>?, at path: String) -> String {
        let source = self.text(text, at: path, limit: Takeover.sourceLimit)
        let isPlain = source.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: ":"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        if source.isEmpty || !isPlain {
            fault(path, "must be 1 to \(Takeover.sourceLimit) letters, digits or \"_:.-\"")
        }
        return source
    }

    fileprivate mutating func payer(
        _ message: Tally__V1__ImportCustomerRequest
    ) -> (String, PaymentMethod?) {
        let payer =
            bytes(of: message.provider_customer_id).isEmpty
            ? "" : source(message.provider_customer_id, at: "provider_customer_id")
        guard !bytes(of: message.provider_payment_method_id).isEmpty else { return (payer, nil) }
        if payer.isEmpty {
            fault("provider_payment_method_id", "needs provider_customer_id, whose it is")
        }
        var method = PaymentMethod(
            token: source(message.provider_payment_method_id, at: "provider_payment_method_id"),
            brand: "card", last4: "")
        guard let shown = message.payment_method?.pointee else { return (payer, method) }
        method.brand = text(shown.brand, at: "payment_method.brand", limit: 64)
        method.last4 = text(shown.last4, at: "payment_method.last4", limit: 4)
        if shown.expiry_year != 0 {
            if !(1...12 ~= shown.expiry_month) || shown.expiry_year > 9999 {
                fault("payment_method.expiry_month", "must be 1 to 12, of a year of four digits")
            }
            method.expiry = CardExpiry(year: shown.expiry_year, month: shown.expiry_month)
        }
        return (payer, method)
    }

    /// nil: a fault was noted.
    fileprivate mutating func importedDiscount(
        _ message: Tally__V1__ImportedDiscount
    ) -> HeldDiscount? {
        let coupon = bytes(of: message.coupon_id)
        guard identifier(coupon, at: "coupon_id") else { return nil }
        let kind: Discount.Kind
        switch message.kind_case {
        case TALLY__V1__IMPORTED_DISCOUNT__KIND_PERCENTAGE:
            guard let percentage = grant(message.percentage, at: "percentage") else { return nil }
            guard percentage > .zero, percentage <= Quantity(units: 100) else {
                fault("percentage", "must be more than 0 and at most 100")
                return nil
            }
            kind = .percentage(percentage)
        case TALLY__V1__IMPORTED_DISCOUNT__KIND_AMOUNT:
            guard let amount = message.amount?.pointee, let money = money(amount, at: "amount")
            else { return nil }
            guard money.minorUnits > 0 else {
                fault("amount.minor_units", "must be more than 0")
                return nil
            }
            kind = .amount(money)
        default:
            fault("percentage", "give a percentage or an amount")
            return nil
        }
        var held = HeldDiscount(couponID: String(decoding: coupon, as: UTF8.self), kind)
        held.once = message.once != 0
        held.end = optionalInstant(message.end_time, at: "end_time") ?? .never
        return held
    }
}
