internal import Billing
internal import CTallyProto

/// Purchases, changes of them, and previews of both.
extension RequestReader {
    package static let quantityLimit = 100

    package func attach(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> PurchaseCall {
        let message = try open(bytes, tally__v1__attach_request__init)
        return try purchase(message.pointee, FieldReader())
    }

    package func previewAttach(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> PurchaseCall {
        let message = try open(bytes, tally__v1__preview_attach_request__init)
        guard let attach = message.pointee.attach else { throw CallFault.missing("attach") }
        do {
            return try purchase(attach.pointee, FieldReader())
        } catch {
            throw error.within("attach")
        }
    }

    package func updateSubscription(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> PurchaseCall {
        let message = try open(bytes, tally__v1__update_subscription_request__init)
        return try change(message.pointee, FieldReader())
    }

    package func previewUpdateSubscription(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> PurchaseCall {
        let message = try open(bytes, tally__v1__preview_update_subscription_request__init)
        guard let update = message.pointee.update else { throw CallFault.missing("update") }
        do {
            return try change(update.pointee, FieldReader())
        } catch {
            throw error.within("update")
        }
    }

    private func purchase(
        _ message: Tally__V1__AttachRequest, _ fields: FieldReader
    ) throws(CallFault) -> PurchaseCall {
        var fields = fields
        let customer = fields.customerID(message.customer_id)
        let requestID = fields.requestID(message.request_id)
        let successURL = fields.webAddress(message.success_url, at: "success_url")
        let entity = fields.optionalEntityID(message.entity_id)
        let quoteTime = message.quote_time.flatMap {
            fields.instant($0.pointee, at: "quote_time")
        }
        let schedule = fields.word(
            message.plan_schedule.rawValue, AttachPlan.Schedule.automatic, at: "plan_schedule")
        let redirect = fields.word(
            message.redirect_mode.rawValue, AttachPlan.Redirect.ifRequired, at: "redirect_mode")
        let plan = try plan(message.plan_id, &fields)
        let quantities = try quantities(
            elements(message.n_quantities, message.quantities).map { $0.pointee }, &fields)
        let carriesBalances = try carried(
            message.carry_over_balances?.pointee, "carry_over_balances", &fields)
        let carriesUsages = try carried(
            message.carry_over_usages?.pointee, "carry_over_usages", &fields)
        let discounts = discounts(
            elements(message.n_discounts, message.discounts).map { $0.pointee }, &fields)
        let customize = customization(message.customize, &fields)
        let starts = message.start_time.flatMap { fields.instant($0.pointee, at: "start_time") }
        let ends = message.end_time.flatMap { fields.instant($0.pointee, at: "end_time") }
        let removed = try removedPlans(message, &fields)
        let terms = message.invoice_mode.flatMap { fields.terms($0.pointee) }
        let custom = fields.customLines(message.n_custom_line_items, message.custom_line_items)
        let currency = fields.currency(message.currency)
        let taxRate = fields.taxRate(message.tax_rate_id)
        let prorates = fields.prorates(message.proration_behavior)
        guard let customer, let plan, let successURL, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var attach = AttachPlan(plan: plan, successURL: successURL)
        (attach.terms, attach.custom, attach.currency) = (terms, custom, currency)
        (attach.entity, attach.taxRate) = (entity, taxRate)
        (attach.quantities, attach.removed) = (quantities, removed)
        attach.schedule = schedule
        (attach.startsCycle, attach.prorates) = (message.reset_billing_cycle != 0, prorates)
        (attach.redirect, attach.quoteTime) = (redirect, quoteTime)
        (attach.carriesBalances, attach.carriesUsages) = (carriesBalances, carriesUsages)
        (attach.discounts, attach.customize) = (discounts, customize)
        if message.version != 0 { attach.version = message.version }
        (attach.starts, attach.ends) = (starts, ends)
        var fingerprint = Fingerprint(key: fingerprintKey, method: .attach)
        fingerprint.add(UInt64(plan.rawValue))
        fingerprint.add(successURL)
        fingerprint.add(entity)
        fingerprint.add(quantities)
        fingerprint.add(UInt64(schedule.rawValue))
        fingerprint.add(UInt64(attach.startsCycle ? 1 : 0))
        fingerprint.add(UInt64(redirect.rawValue))
        fingerprint.add(quoteTime)
        fingerprint.add(carried: carriesBalances, carriesUsages)
        fingerprint.add(discounts)
        fingerprint.add(version: message.version, customize: message.customize, arena)
        if starts != nil || ends != nil {
            fingerprint.add(starts)
            fingerprint.add(ends)
        }
        fingerprint.add(removed)
        fingerprint.add(terms, custom)
        fingerprint.add(currency, taxRate: taxRate)
        fingerprint.add(prorates: prorates)
        attach.request = mark(requestID, .attach, fingerprint)
        return PurchaseCall(customer: customer, deed: .attach(attach))
    }

    private func change(
        _ message: Tally__V1__UpdateSubscriptionRequest, _ fields: FieldReader
    ) throws(CallFault) -> PurchaseCall {
        var fields = fields
        let customer = fields.customerID(message.customer_id)
        let requestID = fields.requestID(message.request_id)
        let successURL = fields.webAddress(message.success_url, at: "success_url")
        var change = ChangeSubscription()
        change.number = fields.subscription(message.subscription_id)
        change.entity = fields.optionalEntityID(message.entity_id)
        change.quoteTime = message.quote_time.flatMap {
            fields.instant($0.pointee, at: "quote_time")
        }
        if message.cancel_action != TALLY__V1__CANCEL_ACTION__CANCEL_ACTION_UNSPECIFIED {
            change.cancel = fields.word(
                message.cancel_action.rawValue, ChangeSubscription.Cancel.now,
                at: "cancel_action")
        }
        change.prorates = fields.prorates(message.proration_behavior)
        if message.refund_last_payment.rawValue != 0 {
            change.refund = fields.word(
                message.refund_last_payment.rawValue, ChangeSubscription.Refund.prorated,
                at: "refund_last_payment")
        }
        if !bytes(of: message.plan_id).isEmpty {
            change.plan = try plan(message.plan_id, &fields)
        }
        change.quantities = try quantities(
            elements(message.n_quantities, message.quantities).map { $0.pointee }, &fields)
        change.discounts = discounts(
            elements(message.n_discounts, message.discounts).map { $0.pointee }, &fields)
        change.version = message.version == 0 ? nil : message.version
        change.customize = customization(message.customize, &fields)
        change.taxRate = fields.taxRate(message.tax_rate_id)
        change.terms = message.invoice_mode.flatMap { fields.terms($0.pointee) }
        change.custom = fields.customLines(
            message.n_custom_line_items, message.custom_line_items)
        change.also = try also(message, &fields)
        guard let customer, let successURL, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        change.successURL = successURL
        var fingerprint = Fingerprint(key: fingerprintKey, method: .updateSubscription)
        fingerprint.add(UInt64(change.number ?? 0))
        fingerprint.add(UInt64(change.plan?.rawValue ?? 0))
        fingerprint.add(change.entity)
        fingerprint.add(change.quantities)
        fingerprint.add(UInt64(change.cancel?.rawValue ?? 0))
        fingerprint.add(UInt64(change.prorates ? 1 : 0))
        fingerprint.add(change.quoteTime)
        fingerprint.add(successURL)
        // Requests from before there were refunds keep their fingerprints.
        if let refund = change.refund { fingerprint.add(UInt64(refund.rawValue)) }
        fingerprint.add(change.discounts)
        fingerprint.add(version: message.version, customize: message.customize, arena)
        fingerprint.add(change.terms, change.custom)
        fingerprint.add(taxRate: change.taxRate)
        if !change.also.isEmpty { fingerprint.add(change.also) }
        change.request = mark(requestID, .updateSubscription, fingerprint)
        return PurchaseCall(customer: customer, deed: .change(change))
    }

    /// nil: it isn't asked for.
    private func carried(
        _ message: Tally__V1__CarryOver?, _ path: String, _ fields: inout FieldReader
    ) throws(CallFault) -> [FeatureNumber]? {
        guard let message else { return nil }
        let ids = elements(message.n_feature_ids, message.feature_ids)
        if ids.count > RequestReader.quantityLimit {
            fields.fault("\(path).feature_ids", "must be at most \(RequestReader.quantityLimit)")
        }
        var features: [FeatureNumber] = []
        for (index, id) in ids.enumerated() where fields.violations.isEmpty {
            var part = FieldReader()
            if let feature = try feature(id, &part) { features.append(feature) }
            part.move(to: "\(path).feature_ids[\(index)]")
            fields.add(part)
        }
        return features
    }

    func quantities(
        _ messages: [Tally__V1__FeatureQuantity], _ fields: inout FieldReader
    ) throws(CallFault) -> [AskedUnits] {
        if !messages.isEmpty {
            fields.count(messages.count, at: "quantities", limit: RequestReader.quantityLimit)
        }
        var asked: [AskedUnits] = []
        for (index, message) in messages.enumerated() where fields.violations.isEmpty {
            let path = "quantities[\(index)]"
            var part = FieldReader()
            let feature = try feature(message.feature_id, &part)
            let total = part.quantity(message.quantity, at: "quantity")
            part.move(to: path)
            fields.add(part)
            guard let feature, let total else { continue }
            if asked.contains(where: { $0.feature == feature }) {
                fields.fault("\(path).feature_id", "appears twice")
            }
            asked.append(AskedUnits(feature: feature, total: total))
        }
        return asked
    }
}

extension Fingerprint {
    /// Nothing is added where there is nothing, as before there could be.
    fileprivate mutating func add(_ plans: [PlanNumber]) {
        if !plans.isEmpty { add(UInt64(plans.count)) }
        for plan in plans { add(UInt64(plan.rawValue)) }
    }

    mutating func add(_ quantities: [AskedUnits]) {
        add(UInt64(quantities.count))
        for asked in quantities {
            add(UInt64(asked.feature.rawValue))
            add(asked.total)
        }
    }
}

extension CallFault {
    static func missing(_ path: String) -> CallFault {
        .invalid([Violation(path: path, message: "is required")])
    }

    /// What is wrong with a part, as wrong with the whole.
    func within(_ path: String) -> CallFault {
        guard case .invalid(let violations) = self else { return self }
        return .invalid(
            violations.map { Violation(path: "\(path).\($0.path)", message: $0.message) })
    }
}

extension FieldReader {
    /// "sub_" and a number; nil: none is given, or a fault was noted.
    mutating func subscription(_ text: UnsafePointer<CChar>?) -> UInt32? {
        let id = String(decoding: bytes(of: text), as: UTF8.self)
        guard !id.isEmpty else { return nil }
        guard id.hasPrefix("sub_"), let number = UInt32(id.dropFirst(4)) else {
            fault("subscription_id", "must be one of the customer's, such as \"sub_1\"")
            return nil
        }
        return number
    }

    mutating func prorates(_ behavior: Tally__V1__ProrationBehavior) -> Bool {
        if behavior.rawValue > 2 { fault("proration_behavior", "is no value of this version") }
        return behavior.rawValue != 2
    }

    /// Empty: none is given, or a fault was noted.
    mutating func optionalEntityID(_ text: UnsafePointer<CChar>?) -> InlineText {
        bytes(of: text).isEmpty ? .empty : entityID(text) ?? .empty
    }

    /// One of the words of an enum; what isn't given is `standard`.
    /// nil: none is given, or a fault was noted.
    mutating func currency(_ text: UnsafePointer<CChar>?) -> Currency? {
        let code = String(decoding: bytes(of: text), as: UTF8.self)
        guard !code.isEmpty else { return nil }
        let currency = Currency(code: code)
        if currency == nil {
            fault("currency", "must be an ISO 4217 code in lower case, such as \"usd\"")
        }
        return currency
    }

    mutating func word<Word: RawRepresentable<UInt8>>(
        _ raw: UInt32, _ standard: Word, at path: String
    ) -> Word {
        if raw == 0 { return standard }
        if let word = UInt8(exactly: raw).flatMap({ Word(rawValue: $0) }) { return word }
        fault(path, "is no value of this version")
        return standard
    }
}

extension Fingerprint {
    /// Requests from before it could be said keep theirs.
    fileprivate mutating func add(prorates: Bool) {
        if !prorates { add("proration_behavior") }
    }

    fileprivate mutating func add(carried lists: [FeatureNumber]?...) {
        for list in lists {
            add(UInt64(list.map { $0.count + 1 } ?? 0))
            for feature in list ?? [] { add(UInt64(feature.rawValue)) }
        }
    }
}
