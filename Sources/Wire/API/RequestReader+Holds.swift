internal import Billing
internal import CTallyProto

/// Holds, and several checks or tracks at once.
extension RequestReader {
    package static let batchCheckLimit = 100
    package static let batchTrackLimit = 1_000

    package func batchCheck(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> BatchCheckCall {
        let message = try open(bytes, tally__v1__batch_check_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let items = elements(message.pointee.n_items, message.pointee.items)
        fields.count(items.count, at: "items", limit: RequestReader.batchCheckLimit)
        var subjects: [CheckCall.Subject] = []
        for (index, item) in items.enumerated() where fields.violations.isEmpty {
            fields.stayEmpty(item.pointee.customer_id, item.pointee.request_id)
            if let subject = try subject(of: item.pointee, &fields) { subjects.append(subject) }
            if item.pointee.deduct != 0 { fields.fault("deduct", "a batch only asks") }
            if item.pointee.hold != nil { fields.fault("hold", "a batch only asks") }
            fields.move(to: "items[\(index)]")
        }
        guard let customer, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        return BatchCheckCall(customer: customer, subjects: subjects)
    }

    package func batchTrack(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> ChangeCall {
        let message = try open(bytes, tally__v1__batch_track_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let items = elements(message.pointee.n_items, message.pointee.items)
        fields.count(items.count, at: "items", limit: RequestReader.batchTrackLimit)
        var fingerprint = Fingerprint(key: fingerprintKey, method: .batchTrack)
        var usages: [TrackUsage] = []
        for (index, item) in items.enumerated() where fields.violations.isEmpty {
            fields.stayEmpty(item.pointee.customer_id, item.pointee.request_id)
            if let usage = try usage(item.pointee, &fields) {
                fingerprint.add(usage)
                usages.append(usage)
            }
            fields.move(to: "items[\(index)]")
        }
        guard let customer, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        return ChangeCall(
            customer: customer, command: .trackAll(usages),
            request: mark(requestID, .batchTrack, fingerprint))
    }

    package func settleHold(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> ChangeCall {
        let message = try open(bytes, tally__v1__settle_hold_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let hold = fields.holdID(message.pointee.hold_id)
        var value: Quantity?
        if message.pointee._value_case == TALLY__V1__SETTLE_HOLD_REQUEST___VALUE_VALUE {
            value = fields.quantity(message.pointee.value, at: "value")
        }
        let properties = fields.properties(
            elements(message.pointee.n_properties, message.pointee.properties).map {
                ($0.pointee.key, $0.pointee.value)
            })
        guard let customer, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .settleHold)
        fingerprint.add(hold)
        fingerprint.add(value)
        fingerprint.add(properties)
        let settle = SettleHold(
            id: hold, value: value, label: EventLabel(time: nil, properties: properties))
        return ChangeCall(
            customer: customer, command: .settleHold(settle),
            request: mark(requestID, .settleHold, fingerprint))
    }

    package func extendHold(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> ChangeCall {
        let message = try open(bytes, tally__v1__extend_hold_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let hold = fields.holdID(message.pointee.hold_id)
        let expires = fields.optionalInstant(message.pointee.expire_time, at: "expire_time")
        if message.pointee.expire_time == nil { fields.fault("expire_time", "is required") }
        guard let customer, let expires, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .extendHold)
        fingerprint.add(hold)
        fingerprint.add(expires)
        return ChangeCall(
            customer: customer, command: .extendHold(ExtendHold(id: hold, expires: expires)),
            request: mark(requestID, .extendHold, fingerprint))
    }
}

extension FieldReader {
    mutating func count(_ count: Int, at path: String, limit: Int) {
        if !(1...limit).contains(count) { fault(path, "must be 1 to \(limit)") }
    }

    /// They are the batch's.
    fileprivate mutating func stayEmpty(
        _ customerID: UnsafePointer<CChar>?, _ requestID: UnsafePointer<CChar>?
    ) {
        for (id, path) in [(customerID, "customer_id"), (requestID, "request_id")]
        where !bytes(of: id).isEmpty {
            fault(path, "stays empty in a batch")
        }
    }

    mutating func holdID(_ text: UnsafePointer<CChar>?) -> String {
        let id = self.text(text, at: "hold_id", limit: Hold.idLimit)
        if id.isEmpty { fault("hold_id", "is required") }
        return id
    }

    mutating func optionalInstant(
        _ message: UnsafePointer<Google__Protobuf__Timestamp>?, at path: String
    ) -> Timestamp? {
        message.flatMap { instant($0.pointee, at: path) }
    }
}
