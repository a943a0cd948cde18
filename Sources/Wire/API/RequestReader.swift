internal import Billing
internal import CProtobufC
internal import CTallyProto

/// Turns request bytes into calls. Confined to the thread whose arena it uses.
package struct RequestReader {
    let arena: Arena
    let names: PricingNames
    /// The environment's secret for fingerprints.
    let fingerprintKey: UInt64

    package init(arena: Arena, names: PricingNames, fingerprintKey: UInt64) {
        self.arena = arena
        self.names = names
        self.fingerprintKey = fingerprintKey
    }

    package func check(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> CheckCall {
        let message = try open(bytes, tally__v1__check_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let required = fields.quantity(
            message.pointee._required_quantity_case
                == TALLY__V1__CHECK_REQUEST___REQUIRED_QUANTITY_REQUIRED_QUANTITY
                ? message.pointee.required_quantity : 1, at: "required_quantity")
        let requestID = fields.requestID(message.pointee.request_id)
        let deduct = message.pointee.deduct != 0
        let subject = try self.subject(of: message.pointee, &fields)
        if deduct, case .plan = subject {
            fields.fault("deduct", "needs a feature_id: a plan has nothing to deduct")
        }
        guard let customer, let required, let subject, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .check)
        if case .feature(let feature) = subject { fingerprint.add(UInt64(feature.rawValue)) }
        fingerprint.add(required)
        return CheckCall(
            customer: customer, subject: subject, required: required, deduct: deduct,
            request: mark(requestID, .check, fingerprint))
    }

    private func subject(
        of message: Tally__V1__CheckRequest, _ fields: inout FieldReader
    ) throws(CallFault) -> CheckCall.Subject? {
        switch message.subject_case {
        case TALLY__V1__CHECK_REQUEST__SUBJECT_FEATURE_ID:
            return try feature(message.feature_id, &fields).map { .feature($0) }
        case TALLY__V1__CHECK_REQUEST__SUBJECT_PLAN_ID:
            return try plan(message.plan_id, &fields).map { .plan($0) }
        default:
            fields.fault("feature_id", "give a feature_id or a plan_id")
            return nil
        }
    }

    package func track(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> TrackCall {
        try track(try open(bytes, tally__v1__track_request__init))
    }

    func track(
        _ message: UnsafeMutablePointer<Tally__V1__TrackRequest>
    ) throws(CallFault) -> TrackCall {
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let value = fields.quantity(
            message.pointee._value_case == TALLY__V1__TRACK_REQUEST___VALUE_VALUE
                ? message.pointee.value : 1, at: "value")
        let requestID = fields.requestID(message.pointee.request_id)
        let overage = fields.overage(message.pointee.overage_behavior)
        let label = label(message.pointee, &fields)
        let feature = try feature(message.pointee.feature_id, &fields)
        guard let customer, let value, let feature, let overage, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .track)
        fingerprint.add(UInt64(feature.rawValue))
        fingerprint.add(value)
        fingerprint.add(UInt64(overage.rawValue))
        if let label { fingerprint.add(label) }
        return TrackCall(
            customer: customer,
            usage: TrackUsage(feature: feature, value: value, overage: overage, label: label),
            request: mark(requestID, .track, fingerprint))
    }

    package func attach(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> AttachCall {
        let message = try open(bytes, tally__v1__attach_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let successURL = fields.webAddress(message.pointee.success_url, at: "success_url")
        let plan = try plan(message.pointee.plan_id, &fields)
        guard let customer, let plan, let successURL, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .attach)
        fingerprint.add(UInt64(plan.rawValue))
        fingerprint.add(successURL)
        return AttachCall(
            customer: customer, plan: plan, successURL: successURL,
            request: mark(requestID, .attach, fingerprint))
    }

    /// The message unpacked in the arena, its strings known to be text.
    func open<Message>(
        _ bytes: UnsafeRawBufferPointer,
        _ initialize: (UnsafeMutablePointer<Message>?) -> Void
    ) throws(CallFault) -> UnsafeMutablePointer<Message> {
        // An initialised message knows its descriptor.
        let descriptor = arena.descriptor(of: arena.make(initialize))
        let guarded = TextGuard(bytes, descriptor)
        guard !guarded.malformed else { throw .malformed }
        guard guarded.violations.isEmpty else { throw .invalid(guarded.violations) }
        guard let message = arena.unpack(Message.self, descriptor, bytes) else {
            // The guard doesn't ask whether a field has the wire type that is due.
            throw arena.isExhausted ? .tooLarge : .malformed
        }
        return message
    }

    func feature(
        _ text: UnsafePointer<CChar>?, _ fields: inout FieldReader
    ) throws(CallFault) -> FeatureNumber? {
        let id = Wire.bytes(of: text)
        if let feature = names.feature(id) { return feature }
        guard fields.identifier(id, at: "feature_id"), fields.violations.isEmpty else { return nil }
        throw .refused(.featureNotFound(String(decoding: id, as: UTF8.self)))
    }

    func plan(
        _ text: UnsafePointer<CChar>?, _ fields: inout FieldReader
    ) throws(CallFault) -> PlanNumber? {
        let id = Wire.bytes(of: text)
        if let plan = names.plan(id) { return plan }
        guard fields.identifier(id, at: "plan_id"), fields.violations.isEmpty else { return nil }
        throw .refused(.planNotFound(String(decoding: id, as: UTF8.self)))
    }

    func mark(
        _ id: RequestID?, _ method: Method, _ fingerprint: Fingerprint
    ) -> RequestMark? {
        id.map {
            RequestMark(id: $0, method: method.rawValue, fingerprint: fingerprint.value)
        }
    }
}
