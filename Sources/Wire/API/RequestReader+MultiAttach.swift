internal import Billing
internal import CTallyProto

/// Several plans in one, and plans that end with another one.
extension RequestReader {
    package func multiAttach(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> PurchaseCall {
        let message = try open(bytes, tally__v1__multi_attach_request__init)
        return try several(message.pointee)
    }

    package func previewMultiAttach(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> PurchaseCall {
        let message = try open(bytes, tally__v1__preview_multi_attach_request__init)
        guard let several = message.pointee.multi_attach else {
            throw CallFault.missing("multi_attach")
        }
        do {
            return try self.several(several.pointee)
        } catch {
            throw error.within("multi_attach")
        }
    }

    private func several(
        _ message: Tally__V1__MultiAttachRequest
    ) throws(CallFault) -> PurchaseCall {
        var fields = FieldReader()
        let customer = fields.customerID(message.customer_id)
        let requestID = fields.requestID(message.request_id)
        let successURL = fields.webAddress(message.success_url, at: "success_url")
        let messages = elements(message.n_plans, message.plans)
        fields.count(messages.count, at: "plans", limit: AttachSeveral.planLimit)
        guard fields.violations.isEmpty else { throw .invalid(fields.violations) }
        var several = AttachSeveral([])
        for (index, message) in messages.enumerated() {
            let plan: AttachPlan?
            do {
                plan = try self.plan(message.pointee, &fields)
            } catch {
                throw error.within("plans[\(index)]")
            }
            if let plan { several.plans.append(plan) }
        }
        several.startsCycle = message.reset_billing_cycle != 0
        several.redirect = fields.word(
            message.redirect_mode.rawValue, AttachPlan.Redirect.ifRequired, at: "redirect_mode")
        several.quoteTime = message.quote_time.flatMap {
            fields.instant($0.pointee, at: "quote_time")
        }
        several.discounts = discounts(
            elements(message.n_discounts, message.discounts).map { $0.pointee }, &fields)
        several.currency = fields.currency(message.currency)
        several.taxRate = fields.taxRate(message.tax_rate_id)
        guard let customer, let successURL, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        several.successURL = successURL
        several.request = mark(requestID, .multiAttach, fingerprint(of: several, messages))
        return PurchaseCall(customer: customer, deed: .several(several))
    }

    /// nil: a fault was noted.
    func plan(
        _ message: Tally__V1__PlanToAttach, _ fields: inout FieldReader
    ) throws(CallFault) -> AttachPlan? {
        var part = FieldReader()
        let entity = part.optionalEntityID(message.entity_id)
        let number = try plan(message.plan_id, &part)
        let quantities = try quantities(
            elements(message.n_quantities, message.quantities).map { $0.pointee }, &part)
        let customize = customization(message.customize, &part)
        guard let number, part.violations.isEmpty else { throw .invalid(part.violations) }
        var attach = AttachPlan(plan: number)
        attach.entity = entity
        attach.quantities = quantities
        attach.version = message.version == 0 ? nil : message.version
        attach.customize = customize
        return attach
    }

    private func fingerprint(
        of several: AttachSeveral,
        _ messages: [UnsafeMutablePointer<Tally__V1__PlanToAttach>]
    ) -> Fingerprint {
        var fingerprint = Fingerprint(key: fingerprintKey, method: .multiAttach)
        fingerprint.add(UInt64(several.plans.count))
        for (plan, message) in zip(several.plans, messages) {
            fingerprint.add(plan, message.pointee, arena)
        }
        fingerprint.add(several.successURL)
        fingerprint.add(UInt64(several.startsCycle ? 1 : 0))
        fingerprint.add(UInt64(several.redirect.rawValue))
        fingerprint.add(several.quoteTime)
        fingerprint.add(several.discounts)
        fingerprint.add(several.currency, taxRate: several.taxRate)
        return fingerprint
    }

    /// Plans that end with another one.
    func removedPlans(
        _ message: Tally__V1__AttachRequest, _ fields: inout FieldReader
    ) throws(CallFault) -> [PlanNumber] {
        let ids = elements(message.n_remove_plan_ids, message.remove_plan_ids)
        let path = "remove_plan_ids"
        if ids.count > AttachSeveral.planLimit {
            fields.fault(path, "must be at most \(AttachSeveral.planLimit)")
        }
        var plans: [PlanNumber] = []
        for (index, id) in ids.enumerated() where fields.violations.isEmpty {
            var part = FieldReader()
            if let plan = try plan(id, &part) { plans.append(plan) }
            part.move(to: "\(path)[\(index)]")
            fields.add(part)
        }
        return plans
    }
}

extension Fingerprint {
    mutating func add(_ plan: AttachPlan, _ message: Tally__V1__PlanToAttach, _ arena: Arena) {
        add(UInt64(plan.plan.rawValue))
        add(plan.entity)
        add(plan.quantities)
        add(version: message.version, customize: message.customize, arena)
    }
}
