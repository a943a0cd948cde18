package import Billing
package import Repository

/// What is on its way to one receiver: read from the log, not accepted yet. A machine over moments
/// of wall time.
///
/// Deliveries of one customer go out one after the other, each once the one before it was accepted
/// or given up; those of others don't wait for it. A receiver that refuses one is asked again with
/// pauses that grow; one that doesn't answer at all is tried with one delivery until it does. When
/// so much is waiting that the table is full, no more is read: the log keeps it.
package struct DeliveryQueue: Sendable {
    /// Customers that something is on its way for, and deliveries, at most.
    package static let customerLimit = 1_000
    package static let deliveryLimit = 4_000
    /// A delivery is given up when it was due so long ago, milliseconds.
    package static let patience: Int64 = 3 * 86_400_000
    private static let firstPause: Int64 = 1_000
    private static let longestPause: Int64 = 3_600_000
    /// A receiver that is back is found within this.
    private static let longestOutagePause: Int64 = 60_000

    /// One customer's deliveries, in order.
    private struct Line {
        var waiting: [Delivery] = []
        /// Of the first.
        var attempts = 0
        var due = Timestamp.epoch
        var isSending = false
    }

    /// How often the receiver didn't answer, and when it is tried again.
    private struct Outage {
        var attempts: Int
        var since: Timestamp
        var until: Timestamp
    }

    /// What became of deliveries since the start.
    package struct Tally: Sendable, Equatable {
        package var delivered: UInt64 = 0
        package var failedAttempts: UInt64 = 0
        package var givenUp: UInt64 = 0
    }

    /// Of each partition: everything up to here was read.
    private var read: [LogPlace]
    private var lines: [CustomerID: Line] = [:]
    private var outage: Outage?
    private var sending = 0
    package private(set) var waiting = 0
    package private(set) var tally = Tally()
    /// The receiver is told no more until the next start.
    package private(set) var isDisabled = false

    package init(read: [LogPlace]) {
        self.read = read
    }

    // MARK: Reading

    /// More may be read.
    package var hasRoom: Bool {
        !isDisabled && lines.count < Self.customerLimit && waiting < Self.deliveryLimit
    }

    package func place(of partition: Int) -> LogPlace { read[partition] }

    /// What a record gave, and that it was read.
    package mutating func take(
        _ deliveries: [Delivery], through place: LogPlace, of partition: Int
    ) {
        read[partition] = place
        for delivery in deliveries {
            lines[delivery.customer, default: Line(due: delivery.taken)].waiting.append(delivery)
            waiting += 1
        }
    }

    /// Forgets what is on its way, to read again from somewhere else. What is being sent is let go.
    package mutating func restart(from place: LogPlace, of partition: Int) {
        read[partition] = place
        for (customer, var line) in lines where line.waiting.first?.partition == partition {
            waiting -= line.waiting.count
            line.waiting = []
            lines[customer] = line.isSending ? line : nil
        }
    }

    // MARK: Sending

    /// The next delivery to send, which is under way from now on.
    package mutating func next(at now: Timestamp) -> Delivery? {
        guard !isDisabled, outage == nil || sending == 0 && isOver(outage, at: now) else {
            return nil
        }
        guard let (customer, line) = firstDue, outage != nil || line.due <= now else { return nil }
        lines[customer]?.isSending = true
        sending += 1
        return line.waiting.first
    }

    /// When `next` may have something, unless anything else happens; nil: never.
    package var nextDue: Timestamp? {
        guard !isDisabled, let first = firstDue else { return nil }
        guard let outage else { return first.line.due }
        return sending == 0 ? outage.until : nil
    }

    package var isSending: Bool { sending > 0 }

    private func isOver(_ outage: Outage?, at now: Timestamp) -> Bool {
        outage.map { $0.until <= now } ?? true
    }

    private var firstDue: (customer: CustomerID, line: Line)? {
        var first: (customer: CustomerID, line: Line)?
        for (customer, line) in lines where !line.isSending {
            guard let head = line.waiting.first else { continue }
            if let best = first, let other = best.line.waiting.first,
                (best.line.due, other.sequence, other.partition)
                    <= (line.due, head.sequence, head.partition)
            {
                continue
            }
            first = (customer, line)
        }
        return first
    }

    /// How an attempt ended.
    ///
    /// - Parameter chance: from 0 to 1, spreads what is tried again.
    /// - Returns: what is given up.
    package mutating func settle(
        _ delivery: Delivery, _ outcome: DeliveryOutcome, at now: Timestamp, chance: Double
    ) -> [Delivery] {
        sending -= 1
        guard var line = lines[delivery.customer] else {
            preconditionFailure("what is being sent has a line")
        }
        line.isSending = false
        // Another one, where reading began anew meanwhile.
        let isFirst = line.waiting.first?.id == delivery.id
        switch outcome {
        case .accepted:
            tally.delivered += 1
            if isFirst { drop(from: &line, at: now) }
        case .gone:
            tally.failedAttempts += 1
            isDisabled = true
        case .refused:
            tally.failedAttempts += 1
            line.attempts += 1
            line.due = now.adding(
                milliseconds: Self.pause(after: line.attempts, at: chance, to: Self.longestPause))
        case .unreachable: tally.failedAttempts += 1
        }
        put(line, of: delivery.customer)
        switch outcome {
        case .unreachable: noteOutage(at: now, chance)
        case .accepted, .gone, .refused: outage = nil
        }
        return giveUp(delivery.customer, at: now)
    }

    private mutating func noteOutage(at now: Timestamp, _ chance: Double) {
        // What was under way when it began tells nothing new.
        guard outage == nil || sending == 0 else { return }
        let attempts = (outage?.attempts ?? 0) + 1
        outage = Outage(
            attempts: attempts, since: outage?.since ?? now,
            until: now.adding(
                milliseconds: Self.pause(
                    after: attempts, at: chance, to: Self.longestOutagePause)))
    }

    /// The first of a line is done with.
    private mutating func drop(from line: inout Line, at now: Timestamp) {
        line.waiting.removeFirst()
        line.attempts = 0
        line.due = now
        waiting -= 1
    }

    private mutating func put(_ line: Line, of customer: CustomerID) {
        lines[customer] = line.waiting.isEmpty && !line.isSending ? nil : line
    }

    /// What was refused for too long; while nobody answers, whatever was due for too long.
    private mutating func giveUp(_ customer: CustomerID, at now: Timestamp) -> [Delivery] {
        var lost: [Delivery] = []
        for customer in outage == nil ? [customer] : Array(lines.keys) {
            guard var line = lines[customer], !line.isSending else { continue }
            while let head = line.waiting.first, line.attempts > 0 || outage != nil,
                now.milliseconds - head.taken.milliseconds >= Self.patience
            {
                lost.append(head)
                drop(from: &line, at: now)
            }
            put(line, of: customer)
        }
        tally.givenUp += UInt64(lost.count)
        return lost.sorted { ($0.partition, $0.sequence) < ($1.partition, $1.sequence) }
    }

    /// Twice as long each time, give or take a fifth.
    private static func pause(after attempts: Int, at chance: Double, to longest: Int64) -> Int64 {
        let whole = min(longest, firstPause << Int64(min(attempts - 1, 20)))
        return Int64(Double(whole) * (0.8 + 0.4 * chance))
    }

    // MARK: Where it stands

    /// Since when nobody has answered; nil: somebody does.
    package var outageStart: Timestamp? { outage?.since }

    /// Since when the oldest waits; nil: nothing does.
    package var oldest: Timestamp? {
        lines.values.lazy.compactMap(\.waiting.first?.taken).min()
    }

    /// How many customers' deliveries wait for one that was refused.
    package var heldCustomers: Int { lines.values.count { $0.attempts > 0 } }

    package var cursor: DeliveryCursor {
        var parts = read.map { DeliveryCursor.Part(through: $0, from: $0) }
        for (customer, line) in lines {
            guard let head = line.waiting.first else { continue }
            if head.before.sequence < parts[head.partition].from.sequence {
                parts[head.partition].from = head.before
            }
            parts[head.partition].held.append(
                DeliveryCursor.Held(
                    customer: customer, sequence: head.sequence, index: head.index,
                    taken: head.taken))
        }
        for number in parts.indices {
            parts[number].held.sort { ($0.sequence, $0.index) < ($1.sequence, $1.index) }
        }
        return DeliveryCursor(parts: parts)
    }
}
