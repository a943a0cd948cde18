package import Billing

extension EventPart {
    /// The same file without the properties of a customer's events; nil: there are none.
    ///
    /// - Parameters:
    ///   - position: raw position of the last record whose properties go.
    ///   - checkpoint: called between blocks; what it throws ends it.
    package func withoutProperties(
        of customer: CustomerID, through position: UInt64, checkpoint: () throws -> Void = {}
    ) throws -> EventPartBuilder? {
        guard try hasProperties(of: customer, through: position, checkpoint) else { return nil }
        var builder = EventPartBuilder(identity: identity, before: firstSequence)
        let reader = EventReader(self)
        for block in blocks.indices {
            try checkpoint()
            try reader.open(block, whole: true)
            for row in 0..<blocks[block].rows {
                let event = try reader.event(row)
                let isErased = event.customer == customer && event.position <= position
                builder.add(event, properties: isErased ? [] : event.properties)
            }
        }
        builder.pass(watermark)
        return builder
    }

    private func hasProperties(
        of customer: CustomerID, through position: UInt64, _ checkpoint: () throws -> Void
    ) throws -> Bool {
        let table = try table(.customers)
        guard let code = customer.withBytes({ table.find($0) }) else { return false }
        let reader = EventReader(self)
        for block in blocks.indices {
            let column = column(EventColumn.customer.rawValue, of: block)
            guard Int128(code) >= column.minimum, Int128(code) <= column.maximum else { continue }
            try checkpoint()
            try reader.open(block, whole: true)
            let found = try (0..<blocks[block].rows).contains { row in
                guard reader.isOf(code, row) else { return false }
                let event = try reader.event(row)
                return event.position <= position && !event.properties.isEmpty
            }
            if found { return true }
        }
        return false
    }
}

extension EventPartBuilder {
    fileprivate mutating func add(_ event: UsageEvent, properties: [EventProperty]) {
        event.customer.withBytes { customer in
            add(
                RecordedEvent(
                    sequence: event.cursor.sequence, index: event.cursor.index,
                    position: event.position, commitTime: event.commitTime, customer: customer,
                    feature: event.feature, value: event.value,
                    label: EventLabel(
                        time: Timestamp(milliseconds: event.cursor.time), properties: properties)))
        }
    }
}
