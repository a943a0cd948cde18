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
            fields.property($0.pointee)
        }
        return EventLabel(
            time: message.event_time.flatMap { fields.instant($0.pointee, at: "event_time") },
            properties: properties)
    }
}

extension FieldReader {
    /// nil: a fault was noted.
    fileprivate mutating func property(
        _ entry: Tally__V1__TrackRequest__PropertiesEntry
    ) -> EventProperty? {
        let key = text(entry.key, at: "properties", limit: EventProperty.keyLimit)
        guard !key.isEmpty else {
            fault("properties", "must have a key")
            return nil
        }
        let path = "properties.\(key)"
        switch entry.value?.pointee.kind_case {
        case TALLY__V1__PROPERTY_VALUE__KIND_STRING_VALUE:
            let value = text(
                entry.value?.pointee.string_value, at: path, limit: EventProperty.valueLimit)
            return EventProperty(key, .text(value))
        case TALLY__V1__PROPERTY_VALUE__KIND_BOOL_VALUE:
            return EventProperty(key, .boolean(entry.value?.pointee.bool_value != 0))
        case TALLY__V1__PROPERTY_VALUE__KIND_NUMBER_VALUE:
            guard let number = entry.value?.pointee.number_value, number.isFinite else {
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
    mutating func add(_ label: EventLabel) {
        add(UInt64(bitPattern: label.time?.milliseconds ?? 0))
        for property in label.properties {
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
