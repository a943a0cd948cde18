internal import Repository

/// A law that was broken.
package struct Violation: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// What was given to a log, and how much of it was said to be durable. Outlives the processes.
///
/// The law: acknowledged ⊆ recovered ⊆ submitted, in order.
package final class History {
    package let name: String
    package private(set) var submitted: [[UInt8]] = []
    /// Of the whole state, once the record of the same index was in it.
    package var digests: [UInt64] = []
    /// Records up to this sequence were said to be durable.
    package private(set) var acknowledged = 0
    private var replayed = 0

    package init(_ name: String) {
        self.name = name
    }

    func submit(_ payload: UnsafeRawBufferPointer, as sequence: UInt64) {
        precondition(Int(sequence) == submitted.count + 1, "\(name) gave sequence \(sequence)")
        submitted.append(Array(payload))
    }

    package func acknowledge(_ sequence: UInt64) {
        precondition(sequence <= submitted.count, "\(name) acknowledged what it never got")
        acknowledged = max(acknowledged, Int(sequence))
    }

    package func beginReplay(from first: UInt64) { replayed = Int(first) - 1 }

    package func replay(_ payload: UnsafeRawBufferPointer, as sequence: UInt64) throws {
        guard Int(sequence) == replayed + 1 else {
            throw Violation("\(name): record \(sequence) was recovered after \(replayed)")
        }
        guard sequence <= submitted.count,
            submitted[replayed].elementsEqual(payload)
        else { throw Violation("\(name): record \(sequence) was recovered, never submitted") }
        replayed += 1
    }

    /// What was recovered is all there is from now on, and is never lost again.
    package func endReplay() throws {
        guard replayed >= acknowledged else {
            throw Violation(
                "\(name): \(acknowledged) records were acknowledged, \(replayed) recovered")
        }
        submitted.removeLast(submitted.count - replayed)
        digests.removeLast(max(0, digests.count - replayed))
        acknowledged = replayed
    }
}

/// A log whose history is written down.
///
/// Safety: confined to one thread, as all of a simulation is.
final class WatchedLog: LogStore, @unchecked Sendable {
    let log: FlatFileLog
    private let history: History

    init(_ log: FlatFileLog, _ history: History) {
        self.log = log
        self.history = history
    }

    var durableSequence: UInt64 { log.durableSequence }

    func replay(
        from first: UInt64,
        _ body: (UInt64, LogPosition, UnsafeRawBufferPointer) throws -> Void
    ) throws -> RecoveryReport {
        history.beginReplay(from: first)
        let report = try log.replay(from: first) { sequence, position, payload in
            try history.replay(payload, as: sequence)
            try body(sequence, position, payload)
        }
        try history.endReplay()
        return report
    }

    func append(_ payload: UnsafeRawBufferPointer) throws(LogFault) -> Appended {
        let appended = try log.append(payload)
        history.submit(payload, as: appended.sequence)
        return appended
    }

    func waitUntilDurable(_ sequence: UInt64) throws(LogFault) {
        try log.waitUntilDurable(sequence)
    }

    func read(at position: LogPosition) throws(LogFault) -> [UInt8] { try log.read(at: position) }

    func read(
        after place: LogPlace, _ body: (LogPlace, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        try log.read(after: place, body)
    }

    var end: Appended { log.end }

    var estimatedEnd: LogPosition? { log.estimatedEnd }

    func firstSequence() throws(LogFault) -> UInt64 { try log.firstSequence() }

    func distance(from start: LogPosition, to end: LogPosition) -> UInt64 {
        log.distance(from: start, to: end)
    }

    func removeHistory(before position: LogPosition) throws(LogFault) -> Int {
        try log.removeHistory(before: position)
    }

    func compressHistory(before position: LogPosition) throws(LogFault) -> Int? {
        try log.compressHistory(before: position)
    }

    func close() throws(LogFault) { try log.close() }
}
