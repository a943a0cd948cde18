/// An ordered, durable sequence of records; what they hold is not its concern.
///
/// Life: make it, `replay` once, then `append`; `close` at the end. The law: acknowledged records
/// are among the recovered ones, these among the appended ones, in order and without gaps.
package protocol LogStore: AnyObject, Sendable {
    /// Every record up to this sequence is durable; 0: none. Read from any thread.
    var durableSequence: UInt64 { get }

    /// Sequence of the last record that was appended, durable or not (0: none), and the position
    /// after it.
    var end: Appended { get }

    /// Before `replay`: about where the log ends; nil: nobody knows.
    var estimatedEnd: LogPosition? { get }

    /// Sequence of the oldest record that is still there; 1 while nothing was removed.
    func firstSequence() throws(LogFault) -> UInt64

    /// Bytes of log between two positions, about.
    func distance(from start: LogPosition, to end: LogPosition) -> UInt64

    /// Hands every durable record with a sequence of at least `first` to `body`, in order, and
    /// makes the log ready to append. The bytes are valid only within the call of `body`; what
    /// `body` throws ends it and is passed on.
    func replay(
        from first: UInt64,
        _ body: (_ sequence: UInt64, LogPosition, UnsafeRawBufferPointer) throws -> Void
    ) throws -> RecoveryReport

    /// Takes a record, in memory: it is durable once `durableSequence` reaches its sequence.
    /// Short enough to be called under a lock. A fault means that nothing was taken.
    func append(_ payload: UnsafeRawBufferPointer) throws(LogFault) -> Appended

    /// Blocks until the record is durable, or the log failed. Never on an event loop.
    func waitUntilDurable(_ sequence: UInt64) throws(LogFault)

    /// The payload of a durable record, its checksums verified.
    func read(at position: LogPosition) throws(LogFault) -> [UInt8]

    /// Hands the durable records behind `place` to `body`, in order, until it gives false; beside
    /// appending, from any thread. `.corrupt` when the record at `place` isn't this log's.
    func read(
        after place: LogPlace, _ body: (LogPlace, UnsafeRawBufferPointer) throws -> Bool
    ) throws

    /// The place to read on from so that the next record is this one, or the oldest that is still
    /// there, or the next that becomes durable. Reads up to a segment.
    func place(before sequence: UInt64) throws -> LogPlace

    /// Removes what lies before a position, as far as it can: whole segments, the oldest first.
    /// Reading there ends with `.notFound`. Gives how many went.
    func removeHistory(before position: LogPosition) throws(LogFault) -> Int

    /// One step of making what lies before a position smaller, without changing how it reads; how
    /// many bytes of work that was, nil: there is nothing left to do. Beside appending.
    func compressHistory(before position: LogPosition) throws(LogFault) -> Int?

    /// How its disk does.
    var metrics: LogMetrics { get }

    /// Makes everything durable and stops. Appending and waiting end with `.closed` after it.
    func close() throws(LogFault)
}

extension LogStore {
    package var metrics: LogMetrics { LogMetrics(waiting: end.sequence - durableSequence) }

    package func place(before sequence: UInt64) throws -> LogPlace {
        var found = LogPlace.start
        try read(after: .start) { place, _ in
            if place.sequence < sequence { found = place }
            return place.sequence + 1 < sequence
        }
        return found
    }
}

/// What the log tells its owner, on a thread of its own and never from within `append`. Both must
/// be short and must not call `close`.
package struct LogListener: Sendable {
    /// Before each batch is written: makes durable what its records refer to, or fails the log.
    package var beforeBatch: @Sendable () throws(DiskFault) -> Void
    /// Once a batch: every record up to this sequence is durable.
    package var onDurable: @Sendable (UInt64) -> Void
    /// At most once: the log failed; what is not durable yet never will be known to be.
    package var onFault: @Sendable (LogFault) -> Void

    package init(
        beforeBatch: @escaping @Sendable () throws(DiskFault) -> Void = {},
        onDurable: @escaping @Sendable (UInt64) -> Void = { _ in },
        onFault: @escaping @Sendable (LogFault) -> Void = { _ in }
    ) {
        self.beforeBatch = beforeBatch
        self.onDurable = onDurable
        self.onFault = onFault
    }
}

/// Where a record stands: the segment's id in the upper half, the offset of its frame in bytes in
/// the lower. Positions are ordered as their records are; 0 is no position.
package struct LogPosition: Hashable, Comparable, Sendable, RawRepresentable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    init(segment: UInt32, offset: Int) {
        rawValue = UInt64(segment) << 32 | UInt64(UInt32(offset))
    }

    package var segment: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }
    package var offset: Int { Int(UInt32(truncatingIfNeeded: rawValue)) }

    package static func < (left: LogPosition, right: LogPosition) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension LogPosition: CustomStringConvertible {
    package var description: String { "segment \(segment), offset \(offset)" }
}

/// A record as a place to go on from.
package struct LogPlace: Equatable, Sendable {
    package let sequence: UInt64
    package let position: LogPosition
    /// The chain behind it, which stands for everything up to it.
    package let chain: UInt32

    package init(sequence: UInt64, position: LogPosition, chain: UInt32) {
        self.sequence = sequence
        self.position = position
        self.chain = chain
    }

    /// Before the first record.
    package static let start = LogPlace(
        sequence: 0, position: LogPosition(rawValue: 0), chain: 0)
}

/// What `append` gave a record.
package struct Appended: Equatable, Sendable {
    package let sequence: UInt64
    package let position: LogPosition
}

/// What `replay` found.
package struct RecoveryReport: Equatable, Sendable {
    /// Records handed over.
    package var records: UInt64 = 0
    /// The last sequence in the log; 0: it has none.
    package var lastSequence: UInt64 = 0
    /// Segments read, whole or in part.
    package var segments = 0
    /// Bytes after the last whole record that were cut off, and the files that keep them.
    package var tornBytes = 0
    package var tornCopies: [String] = []
    package var duration: Duration = .zero
}
