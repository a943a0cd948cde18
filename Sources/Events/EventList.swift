package import Billing

/// A usage event as lists show it.
package struct UsageEvent: Sendable, Equatable {
    package var cursor: EventCursor
    /// Raw position of its record in the log.
    package var position: UInt64
    package var commitTime: Timestamp
    package var customer: CustomerID
    package var feature: FeatureNumber
    package var value: Quantity
    /// In order of key.
    package var properties: [EventProperty]

    package init(
        cursor: EventCursor, position: UInt64, commitTime: Timestamp, customer: CustomerID,
        feature: FeatureNumber, value: Quantity, properties: [EventProperty]
    ) {
        self.cursor = cursor
        self.position = position
        self.commitTime = commitTime
        self.customer = customer
        self.feature = feature
        self.value = value
        self.properties = properties
    }

    /// When it was used.
    package var time: Timestamp { Timestamp(milliseconds: cursor.time) }
}

/// An event's place among all events: by time, then by partition and in order of its log. Unique,
/// and never another event's, so that a list goes on behind it whatever was added meanwhile.
package struct EventCursor: Sendable, Hashable, Comparable {
    package var time: Int64
    package var partition: UInt16
    package var sequence: UInt64
    package var index: UInt32

    package init(time: Int64, partition: UInt16 = 0, sequence: UInt64, index: UInt32) {
        self.time = time
        self.partition = partition
        self.sequence = sequence
        self.index = index
    }

    package static func < (a: EventCursor, b: EventCursor) -> Bool {
        (a.time, a.partition, a.sequence, a.index) < (b.time, b.partition, b.sequence, b.index)
    }
}

/// Asks for single events.
package struct ListQuery: Sendable {
    package enum Order: Sendable {
        case newestFirst, oldestFirst
    }

    package var filter: EventFilter
    package var order: Order
    /// Only what comes behind this one.
    package var after: EventCursor?
    package var limit: Int

    /// Events in one answer.
    package static let limit = 1_000

    package init(
        filter: EventFilter, order: Order = .newestFirst, after: EventCursor? = nil,
        limit: Int = 50
    ) {
        self.filter = filter
        self.order = order
        self.after = after
        self.limit = min(max(limit, 0), Self.limit)
    }

    /// The events, in order; fewer than the limit: there are no more.
    ///
    /// - Parameter checkpoint: called between blocks; what it throws ends the question.
    package func run(
        over parts: [EventPart], checkpoint: () throws -> Void = {}
    ) throws -> [UsageEvent] {
        guard limit > 0 else { return [] }
        var best = BestEvents(query: self)
        // The most promising first, so that the others need not be read.
        for part in order(parts, by: \.times) {
            guard let times = part.times, best.canTake(times) else { continue }
            guard let filter = try PartFilter(filter, in: part) else { continue }
            let scan = BlockScan(part)
            let reader = EventReader(part)
            for block in order(Array(part.blocks.indices), by: { part.times(of: $0) }) {
                try checkpoint()
                guard let times = part.times(of: block), best.canTake(times),
                    filter.canMatch(block, in: part)
                else { continue }
                try scan.begin(block, filter)
                if scan.count == 0 { continue }
                try reader.open(block)
                best.take(scan.remaining, of: reader)
            }
        }
        return try best.events()
    }

    private func order<Element>(
        _ elements: [Element], by times: (Element) -> ClosedRange<Int64>?
    ) -> [Element] {
        switch order {
        case .newestFirst:
            elements.sorted {
                (times($0)?.upperBound ?? .min) > (times($1)?.upperBound ?? .min)
            }
        case .oldestFirst:
            elements.sorted {
                (times($0)?.lowerBound ?? .max) < (times($1)?.lowerBound ?? .max)
            }
        }
    }
}

extension EventPart {
    fileprivate func times(of block: Int) -> ClosedRange<Int64>? {
        guard blocks[block].rows > 0 else { return nil }
        let times = blocks[block][.time]
        return Int64(times.minimum)...Int64(times.maximum)
    }
}

/// The events that come first in the list, of all seen so far.
private struct BestEvents {
    private struct Entry {
        var cursor: EventCursor
        var reader: EventReader
        var block: Int
        var row: Int
    }

    let query: ListQuery
    private var entries: [Entry] = []

    init(query: ListQuery) {
        self.query = query
    }

    private func comes(_ a: EventCursor, before b: EventCursor) -> Bool {
        query.order == .newestFirst ? a > b : a < b
    }

    /// Whether an event of these times could be among them.
    func canTake(_ times: ClosedRange<Int64>) -> Bool {
        let isNewestFirst = query.order == .newestFirst
        if let after = query.after {
            guard isNewestFirst ? times.lowerBound <= after.time : times.upperBound >= after.time
            else { return false }
        }
        guard entries.count == query.limit, let last = entries.last?.cursor.time else {
            return true
        }
        return isNewestFirst ? times.upperBound >= last : times.lowerBound <= last
    }

    /// Takes rows, ascending, of the block that the reader has open.
    mutating func take(_ rows: UnsafeBufferPointer<UInt16>, of reader: EventReader) {
        for index in rows.indices {
            // The likeliest first: most of the others then fail at the first comparison.
            let place = query.order == .newestFirst ? rows.count - 1 - index : index
            let row = Int(rows[place])
            let cursor = reader.cursor(row)
            if let after = query.after, !comes(after, before: cursor) { continue }
            if entries.count == query.limit {
                guard let last = entries.last?.cursor, comes(cursor, before: last) else {
                    continue
                }
                entries.removeLast()
            }
            let entry = Entry(cursor: cursor, reader: reader, block: reader.block, row: row)
            entries.insert(entry, at: insertionPoint(of: cursor))
        }
    }

    private func insertionPoint(of cursor: EventCursor) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if comes(entries[middle].cursor, before: cursor) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// Reads what else belongs to them, block by block.
    func events() throws -> [UsageEvent] {
        var events = [UsageEvent?](repeating: nil, count: entries.count)
        let byBlock = entries.indices.sorted { a, b in
            let (first, second) = (entries[a], entries[b])
            let (left, right) = (first.reader.part.firstSequence, second.reader.part.firstSequence)
            return (left, first.block) < (right, second.block)
        }
        for index in byBlock {
            let entry = entries[index]
            if entry.reader.block != entry.block || !entry.reader.isWhole {
                try entry.reader.open(entry.block, whole: true)
            }
            events[index] = try entry.reader.event(entry.row)
        }
        return events.compactMap { $0 }
    }
}
