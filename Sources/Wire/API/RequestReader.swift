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
        let requestID = fields.requestID(message.pointee.request_id)
        let deduct = message.pointee.deduct != 0
        let subject = try self.subject(of: message.pointee, &fields)
        if deduct, case .plan = subject {
            fields.fault("deduct", "needs a feature_id: a plan has nothing to deduct")
        }
        if !deduct, message.pointee.hold != nil {
            fields.fault("hold", "needs deduct")
        }
        guard let customer, let subject, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .check)
        if case .feature(let query) = subject { fingerprint.add(query) }
        return CheckCall(
            customer: customer, subject: subject, deduct: deduct,
            request: mark(requestID, .check, fingerprint))
    }

    func subject(
        of message: Tally__V1__CheckRequest, _ fields: inout FieldReader
    ) throws(CallFault) -> CheckCall.Subject? {
        let required = fields.quantity(
            message._required_quantity_case
                == TALLY__V1__CHECK_REQUEST___REQUIRED_QUANTITY_REQUIRED_QUANTITY
                ? message.required_quantity : 1, at: "required_quantity")
        switch message.subject_case {
        case TALLY__V1__CHECK_REQUEST__SUBJECT_FEATURE_ID:
            guard let feature = try feature(message.feature_id, &fields), let required else {
                return nil
            }
            var query = CheckQuery(feature: feature, required: required)
            if Wire.bytes(of: message.entity_id).count > 0 {
                query.entity = fields.entityID(message.entity_id) ?? .empty
            }
            if message.n_properties > 0 {
                query.properties = fields.properties(
                    elements(message.n_properties, message.properties).map {
                        ($0.pointee.key, $0.pointee.value)
                    })
            }
            if let hold = message.hold { query.hold = fields.hold(hold.pointee) }
            query.wantsPreview = message.with_preview != 0
            return .feature(query)
        case TALLY__V1__CHECK_REQUEST__SUBJECT_PLAN_ID:
            if message.with_preview != 0 { fields.fault("with_preview", "needs a feature_id") }
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
        let requestID = fields.requestID(message.pointee.request_id)
        let usage = try usage(message.pointee, &fields)
        guard let customer, let usage, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .track)
        fingerprint.add(usage)
        return TrackCall(
            customer: customer, usage: usage, request: mark(requestID, .track, fingerprint))
    }

    /// What was used; nil: a fault was noted.
    func usage(
        _ message: Tally__V1__TrackRequest, _ fields: inout FieldReader
    ) throws(CallFault) -> TrackUsage? {
        let value = fields.quantity(
            message._value_case == TALLY__V1__TRACK_REQUEST___VALUE_VALUE ? message.value : 1,
            at: "value")
        let overage = fields.overage(message.overage_behavior)
        let label = label(message, &fields)
        let event = Wire.bytes(of: message.event_name)
        var others: [FeatureNumber] = []
        let feature =
            event.isEmpty
            ? try feature(message.feature_id, &fields)
            : try features(of: event, message.feature_id, &fields, others: &others)
        guard let value, let overage, let feature else { return nil }
        var usage = TrackUsage(feature: feature, value: value, overage: overage, label: label)
        usage.others = others
        usage.setsUsage = message.set_usage != 0
        usage.refusesLate = message.refuse_late != 0
        if Wire.bytes(of: message.entity_id).count > 0 {
            usage.entity = fields.entityID(message.entity_id) ?? .empty
        }
        if let hold = message.hold { usage.hold = fields.hold(hold.pointee) }
        if !usage.others.isEmpty, usage.hold != nil || usage.setsUsage || overage == .reject {
            fields.fault(
                "event_name", "feeds several features: no hold, set_usage or reject for them")
        }
        if usage.setsUsage, usage.hold != nil { fields.fault("hold", "can't be set") }
        return usage
    }

    /// The first of those that an event feeds.
    private func features(
        of event: UnsafeRawBufferPointer, _ featureID: UnsafePointer<CChar>?,
        _ fields: inout FieldReader, others: inout [FeatureNumber]
    ) throws(CallFault) -> FeatureNumber? {
        guard Wire.bytes(of: featureID).isEmpty else {
            fields.fault("event_name", "give a feature_id or an event_name, not both")
            return nil
        }
        let name = String(decoding: event, as: UTF8.self)
        let features = names.pricing.features(ofEvent: name)
        guard let first = features.first else { throw .refused(.featureNotFound(name)) }
        others = Array(features.dropFirst())
        return first
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
        _ text: UnsafePointer<CChar>?, _ fields: inout FieldReader, at path: String = "feature_id"
    ) throws(CallFault) -> FeatureNumber? {
        let id = Wire.bytes(of: text)
        if let feature = names.feature(id) { return feature }
        guard fields.identifier(id, at: path), fields.violations.isEmpty else { return nil }
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
