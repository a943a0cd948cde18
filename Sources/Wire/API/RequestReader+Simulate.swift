package import Billing
internal import CTallyProto

/// A plan that is to be tried on what was used, ready to be replayed.
package struct SimulateCall: Sendable {
    /// nil: the catalog as it is.
    package var draft: PricingDraft?
    /// Faults of single values of the draft.
    package var found: [Violation]
    /// Of the draft or published; looked up once the draft is known to be sound.
    package var planID: String
    package var quantities: [(featureID: String, total: Quantity)]
    package var times: Range<Timestamp>
    /// nil: those that the list finds.
    package var customer: CustomerID?
    package var list: ListCustomersCall

    /// Ten years, in milliseconds.
    fileprivate static let longest: Int64 = 3_653 * 86_400_000
    fileprivate static let pageLimit = 100
}

extension RequestReader {
    package func simulatePlan(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> SimulateCall {
        let message = try open(bytes, tally__v1__simulate_plan_request__init).pointee
        var fields = FieldReader()
        var draft = DraftReader(prefix: "catalog.")
        let drafted = message.catalog.map { draft.draft($0.pointee) }
        _ = fields.identifier(Wire.bytes(of: message.plan_id), at: "plan_id")
        let customer =
            Wire.bytes(of: message.customer_id).isEmpty
            ? nil : fields.customerID(message.customer_id)
        let times = fields.times(of: message)
        let list = try list(message, &fields)
        if customer != nil, list.filter != nil {
            fields.fault("customer_id", "can't be together with a filter")
        }
        let quantities = fields.quantities(
            elements(message.n_quantities, message.quantities).map(\.pointee))
        guard let times, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        return SimulateCall(
            draft: drafted, found: draft.fields.violations, planID: text(message.plan_id),
            quantities: quantities, times: times, customer: customer, list: list)
    }

    private func list(
        _ message: Tally__V1__SimulatePlanRequest, _ fields: inout FieldReader
    ) throws(CallFault) -> ListCustomersCall {
        var call = ListCustomersCall(limit: 20)
        if message.page_size < 0 { fields.fault("page_size", "must not be negative") }
        if message.page_size > 0 {
            call.limit = min(Int(message.page_size), SimulateCall.pageLimit)
        }
        let status = fields.status(message.subscription_status)
        var plan: PlanNumber?
        if !Wire.bytes(of: message.having_plan_id).isEmpty {
            var part = FieldReader()
            plan = try self.plan(message.having_plan_id, &part)
            if plan == nil { fields.fault("having_plan_id", "is no plan's id") }
        }
        if plan != nil || status != nil {
            call.filter = SubscriptionFilter(plan: plan, status: status)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, scope: 3 << 32)
        fingerprint.add(text(message.plan_id))
        fingerprint.add(UInt64(plan?.rawValue ?? 0))
        fingerprint.add(UInt64(status?.rawValue ?? 0))
        for time in [message.start_time, message.end_time] {
            fingerprint.add(UInt64(bitPattern: time?.pointee.seconds ?? 0))
        }
        call.mark = UInt32(truncatingIfNeeded: fingerprint.value)
        let token = fields.text(message.page_token, at: "page_token", limit: 128)
        call.after = CustomerCursor(token: token, mark: call.mark)
        if call.after == nil, !token.isEmpty {
            fields.fault("page_token", "is none that this simulation gave")
        }
        return call
    }

    private func text(_ text: UnsafePointer<CChar>?) -> String {
        String(decoding: Wire.bytes(of: text), as: UTF8.self)
    }
}

extension FieldReader {
    fileprivate mutating func times(
        of message: Tally__V1__SimulatePlanRequest
    ) -> Range<Timestamp>? {
        var found: [Timestamp] = []
        for (time, path) in [(message.start_time, "start_time"), (message.end_time, "end_time")] {
            if time == nil { fault(path, "is required") }
            if let time, let instant = instant(time.pointee, at: path) { found.append(instant) }
        }
        guard found.count == 2 else { return nil }
        guard found[0] < found[1],
            found[1].milliseconds - found[0].milliseconds <= SimulateCall.longest
        else {
            fault("end_time", "must be after start_time, by at most ten years")
            return nil
        }
        return found[0]..<found[1]
    }

    fileprivate mutating func quantities(
        _ messages: [Tally__V1__FeatureQuantity]
    ) -> [(featureID: String, total: Quantity)] {
        if messages.count > 32 { fault("quantities", "must be at most 32") }
        return messages.prefix(32).enumerated().compactMap { index, message in
            let total = quantity(message.quantity, at: "quantities[\(index)].quantity")
            let id = Wire.bytes(of: message.feature_id)
            let isIdentifier = identifier(id, at: "quantities[\(index)].feature_id")
            guard let total, isIdentifier else { return nil }
            return (String(decoding: id, as: UTF8.self), total)
        }
    }
}
