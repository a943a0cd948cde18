internal import Billing
internal import CTallyProto

extension RequestReader {
    /// What a track says of its event; nil: nothing, or a fault was noted.
    func label(
        _ message: Tally__V1__TrackRequest, _ fields: inout FieldReader
    ) -> EventLabel? {
        guard message.n_properties > 0 || message.event_time != nil else { return nil }
        if message.n_properties > EventProperty.countLimit {
            fields.fault("properties", "must be at most \(EventProperty.countLimit)")
            return nil
        }
        let properties = elements(message.n_properties, message.properties).compactMap {
            fields.property($0.pointee.key, $0.pointee.value, at: "properties")
        }
        return EventLabel(
            time: message.event_time.flatMap { fields.instant($0.pointee, at: "event_time") },
            properties: properties)
    }
}

extension FieldReader {
    /// nil: a fault was noted.
    ///
    /// - Parameter isReserved: keys that Tally sets may be named, too.
    mutating func property(
        _ name: UnsafePointer<CChar>?, _ message: UnsafePointer<Tally__V1__PropertyValue>?,
        at list: String, isReserved: Bool = false
    ) -> EventProperty? {
        let key = text(name, at: list, limit: EventProperty.keyLimit)
        guard !key.isEmpty, isReserved || key.utf8.first != UInt8(ascii: "$") else {
            fault(list, key.isEmpty ? "must have a key" : "must not begin with \"$\"")
            return nil
        }
        let path = list + ".\(key)"
        switch message?.pointee.kind_case {
        case TALLY__V1__PROPERTY_VALUE__KIND_STRING_VALUE:
            let value = text(
                message?.pointee.string_value, at: path, limit: EventProperty.valueLimit)
            return EventProperty(key, .text(value))
        case TALLY__V1__PROPERTY_VALUE__KIND_BOOL_VALUE:
            return EventProperty(key, .boolean(message?.pointee.bool_value != 0))
        case TALLY__V1__PROPERTY_VALUE__KIND_NUMBER_VALUE:
            guard let number = message?.pointee.number_value, number.isFinite else {
                fault(path, "must be finite")
                return nil
            }
            // Negative zero is zero.
            return EventProperty(key, .number(bits: number == 0 ? 0 : number.bitPattern))
        default:
            fault(path, "must have a value")
            return nil
        }
    }

    /// nil: a fault was noted.
    mutating func instant(
        _ message: Google__Protobuf__Timestamp, at path: String
    ) -> Timestamp? {
        guard message.seconds.magnitude < 1 << 38, (0..<1_000_000_000).contains(message.nanos)
        else {
            fault(path, "is no valid time")
            return nil
        }
        return Timestamp(
            milliseconds: message.seconds * 1_000 + Int64(message.nanos) / 1_000_000)
    }
}

extension Fingerprint {
    mutating func add(_ query: CheckQuery) {
        add(UInt64(query.feature.rawValue))
        add(query.required)
        if !query.entity.isEmpty { add(query.entity) }
        if !query.properties.isEmpty { add(query.properties) }
        if let hold = query.hold { add(hold) }
    }

    mutating func add(_ usage: TrackUsage) {
        add(UInt64(usage.feature.rawValue))
        add(usage.value)
        add(UInt64(usage.overage.rawValue))
        if let label = usage.label { add(label) }
        for feature in usage.others { add(UInt64(feature.rawValue)) }
        if !usage.entity.isEmpty { add(usage.entity) }
        if usage.setsUsage { add(5) }
        if usage.refusesLate { add(6) }
        if let hold = usage.hold { add(hold) }
    }

    private mutating func add(_ hold: HoldRequest) {
        add(hold.id)
        add(hold.expires)
    }

    mutating func add(_ label: EventLabel) {
        add(UInt64(bitPattern: label.time?.milliseconds ?? 0))
        add(label.properties)
    }

    mutating func add(_ properties: [EventProperty]) {
        for property in properties {
            add(property.key)
            switch property.value {
            case .text(let text):
                add(1)
                add(text)
            case .number(let bits):
                add(2)
                add(bits)
            case .boolean(let flag): add(flag ? 4 : 3)
            }
        }
    }
}
