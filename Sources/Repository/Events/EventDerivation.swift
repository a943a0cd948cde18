internal import Events
package import Logging
internal import Synchronization
package import Wire

/// The usage events of one log: day files that cover it without gap up to a watermark, and what
/// follows it in memory.
///
/// A file that is missing or damaged is made again.
package final class EventDerivation: Sendable {
    /// Records read under one hold of the lock.
    private static let stepRecords = 1 << 14
    /// The same beside calls that nobody is to hold up, and how many records are too far behind.
    private static let smallStepRecords = 1 << 11
    private static let farBehind: UInt64 = 1 << 17

    private let log: any LogStore
    let folder: EventFolder
    private let identity: UInt64
    /// The log's number among those of an environment.
    private let partition: UInt16
    private let seals: (any CustomerSeals)?
    private let logger: Logger
    let state: Mutex<State>

    struct State: ~Copyable {
        /// In order of the log. Between two of them may be a gap.
        var parts: [EventPart]
        /// What fills the first gap; nil: none is being filled.
        var filler: EventPartBuilder?
        /// What follows the last part.
        var tail: EventPartBuilder
    }

    /// Opens the folder's files; the log has been replayed. Reads no record but one.
    ///
    /// - Parameter seals: as in `RecordDecoder`.
    package init(
        log: any LogStore, identity: UInt64, partition: Int = 0, folder: EventFolder,
        seals: (any CustomerSeals)? = nil, logger: Logger
    ) throws {
        self.log = log
        self.identity = identity
        self.partition = UInt16(partition)
        self.folder = folder
        self.seals = seals
        self.logger = logger
        let parts = try Self.load(folder, log, identity, logger)
        let watermark = parts.last?.watermark ?? .start
        state = Mutex(
            State(parts: parts, tail: EventPartBuilder(identity: identity, after: watermark)))
    }

    /// One step; false: there is nothing left to do.
    func advance() throws -> Bool {
        let target = log.durableSequence
        return try state.withLock { state in
            let behind = target - min(target, state.tail.watermark.sequence)
            let records = behind > Self.farBehind ? Self.stepRecords : Self.smallStepRecords
            return try step(&state, to: target, records: records)
        }
    }

    /// Every event whose record is durable now.
    func parts() throws -> [EventPart] {
        try catchUp()
        var parts = state.withLock { $0.parts + ($0.tail.rows > 0 ? [$0.tail.part()] : []) }
        for index in parts.indices { parts[index].partition = partition }
        return parts
    }

    /// Derives up to what is durable now.
    private func catchUp() throws {
        let target = log.durableSequence
        while try state.withLock({ try step(&$0, to: target, records: Self.stepRecords) }) {}
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

    func emptyTail(behind parts: [EventPart]) -> EventPartBuilder {
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
        var scan = UsageScan(seals: seals)
        try log.read(after: LogPlace(builder.watermark)) { place, record in
            guard place.sequence <= last else { return false }
            if builder.isFull(for: nil) { parts.insert(try seal(&builder)) }
            var index: UInt32 = 0
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
    func setDamagedAside() throws {
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

extension EventDerivation {
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
