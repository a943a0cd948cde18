internal import Billing

/// Reads single events of one file, a block at a time.
///
/// Safety: confined to one question, which runs on one thread at a time.
final class EventReader: @unchecked Sendable {
    let part: EventPart
    private(set) var block = -1
    /// All columns are there, not only those of the cursor.
    private(set) var isWhole = false
    private var columns: [ColumnBuffer?]
    /// Tables, once they were needed; the properties' by column.
    private var customers: TextTable?
    private var features: TextTable?
    private var rest: TextTable?
    private var values: [TextTable?]

    init(_ part: EventPart) {
        self.part = part
        columns = Array(repeating: nil, count: EventColumn.propertyBase + part.keys.count)
        values = Array(repeating: nil, count: part.keys.count)
    }

    /// - Parameter whole: to read events, not only cursors.
    func open(_ block: Int, whole: Bool = false) throws {
        self.block = -1
        let needed =
            whole
            ? Array(columns.indices)
            : [EventColumn.time, .sequence, .index].map(\.rawValue)
        for column in needed {
            let buffer = columns[column] ?? ColumnBuffer()
            columns[column] = buffer
            try buffer.load(
                part.column(column, of: block), rows: part.blocks[block].rows, from: part)
        }
        self.block = block
        isWhole = whole
    }

    func cursor(_ row: Int) -> EventCursor {
        EventCursor(
            time: Int64(self[.time, row]), partition: part.partition,
            sequence: UInt64(self[.sequence, row]), index: UInt32(self[.index, row]))
    }

    func event(_ row: Int) throws -> UsageEvent {
        let cursor = cursor(row)
        let customers = try self.customers ?? part.table(.customers)
        let features = try self.features ?? part.table(.features)
        (self.customers, self.features) = (customers, features)
        guard let customer = customers.with(Int(self[.customer, row]), { CustomerID($0) }) else {
            throw EventFault.damaged("a customer id is too long")
        }
        return UsageEvent(
            cursor: cursor, position: UInt64(self[.position, row]),
            commitTime: Timestamp(milliseconds: cursor.time + Int64(self[.delay, row])),
            customer: customer,
            feature: FeatureNumber(
                rawValue: features.with(Int(self[.feature, row])) { ByteReader.number(in: $0) }),
            value: Quantity(raw: self[.value, row]), properties: try properties(row))
    }

    /// Whether the event is of the customer with this entry in table 0.
    func isOf(_ customer: Int, _ row: Int) -> Bool { self[.customer, row] == Int128(customer) }

    private subscript(column: EventColumn, row: Int) -> Int128 {
        number(column.rawValue, row)
    }

    private func number(_ column: Int, _ row: Int) -> Int128 {
        guard let buffer = columns[column] else { preconditionFailure("the column isn't open") }
        return buffer[row]
    }

    private func properties(_ row: Int) throws -> [EventProperty] {
        var properties: [EventProperty] = []
        for (index, key) in part.keys.enumerated() {
            let code = Int(number(EventColumn.propertyBase + index, row))
            guard code > 0 else { continue }
            let table = try values[index] ?? part.values(ofProperty: index)
            values[index] = table
            properties.append(
                EventProperty(key, try table.with(code - 1) { try PropertyCoding.value($0) }))
        }
        let code = Int(self[.rest, row])
        if code > 0 {
            let rest = try self.rest ?? part.table(.rest)
            self.rest = rest
            try rest.with(code - 1) { set in
                try PropertyCoding.forEach(inSet: set) { key, value in
                    properties.append(
                        EventProperty(
                            String(decoding: key, as: UTF8.self), try PropertyCoding.value(value)))
                }
            }
        }
        return properties.sorted { $0.key < $1.key }
    }
}
