internal import Dispatch
package import Events
package import Logging
internal import Synchronization
internal import Wire

/// The usage events of an environment, derived from its log.
///
/// What is asked sees every event whose record was durable when the question came, each once: the
/// day files cover the log without gap up to a watermark, and what follows it is kept in memory,
/// read from the log when a question or a second has come, never on the way of a call. The memory
/// is given up with the process and read again from the log. A file that is missing or damaged is
/// made again, too.
package final class EventStore: Sendable {
    /// Records read under one hold of the lock.
    private static let stepRecords = 1 << 14
    /// The same beside calls that nobody is to hold up, and how many records are too far behind.
    private static let smallStepRecords = 1 << 11
    private static let farBehind: UInt64 = 1 << 17

    private let log: any LogStore
    private let folder: EventFolder
    private let identity: UInt64
    private let logger: Logger
    private let queue = DispatchQueue(label: "tally.events", qos: .utility)
    private let state: Mutex<State>

    private struct State: ~Copyable {
        /// In order of the log. Between two of them may be a gap.
        var parts: [EventPart]
        /// What fills the first gap; nil: none is being filled.
        var filler: EventPartBuilder?
        /// What follows the last part.
        var tail: EventPartBuilder
    }

    /// Opens the folder's files; the log has been replayed. Reads no record but one.
    package init(
        log: any LogStore, identity: UInt64, folder: EventFolder, logger: Logger
    ) throws {
        self.log = log
        self.identity = identity
        self.folder = folder
        self.logger = logger
        let parts = try Self.load(folder, log, identity, logger)
        let watermark = parts.last?.watermark ?? .start
        state = Mutex(
            State(parts: parts, tail: EventPartBuilder(identity: identity, after: watermark)))
    }

    /// Puts a question to every event that is durable now. When a file turns out to be damaged, it
    /// is made again and the question is put once more.
    package func ask<Answer>(_ question: ([EventPart]) throws -> Answer) throws -> Answer {
        do {
            return try question(try parts())
        } catch EventFault.damaged(let why) {
            logger.error("a day file is damaged", metadata: ["why": "\(why)"])
            try setDamagedAside()
            return try question(try parts())
        }
    }

    /// A question, and what it calls now and then: that throws once the asking task is cancelled.
    package typealias Question<Answer> =
        @Sendable ([EventPart], _ checkpoint: () throws -> Void) throws -> Answer

    /// The same on a thread of the store's own, one question after the other, so that questions
    /// take neither more than one core nor more than one question's memory.
    package func answer<Answer: Sendable>(
        _ question: @escaping Question<Answer>
    ) async throws -> Answer {
        try await onQueue { isCancelled in
            try self.ask { parts in try question(parts, isCancelled.check) }
        }
    }

    private func onQueue<Answer: Sendable>(
        _ work: @escaping @Sendable (Flag) throws -> Answer
    ) async throws -> Answer {
        let isCancelled = Flag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async { continuation.resume(with: Result { try work(isCancelled) }) }
            }
        } onCancel: {
            isCancelled.set()
        }
    }

    /// Goes on deriving until the task is cancelled: little by little, so that a core that serves
    /// calls as well is never taken for long, and faster when far behind.
    package func run() async {
        while !Task.isCancelled {
            var isBehind = false
            do {
                isBehind = try await onQueue { _ in try self.advance() }
            } catch {
                logger.error("events cannot be derived", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: isBehind ? .milliseconds(10) : .seconds(1))
        }
    }

    /// One step; false: there is nothing left to do.
    private func advance() throws -> Bool {
        let target = log.durableSequence
        return try state.withLock { state in
            let behind = target - min(target, state.tail.watermark.sequence)
            let records = behind > Self.farBehind ? Self.stepRecords : Self.smallStepRecords
            return try step(&state, to: target, records: records)
        }
    }

    /// Every event whose record is durable now.
    private func parts() throws -> [EventPart] {
        try catchUp()
        return state.withLock { $0.parts + ($0.tail.rows > 0 ? [$0.tail.part()] : []) }
    }

    /// Derives up to what is durable now.
    private func catchUp(_ checkpoint: () throws -> Void = {}) throws {
        let target = log.durableSequence
        while try state.withLock({ try step(&$0, to: target, records: Self.stepRecords) }) {
            try checkpoint()
        }
    }

    /// Reads some records; false: there is nothing left to do.
    private func step(_ state: inout State, to target: UInt64, records: Int) throws -> Bool {
        if let gap = state.parts.firstGap {
            try fill(gap, &state)
            return true
        }
        guard state.tail.watermark.sequence < target else { return false }
        do {
            try derive(
                into: &state.tail, through: target, records: records, sealing: &state.parts)
        } catch let fault as RecordFault {
            // Some of the record's events may have been taken: not twice.
            state.tail = emptyTail(behind: state.parts)
            throw fault
        }
        return true
    }

    private func emptyTail(behind parts: [EventPart]) -> EventPartBuilder {
        EventPartBuilder(identity: identity, after: parts.last?.watermark ?? .start)
    }

    /// Reads some of the records that a missing file covered.
    private func fill(_ gap: EventGap, _ state: inout State) throws {
        var filler =
            state.filler.take() ?? EventPartBuilder(identity: identity, after: gap.after)
        try derive(
            into: &filler, through: gap.through, records: Self.stepRecords, sealing: &state.parts)
        guard filler.watermark.sequence == gap.through else {
            state.filler = consume filler
            return
        }
        // Unless the last of its records was the last of a file that was written just now.
        if filler.firstSequence <= gap.through {
            state.parts.insert(try folder.write(&filler))
        }
    }

    /// Reads some of the records behind the builder's watermark. A builder that is full is written
    /// to a file, and followed by a new one.
    private func derive(
        into builder: inout EventPartBuilder, through last: UInt64, records: Int,
        sealing parts: inout [EventPart]
    ) throws {
        var left = records
        try log.read(after: LogPlace(builder.watermark)) { place, record in
            guard place.sequence <= last else { return false }
            if builder.isFull(for: nil) { parts.insert(try seal(&builder)) }
            var index: UInt32 = 0
            var scan = UsageScan()
            try scan.run(record) { usage in
                if index == 0, builder.isFull(for: usage.commitTime) {
                    parts.insert(try seal(&builder))
                }
                builder.add(
                    RecordedEvent(
                        usage, sequence: place.sequence, index: index, at: place.position))
                index += 1
            }
            builder.pass(EventWatermark(place))
            left -= 1
            return left > 0 && place.sequence < last
        }
    }

    private func seal(_ builder: inout EventPartBuilder) throws -> EventPart {
        let part = try folder.write(&builder)
        builder = EventPartBuilder(identity: identity, after: builder.watermark)
        return part
    }

    /// Reads every file whole and sets those aside whose checksums are wrong.
    private func setDamagedAside() throws {
        try state.withLock { state in
            for part in state.parts {
                do {
                    try part.verify()
                } catch is EventFault {
                    try folder.setAside(folder.name(of: part))
                    state.parts.removeAll { $0.firstSequence == part.firstSequence }
                    state.filler = nil
                }
            }
            // A gap at the end is the tail's to fill.
            let tail = emptyTail(behind: state.parts)
            if tail.firstSequence < state.tail.firstSequence { state.tail = tail }
        }
    }
}

