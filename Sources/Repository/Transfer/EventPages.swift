internal import Billing
internal import Interchange
internal import Wire

/// The usage events of a partition that is only read, a page at a time.
struct EventPages {
    /// Records that a page is read from. To find its start, up to a segment is walked.
    private static let size: UInt64 = 1 << 16

    private let log: ReadOnlyLog
    private let seals: (any CustomerSeals)?
    private let last: UInt64
    /// The record that the next page begins with; nil: there is none.
    private var next: UInt64?
    /// In reverse order.
    private var page: [ExportedEvent] = []

    /// - Parameter last: the last record that is read.
    init(_ log: ReadOnlyLog, through last: UInt64, seals: (any CustomerSeals)?) throws {
        self.log = log
        self.last = last
        self.seals = seals
        next = try log.firstSequence()
        try refill()
    }

    /// The next event; nil: there are no more.
    var first: ExportedEvent? { page.last }

    mutating func removeFirst() throws {
        page.removeLast()
        try refill()
    }

    private mutating func refill() throws {
        while page.isEmpty, let start = next { try read(from: start) }
    }

    private mutating func read(from start: UInt64) throws {
        struct PageIsFull: Error {}
        next = nil
        var scan = UsageScan(seals: seals)
        do {
            _ = try log.replay(from: start) { sequence, _, bytes in
                guard sequence <= last, sequence < start + Self.size else {
                    next = sequence <= last ? sequence : nil
                    throw PageIsFull()
                }
                try scan.run(bytes) { usage in
                    guard let customer = CustomerID(usage.customer) else { return }
                    page.append(
                        ExportedEvent(
                            customer: customer, feature: usage.feature, value: usage.value,
                            committed: usage.commitTime, label: usage.label))
                }
            }
        } catch is PageIsFull {
            // The next page begins there.
        }
        page.reverse()
    }
}

extension [EventPages] {
    /// Hands over the events of all, in order of time.
    func merge(_ body: (ExportedEvent) throws -> Void) throws {
        var all = self
        while true {
            var earliest: (index: Int, event: ExportedEvent)?
            for (index, pages) in all.enumerated() {
                guard let event = pages.first else { continue }
                if let other = earliest?.event, other.committed <= event.committed { continue }
                earliest = (index, event)
            }
            guard let (index, event) = earliest else { return }
            try body(event)
            try all[index].removeFirst()
        }
    }
}
