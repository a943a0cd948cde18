internal import Billing
internal import CTallyProto
package import Events

extension ReplyWriter {
    /// Bytes at which a page ends early: stock clients take 4 MiB.
    private static let pageBytes = 1 << 20

    /// - Parameter isLast: nothing comes behind these events.
    package func events(
        _ events: [UsageEvent], of call: ListEventsCall, isLast: Bool
    ) -> UnsafeRawBufferPointer {
        var (shown, bytes) = (0, 0)
        while shown < events.count, bytes < Self.pageBytes {
            bytes += Self.size(of: events[shown])
            shown += 1
        }
        let message = arena.make(tally__v1__list_events_response__init)
        (message.pointee.n_events, message.pointee.events) =
            arena.list(events[..<shown]) { event($0) }
        if shown < events.count || !isLast, let cursor = events[..<shown].last?.cursor {
            message.pointee.next_page_token = arena.string(cursor.token(mark: call.mark))
        }
        return arena.pack(message)
    }

    /// About.
    private static func size(of event: UsageEvent) -> Int {
        event.properties.reduce(160) { size, property in
            guard case .text(let text) = property.value else {
                return size + property.key.utf8.count + 20
            }
            return size + property.key.utf8.count + text.utf8.count + 12
        }
    }

    private func event(_ event: UsageEvent) -> UnsafeMutablePointer<Tally__V1__UsageEvent> {
        let message = arena.make(tally__v1__usage_event__init)
        message.pointee.event_id = arena.string(Self.id(of: event.cursor))
        message.pointee.customer_id = event.customer.withBytes { arena.string($0) }
        message.pointee.feature_id = names.id(event.feature)
        message.pointee.value = event.value.double
        message.pointee.event_time = time(event.time)
        message.pointee.commit_time = time(event.commitTime)
        (message.pointee.n_properties, message.pointee.properties) =
            arena.list(event.properties) { property in
                let entry = arena.make(tally__v1__usage_event__properties_entry__init)
                entry.pointee.key = arena.string(property.key)
                entry.pointee.value = value(property.value)
                return entry
            }
        return message
    }

    /// Where its record stands; the first partition isn't told.
    private static func id(of cursor: EventCursor) -> String {
        let place = [cursor.sequence, UInt64(cursor.index), UInt64(cursor.partition)]
        let told = place.prefix(cursor.partition == 0 ? 2 : 3)
        return "evt_" + told.map { String($0, radix: 36) }.joined(separator: "_")
    }

    private func value(
        _ value: PropertyValue
    ) -> UnsafeMutablePointer<Tally__V1__PropertyValue> {
        let message = arena.make(tally__v1__property_value__init)
        switch value {
        case .text(let text):
            message.pointee.kind_case = TALLY__V1__PROPERTY_VALUE__KIND_STRING_VALUE
            message.pointee.string_value = arena.string(text)
        case .number(let bits):
            message.pointee.kind_case = TALLY__V1__PROPERTY_VALUE__KIND_NUMBER_VALUE
            message.pointee.number_value = Double(bitPattern: bits)
        case .boolean(let flag):
            message.pointee.kind_case = TALLY__V1__PROPERTY_VALUE__KIND_BOOL_VALUE
            message.pointee.bool_value = flag ? 1 : 0
        }
        return message
    }

    package func aggregate(
        _ all: [EventSeries], _ bins: TimeBins
    ) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__aggregate_events_response__init)
        (message.pointee.n_bin_start_times, message.pointee.bin_start_times) =
            arena.list(bins.starts) { start in
                guard let message = time(Timestamp(milliseconds: start)) else {
                    preconditionFailure("bins begin some time")
                }
                return message
            }
        (message.pointee.n_series, message.pointee.series) = arena.list(all) { series($0) }
        return arena.pack(message)
    }

    private func series(_ series: EventSeries) -> UnsafeMutablePointer<Tally__V1__EventSeries> {
        let message = arena.make(tally__v1__event_series__init)
        if let feature = series.feature { message.pointee.feature_id = names.id(feature) }
        switch series.group {
        case .all: break
        case .value(let content):
            message.pointee.group_case = TALLY__V1__EVENT_SERIES__GROUP_VALUE
            message.pointee.value = value(content)
        case .customer(let id):
            message.pointee.group_case = TALLY__V1__EVENT_SERIES__GROUP_CUSTOMER_ID
            message.pointee.customer_id = id.withBytes { arena.string($0) }
        case .absent:
            message.pointee.group_case = TALLY__V1__EVENT_SERIES__GROUP_ABSENT
            message.pointee.absent = 1
        case .other:
            message.pointee.group_case = TALLY__V1__EVENT_SERIES__GROUP_OTHER
            message.pointee.other = 1
        }
        (message.pointee.n_sums, message.pointee.sums) =
            arena.numbers(series.totals.map(\.sum.double))
        (message.pointee.n_counts, message.pointee.counts) =
            arena.numbers(series.totals.map(\.count))
        message.pointee.total_sum = series.total.sum.double
        message.pointee.total_count = series.total.count
        return message
    }
}

extension Arena {
    /// A repeated field of numbers.
    fileprivate func numbers<Number: BitwiseCopyable>(
        _ numbers: [Number]
    ) -> (Int, UnsafeMutablePointer<Number>?) {
        guard !numbers.isEmpty else { return (0, nil) }
        let memory = require(numbers.count * MemoryLayout<Number>.stride)
        let array = memory.bindMemory(to: Number.self, capacity: numbers.count)
        array.update(from: numbers, count: numbers.count)
        return (numbers.count, array)
    }
}