extension EventStore {
    /// The files that belong to this log; the others are set aside.
    private static func load(
        _ folder: EventFolder, _ log: any LogStore, _ identity: UInt64, _ logger: Logger
    ) throws -> [EventPart] {
        let (stored, unreadable) = try folder.load(identity: identity)
        var good: [EventFolder.Stored] = []
        var bad = unreadable
        for file in stored {
            let isNext = file.part.firstSequence > (good.last?.part.watermark.sequence ?? 0)
            if isNext { good.append(file) } else { bad.append(file.name) }
        }
        // A log that was restored from a backup may end earlier, or go on differently.
        while let last = good.last {
            if try log.has(last.part.watermark) { break }
            bad.append(last.name)
            good.removeLast()
        }
        for name in bad {
            logger.warning(
                "a day file is of no use and is made again", metadata: ["file": "\(name)"])
            try folder.setAside(name)
        }
        return good.map(\.part)
    }
}

/// Set once, from any thread.
private final class Flag: Sendable {
    private let isSet = Atomic(false)

    func set() { isSet.store(true, ordering: .relaxed) }

    func check() throws {
        if isSet.load(ordering: .relaxed) { throw CancellationError() }
    }
}

/// Sequences that no part covers.
struct EventGap: Equatable {
    var after: EventWatermark
    var through: UInt64
}

extension [EventPart] {
    /// The first gap before or between parts.
    var firstGap: EventGap? {
        var after = EventWatermark.start
        for part in self {
            if part.firstSequence > after.sequence + 1 {
                return EventGap(after: after, through: part.firstSequence - 1)
            }
            after = part.watermark
        }
        return nil
    }

    /// Keeps the order of the log.
    fileprivate mutating func insert(_ part: EventPart) {
        let place = lastIndex { $0.firstSequence < part.firstSequence }.map { $0 + 1 } ?? 0
        insert(part, at: place)
    }
}

extension LogStore {
    /// Whether the log went through this place.
    fileprivate func has(_ watermark: EventWatermark) throws -> Bool {
        guard watermark.sequence <= durableSequence else { return false }
        do {
            try read(after: LogPlace(watermark)) { _, _ in false }
            return true
        } catch LogFault.corrupt, LogFault.notFound {
            return false
        }
    }
}

extension LogPlace {
    fileprivate init(_ watermark: EventWatermark) {
        self.init(
            sequence: watermark.sequence, position: LogPosition(rawValue: watermark.position),
            chain: watermark.chain)
    }
}

extension EventWatermark {
    fileprivate init(_ place: LogPlace) {
        self.init(
            sequence: place.sequence, position: place.position.rawValue, chain: place.chain)
    }
}

extension RecordedEvent {
    fileprivate init(
        _ usage: RecordedUsage, sequence: UInt64, index: UInt32, at position: LogPosition
    ) {
        self.init(
            sequence: sequence, index: index, position: position.rawValue,
            commitTime: usage.commitTime, customer: usage.customer, feature: usage.feature,
            value: usage.value, label: usage.label)
    }
}
