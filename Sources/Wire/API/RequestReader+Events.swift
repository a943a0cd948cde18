internal import Billing
internal import CTallyProto
package import Events

/// A list of events, ready to be read.
package struct ListEventsCall: Sendable {
    package var query: ListQuery
    /// What page tokens of this list end with, so that another list's are told apart.
    package var mark: UInt32
}

extension RequestReader {
    package func listEvents(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> ListEventsCall {
        let message = try open(bytes, tally__v1__list_events_request__init)
        var fields = FieldReader()
        let filter = try filter(message.pointee.selection, &fields)
        let order = fields.order(message.pointee.order)
        if message.pointee.page_size < 0 { fields.fault("page_size", "must not be negative") }
        let mark = mark(of: filter, order)
        let token = fields.text(message.pointee.page_token, at: "page_token", limit: 128)
        let after = token.isEmpty ? nil : EventCursor(token: token, mark: mark)
        if after == nil, !token.isEmpty {
            fields.fault("page_token", "is none that this list gave")
        }
        guard fields.violations.isEmpty else { throw .invalid(fields.violations) }
        let size = Int(message.pointee.page_size)
        return ListEventsCall(
            query: ListQuery(
                filter: filter, order: order, after: after, limit: size == 0 ? 50 : size),
            mark: mark)
    }

    package func aggregateEvents(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> AggregateQuery {
        let message = try open(bytes, tally__v1__aggregate_events_request__init)
        var fields = FieldReader()
        let filter = try filter(message.pointee.selection, &fields)
        let unit = fields.bin(message.pointee.bin)
        let grouping = fields.grouping(message.pointee)
        let limit = Int(message.pointee.group_limit)
        if !(0...250).contains(limit) { fields.fault("group_limit", "must be from 1 to 250") }
        let zone = fields.zone(message.pointee.time_zone)
        let isSound = fields.violations.isEmpty
        for (path, isMissing) in [
            ("selection.start_time", filter.times.lowerBound == .min),
            ("selection.end_time", filter.times.upperBound == .max),
        ] where isMissing && isSound {
            fields.fault(path, "is required")
        }
        guard fields.violations.isEmpty else { throw .invalid(fields.violations) }
        guard let bins = TimeBins(filter.times, by: unit, inZone: zone) else {
            throw .invalid([
                Violation(
                    path: "selection.end_time",
                    message: "must be after start_time and leave at most \(TimeBins.limit) bins")
            ])
        }
        return AggregateQuery(
            filter: filter, bins: bins, grouping: grouping, groupLimit: limit == 0 ? 9 : limit)
    }

    private func filter(
        _ selection: UnsafePointer<Tally__V1__EventSelection>?, _ fields: inout FieldReader
    ) throws(CallFault) -> EventFilter {
        guard let selection = selection?.pointee else { return EventFilter() }
        var filter = EventFilter()
        var part = FieldReader()
        if !Wire.bytes(of: selection.customer_id).isEmpty {
            filter.customer = part.customerID(selection.customer_id)
        }
        if selection.n_feature_ids > 32 {
            part.fault("feature_ids", "must be at most 32")
        } else {
            for index in 0..<selection.n_feature_ids {
                let known = try feature(
                    selection.feature_ids?[index], &part, at: "feature_ids[\(index)]")
                if let known { filter.features.append(known) }
            }
        }
        if selection.n_properties > 5 {
            part.fault("properties", "must be at most 5")
        } else {
            filter.properties = elements(selection.n_properties, selection.properties)
                .compactMap {
                    part.property(
                        $0.pointee.key, $0.pointee.value, at: "properties", isReserved: true)
                }
        }
        filter.times = times(of: selection, &part)
        part.move(to: "selection")
        fields.add(part)
        return filter
    }

    private func times(
        of selection: Tally__V1__EventSelection, _ fields: inout FieldReader
    ) -> Range<Int64> {
        let start = selection.start_time.flatMap {
            fields.instant($0.pointee, at: "start_time")
        }
        let end = selection.end_time.flatMap {
            fields.instant($0.pointee, at: "end_time")
        }
        let (from, to) = (start?.milliseconds ?? .min, end?.milliseconds ?? .max)
        guard from < to else {
            fields.fault("end_time", "must be after start_time")
            return .min..<Int64.max
        }
        return from..<to
    }

    private func mark(of filter: EventFilter, _ order: ListQuery.Order) -> UInt32 {
        var fingerprint = Fingerprint(key: fingerprintKey, scope: 1 << 32)
        fingerprint.add(filter.customer?.text ?? "")
        for feature in filter.features { fingerprint.add(UInt64(feature.rawValue)) }
        fingerprint.add(UInt64(bitPattern: filter.times.lowerBound))
        fingerprint.add(UInt64(bitPattern: filter.times.upperBound))
        fingerprint.add(filter.properties)
        fingerprint.add(order == .newestFirst ? 1 : 2)
        return UInt32(truncatingIfNeeded: fingerprint.value)
    }
}

extension FieldReader {
    fileprivate mutating func order(_ value: Tally__V1__EventOrder) -> ListQuery.Order {
        switch value {
        case TALLY__V1__EVENT_ORDER__EVENT_ORDER_UNSPECIFIED,
            TALLY__V1__EVENT_ORDER__EVENT_ORDER_NEWEST_FIRST:
            return .newestFirst
        case TALLY__V1__EVENT_ORDER__EVENT_ORDER_OLDEST_FIRST: return .oldestFirst
        default:
            fault("order", "is not a known value")
            return .newestFirst
        }
    }

    fileprivate mutating func bin(_ value: Tally__V1__EventBin) -> BinUnit {
        if value == TALLY__V1__EVENT_BIN__EVENT_BIN_UNSPECIFIED { return .day }
        if let raw = UInt8(exactly: value.rawValue), let unit = BinUnit(rawValue: raw) {
            return unit
        }
        fault("bin", "is not a known value")
        return .day
    }

    fileprivate mutating func grouping(
        _ message: Tally__V1__AggregateEventsRequest
    ) -> AggregateQuery.Grouping? {
        switch message.grouping_case {
        case TALLY__V1__AGGREGATE_EVENTS_REQUEST__GROUPING_PROPERTY_KEY:
            let key = text(
                message.property_key, at: "property_key", limit: EventProperty.keyLimit)
            if key.isEmpty { fault("property_key", "must not be empty") }
            return .property(key)
        case TALLY__V1__AGGREGATE_EVENTS_REQUEST__GROUPING_BY_CUSTOMER:
            if message.by_customer == 0 { fault("by_customer", "must be true, or absent") }
            return .customer
        default: return nil
        }
    }
}

extension EventCursor {
    /// Its numbers in base 36, and the list's mark.
    func token(mark: UInt32) -> String {
        [
            String(time, radix: 36), String(partition, radix: 36), String(sequence, radix: 36),
            String(index, radix: 36), String(mark, radix: 36),
        ].joined(separator: ".")
    }

    fileprivate init?(token: String, mark: UInt32) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 5, UInt32(parts[4], radix: 36) == mark,
            let time = Int64(parts[0], radix: 36), let partition = UInt16(parts[1], radix: 36),
            let sequence = UInt64(parts[2], radix: 36), let index = UInt32(parts[3], radix: 36)
        else { return nil }
        self.init(time: time, partition: partition, sequence: sequence, index: index)
    }
}
